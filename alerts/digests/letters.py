"""The words of the messages to readers that are no digests: a welcome, and a week without news.

Pure: each is made of a digest that holds what is to be told (for a welcome the last stories, for a
quiet week none), and says nothing that was not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.digests.mail import MailContext
from alerts.digests.notes import Link, Note
from alerts.digests.phrases import Phrases
from alerts.digests.words import cut, enumerated, translations
from alerts.model import Destination, Digest, Story

_SUBJECT_CHARS = 120


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that could not be read for a time, and can be read again."""

    source: str
    until: float


@dataclass(frozen=True, slots=True)
class Week:
    """What was done in a stretch of time in which nothing was told."""

    since: float
    articles: int  # that were looked at
    gaps: tuple[Gap, ...] = ()
    next_at: float | None = None  # when the next such note comes, if nothing else does


def welcome(
    digest: Digest, place: Destination, context: MailContext, *, added_by: str, sender: str
) -> Note:
    """Return the first message to a new reader or room; `digest` holds the last stories."""
    return _Letter(digest, place, context).welcome(added_by, sender)


def quiet_week(digest: Digest, place: Destination, context: MailContext, week: Week) -> Note:
    """Return the message that says that nothing was found; `digest` holds no story."""
    return _Letter(digest, place, context).quiet_week(week)


@dataclass(frozen=True, slots=True)
class Flood:
    """Why stories come less often for a while, and from when on."""

    kind: str  # urgent, bundles, digests
    stories: int
    at: float
    minutes: int = 60


def flood(digest: Digest, place: Destination, context: MailContext, told: Flood) -> Note:
    """Return the message that says that stories come in bundles; `digest` holds no story."""
    return _Letter(digest, place, context).flood(told)


def letter(
    digest: Digest,
    place: Destination,
    context: MailContext,
    subject: str,
    blocks: Sequence[str | Link],
) -> Note:
    """Return a message of these words, with the foot that every mail to a reader has."""
    return _Letter(digest, place, context).of(subject, blocks)


