"""Renders a digest as mails, Slack messages and webhook documents, through sandboxed templates.

Owns the template environments: where templates are found, what they may call, what is escaped.
What the forms look like is `mail`'s, `slack`'s and `webhook`'s matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.digests import mail, slack, webhook
from alerts.digests.mail import MailContext
from alerts.digests.plaintext import wrapped
from alerts.digests.sample import sample_digest
from alerts.digests.slack import Mrkdwn
from alerts.digests.words import LANGUAGES, cut, enumerated, language_of, translations
from alerts.errors import TemplateError
from alerts.model import Digest, Mail, Post

__all__ = ["MailContext", "Renderer"]

#: Ships with the program; what an admin's folder does not have is taken from here.
PACKAGED = Path(__file__).parent.parent / "templates"

T = TypeVar("T")

#: What a template of an admin can go wrong with; each names its template in the error.
_WRONG = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


#: What an admin's folder may hold -> what it makes.
TEMPLATES = {
    "digest.html.j2": "the HTML part of a digest mail",
    "digest.txt.j2": "the plain-text part of a digest mail",
    "subject.txt.j2": "the subject of a digest mail",
    "slack.j2": "the texts of a Slack digest, one macro each",
}


def folders_beside(config: Path) -> tuple[Path, ...]:
    """Return the folder of an admin's own templates beside the configuration, if there is one."""
    beside = config.parent / "templates"
    return (beside,) if beside.is_dir() else ()


def own(name: str, folders: Sequence[Path]) -> Path | None:
    """Return an admin's own template of that name, None if the shipped one is in use."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


class Renderer:
    """Turns digests into what is sent. Methods may be called by several threads at once."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """`folders` hold an admin's own templates; the first that has one wins.

        Raises TemplateError if a template cannot be compiled, or not rendered in any language.
        """
        self._places = [*folders, PACKAGED]
        self._tongues: dict[str, _Tongue] = {}
        if any(own(name, folders) for name in TEMPLATES):
            self._try_out()

    def mails(self, digest: Digest, context: MailContext) -> tuple[Mail, ...]:
        """Return the digest's mails, one a part. Raises TemplateError."""
        tongue = self._tongue(digest)
        return mail.mails(digest, context, tongue.rendered_html, tongue.rendered_text)

    def slack(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest's Slack messages, one a part. Raises TemplateError."""
        slack_template = _template(self._tongue(digest).slack, "slack.j2")
        module = _attempt("slack.j2", lambda: slack_template.module)

        def words(macro: str, *values: Any) -> Mrkdwn:
            return Mrkdwn(_attempt("slack.j2", lambda: getattr(module, macro)(*values)).strip())

        return slack.posts(digest, words)

    def webhook(self, digest: Digest) -> tuple[Post, ...]:
        """Return the digest as documents for programs, one a part."""
        return webhook.posts(digest)

    def _tongue(self, digest: Digest) -> _Tongue:
        language = language_of(digest.subscriber.language)
        found = self._tongues.get(language)
        if found is None:  # made twice at worst, by two threads at once
            found = self._tongues[language] = _Tongue(self._places, language)
        return found

    def _try_out(self) -> None:
        """Render a sample, so that an admin's mistake is found at the start, not at 7:30."""
        for language in LANGUAGES:
            sample = sample_digest(language)
            for reply_stop in (True, False):
                context = MailContext(
                    "reader@example.org", "admin@example.org", reply_stop=reply_stop
                )
                self.mails(sample, context)
            link = "https://example.org/u/T"
            self.mails(sample, MailContext("reader@example.org", stop_link=link))
            self.slack(sample)


class _Tongue:
    """The templates in one language."""

    def __init__(self, places: Sequence[Path], language: str) -> None:
        self.html = _environment(places, language, autoescape=True)
        self.text = _environment(places, language)
        self.slack = _environment(places, language, finalize=slack.finalized)
        self.html.filters["unbroken"] = _unbroken
        self.text.filters["wrapped"] = wrapped
        self.slack.filters |= {"link": slack.link, "marked": slack.marked}

    def rendered_html(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as HTML, with every value escaped."""
        return _attempt(name, lambda: _template(self.html, name).render(values))

    def rendered_text(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as plain text."""
        return _attempt(name, lambda: _template(self.text, name).render(values))


def _environment(
    places: Sequence[Path],
    language: str,
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
    environment.filters |= {"cut": cut, "enumerated": partial(enumerated, language=language)}
    # The i18n extension adds this method when it is loaded.
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
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
