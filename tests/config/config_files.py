"""Small configurations for the tests of `alerts.config`, and what they are read with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alerts import config
from alerts.config import Loaded
from alerts.model import Mistake

MAIN = Path("subscribers.yaml")

HEAD = """\
version: 1
defaults: {timezone: America/Chicago}
feeds:
  - {url: 'https://courier.example/rss', name: Courier, tags: [local], place: madison}
"""
RULES = """\
rules:
  ice: ICE
  sanctuary: sanctuary city
"""
PEOPLE = """\
subscribers:
  - name: Ana
    email: ana@example.org
    rules: [ice]
"""


def load(
    text: str | bytes,
    environment: Mapping[str, str] | None = None,
    *,
    allow_unset: bool = False,
    with_examples: bool = True,
    now: float | None = None,
    **others: str,
) -> Loaded:
    """Read a main file from memory; `others` are further files, "_" in names stands for "/"."""
    data = text.encode() if isinstance(text, str) else text
    files = {Path(name.replace("_", "/") + ".yaml"): body.encode() for name, body in others.items()}
    return config.load(
        MAIN,
        environment or {},
        allow_unset=allow_unset,
        contents={MAIN: data, **files},
        with_examples=with_examples,
        now=now,
    )


def rules(*lines: str) -> str:
    """Return a whole file with these lines under rules:, the first of them line 6."""
    body = "\n".join(f"  {line}" for line in lines)
    return f"{HEAD}rules:\n{body}\n{PEOPLE.replace('[ice]', '[]')}"


def subscriber(*lines: str) -> str:
    """Return a whole file with one subscriber; the first of these lines is line 11."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"{HEAD}{RULES}subscribers:\n  - name: Ana\n    email: ana@example.org\n{body}\n"


def feed(*lines: str) -> str:
    """Return a whole file with one more feed; the first of these lines is line 5."""
    body = "\n".join(f"  {line}" for line in lines)
    return f"{HEAD}{body}\n{RULES}{PEOPLE}"


def places(mistakes: tuple[Mistake, ...]) -> list[str]:
    """Return "line:column" of each."""
    return [f"{mistake.line}:{mistake.column}" for mistake in mistakes]


def said(mistakes: tuple[Mistake, ...]) -> str:
    """Return all messages and suggestions as one text."""
    return "\n".join(f"{mistake.message} {mistake.suggestion}" for mistake in mistakes)
