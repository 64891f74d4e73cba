"""Mails as files: whole or not at all, for their owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from making import ANA, MAIL, delivery_id, mail, prepared

from alerts.delivery.spool import SpoolTransport
from alerts.model import Delivery


def test_a_mail_is_written_under_its_id_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    transport = SpoolTransport(folder)
    result = transport.send(prepared(transport, MAIL, ANA))
    file = folder / f"{delivery_id()}.eml"
    assert (result.outcome, result.kind, result.server_text) == ("written", "written", str(file))
    assert file.read_bytes() == mail().payload
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "SMTP_URL" in result.hint
    transport.close()


def test_a_second_try_replaces_the_first_and_leaves_no_draft(tmp_path: Path) -> None:
    transport = SpoolTransport(tmp_path)
    for payload in (b"one\r\n", b"two\r\n"):
        transport.send(Delivery(delivery_id(), ANA, payload))
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [
        (f"{delivery_id()}.eml", b"two\r\n")
    ]


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "a\x00b", "x" * 200])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "outbox"
    assert SpoolTransport(folder).send(Delivery(name, ANA, b"x")).outcome == "refused"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_delays_the_mail(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file, not a folder")
    result = SpoolTransport(tmp_path / "outbox").send(mail())
    assert (result.outcome, result.kind, result.scope) == ("retry", "disk", "server")
    assert str(tmp_path / "outbox") in result.server_text


def test_a_full_disk_delays_the_mail_and_leaves_no_half_of_it(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / f"{delivery_id()}.tmp").symlink_to("/dev/full")
    result = SpoolTransport(tmp_path).send(mail())
    assert (result.outcome, result.kind) == ("retry", "disk")
    assert list(tmp_path.iterdir()) == []
    assert SpoolTransport(tmp_path).send(mail()).outcome == "written"
