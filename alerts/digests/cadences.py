"""A cadence in a reader's words: "weekdays at 7:30 am", "de lunes a viernes a las 7:30 a. m."."""

from __future__ import annotations

from alerts.digests.dates import DAYS, at_clock
from alerts.digests.times import parse_clock
from alerts.digests.words import N_, enumerated, translations

_WHOLE = (N_("right away"), N_("hourly"), N_("urgent only"))
_DAYS = (N_("daily"), N_("weekdays"), N_("weekends"))


def cadence(text: str, language: str) -> str:
    """Return the canonical text of a Cadence in the words of `language`."""
    _ = translations(language).gettext
    if text.startswith("cron "):
        return _("at set times")
    if language == "en" or text in _WHOLE:
        return _(text)
    days, _at, times = text.partition(" at ")
    moments = [divmod(parse_clock(time), 60) for time in times.split(" and ")]
    told = enumerated([at_clock(hour, minute, language) for hour, minute in moments], language)
    return f"{_day_words(days, language)} {told}"


def _day_words(days: str, language: str) -> str:
    _ = translations(language).gettext
    if days in _DAYS:
        return _(days)
    kind, _on, rest = days.partition(" on ")
    if kind == "weekly":
        names = [_(day) for day in DAYS if day in rest]
        return _("every %(weekdays)s") % {"weekdays": enumerated(names, language)}
    if rest == "last":
        return _("on the last day of the month")
    return _("on day %(day)s of the month") % {"day": rest}
