"""The sentences about a digest as a whole: how many, since when, how complete, why, what next.

No sentence here asserts that an event happened; each is computed from the digest alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.digests.cadences import cadence
from alerts.digests.dates import Dates
from alerts.digests.lateness import late_line
from alerts.digests.layout import Row
from alerts.digests.slots import told_moment
from alerts.digests.tongues import guessed
from alerts.digests.words import (
    N_,
    cut,
    enumerated,
    language_of,
    main_language,
    name_of,
    translations,
)
from alerts.model import Digest, FeedHealth, Outlet, Story, Subscriber

SUBJECT_CHARS = 120
_PREHEADER_CHARS = 120
_TEASER_CHARS = 45
_MAX_NAMED_SOURCES = 10
_MAX_MEANINGS = 5
_MEANING_CHARS = 300
_REASON_CHARS = 100
#: Kind of a feed's trouble -> what readers of other languages are told.
_REASONS = {
    "timeout": N_("its server did not answer in time"),
    "dns": N_("its address was not found"),
    "connect": N_("its server could not be reached"),
    "tls": N_("its certificate is not valid"),
    "http": N_("its server answers with an error"),
    "auth": N_("its server refuses us"),
    "blocked": N_("its server refuses us"),
    "rate_limited": N_("its server asks us to wait"),
    "gone": N_("the source is gone"),
    "unasked": N_("it was not asked yet"),
}
_OTHER_REASON = N_("what it sends cannot be read")


class Phrases:
    """What can be said of one digest, in the words of its reader's language and zone."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest

    @property
    def language(self) -> str:
        """The language the digest is written in."""
        return language_of(self.digest.subscriber.language)

    @cached_property
    def told_at(self) -> float:
        """The digest's moment as readers are told it."""
        return told_moment(self.digest.subscriber, self.digest.created_at)

    @cached_property
    def dates(self) -> Dates:
        """The words for moments, seen from the digest's own."""
        zone = ZoneInfo(self.digest.subscriber.timezone)
        return Dates(zone, self.told_at, self.language)

    @cached_property
    def seen_from(self) -> tuple[str, dt.date]:
        """Zone and day of the digest: of it, what its words for a story hang on."""
        return self.dates.zone.key, self.dates.today

    @cached_property
    def count(self) -> str:
        """ "7 stories"."""
        number = len(self.digest.stories)
        return self._n("%(number)s story", "%(number)s stories", number) % {"number": f"{number:,}"}

    @property
    def heading(self) -> str:
        """ "7 stories since Monday 7:30 am"."""
        since = self.since
        return f"{self.count} {since}" if since else self.count

    @cached_property
    def since(self) -> str:
        """ "since Monday 7:30 am", empty when nothing was sent before."""
        if self.digest.since_at is None:
            return ""
        return self.dates.since(self.digest.since_at)

    @property
    def period(self) -> str:
        """ "7 stories, Monday 7:30 am to Tuesday, November 24, 7:30 am"."""
        until = self.dates.full(self.told_at)
        if self.digest.since_at is None:
            return f"{self.count}, {until}"
        since = self.digest.since_at
        if self.dates.is_today(since):
            clock = self.dates.clock(self.told_at)
            pattern = self._t("%(since)s to %(clock)s")
            return f"{self.count}, " + pattern % {"since": self.dates.full(since), "clock": clock}
        words = {"since": self.dates.day(since), "until": until}
        return f"{self.count}, " + self._t("%(since)s to %(until)s") % words

    # --- completeness ------------------------------------------------------------------------

    @cached_property
    def read_count(self) -> str:
        """ "41 of 42 sources read", empty when there are no sources."""
        total = self.digest.sources
        words = self._n(
            "%(read)d of %(total)d source read", "%(read)d of %(total)d sources read", total
        )
        return words % {"read": total - len(self.digest.missing), "total": total} if total else ""

    @cached_property
    def late(self) -> str:
        """How many stories are late and why, empty when none is."""
        late = self.digest.late
        return late_line(late, len(self.digest.stories), self.dates) if late else ""

    @cached_property
    def warning(self) -> str:
        """What is late, and what may be missing; empty when all is in time and was read."""
        missing, total = self.digest.missing, self.digest.sources
        others = self._others_read(total - len(missing), total) if missing else ""
        return f"{self.brief_warning} {others}".strip()

    @cached_property
    def brief_warning(self) -> str:
        """The same without how many were read, for forms whose foot says it."""
        return f"{self.late} {self._missing()}".strip()

    def _missing(self) -> str:
        failing = self.digest.missing
        if not failing:
            return ""
        if len(failing) == 1:
            lead = self._t(
                "%(source)s could not be read%(since)s: its stories may be missing here."
            )
            return lead % {"source": failing[0].name, "since": self._since(failing[0], " ")}
        lead = self._t(
            "%(count)d sources could not be read; their stories may be missing here: %(names)s."
        )
        return lead % {"count": len(failing), "names": self._names(failing)}

    def _others_read(self, read: int, total: int) -> str:
        if total == 1:
            return ""
        if read == 0:
            return self._t("None of your sources was read.")
        words = self._n(
            "The other one of your %(total)d sources was read.",
            "The other %(read)d of your %(total)d sources were read.",
            read,
        )
        return words % {"read": read, "total": total}

    def _names(self, failing: Sequence[FeedHealth]) -> str:
        named = [
            f"{health.name} ({self._since(health)})" if health.since is not None else health.name
            for health in failing
        ]
        return enumerated(named, self.language, limit=_MAX_NAMED_SOURCES)

    def _since(self, health: FeedHealth, before: str = "") -> str:
        if health.since is None:
            return ""
        return before + self.dates.since(health.since)

    @cached_property
    def sources(self) -> str:
        """How complete the digest is, as one sentence for its foot."""
        failing, total = self.digest.missing, self.digest.sources
        if total == 0:
            return ""
        if not failing:
            all_read = self._n(
                "Your one source was read.", "All %(total)d sources were read.", total
            )
            return all_read % {"total": total}
        names = enumerated(
            [self._why(health) for health in failing], self.language, limit=_MAX_NAMED_SOURCES
        )
        if len(failing) == total:
            words = self._n(
                "Your one source was not read: %(names)s.",
                "None of %(total)d sources was read: %(names)s.",
                total,
            )
        else:
            words = self._n(
                "%(total)d sources, all read but one: %(names)s.",
                "%(total)d sources, all read but %(count)d: %(names)s.",
                len(failing),
            )
        return words % {"total": total, "count": len(failing), "names": names}

    def _why(self, health: FeedHealth) -> str:
        said = health.reason
        if self.language != "en":  # the error's own sentence is English
            said = self._t(_REASONS.get(health.kind, _OTHER_REASON))
        reason = cut(" ".join(said.split()).rstrip("."), _REASON_CHARS)
        reason = reason[:1].lower() + reason[1:]
        why = " ".join(filter(None, (reason, self._since(health))))
        return f"{health.name} ({why})" if why else health.name

    # --- told before -------------------------------------------------------------------------

    def told(self, row: Row) -> str:
        """ "Dane County Courier, sent to you today 6:18 am" of a story that was told before."""
        at = row.story.told_at
        if row.story.withdrawn_at is not None:
            pattern = self._t("withdrew the article that you got %(when)s")
        elif row.story.was:
            pattern = self._t("changed the headline that you got %(when)s")
        else:
            pattern = self._t("sent to you %(when)s")
        words = pattern % {"when": self.dates.near(at)} if at else ""
        if row.own is None:
            return words[:1].upper() + words[1:]
        notes = ", ".join(self.notes(row.own, row.story))
        name = f"{row.own.name} ({notes})" if notes else row.own.name
        return ", ".join(filter(None, (name, words)))

    def urgent_before(self, story: Story) -> str:
        """ "Sent to you as urgent at 6:18 am; the article changed at 7:02 am.", or nothing."""
        if story.urgent_at is None or story.changed_at is None:
            return ""
        told = self._t("Sent to you as urgent %(told)s; the article changed %(changed)s.")
        dates = self.dates
        return told % {"told": dates.near(story.urgent_at), "changed": dates.near(story.changed_at)}

    def withdrawn(self, story: Story) -> str:
        """ "Its source withdrew it today 7:02 am.", or nothing."""
        if story.withdrawn_at is None:
            return ""
        told = self._t("Its source withdrew it (%(when)s).")
        return told % {"when": self.dates.near(story.withdrawn_at)}

    # --- languages ---------------------------------------------------------------------------

    def notes(self, outlet: Outlet, story: Story | None = None) -> list[str]:
        """What a reader should know before following a link: "subscribers only", "in Spanish"."""
        told = [self._t("subscribers only")] if outlet.paywall else []
        return [*told, *filter(None, [self.foreign(outlet, story)])]

    def foreign(self, outlet: Outlet, story: Story | None = None) -> str:
        """ "in Spanish", empty for the reader's own language or one that is not known."""
        code = outlet.lang or (story and self._language_of_story(story))
        if not code or main_language(code) == self.language:
            return ""
        name = name_of(code, self.language)
        return self._t("in %(language)s") % {"language": name} if name else ""

    @cached_property
    def has_foreign(self) -> bool:
        """Whether a headline is in another language than the reader's."""
        own = ((story.outlets[0], story) for story in self.digest.stories if story.outlets)
        return any(self.foreign(outlet, story) for outlet, story in own)

    @staticmethod
    def _language_of_story(story: Story) -> str | None:
        return story.lang or guessed(" ".join([story.title, *(p.text for p in story.excerpt)]))

    # --- why and what next -------------------------------------------------------------------

    @cached_property
    def follows(self) -> str:
        """ "Ana Flores follows ICE, Sanctuary and Madison, weekdays at 7:30 am."."""
        people = self.digest.sharers or (self.digest.subscriber,)
        return " ".join(filter(None, map(self._follows, people)))

    def _follows(self, person: Subscriber) -> str:
        topics = self._topics(person)
        if not topics:
            return ""
        name = cut(" ".join(person.name.split()), 120)
        words = {"name": name, "topics": topics.rstrip(".")}  # "a las 7:30 a. m."
        return self._t("%(name)s follows %(topics)s.") % words

    @cached_property
    def topics(self) -> str:
        """ "ICE and Sanctuary, weekdays at 7:30 am; Madison, right away"."""
        return self._topics(self.digest.subscriber)

    def _topics(self, person: Subscriber) -> str:
        by_cadence: dict[str, list[str]] = {}
        for subscription in person.subscriptions:
            when = (subscription.when or person.when).text
            by_cadence.setdefault(when, []).append(self._title(subscription.rule))
        return "; ".join(
            f"{enumerated(names, self.language)}, {cadence(when, self.language)}"
            for when, names in [*by_cadence.items()][:6]
        )

    @cached_property
    def topic_names(self) -> str:
        """ "ICE, Sanctuary and Madison"."""
        titles = [self._title(s.rule) for s in self.digest.subscriber.subscriptions]
        return enumerated(list(dict.fromkeys(titles)), self.language)

    def _title(self, rule: str) -> str:
        return self.digest.titles.get(rule, rule)

    @property
    def meanings(self) -> Iterator[tuple[str, str]]:
        """Topic and plain words for the topics of this digest, the first few."""
        titles = [section.title for section in self.digest.sections]
        explained = [title for title in titles if self.digest.explanations.get(title)]
        for title in explained[:_MAX_MEANINGS]:
            words = " ".join(self.digest.explanations[title].split())
            yield title, cut(words.rstrip("."), _MEANING_CHARS)

    @cached_property
    def next_mail(self) -> str:
        """ "Wednesday 7:30 am", empty when no time is set; a sentence ends after it."""
        return (
            "" if self.digest.next_at is None else self.dates.day(self.digest.next_at).rstrip(".")
        )

    # --- before it is opened -----------------------------------------------------------------

    @property
    def sender(self) -> str:
        """Who a discreet mail comes from, empty where the usual name may be seen."""
        return self._t("News summary") if self.digest.subscriber.subject == "discreet" else ""

    @property
    def headline(self) -> str:
        """The first story's headline."""
        stories = self.digest.stories
        return stories[0].title if stories else self.count

    @property
    def subject_headline(self) -> str:
        """The headline as it fits a subject: whole up to 120 characters."""
        return cut(self.headline, SUBJECT_CHARS)

    @property
    def others(self) -> int:
        """How many stories there are beside the first."""
        return max(0, len(self.digest.stories) - 1)

    @cached_property
    def preheader(self) -> str:
        """What inboxes show after the subject: the next headlines and how complete it is."""
        stories = self.digest.stories
        parts = [cut(story.title, _TEASER_CHARS) for story in stories[1:3]]
        if not parts and stories and stories[0].outlets:
            own = stories[0].outlets[0]
            parts = [cut(own.name, _TEASER_CHARS), self.dates.near(own.at)]
        parts += [self.read_count, self.since, self.dates.full(self.told_at)]
        line = ""
        for part in filter(None, parts):
            longer = f"{line} · {part}" if line else part
            if len(longer) > _PREHEADER_CHARS:
                break
            line = longer
            if len(line) >= _TEASER_CHARS and part == self.read_count:
                break
        return line

    def _t(self, message: str) -> str:
        return translations(self.language).gettext(message)

    def _n(self, one: str, many: str, number: int) -> str:
        return translations(self.language).ngettext(one, many, number)
