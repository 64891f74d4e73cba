"""An urgent alert: one story, who reported it and when, what it is not, and how to pass it on.

Every sentence is computed, and none says that something happened: a report is passed on as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from alerts.clock import iso
from alerts.digests import layout, slack, webhook
from alerts.digests.mail import MailContext, Render, latency
from alerts.digests.phrases import SUBJECT_CHARS, Phrases
from alerts.digests.plaintext import COLUMNS, width
from alerts.digests.words import N_, cut, enumerated, translations
from alerts.model import Digest, Mail, Post, Story, Urgency

_HOUR_S = 3_600.0
_COPY = N_("To pass on, copy from here")
_END = N_("to here")


class UrgentWords:
    """What can be said of one urgent story, in the words of its reader's language and zone."""

    def __init__(self, digest: Digest, urgency: Urgency) -> None:
        self.say = Phrases(digest)
        self.urgency = urgency
        self._digest = digest
        catalogue = translations(self.say.language)
        self._t, self._n = catalogue.gettext, catalogue.ngettext

    @cached_property
    def row(self) -> layout.Row:
        """The story as it stands on a page."""
        return layout.rows(self._digest)[0]

    @property
    def story(self) -> Story:
        """The story itself."""
        return self.row.story

    @property
    def subject(self) -> str:
        """ "URGENT: " and the whole headline up to 120 characters; discreet it names no topic."""
        if self._digest.subscriber.subject == "discreet":
            clock = self.say.dates.clock(self._digest.created_at)
            return self._t("Urgent news alert, %(clock)s") % {"clock": clock}
        headline = cut(self.story.title, SUBJECT_CHARS)
        return self._t("URGENT: %(headline)s") % {"headline": headline}

    @property
    def preheader(self) -> str:
        """What inboxes show after the subject."""
        if self._digest.subscriber.subject == "discreet":
            return self._t("Open to read.")
        own = self.row.own
        told = f"{own.name}, {self.say.dates.clock(own.at)}. " if own else ""
        return told + self._t("%(outlets)s; a report, not a confirmation.") % {
            "outlets": self.so_far.rstrip(".")
        }

    @property
    def outlet(self) -> str:
        """ "Dane County Courier (subscribers only)"."""
        own = self.row.own
        if own is None:
            return ""
        notes = ", ".join(self.say.notes(own, self.story))
        return f"{own.name} ({notes})" if notes else own.name

    @property
    def times(self) -> str:
        """ "published today 6:12 am, seen by us Tuesday, November 24, 6:17 am"."""
        seen = self.say.dates.full(self.urgency.seen_at)
        if self.urgency.published_at is None:
            return self._t("seen by us %(seen)s") % {"seen": seen}
        published = self.say.dates.near(self.urgency.published_at)
        words = {"published": published, "seen": seen}
        return self._t("published %(published)s, seen by us %(seen)s") % words

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Who reports it, each once."""
        return tuple(dict.fromkeys(one.name for one in self.story.outlets))

    @property
    def so_far(self) -> str:
        """ "One outlet so far."."""
        if len(self.names) < 2:
            return self._t("One outlet so far.")
        return self._t("%(count)s outlets so far.") % {"count": len(self.names)}

    @property
    def caution(self) -> str:
        """That it is a report that is passed on."""
        if len(self.names) < 2:
            return self._t(
                "ONE OUTLET SO FAR. This is a news report that we pass on, not a confirmation."
            )
        words = {"count": len(self.names), "names": enumerated(self.names, self.say.language)}
        return (
            self._t(
                "%(count)s OUTLETS SO FAR: %(names)s. These are news reports that we pass on, not a"
                " confirmation."
            )
            % words
        )

    @property
    def reported(self) -> str:
        """Who reported when, for passing on."""
        own = self.row.own
        when = self.say.dates.short(self.urgency.published_at or self.urgency.seen_at)
        words = {"outlet": own.name if own else self._t("A source"), "when": when}
        if self.urgency.published_at is None:
            return self._t("%(outlet)s, seen %(when)s:") % words
        return self._t("%(outlet)s reported, %(when)s:") % words

    @property
    def quoted(self) -> str:
        """The headline in quotes, and its language if that is not the reader's."""
        foreign = self.say.foreign(self.row.own, self.story) if self.row.own else ""
        return f'"{self.story.title}"' + (f" ({foreign})" if foreign else "")

    @property
    def passed_on(self) -> str:
        """The last line for passing on: how many report it, and the group's own words."""
        return f"{self.so_far} {self.urgency.note}".strip()

    @property
    def copy_from(self) -> str:
        """The line above what may be copied."""
        return _ruled(self._t(_COPY))

    @property
    def copy_to(self) -> str:
        """The line below it."""
        return _ruled(self._t(_END))

    @property
    def following(self) -> str:
        """What happens next, as far as that is known."""
        at_once = self._t("If its source withdraws it, you are told at once.")
        if self._digest.subscriber.corrections:
            at_once = self._t(
                "If its headline changes much, or its source withdraws it, you are told at once."
            )
        if self._digest.next_at is None:
            return at_once
        told = self._t(
            "What happens next: if the article changes, it comes again in your next news summary"
            " (%(when)s)."
        )
        return f"{told % {'when': self.say.dates.day(self._digest.next_at)}} {at_once}"

    @property
    def because(self) -> str:
        """ "Urgent because: ICE within 8 words of "raid", and less than 6 hours old."."""
        why = self.urgency.because.rstrip(".")
        if self.urgency.newer_than_s is not None:
            why = self._t("%(why)s, and less than %(age)s old") % {
                "why": why,
                "age": self._age(self.urgency.newer_than_s),
            }
        return self._t("Urgent because: %(why)s.") % {"why": why}

    def _age(self, seconds: float) -> str:
        if seconds >= _HOUR_S and seconds % _HOUR_S == 0:
            count = int(seconds // _HOUR_S)
            return self._n("%(count)s hour", "%(count)s hours", count) % {"count": count}
        count = max(1, round(seconds / 60))
        return self._n("%(count)s minute", "%(count)s minutes", count) % {"count": count}


def _ruled(words: str) -> str:
    """Return the words with dashes up to the end of a line."""
    return f"{words} {'-' * (COLUMNS - 4 - width(words) - 1)}"


def mail(
    digest: Digest, urgency: Urgency, context: MailContext, html: Render, text: Render
) -> Mail:
    """Return the alert as a mail."""
    urgent = UrgentWords(digest, urgency)
    say = urgent.say
    values = {"digest": digest, "say": say, "urgent": urgent, "mail": context}
    return Mail(
        subject=urgent.subject,
        text=text("urgent.txt.j2", values).strip("\n") + "\n",
        html=html("urgent.html.j2", values),
        language=say.language,
        list_id=digest.subscriber.id,
        list_name=say.sender or context.sender_name,
        sender=say.sender,
        latency=latency([urgent.row], digest),
    )


def slack_post(digest: Digest, urgency: Urgency) -> Post:
    """Return the alert as a Slack message; the channel is pinged only if its subscriber says so."""
    urgent = UrgentWords(digest, urgency)
    say, story, own = urgent.say, urgent.story, urgent.row.own
    label = slack.escaped(translations(say.language).gettext("URGENT"))
    ping = "<!here> " if digest.subscriber.mention == "here" else ""
    headline, *address = slack.headline(urgent.row)
    facts = f"{slack.escaped(urgent.times)} · *{slack.escaped(urgent.so_far.rstrip('.'))}*"
    if own is not None:
        lock = " :lock:" if own.paywall else ""
        foreign = say.foreign(own, story)
        named = f"{slack.escaped(own.name)}{lock}" + (
            f" ({slack.escaped(foreign)})" * bool(foreign)
        )
        facts = f"{named} · {facts}"
    lines = [f"{ping}*{label}*  *{headline}*", *address, facts]
    if urgent.row.pieces:
        lines.append(f">{slack.marked(urgent.row.pieces)}")
    if urgency.note:
        lines.append(slack.escaped(urgency.note))
    texts = slack.joined(lines, "\n")  # nearly always one
    name = f" ({own.name})" if own else ""
    return Post(
        {
            "text": slack.escaped(f"{urgent.subject}{name}", 1_000),
            "blocks": [
                *({"type": "section", "text": slack.markup(text)} for text in texts),
                {"type": "context", "elements": [slack.markup(slack.escaped(urgent.because, 700))]},
            ],
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def webhook_post(digest: Digest, urgency: Urgency) -> Post:
    """Return the alert as a document for programs: a digest of one story, and why it is urgent."""
    (post,) = webhook.posts(digest)
    told = {
        "because": urgency.because,
        "note": urgency.note,
        "seen": iso(urgency.seen_at),
        "published": iso(urgency.published_at),
    }
    data: Mapping[str, Any] = {**post.document["data"], "urgent": told}
    return Post({**post.document, "type": "urgent", "data": data})


def bundled(made: Mail | Post, digest: Digest) -> Mail | Post:
    """Return a part of a digest as one of urgent stories."""
    gettext: Callable[[str], str] = translations(Phrases(digest).language).gettext
    if isinstance(made, Mail):
        if digest.subscriber.subject == "discreet":
            return made
        return replace(made, subject=gettext("URGENT: %(headline)s") % {"headline": made.subject})
    if "text" in made.document:
        text = gettext("URGENT: %(headline)s") % {"headline": made.document["text"]}
        return Post({**made.document, "text": text})
    return Post({**made.document, "type": "urgent"})
