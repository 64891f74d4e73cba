"""A pass whose time is up says what is still under way; the next one takes that up."""

from __future__ import annotations

import threading

from alerts.demo.servers import Answer
from tests.end_to_end.service import ANA, HOOK, Service, item

NEWS = item("ICE agents wait outside the courthouse", "courthouse", "", 2)
LATE = item("ICE ends a contract with the county", "contract", "", 3)


def hang(service: Service) -> threading.Event:
    """Let one feed and the webhook keep their answers back until the event is set."""
    gate = threading.Event()
    service.configure(
        ANA, HOOK, feeds={"Courier": service.publish(NEWS), "Slow": service.feeds.url("/slow")}
    )
    service.feeds.script("/slow", Answer(gate=gate))
    service.rooms.script("/hook", Answer(204, gate=gate))
    return gate


def test_a_pass_whose_time_is_up_names_what_is_under_way_and_the_next_takes_it_up(
    service: Service,
) -> None:
    hang(service)
    done = service.run("once", "--send-now", "--max-time", "3s")
    assert done.code == 0
    feed_line, hook_line = [line for line in done.out.splitlines() if line.startswith("- ")]
    assert feed_line.startswith("- Slow: ")
    assert hook_line.startswith("- newsroom, webhook ")
    assert len(service.mails()) == 1, "what hangs holds nobody else up"
    service.publish(LATE, path="/slow", title="Slow")
    assert service.once()["alerts"] == 2
    first, again, news = service.rooms.requests_to("/hook")
    assert first.headers["webhook-id"] == again.headers["webhook-id"] != news.headers["webhook-id"]


def test_the_counts_of_a_pass_whose_time_is_up_list_what_is_under_way(service: Service) -> None:
    gate = hang(service)
    counts = service.once("--max-time", "3s")
    gate.set()
    assert counts["unfinished_feeds"] == [service.feeds.url("/slow")]
    (key,) = counts["unfinished_deliveries"]
    assert service.rooms.requests_to("/hook")[0].headers["webhook-id"] == key
    counts = service.once()
    assert (counts["unfinished_feeds"], counts["unfinished_deliveries"]) == ([], [])
