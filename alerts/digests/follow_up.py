"""A follow-up of an urgent alert: what its source changed, in which words, and who reports it now.

Whatever it says is computed: that a headline is another one, or that an article was withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.clock import iso
from alerts.digests import slack, webhook
from alerts.digests.letters import letter
from alerts.digests.mail import MailContext
from alerts.digests.notes import Link, rendered
from alerts.digests.phrases import SUBJECT_CHARS
from alerts.digests.urgent import UrgentWords
from alerts.digests.words import cut, translations
from alerts.model import Destination, Digest, FollowUp, Post, Rendered, Urgency


class FollowUpWords:
    """What can be said of one change, in the words of its reader's language and zone."""

    def __init__(self, digest: Digest, told: FollowUp) -> None:
        self.told = told
        facts = Urgency("", None, digest.stories[0].seen_at or digest.created_at, None)
        self.urgent = UrgentWords(digest, facts)
        self.say = self.urgent.say
        self._t = translations(self.say.language).gettext

    @property
    def subject(self) -> str:
        """ "UPDATE: " and the present headline; of what was withdrawn that which was told."""
        person = self.say.digest.subscriber
        if person.subject == "discreet":
            clock = self.say.dates.clock(self.say.digest.created_at)
            return self._t("Update to an urgent news alert, %(clock)s") % {"clock": clock}
        if self.told.is_withdrawal:
            words = {"headline": cut(self.told.was, SUBJECT_CHARS)}
            return self._t("WITHDRAWN: %(headline)s") % words
        words = {"headline": cut(self.urgent.story.title, SUBJECT_CHARS)}
        return self._t("UPDATE: %(headline)s") % words

    @property
    def label(self) -> str:
        """ "Update" or "Withdrawn"."""
        return self._t("Withdrawn") if self.told.is_withdrawal else self._t("Update")

    @property
    def what(self) -> str:
        """ "Dane County Courier, today 9:40 am, changed its headline"."""
        own = self.urgent.row.own
        words = {
            "outlet": own.name if own else self._t("A source"),
            "when": self.say.dates.near(self.told.at),
        }
        if self.told.is_withdrawal:
            return self._t("%(outlet)s, %(when)s, withdrew this article") % words
        return self._t("%(outlet)s, %(when)s, changed its headline") % words

    @property
    def was(self) -> str:
        """ "Was: ICE agents detain two men"; empty for a headline that is still the same."""
        if self.told.was == self.urgent.story.title:
            return ""
        return self._t("Was: %(headline)s") % {"headline": self.told.was}

    @property
    def first_told(self) -> str:
        """ "First told today 6:18 am."."""
        return self._t("First told %(when)s.") % {"when": self.say.dates.near(self.told.told_at)}

    @property
    def please(self) -> str:
        """What we ask of who passed the story on."""
        return self._t("If you passed it on, please pass this on, too.")

    @property
    def also(self) -> tuple[Link, ...]:
        """The other outlets that report it."""
        words = self._t("Also at %(outlets)s")
        return tuple(
            Link(
                words % {"outlets": one.name},
                one.link,
                self.say.dates.near(one.at),
                is_action=False,
            )
            for one in self.urgent.row.others
        )


def made(
    digest: Digest, told: FollowUp, place: Destination, context: MailContext, first: str
) -> Rendered:
    """Return a follow-up for a destination; `digest` holds the story, `first` told of it there."""
    words = FollowUpWords(digest, told)
    if place.kind == "email":
        return _mail(words, place, context)
    if place.kind == "slack":
        return _slack_post(words)
    return _webhook_post(words, first)


def _mail(words: FollowUpWords, place: Destination, context: MailContext) -> Rendered:
    story = words.urgent.story
    blocks: list[str | Link] = [f"{words.what}."]
    if words.was:
        blocks.append(words.was)
    blocks.append(Link(story.title, story.link, is_action=False))
    if not words.told.is_withdrawal:
        blocks.append(words.urgent.caution)
    blocks += words.also
    blocks.append(f"{words.first_told} {words.please}")
    note = letter(words.say.digest, place, context, words.subject, blocks)
    return rendered(note, "email", "", words.say.digest.created_at)


def _slack_post(words: FollowUpWords) -> Post:
    escaped = slack.escaped
    facts = [f"*{escaped(words.label)}*", escaped(words.what)]
    if not words.told.is_withdrawal:
        facts.insert(1, escaped(words.urgent.so_far.rstrip(".")))
    lines = [" · ".join(facts)]
    if words.was:
        lines.append(escaped(words.was))
    headline, *address = slack.headline(words.urgent.row)
    lines += [f"*{headline}*", *address]
    lines += [slack.link(one.url, one.text) for one in words.also]
    lines.append(escaped(words.first_told))
    texts = slack.joined(lines, "\n")
    return Post(
        {
            "text": escaped(words.subject, 1_000),
            "blocks": [{"type": "section", "text": slack.markup(text)} for text in texts],
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def _webhook_post(words: FollowUpWords, first: str) -> Post:
    """Return a digest of one story, and what is told again of it."""
    told = words.told
    (post,) = webhook.posts(words.say.digest)
    about = {
        "change": "withdrawn" if told.is_withdrawal else "headline",
        "was": told.was,
        "seen": iso(told.at),
        "first_told": iso(told.told_at),
        "follows": first,
    }
    data: Mapping[str, Any] = {**post.document["data"], "update": about}
    return Post({**post.document, "type": "update", "data": data})
