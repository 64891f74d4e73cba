"""Everything this program raises on purpose, drawn as one tree.

::

    AlertsError                 what is wrong; `hint` says what to do next
    ├── UsageError              a command was called with something it cannot use      exit 2
    ├── GrammarError            a string of the configuration is not of its grammar
    │   └── (QueryError, WhenError … are GrammarErrors raised by the stage that owns the grammar)
    ├── ConfigError             subscribers.yaml has mistakes (all of them)            exit 2
    ├── CannotWork              the program cannot do its work here                    exit 3
    │   ├── StoreError          the database cannot be used
    │   └── LockHeld            another process has the working lock
    └── TemplateError           a template cannot be used                              exit 2

The failure of one feed or one destination is never an exception that leaves its stage: it is a
value (`model.FetchFailure`, `model.SendResult`) recorded on the feed or the delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.model import Mistake


class AlertsError(Exception):
    """The root: `str(error)` says what is wrong, `hint` what to do (may be empty)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AlertsError):
    """A command, option or argument that cannot be used."""

    exit_code = 2


class GrammarError(AlertsError):
    """A string is not of its grammar; `start` and `end` are character offsets in that string."""

    exit_code = 2

    def __init__(self, message: str, *, start: int = 0, end: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.start = start
        self.end = max(end, start + 1)


class ConfigError(AlertsError):
    """The configuration has mistakes; `mistakes` holds every one of them, with positions."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        count = len(mistakes)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the configuration")
        self.mistakes = tuple(mistakes)


class CannotWork(AlertsError):
    """The program cannot do its work on this machine as it is."""

    exit_code = 3


class StoreError(CannotWork):
    """The database cannot be opened, read or written."""


class LockHeld(CannotWork):
    """Another process does the work of this database; `owner` names it ("pid 4711 on host")."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"Another process already does the work of this database: {owner}.",
            hint="Stop it first, or let it do the work.",
        )
        self.owner = owner


class TemplateError(AlertsError):
    """A template is missing, broken or asks for something that is not there; `line` 0: unknown."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", file: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.line = line
