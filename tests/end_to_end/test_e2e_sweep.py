"""A kill at every commit of a pass, before and after it: nothing lost, nothing twice but by its id."""

from __future__ import annotations

import json
import random  # noqa: TID251 - chance of tests, not of the product
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.end_to_end.service import ANA, HOOK, ROOM, Service, item

STORIES = (
    item("ICE agents wait outside the courthouse", "courthouse", "", 2),
    item("ICE ends a contract with the county", "contract", "", 3),
)
#: Deliveries of a pass, which may all be under way when it is killed.
SENDS = 3


class Zygote:
    """Commands that begin in no time, and end where they are told to."""

    def __init__(self, folder: Path) -> None:
        program = Path(__file__).with_name("zygote.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(folder / "report")],
            cwd=needs.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, service: Service, *argv: str, kill_at: int | None = None) -> dict[str, Any]:
        order = {
            "cwd": str(service.folder),
            "env": service.environment,
            "argv": argv or ("once", "--force", "--send-now"),
            "kill_at": kill_at,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def zygote(tmp_path: Path) -> Iterator[Zygote]:
    made = Zygote(tmp_path)
    yield made
    made.close()


def _begin_anew(service: Service) -> None:
    for file in service.folder.glob("alerts.db*"):
        file.unlink()
    service.mail.forget()
    service.rooms.forget()


def _told(service: Service) -> tuple[dict[str, set[str]], int]:
    """Return (receiver and link -> ids of the messages that hold it), and the count of copies."""
    ids: dict[str, set[str]] = defaultdict(set)
    copies = 0
    for mail in service.mail.to("ana@example.org"):
        copies += 1
        for story in STORIES:
            if story.link in mail.part("plain"):
                ids[f"ana {story.link}"].add(str(mail.message["Message-ID"]))
    for post in service.rooms.accepted():
        copies += 1
        text = post.body.decode()
        key = post.headers.get("webhook-id", "the one room message")
        for story in STORIES:
            if story.link in text:
                ids[f"{post.path} {story.link}"].add(key)
    return ids, copies


def _assert_each_once(service: Service, point: object) -> int:
    ids, copies = _told(service)
    assert len(ids) == 3 * len(STORIES), f"lost after a kill at {point}: {sorted(ids)}"
    assert {len(found) for found in ids.values()} == {1}, f"doubled after a kill at {point}: {ids}"
    return copies


def _sweep(service: Service, zygote: Zygote, step: int) -> None:
    service.configure(ANA, ROOM, HOOK)
    service.publish(*STORIES)
    whole = zygote.run(service)
    assert whole["code"] == 0
    expected = _assert_each_once(service, "nothing")
    assert whole["commits"] >= 20
    for point in range(1, 2 * whole["commits"] + 1, step):
        _begin_anew(service)
        zygote.run(service, kill_at=point)
        assert zygote.run(service)["code"] == 0
        copies = _assert_each_once(service, point)
        assert copies - expected <= SENDS, f"at {point}: more than was being sent just then"
    zygote.run(service)
    assert _assert_each_once(service, "the last") == copies, "a further pass tells nothing"


@pytest.mark.fault("67")
def test_a_kill_at_any_commit_of_a_pass_loses_nothing_and_doubles_only_by_id(
    service: Service, zygote: Zygote
) -> None:
    _sweep(service, zygote, step=2)


def test_a_kill_before_or_after_any_commit_loses_nothing(service: Service, zygote: Zygote) -> None:
    needs.soak()
    _sweep(service, zygote, step=1)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [25, 500])
def test_random_kills_while_articles_keep_coming_lose_nothing(
    service: Service, zygote: Zygote, kills: int
) -> None:
    if kills > 25:
        needs.soak()
    chance = random.Random(20)
    service.configure(ANA, HOOK)
    stories = [item(f"ICE story number {n}", f"story-{n}", "", 1) for n in range(kills)]
    for count in range(1, len(stories) + 1):
        service.publish(*stories[:count])
        zygote.run(service, kill_at=chance.randint(1, 40))
    zygote.run(service)
    zygote.run(service)
    plain = "".join(mail.part("plain") for mail in service.mail.to("ana@example.org"))
    posted = "".join(post.body.decode() for post in service.rooms.accepted("/hook"))
    for story in stories:
        assert f"{story.link}\n" in plain.replace("\r", ""), story.title
        assert f'"{story.link}"' in posted, story.title
    ids = defaultdict(set)
    for mail in service.mail.to("ana@example.org"):
        for story in stories:
            if f"{story.link}\n" in mail.part("plain").replace("\r", ""):
                ids[story.link].add(mail.message["Message-ID"])
    assert {len(found) for found in ids.values()} == {1}