class _Letter:
    """One message to one destination, in its reader's language."""

    def __init__(self, digest: Digest, place: Destination, context: MailContext) -> None:
        self._digest = digest
        self._person = digest.subscriber
        self._place = place
        self._mail = context
        self._say = Phrases(digest)
        catalogue = translations(self._say.language)
        self._t, self._n = catalogue.gettext, catalogue.ngettext

    def welcome(self, added_by: str, sender: str) -> Note:
        _ = self._t
        topics = cut(self._say.topic_names, _SUBJECT_CHARS)
        subject = _("You will get news about %(topics)s") % {"topics": topics}
        lead = _("You will get news about %(topics)s.")
        if not self._place.is_person:
            subject = _("News about %(topics)s will come here") % {"topics": topics}
            lead = _("What comes here: news about %(topics)s.")
        elif self._person.subject == "discreet":
            subject = _("Your news summary begins")
        lead = lead % {"topics": self._say.topics.rstrip(".")}  # "a las 7:30 a. m."
        added = _("%(who)s added you.") if self._place.is_person else _("%(who)s set this up.")
        blocks: list[str | Link] = [
            f"{lead} {added % {'who': added_by}}" if added_by else lead,
            " ".join([*self._first(), self._silence()]),
            *self._last_stories(),
            _("This is a news watcher, not an emergency line: articles come minutes to hours after"
              " events."),
        ]  # fmt: skip
        if self._place.is_person:
            contacts = _("Add %(sender)s to your contacts, so that mails do not land in spam.")
            blocks.insert(-1, contacts % {"sender": sender})
        return self._note(subject, blocks, _("Not you?"))

    def _first(self) -> Iterator[str]:
        """Say when the first news comes, as far as that is known."""
        kinds = {cadence.kind for cadence in self._person.cadences().values()}
        if "right away" in kinds:
            yield self._t("The first news comes as soon as there is any.")
        elif self._digest.next_at is not None:
            told = self._t("The first news comes %(when)s, if there is any by then.")
            yield told % {"when": self._say.dates.day(self._digest.next_at)}

    def _silence(self) -> str:
        if self._person.nothing_new == "weekly note":
            return self._t("If there is none for a week, a short note says so.")
        return self._t("If there is none, nothing comes.")

    def _last_stories(self) -> Iterator[str | Link]:
        stories = self._digest.stories
        if stories:
            words = self._n(
                "The last such story:", "The last %(count)s such stories:", len(stories)
            )
            yield words % {"count": len(stories)}
        for story in stories:
            yield Link(story.title, story.link, self._facts(story), is_action=False)

    def _facts(self, story: Story) -> str:
        if not story.outlets:
            return ""
        own = story.outlets[0]
        notes = ", ".join(self._say.notes(own, story))
        name = f"{own.name} ({notes})" if notes else own.name
        return f"{name}, {self._say.dates.near(own.at)}"

    def quiet_week(self, week: Week) -> Note:
        _ = self._t
        since = self._say.dates.since(week.since)
        nothing = _("No story matched %(topics)s %(since)s.")
        looked = self._n("%(count)s article was looked at.", "%(count)s articles were looked at.",
                         week.articles)  # fmt: skip
        told = [
            nothing % {"topics": self._either(), "since": since.rstrip(".")},
            f"{self._say.sources} {looked % {'count': f'{week.articles:,}'}}".strip(),
            *self._gaps(week.gaps),
        ]
        blocks: list[str | Link] = [" ".join(told)]
        if week.next_at is not None:
            when = {"day": self._say.dates.day(week.next_at)}
            missing = _("If neither news nor this note comes by %(day)s, look in your spam folder"
                        " or write to us.")  # fmt: skip
            room = _("If neither news nor this note comes by %(day)s, something is wrong.")
            blocks.append((missing if self._place.is_person else room) % when)
        return self._note(_("Nothing new this week; still watching"), blocks)

    def flood(self, told: Flood) -> Note:
        _, count = self._t, {"count": f"{told.stories:,}", "minutes": told.minutes}
        if told.kind == "urgent":
            subject = self._n(
                "%(count)s more urgent story in %(minutes)s min.",
                "%(count)s more urgent stories in %(minutes)s min.",
                told.stories,
            )
        elif told.kind == "bundles":
            subject = self._n(
                "%(count)s story in an hour.", "%(count)s stories in an hour.", told.stories
            )
        else:
            subject = self._n(
                "%(count)s story in four hours.", "%(count)s stories in four hours.", told.stories
            )
        rest = _("To keep this readable the rest comes in one message %(when)s and then every half"
                 " hour, until it calms down.")  # fmt: skip
        if told.kind == "digests":
            rest = _("To keep this readable the rest comes in one message %(when)s and then once a"
                     " day, until it calms down.")  # fmt: skip
        rest = rest % {"when": self._say.dates.day(told.at)}
        nothing = _("Nothing is dropped.")
        return self._note(subject % count, [f"{rest} {nothing}"])

    def of(self, subject: str, blocks: Sequence[str | Link]) -> Note:
        return self._note(subject, blocks)

    def _either(self) -> str:
        """Return "ICE, Sanctuary or Madison"."""
        titles = [self._digest.titles.get(s.rule, s.rule) for s in self._person.subscriptions]
        names = list(dict.fromkeys(titles))
        if len(names) < 2:
            return "".join(names)
        words = {"first": ", ".join(names[:-1]), "last": names[-1]}
        if self._say.language == "es" and re.match(r"h?[oó]", names[-1].lower()):
            return "{first} u {last}".format_map(words)  # "ICE u Ohio"
        return self._t("%(first)s or %(last)s") % words

    def _gaps(self, gaps: Sequence[Gap]) -> Iterator[str]:
        """Say which sources could not be read for a time."""
        if gaps:
            until = self._t("%(source)s until %(when)s")
            named = [
                until % {"source": gap.source, "when": self._say.dates.day(gap.until)}
                for gap in gaps
            ]
            told = self._t("For a time could not be read: %(sources)s.")
            yield told % {"sources": enumerated(named, self._say.language).rstrip(".")}

    def _note(self, subject: str, blocks: Sequence[str | Link], before_stop: str = "") -> Note:
        foot = self._foot(before_stop) if self._place.is_person else ()
        return Note(
            subject,
            tuple(blocks),
            tuple(foot),
            language=self._say.language,
            list_id=self._person.id,
            list_name=self._say.sender or self._mail.sender_name,
            sender=self._say.sender,
        )

    def _foot(self, before: str) -> Iterator[str | Link]:
        """Say how to stop, and whom to ask; what stands in a digest's foot, too."""
        _, mail = self._t, self._mail
        whom = {"address": mail.address, "admin": mail.admin}
        if mail.stop_link:
            stop = _("Stop mails to %(address)s") % whom
            yield Link(f"{before} {stop}".strip(), mail.stop_link)
        elif mail.reply_stop:
            stop = _("To stop these mails to %(address)s, reply STOP.") % whom
            yield f"{before} {stop}".strip()
        elif mail.admin:
            stop = _("To stop these mails to %(address)s, write to %(admin)s.") % whom
            yield f"{before} {stop}".strip()
        yield _("We do not track what you open or click.")
        if mail.admin:
            yield _("Questions reach a person: just reply.")
