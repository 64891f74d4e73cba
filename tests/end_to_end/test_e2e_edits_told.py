"""What a pass says of an edit that it takes, lets wait or does not take, and of its .env."""

from __future__ import annotations

import pytest

from tests.end_to_end.service import ANA, HOOK, ROOM, Service, item

NEWS = item("ICE agents take two men into custody", "arrest", "", 1)


def test_a_pass_says_what_became_of_an_edit_and_nothing_without_one(service: Service) -> None:
    service.publish(NEWS)
    service.configure(ANA)
    assert service.run("once").err == ""
    assert service.run("once").err == ""
    service.configure(ANA, ROOM, HOOK)
    taken = service.run("once").err
    assert "\nThis edit is in force: +2 subscribers" in taken, taken
    assert service.run("once").err == ""
    assert service.run("reload", "--previous").code == 0
    service.run("once")
    undone = service.run("once").err
    assert undone.startswith("The last good version is used: the files are a version that was")


@pytest.mark.parametrize("command", ["once", "check"])
def test_a_line_of_env_that_sets_nothing_is_shown_also_where_nothing_runs(
    service: Service, command: str
) -> None:
    service.configure(ROOM)
    (service.folder / ".env").write_text("SLACK_URL\n")
    done = service.run(command, SLACK_URL=None)
    assert done.code == 2
    assert ".env:1:1" in done.out + done.err
