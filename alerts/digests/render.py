"""Renders a digest as mails, Slack messages and webhook documents, through sandboxed templates.

Where templates come from is `templates`' matter, what they may call `tongue`'s, what the forms look
like `mail`'s, `slack`'s and `webhook`'s. A process that renders nothing loads no template engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import getsizeof
from typing import TYPE_CHECKING, TypeVar

from alerts.digests import follow_up, mail, slack, urgent, webhook
from alerts.digests.mail import MailContext
from alerts.digests.templates import TEMPLATES
from alerts.digests.words import LANGUAGES, language_of
from alerts.errors import TemplateError
from alerts.kept import Kept
from alerts.log import get_logger
from alerts.model import (
    Destination,
    DestinationKind,
    Digest,
    FollowUp,
    Mail,
    Post,
    Rendered,
    Urgency,
)

if TYPE_CHECKING:
    from alerts.digests.tongue import Tongue

__all__ = ["MailContext", "Renderer"]

T = TypeVar("T")

#: About a thousand stories, each in HTML and text for one zone and language.
_KEPT_BYTES = 8_000_000
#: The same for Slack.
_KEPT_FOR_ROOMS_BYTES = 2_000_000


class Renderer:
    """Turns digests into what is sent. Methods may be called by several threads at once."""

    def __init__(self, own: Mapping[str, str] | None = None, *, is_lenient: bool = False) -> None:
        """`own`: the texts of an admin's own templates by name (`templates.own_templates`).

        `is_lenient`: a digest on which they fail all the same is made with the shipped ones, and
        `failure` says why. Raises TemplateError if one cannot be compiled, or not rendered.
        """
        self.own = dict(own or {})
        self.failure: TemplateError | None = None
        self._shipped = Renderer() if self.own and is_lenient else None
        self._tongues: dict[str, Tongue] = {}
        self._kept: Kept[str] = Kept(_KEPT_BYTES)
        self._kept_for_rooms: Kept[slack.Texts] = Kept(_KEPT_FOR_ROOMS_BYTES, _size)
        if self.own.keys() & TEMPLATES.keys():
            self._try_out()

    def mails(self, digest: Digest, context: MailContext) -> tuple[Mail, ...]:
        """Return the digest's mails, one a part. Raises TemplateError."""
        return self._made(lambda renderer: renderer._mails(digest, context))

    def slack(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest's Slack messages, one a part. Raises TemplateError."""
        return self._made(lambda renderer: renderer._slack(digest))

    def webhook(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest as documents for programs, one a part."""
        return webhook.posts(digest)

    def urgent_mail(self, digest: Digest, urgency: Urgency, context: MailContext) -> Mail:
        """Return a digest of one story as an urgent mail. Raises TemplateError."""
        return self._made(lambda renderer: renderer._urgent_mail(digest, urgency, context))

    def urgent_post(self, digest: Digest, urgency: Urgency, kind: DestinationKind) -> Post:
        """Return a digest of one story as an urgent message to a room or a program."""
        made = urgent.slack_post if kind == "slack" else urgent.webhook_post
        return made(digest, urgency)

    def follow_up(
        self, digest: Digest, told: FollowUp, place: Destination, context: MailContext, first: str
    ) -> Rendered:
        """Return what is told again of a digest's one story; `first`: the delivery it follows."""
        return follow_up.made(digest, told, place, context, first)

    def _made(self, work: Callable[[Renderer], T]) -> T:
        if self._shipped is None:
            return work(self)
        try:
            return work(self)
        except TemplateError as error:
            get_logger().error("template failed", error=error.message)
            self.failure = error
            return work(self._shipped)

    def _mails(self, digest: Digest, context: MailContext) -> tuple[Mail, ...]:
        tongue = self._tongue(digest)
        return mail.mails(digest, context, tongue.rendered_html, tongue.rendered_text)

    def _urgent_mail(self, digest: Digest, urgency: Urgency, context: MailContext) -> Mail:
        tongue = self._tongue(digest)
        return urgent.mail(digest, urgency, context, tongue.rendered_html, tongue.rendered_text)

    def _slack(self, digest: Digest) -> tuple[Post, ...]:
        tongue = self._tongue(digest).of("slack.j2")
        kept = None if "slack.j2" in self.own else self._kept_for_rooms
        return slack.posts(digest, tongue.says("slack.j2"), kept)

    def _tongue(self, digest: Digest) -> Tongue:
        from alerts.digests.tongue import Tongue

        language = language_of(digest.subscriber.language)
        found = self._tongues.get(language)
        if found is None:  # made twice at worst, by two threads at once
            found = self._tongues[language] = Tongue(self.own, language, self._kept)
        return found

    def _try_out(self) -> None:
        """Render a sample, so that an admin's mistake is found at the start, not at 7:30."""
        from alerts.digests.sample import SAMPLE_URGENCY, sample_digest

        for language in LANGUAGES:
            sample = sample_digest(language)
            for reply_stop in (True, False):
                context = MailContext(
                    "reader@example.org", "admin@example.org", reply_stop=reply_stop
                )
                self._mails(sample, context)
                self._urgent_mail(sample, SAMPLE_URGENCY, context)
            link = "https://example.org/u/T"
            self._mails(sample, MailContext("reader@example.org", stop_link=link))
            self._slack(sample)


def _size(texts: slack.Texts) -> int:
    return sum(map(getsizeof, texts))
