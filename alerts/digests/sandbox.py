"""Runs templates: an admin's own in a sandbox, the shipped ones as they are; says what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import jinja2
from jinja2.meta import find_referenced_templates
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.digests.templates import (
    FOLDER,
    HINT,
    PACKAGED,
    TEMPLATES,
    folder_beside,
    own_templates,
)
from alerts.errors import TemplateError

T = TypeVar("T")

#: What a template of an admin can go wrong with.
_WRONG = (
    *(jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError),
)


def unused(config: Path) -> dict[Path, str]:
    """Return the files of the folder that nothing uses, each with the template it may be meant for.

    Files whose name is like no template's are left out: they may be anything.
    """
    own = own_templates(config)
    parser = jinja2.Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 - renders nothing
    included: set[str | None] = set()
    for name, text in own.items():
        included.update(find_referenced_templates(attempt(name, partial(parser.parse, text))))
    found = {}
    for path in sorted(folder_beside(config).glob("*")):
        near = difflib.get_close_matches(path.name, TEMPLATES, n=1, cutoff=0.7)
        if near and path.name not in TEMPLATES and path.name not in included:
            found[path] = near[0]
    return found


def environment(own: Mapping[str, str], **options: Any) -> jinja2.Environment:
    """Return a sandbox with an admin's own templates before the shipped ones.

    The shipped ones alone need none; with it they would take four times as long.
    """

    def ours(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (own[name], f"{FOLDER}/{name}", lambda: True) if name in own else None

    shipped = jinja2.FileSystemLoader(PACKAGED)
    kind = ImmutableSandboxedEnvironment if own else jinja2.Environment
    return kind(
        loader=jinja2.ChoiceLoader([jinja2.FunctionLoader(ours), shipped]),
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def attempt(name: str, work: Callable[[], T]) -> T:
    """Return what `work` makes with a template; TemplateError with file and line if it cannot."""
    try:
        return work()
    except _WRONG as error:
        file, line = _place(error, name)
        where = f"{file}, line {line}" if line else file
        words = f"The template {where} cannot be used: {_reason(error)}."
        raise TemplateError(words, hint=HINT, file=file, line=line) from error


def _reason(error: Exception) -> str:
    """Return the error in words of the page on templates."""
    missing = re.search(r"'alerts\.[\w.]+(?: object)?' has no attribute '(\w+)'", str(error))
    said = f'there is no "{missing[1]}" (docs/templates.md names what there is)' if missing else ""
    return said or str(error).rstrip(".") or type(error).__name__


def _place(error: Exception, name: str) -> tuple[str, int]:
    """Return the file and line of an error: where it could not be read, else where it was met."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.filename or error.name or name, error.lineno
    found = (name, 0)
    trace: TracebackType | None = error.__traceback__
    while trace is not None:  # jinja2 gives frames of templates the template's own file and line
        if re.search(r"\.j2$", trace.tb_frame.f_code.co_filename):
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found
