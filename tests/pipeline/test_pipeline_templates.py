"""Claims about an admin's own templates under a running service: taken, refused, the last good."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_world import YAML, World

from alerts.pipeline.reload import Edits, begin, load, templates

ADMIN = "admins: [{email: desk@example.org}]\n"
GOOD, BROKEN = "Ours: {{ say.count }}\n", "Ours:\n{{ say.cuont }}\n"


class Service:
    """A service over a folder; it looks at its files second by second."""

    def __init__(self, world: World) -> None:
        self.world = world
        Path("subscribers.yaml").write_text(YAML + ADMIN)
        self.refused = self.start()
        world.run()
        world.transport.tries.clear()

    def start(self) -> tuple[str, ...]:
        """Begin as after a restart; return what is said of the templates."""
        parts = self.world.parts
        parts.renderer, refused = templates.first(parts.settings, parts.database)
        begin(parts, load(parts.settings), self.world.clock.now())
        mistakes = templates.begin(parts, refused)
        self.edits = Edits(parts)
        self.seconds(3)
        return tuple(f"{m.file}:{m.line}" for m in mistakes)

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.world.clock.advance(1)
            self.edits.look()

    def edit(self, text: str | None, name: str = "subject.txt.j2") -> None:
        path = Path("templates") / name
        path.parent.mkdir(exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
        self.seconds(3)

    def subjects(self, slug: str) -> list[str]:
        """What goes out when one article more has come."""
        self.world.later(1)
        self.world.serve(self.world.item(f"ICE in court {slug}", slug, 0))
        self.world.run(force=True, send_now=True)
        subjects = [mail["Subject"] for mail in self.world.mails()]
        self.world.transport.tries.clear()
        return subjects


@pytest.fixture
def service(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.chdir(tmp_path)
    return Service(world)


def test_an_edit_of_a_template_is_taken_by_a_running_service(service: Service):
    assert service.subjects("a") == ["ICE in court a"]
    service.edit(GOOD)
    assert service.subjects("b") == ["Ours: 1 story"]
    service.edit("Theirs: {{ say.count }}")
    assert service.subjects("c") == ["Theirs: 1 story"]
    service.edit(None)
    assert service.subjects("d") == ["ICE in court d"]


def test_a_broken_template_is_refused_with_its_line_and_the_last_good_stays(service: Service):
    service.edit(GOOD)
    service.edit(BROKEN)
    told = "Your edit of a template was NOT taken (templates/subject.txt.j2, line 2)"
    assert service.subjects("a") == [told, "Ours: 1 story"]
    service.seconds(30)
    assert service.subjects("b") == ["Ours: 1 story"]
    service.edit("Mended: {{ say.count }}")
    assert service.subjects("c") == ["Your templates work", "Mended: 1 story"]


def test_another_mistake_is_told_anew(service: Service):
    service.edit(BROKEN)
    assert "line 2" in service.subjects("a")[0]
    service.edit("{% if %}")
    assert "line 1" in service.subjects("b")[0]


def test_after_a_restart_the_last_good_templates_go_on_and_nothing_is_told_twice(service: Service):
    service.edit(GOOD)
    service.edit(BROKEN)
    service.subjects("a")
    assert service.start() == ("templates/subject.txt.j2:2",)
    assert service.subjects("b") == ["Ours: 1 story"]


def test_a_first_start_with_a_broken_template_uses_the_shipped_ones(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("templates").mkdir()
    Path("templates/digest.html.j2").write_text("<p>\n{% for %}")
    service = Service(world)
    assert service.refused == ("templates/digest.html.j2:2",)
    assert service.subjects("a") == ["ICE in court a"]


def test_a_template_that_fails_on_a_real_digest_is_told_and_the_digest_goes_out(service: Service):
    service.edit("{{ 1 / 0 if 'court' in say.headline else 'fine' }}")
    found = service.subjects("a")
    assert sorted(found) == [
        "A template of yours failed: templates/subject.txt.j2",
        "ICE in court a",
    ]
    assert service.subjects("b") == ["ICE in court b"]


def test_a_template_that_is_no_text_is_refused(service: Service):
    service.edit(GOOD)
    Path("templates/slack.j2").write_bytes(b"\xff\xfe\x00")
    service.seconds(3)
    assert service.subjects("a") == [
        *("Your edit of a template was NOT taken (templates/slack.j2)", "Ours: 1 story")
    ]
