"""The text of an article's page, for feeds with `fulltext: true`; trafilatura finds it.

trafilatura is an extra (`alerts[fulltext]`): LOADERS says how it is come by, and it is imported
when the first page is read, in a process of its own (see `apart`).
"""

from __future__ import annotations

import html
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from alerts.feeds.decode_text import clean, text_of
from alerts.feeds.texts import cut
from alerts.model import FetchedBody, FetchFailure

#: What finds a page's text, by name: whether it is installed, and what imports it.
LOADERS: dict[str, tuple[Callable[[], bool], Callable[[], Any]]] = {
    "trafilatura": (
        lambda: find_spec("trafilatura") is not None,
        lambda: import_module("trafilatura"),
    )
}


def is_installed() -> bool:
    """Whether the texts of pages can be found."""
    return any(is_there() for is_there, _ in LOADERS.values())


def text_in(answer: FetchedBody) -> str | FetchFailure:
    """Return the main text of a page as paragraphs of HTML; a failure if there is none."""
    _, load = LOADERS["trafilatura"]
    page = text_of(answer.body, answer.content_type)
    found = load().extract(
        page, url=answer.final_url, include_comments=False, include_tables=True, with_metadata=False
    )
    lines = [line.strip() for line in clean(found or "").splitlines()]
    text = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
    if not text:
        return FetchFailure("empty", "No text of an article was found on its page.")
    return cut(text)
