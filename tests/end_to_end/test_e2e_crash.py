"""A killed pass loses nothing and tells nothing twice; one pass works at a time."""

from __future__ import annotations

import signal
import threading

import pytest

from alerts.demo.servers import Answer
from tests.end_to_end.service import ANA, HOOK, Service, item, kill

NEWS = item("ICE agents wait outside the courthouse", "courthouse", "", 2)
MORE = item("ICE ends a contract with the county", "contract", "", 3)
WAIT_S = 90


def test_a_pass_killed_while_a_feed_is_fetched_is_made_good_by_the_next(service: Service) -> None:
    urls = {"Courier": service.publish(NEWS), "Slow": service.feeds.url("/slow")}
    service.configure(ANA, feeds=urls)
    service.feeds.script("/slow", Answer(gate=threading.Event()))
    process = service.start("once", "--send-now")
    assert service.feeds.wait_for(
        lambda asked: {"/courier", "/slow"} <= {r.path for r in asked}, WAIT_S
    )
    kill(process)
    service.publish(MORE, path="/slow", title="Slow")
    done = service.once()
    assert done["failed"] == 0
    text = "".join(mail.part("plain") for mail in service.mails())
    assert [text.count(told.link) for told in (NEWS, MORE)] == [1, 1]
    assert service.once()["alerts"] == 0


def test_a_pass_killed_between_acceptance_and_commit_repeats_only_that_message_with_its_id(
    service: Service,
) -> None:
    service.configure(ANA, HOOK)
    service.publish(NEWS)
    service.rooms.script("/hook", Answer(204, gate=threading.Event()))
    process = service.start("once", "--send-now")
    assert service.rooms.wait_for(bool, WAIT_S)
    assert service.mail.wait_for(1, WAIT_S)
    kill(process)
    service.once()
    first, second = service.rooms.requests_to("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    ids = {mail.message["Message-ID"] for mail in service.mails()}
    assert len(ids) == 1
    assert {row["state"] for row in service.deliveries()} == {"delivered"}


@pytest.mark.slow
def test_many_kills_at_any_moment_lose_nothing_and_double_only_by_id(service: Service) -> None:
    service.configure(ANA, HOOK)
    told = [item(f"ICE story number {n}", f"story-{n}", "", 2) for n in range(8)]
    for count in range(1, len(told) + 1):
        service.publish(*told[:count])
        process = service.start("once", "--force", "--send-now")
        seen = len(service.feeds.requests)
        if service.feeds.wait_for(lambda asked, n=seen: len(asked) > n, WAIT_S):
            service.mail.wait_for(len(service.mail.mails) + 1, 0.15 * (count % 4))
        kill(process)
    service.once()
    service.let_retries_fall_due()
    service.once()
    bodies = {mail.message["Message-ID"]: mail.part("plain") for mail in service.mails()}
    posts = {
        post.headers["webhook-id"]: post.body.decode() for post in service.rooms.accepted("/hook")
    }
    for texts in (bodies, posts):
        whole = "\n".join(texts.values())
        assert [
            whole.count(f"{story.link}\n") + whole.count(f'{story.link}"') for story in told
        ] == [1] * 8


@pytest.mark.slow
def test_a_second_pass_names_the_first_after_30_seconds_and_leaves_the_work_to_it(
    service: Service,
) -> None:
    service.configure(ANA)
    service.feeds.answer("/courier", Answer(gate=threading.Event()))
    process = service.start("once")
    try:
        assert service.feeds.wait_for(bool, WAIT_S)
        process.send_signal(signal.SIGSTOP)  # it keeps the lock and does nothing
        second = service.run("once")
        assert second.code == 0
        assert str(process.pid) in second.out + second.err
        assert len(service.feeds.requests) == 1
    finally:
        kill(process)
