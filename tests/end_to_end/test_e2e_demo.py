"""`alerts demo` runs the real service and explains what it did."""

from __future__ import annotations

import re
from pathlib import Path

from alerts.demo import news
from tests import needs
from tests.end_to_end.service import Service


def test_the_demo_tells_what_was_asked_for_and_explains_every_decoy(
    service: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    # A reader's own mail server must not hear of the demo.
    done = service.run("demo", "--folder", str(folder), SMTP_URL="smtp://127.0.0.1:1?tls=none")
    assert done.code == 0, done.err
    words = " ".join(done.out.replace("|", " ").split())
    told, _, not_told = words.partition("What was not, and what it is instead")
    for story in news.STORIES:
        is_wanted = not story.decoy and story.hours_ago < 48
        assert (" ".join(story.title.split()) in told) is is_wanted, story.title
        assert story.decoy in not_told
    assert "Two Rivers Post" in words
    assert words.count(news.NEWER.title) == 1
    assert "\x1b" not in done.out
    _check_readme(done.out)
    names = {path.name for path in folder.iterdir()}
    assert {"mail-1.eml", "mail-1.html", "mail-2.eml", "subscribers.yaml", "alerts.db"} <= names


def _check_readme(shown: str) -> None:
    """The README's digest is this one: every line but those with a time of day."""
    readme = (needs.ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("```text\n")[2].partition("```")[0]
    lines = [line.partition("[…]")[0].rstrip() for line in block.splitlines()]
    timeless = [line for line in lines if line and not re.search(r"\d [ap]m", line)]
    assert len(timeless) > 15
    words = " ".join(shown.replace("\n  |", "\n").split())
    assert [line for line in timeless if " ".join(line.split()) not in words] == []


def test_the_demo_writes_over_no_configuration(service: Service) -> None:
    service.configure()
    before = (service.folder / "subscribers.yaml").read_text()
    done = service.run("demo", "--folder", str(service.folder))
    assert done.code == 2
    assert "another folder" in done.err
    assert (service.folder / "subscribers.yaml").read_text() == before
