"""Renders a digest as mails, Slack messages and webhook documents, through sandboxed templates.

Owns what templates may call and what is escaped. Where they come from is `templates`' matter, what
the forms look like `mail`'s, `slack`'s and `webhook`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from sys import getsizeof
from typing import Any, TypeVar

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup, escape

from alerts.digests import mail, slack, urgent, webhook
from alerts.digests.layout import Row
from alerts.digests.mail import MailContext
from alerts.digests.plaintext import wrapped
from alerts.digests.sample import SAMPLE_URGENCY, sample_digest
from alerts.digests.slack import Mrkdwn
from alerts.digests.templates import TEMPLATES, attempt, environment
from alerts.digests.words import LANGUAGES, cut, enumerated, language_of, translations
from alerts.errors import TemplateError
from alerts.kept import Kept
from alerts.log import get_logger
from alerts.model import DestinationKind, Digest, Mail, Post, Urgency

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
        self._tongues: dict[str, _Tongue] = {}
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
        slack_template = _template(tongue.slack, "slack.j2")
        module = attempt("slack.j2", lambda: slack_template.module)

        def words(macro: str, *values: Any) -> Mrkdwn:
            return Mrkdwn(attempt("slack.j2", lambda: getattr(module, macro)(*values)).strip())

        return slack.posts(digest, words, None if "slack.j2" in self.own else self._kept_for_rooms)

    def _tongue(self, digest: Digest) -> _Tongue:
        language = language_of(digest.subscriber.language)
        found = self._tongues.get(language)
        if found is None:  # made twice at worst, by two threads at once
            found = self._tongues[language] = _Tongue(self.own, language, self._kept)
        return found

    def _try_out(self) -> None:
        """Render a sample, so that an admin's mistake is found at the start, not at 7:30."""
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


class _Tongue:
    """The templates in one language."""

    def __init__(self, own: Mapping[str, str], language: str, kept: Kept[str]) -> None:
        self._own = own
        self.html = _environment(own, language, autoescape=True)
        self.text = _environment(own, language)
        self.slack = _environment(own, language, finalize=slack.finalized)
        self.html.filters["unbroken"] = _unbroken
        self.text.filters["wrapped"] = wrapped
        for mails in (self.html, self.text):
            mails.filters["once"] = _each_time if own else _once(kept, language)
        self.slack.filters |= {"link": slack.link, "marked": slack.marked}
        self._shipped = _Tongue({}, language, kept) if own else self

    def of(self, name: str) -> _Tongue:
        """Return where a template is rendered: with an admin's own, or as it is shipped."""
        return self if name in self._own else self._shipped

    def rendered_html(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as HTML, with every value escaped."""
        return attempt(name, lambda: _template(self.of(name).html, name).render(values))

    def rendered_text(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as plain text."""
        return attempt(name, lambda: _template(self.of(name).text, name).render(values))


def _environment(own: Mapping[str, str], language: str, **options: Any) -> jinja2.Environment:
    made = environment(own, **options)
    made.filters |= {"cut": cut, "enumerated": partial(enumerated, language=language)}
    # The i18n extension adds this method when it is loaded.
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["_"] = made.globals["gettext"] = _saying(language, is_html=made.autoescape is True)
    return made


def _saying(language: str, *, is_html: bool) -> Callable[..., str]:
    """Return what says a message in a language: as Jinja's own does, at a third of the cost."""
    gettext = translations(language).gettext

    def say(message: str, **values: object) -> str:
        return gettext(message) % values

    def say_in_html(message: str, **values: object) -> str:
        safe = {name: escape(value) for name, value in values.items()}
        return Markup(gettext(message) % safe)  # noqa: S704 - our own words, and escaped values

    return say_in_html if is_html else say


def _size(texts: slack.Texts) -> int:
    return sum(map(getsizeof, texts))


def _each_time(row: Row, macro: Callable[[Row], str]) -> str:
    """Return what `macro` makes of a row; an admin's may read whatever it likes."""
    return macro(row)


def _once(kept: Kept[str], language: str) -> Callable[[Context, Row, Callable[[Row], str]], str]:
    """Return the same for the shipped templates, which read nothing but what this key holds."""

    @jinja2.pass_context
    def once(context: Context, row: Row, macro: Callable[[Row], str]) -> str:
        say = context["say"]
        # Else it is the story that says which are the others. Only text is indented by a number.
        others = row.others if row.form == "more" else ()
        digits = len(str(row.number)) if context.name == "digest.txt.j2" else 0
        of_reader = (language, say.seen_from, row.also_under(say.digest))
        key = (row.story, context.name, row.form, digits, others, of_reader)
        return kept.get(key, lambda: macro(row))

    return once


def _unbroken(text: str) -> str:
    """Return `text` with blanks at which no line ends."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _template(environment: jinja2.Environment, name: str) -> jinja2.Template:
    return attempt(name, lambda: environment.get_template(name))
