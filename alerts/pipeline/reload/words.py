"""What admins are told of edits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from alerts.masks import mask
from alerts.model import Config, Mistake
from alerts.pipeline.notices import home

#: The key of the notice: one edit at a time is refused or waits.
KEY = "edit"

CONFIRM = "If you mean it: alerts reload --confirm"
UNDO = "Undo: alerts reload --previous"

_MISTAKES = 20

_DAY_S = 86_400.0


def moment(config: Config, at: float, now: float) -> str:
    """Return "14:02", "Mon 14:02" or "2026-11-02 14:02", in the zone of most subscribers."""
    zone = home(config)
    local, today = dt.datetime.fromtimestamp(at, zone), dt.datetime.fromtimestamp(now, zone)
    clock = f"{local.hour}:{local.minute:02}"
    if local.date() == today.date():
        return clock
    return f"{local:%a} {clock}" if now - at < 6 * _DAY_S else f"{local:%Y-%m-%d} {clock}"


def refused(edited: str, goes_on: str, errors: Sequence[Mistake]) -> tuple[str, str]:
    """Return subject and text for an edit with mistakes."""
    first = min(errors, key=lambda error: (error.file, error.line, error.column))
    where = f"{first.file}, line {first.line}"
    subject = f"Your edit of {edited} was NOT taken ({where})"
    text = f"Your edit of {edited} was NOT taken ({where}: {mask(_sentence(first))})."
    text += f" The version of {goes_on} goes on."
    if len(errors) > 1:
        listed = "\n".join(
            mask(f"{error.file}:{error.line}: {_sentence(error)}") for error in errors[:_MISTAKES]
        )
        text += f"\n\n{listed}"
        if len(errors) > _MISTAKES:
            text += f"\nand {len(errors) - _MISTAKES} more"
    text += "\n\nSee it: alerts check"
    return subject, text


def _sentence(error: Mistake) -> str:
    return f"{error.message} {error.suggestion}".strip().rstrip(".")


def waits(edited: str, goes_on: str, reason: str) -> tuple[str, str]:
    """Return subject and text for an edit that waits."""
    told = f"Your edit of {edited} waits: {reason}.\n{CONFIRM}"
    return f"Your edit of {edited} waits", f"{told}\n\nThe version of {goes_on} goes on."


def accepted(edited: str, summary: str) -> tuple[str, str]:
    """Return subject and text for an edit that came into force."""
    told = f"Config of {edited} in force: {summary}."
    return f"Config of {edited} in force", f"{told}\n{UNDO}"


def undone(edited: str, goes_on: str, summary: str) -> tuple[str, str]:
    """Return subject and text for a version that was undone."""
    told = (
        f"The version of {goes_on} is in force again ({summary}); that of {edited} is undone."
        " Its file is left as it is, and not taken before it is changed."
        "\nTo take it all the same: alerts reload"
    )
    return f"Config of {edited} undone", told


def restored(goes_on: str) -> tuple[str, str]:
    """Return subject and text for files that are again as the version in force."""
    told = f"The files are again what is in force: the version of {goes_on} goes on."
    return "Your edit was taken back", told
