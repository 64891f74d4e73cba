"""Mails as .eml files in a folder: what happens to them while no mail server is set.

Written is not delivered. A file appears whole or not at all, and a second try of the same delivery
replaces it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.delivery import classify
from alerts.delivery.compose import prepare_mail

if TYPE_CHECKING:
    from alerts.delivery.transport import DeliveryHead, Envelope
    from alerts.model import Delivery, Rendered, SendResult


class SpoolTransport:
    """Writes each mail to `folder`/<delivery id>.eml, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return the whole message; TypeError if what was rendered is no mail."""
        return prepare_mail(rendered, delivery, envelope)

    def send(self, delivery: Delivery) -> SendResult:
        """Write the file, through to the disk."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", delivery.id):
            return classify.result("refused", "refused", text="the delivery's id is no file name")
        path = self._folder / f"{delivery.id}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, delivery.payload)
        except OSError as error:
            text = f"{self._folder}: {error.strerror or error}"
            return classify.result("retry", "disk", "server", text=text, server="spool")
        return classify.result("written", "written", text=str(path), server="spool")

    def close(self) -> None:
        """Nothing is kept open."""


def _write(path: Path, content: bytes) -> None:
    """Write beside the place first: a crash or a full disk leaves no half a mail."""
    draft = path.with_suffix(".tmp")
    try:
        with open(draft, "wb", opener=_only_for_us) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _only_for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Make the new name last over a power cut (POSIX leaves that to the folder's own fsync)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
