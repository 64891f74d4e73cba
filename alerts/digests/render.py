"""Renders a digest as mails, Slack messages and webhook documents, through sandboxed templates.

Owns the template environments: where templates are found, what they may call, what is escaped.
What the forms look like is `mail`'s, `slack`'s and `webhook`'s matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.digests import mail, slack, webhook
from alerts.digests.mail import MailContext
from alerts.digests.plaintext import wrapped
from alerts.digests.sample import sample_digest
from alerts.digests.slack import Mrkdwn
from alerts.digests.words import cut, enumerated, translations
from alerts.errors import TemplateError
from alerts.model import Digest, Mail, Post

__all__ = ["MailContext", "Renderer"]

#: Ships with the program; what an admin's folder does not have is taken from here.
PACKAGED = Path(__file__).parent.parent / "templates"

T = TypeVar("T")

#: What a template of an admin can go wrong with; each names its template in the error.
_WRONG = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Renderer:
    """Turns digests into what is sent. Methods may be called by several threads at once."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """`folders` hold an admin's own templates; the first that has one wins.

        Raises TemplateError if a template cannot be compiled.
        """
        places = [*folders, PACKAGED]
        self._html = _environment(places, autoescape=True)
        self._text = _environment(places)
        self._slack = _environment(places, finalize=slack.finalized)
        self._html.filters["unbroken"] = _unbroken
        self._text.filters["wrapped"] = wrapped
        self._slack.filters |= {"link": slack.link, "marked": slack.marked}
        used = (
            (self._html, "digest.html.j2"),
            (self._text, "digest.txt.j2"),
            (self._text, "subject.txt.j2"),
            (self._slack, "slack.j2"),
        )
        for environment, name in used:
            _template(environment, name)
        if any((folder / name).is_file() for folder in folders for _, name in used):
            self._try_out()

    def mails(self, digest: Digest, context: MailContext) -> tuple[Mail, ...]:
        """Return the digest's mails, one a part. Raises TemplateError."""
        return mail.mails(digest, context, self._rendered_html, self._rendered_text)

    def slack(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest's Slack messages, one a part. Raises TemplateError."""
        module = _attempt("slack.j2", lambda: _template(self._slack, "slack.j2").module)

        def words(macro: str, *values: Any) -> Mrkdwn:
            return Mrkdwn(_attempt("slack.j2", lambda: getattr(module, macro)(*values)).strip())

        return slack.posts(digest, words)

    def webhook(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest as documents for programs, one a part."""
        return webhook.posts(digest)

    def _try_out(self) -> None:
        """Render a sample, so that an admin's mistake is found at the start, not at 7:30."""
        sample = sample_digest()
        for reply_stop in (True, False):
            context = MailContext("reader@example.org", "admin@example.org", reply_stop=reply_stop)
            self.mails(sample, context)
        self.mails(sample, MailContext("reader@example.org", stop_link="https://example.org/u/T"))
        self.slack(sample)

    def _rendered_html(self, name: str, values: Mapping[str, Any]) -> str:
        return _attempt(name, lambda: _template(self._html, name).render(values))

    def _rendered_text(self, name: str, values: Mapping[str, Any]) -> str:
        return _attempt(name, lambda: _template(self._text, name).render(values))


def _environment(
    places: Sequence[Path],
    *,
    autoescape: bool = False,
    finalize: Callable[[Any], Any] | None = None,
) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(places),
        autoescape=autoescape,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cut": cut, "enumerated": enumerated}
    # The i18n extension adds this method when it is loaded.
    environment.install_gettext_translations(translations("en"), newstyle=True)  # type: ignore[attr-defined]
    return environment


def _unbroken(text: str) -> str:
    """Return `text` with blanks at which no line ends."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _template(environment: jinja2.Environment, name: str) -> jinja2.Template:
    return _attempt(name, lambda: environment.get_template(name))


def _attempt(name: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except _WRONG as error:
        line = getattr(error, "lineno", None)
        where = f"{name}, line {line}" if line else name
        raise TemplateError(
            f"The template {where} cannot be used: {error}",
            hint="Mend it, or remove it from your templates folder: the shipped one is used then.",
        ) from error
