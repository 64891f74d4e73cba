"""`alerts demo` runs the real service and explains what it did."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from alerts.demo import news
from alerts.demo.servers import ReceivedMail
from tests import needs
from tests.end_to_end.service import Service


def test_the_demo_tells_what_was_asked_for_and_explains_every_decoy(
    service: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    # A reader's own mail server must not hear of the demo.
    elsewhere = {"SMTP_URL": "smtp://127.0.0.1:1?tls=none", "COLUMNS": "100"}
    done = service.run("demo", "--folder", str(folder), **elsewhere)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) <= 66
    outcome, _, words = " ".join(done.out.split()).partition("What was told")
    assert "without network" in outcome
    assert "Two Rivers Post" in outcome
    told, _, not_told = words.partition("What was not, and")
    for story in news.STORIES:
        is_wanted = not story.decoy and story.hours_ago < 72
        assert (story.title[:32] in told) is is_wanted, story.title
        assert story.decoy in not_told
    assert not_told.count(news.NEWER.title) == 1
    assert "\x1b" not in done.out
    _check_readme((folder / "mail-1-ana.eml").read_bytes())
    names = {path.name for path in folder.iterdir()}
    assert {"mail-1-ana.html", "slack-1.json", "subscribers.yaml", "alerts.db"} <= names
    spanish = (folder / "mail-2-luz.html").read_text(encoding="utf-8")
    assert 'lang="es"' in spanish
    assert "Santuario" in spanish


def _check_readme(raw: bytes) -> None:
    """The README's digest is this one: every line but those with a time of day."""
    readme = (needs.ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("```text\n")[2].partition("```")[0]
    lines = [line.partition("[…]")[0].rstrip() for line in block.splitlines()]
    timeless = [line for line in lines if line and not re.search(r"\d [ap]m", line)]
    assert len(timeless) > 15
    words = " ".join(ReceivedMail("", (), raw).part("plain").split())
    assert [line for line in timeless if " ".join(line.split()) not in words] == []


def test_a_kept_demo_serves_its_stop_link_and_ends_cleanly_on_a_signal(
    service: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "alerts", "demo", "--keep", "--folder", str(folder)]
    demo = subprocess.Popen(
        command, env=service.environment, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        link = _line(demo, "/u/")
        site = link.partition("/u/")[0]
        assert requests.get(f"{site}/healthz", timeout=60).status_code == 200
        assert "alerts_feeds" in requests.get(f"{site}/metrics", timeout=60).text
        assert "ana@example.org" in requests.get(link, timeout=60).text
        assert requests.post(link, timeout=60).ok
        told = _line(demo, "Mail to ana@example.org: You get no more mails")
        assert Path(told.rpartition("(")[2].removesuffix(")")).is_file()
        asked = [sys.executable, "-m", "alerts", "explain", "donkeys"]
        assert "Rescue donkeys" in subprocess.check_output(asked, cwd=folder, encoding="utf-8")
    finally:
        demo.terminate()
        out, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert out.endswith("Stopped.\n")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{site}/healthz", timeout=60)


def _line(demo: subprocess.Popen[str], words: str) -> str:
    """Return the next line with these words that the demo says."""
    assert demo.stdout is not None
    return next(line.strip() for line in demo.stdout if words in line)


def test_the_demo_writes_over_no_configuration(service: Service) -> None:
    service.configure()
    before = (service.folder / "subscribers.yaml").read_text()
    done = service.run("demo", "--folder", str(service.folder))
    assert done.code == 2
    assert "another folder" in done.err
    assert (service.folder / "subscribers.yaml").read_text() == before
