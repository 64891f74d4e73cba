"""The templates in one language: what they may call, and what is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup, escape

from alerts.digests import slack
from alerts.digests.layout import Row
from alerts.digests.plaintext import wrapped
from alerts.digests.sandbox import attempt, environment
from alerts.digests.slack import Mrkdwn
from alerts.digests.words import cut, enumerated, translations
from alerts.kept import Kept


class Tongue:
    """The templates in one language."""

    def __init__(self, own: Mapping[str, str], language: str, kept: Kept[str]) -> None:
        self._own = own
        self.html = environment_in(own, language, autoescape=True)
        self.text = environment_in(own, language)
        self.slack = environment_in(own, language, finalize=slack.finalized)
        self.html.filters["unbroken"] = _unbroken
        self.text.filters["wrapped"] = wrapped
        for mails in (self.html, self.text):
            mails.filters["once"] = _each_time if own else _once(kept, language)
        self.slack.filters |= {"link": slack.link, "marked": slack.marked}
        self._shipped = Tongue({}, language, kept) if own else self

    def of(self, name: str) -> Tongue:
        """Return where a template is rendered: with an admin's own, or as it is shipped."""
        return self if name in self._own else self._shipped

    def says(self, name: str) -> Callable[..., Mrkdwn]:
        """Return what calls a macro of a template of Slack's by name."""
        template = _template(self.slack, name)
        module = attempt(name, lambda: template.module)

        def said(macro: str, *values: Any) -> Mrkdwn:
            return Mrkdwn(attempt(name, lambda: getattr(module, macro)(*values)).strip())

        return said

    def rendered_html(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as HTML, with every value escaped."""
        return attempt(name, lambda: _template(self.of(name).html, name).render(values))

    def rendered_text(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template as plain text."""
        return attempt(name, lambda: _template(self.of(name).text, name).render(values))


def environment_in(own: Mapping[str, str], language: str, **options: Any) -> jinja2.Environment:
    """Return where templates are rendered in a language."""
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
