"""What the small world got, as files to look at: mails, and the documents of rooms and webhooks."""

from __future__ import annotations

from pathlib import Path

from alerts.demo.servers import ReceivedMail
from alerts.demo.world import World


class Files:
    """Writes into the world's folder what came since the last look."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._mails = 0
        self._posts = 0

    def mails(self) -> list[tuple[ReceivedMail, Path]]:
        """Write new mails as .eml and .html; return each with its HTML file."""
        came = self._world.mail.mails[self._mails :]
        written = []
        for number, mail in enumerate(came, self._mails + 1):
            reader = mail.recipients[0].partition("@")[0]
            page = self._world.folder / f"mail-{number}-{reader}.html"
            page.with_suffix(".eml").write_bytes(mail.raw)
            page.write_text(mail.part("html"), encoding="utf-8")
            written.append((mail, page))
        self._mails += len(came)
        return written

    def posts(self) -> list[Path]:
        """Write new posts to the room and to the webhook as .json; return the files."""
        came = self._world.rooms.accepted()[self._posts :]
        written = []
        for number, post in enumerate(came, self._posts + 1):
            kind = "slack" if post.path == self._world.room else "webhook"
            file = self._world.folder / f"{kind}-{number}.json"
            file.write_bytes(post.body)
            written.append(file)
        self._posts += len(came)
        return written
