"""The sentence that stands first where stories come late: how many, why, from when to when."""

from __future__ import annotations

from alerts.digests.dates import Dates
from alerts.digests.words import N_, translations
from alerts.model import LateCause, Lateness

_CAUSES: dict[LateCause, str] = {
    "no answer": N_("our mail server did not answer from %(since)s to %(until)s"),
    "no mail": N_("the mail server did not take your mail from %(since)s to %(until)s"),
    "no post": N_("messages were not taken here from %(since)s to %(until)s"),
    "stood still": N_("our service stood still from %(since)s to %(until)s"),
}


def late_line(late: Lateness, total: int, dates: Dates) -> str:
    """Return "These 9 stories are late: our mail server did not answer from Mon 6:10 pm to …"."""
    catalogue = translations(dates.language)
    of_one_day = dates.is_today(late.since) and dates.is_today(late.until)
    until = dates.clock(late.until) if of_one_day else dates.near(late.until)
    words = {"since": dates.near(late.since), "until": until}
    cause = (catalogue.gettext(_CAUSES[late.cause]) % words).rstrip(".")
    if late.count >= total:
        told = catalogue.ngettext(
            "This story is late: %(cause)s.", "These %(count)s stories are late: %(cause)s.", total
        )
    else:
        told = catalogue.ngettext(
            "%(count)s of these stories is late: %(cause)s.",
            "%(count)s of these stories are late: %(cause)s.",
            late.count,
        )
    told = told % {"count": f"{late.count:,}", "cause": cause}
    return " ".join([told, catalogue.gettext("Nothing is missing.")])
