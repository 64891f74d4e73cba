"""Starts and kills of the service in quick succession: the floors hold, every digest comes, once."""

from __future__ import annotations

import dataclasses
import os
import random  # noqa: TID251 - chance of tests, not of the product
import signal
import sqlite3
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise

from alerts.demo.servers import Answer
from alerts.store.database import open_database
from tests.end_to_end.service import HOOK, Service, item
from tests.end_to_end.test_e2e_run import RIGHT_AWAY, WAIT_S, running, until
from tests.end_to_end.test_e2e_sweep import Zygote, zygote

__all__ = ["zygote"]

STARTS = 10
FLOOR_S = 5.0
#: A request may come so much later than the claim that the floor counts from.
ON_THE_WAY_S = 1.0

#: Starts of which one is killed and one told to stop (by an even number) while a feed is silent.
ENDED_AMID_A_POLL = (1, 4)
#: Starts that are killed while nobody knows whether a post was accepted.
ENDED_AMID_A_POST = (7, 9)
ROOM_HOOK = HOOK.rstrip("\n") + "\n    when: right away\n"
STORIES = [item(f"ICE story {n}", f"story-{n}.html", "", 1) for n in range(STARTS)]


def gather_no_longer(service: Service) -> None:
    """Let what is gathered for five minutes be due now."""
    database = open_database(f"sqlite:///{service.folder}/alerts.db")
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE slot SET due_at = 1 WHERE due_at IS NOT NULL")
    database.close()


def storm(service: Service, zygote: Zygote) -> None:
    """Start and end the service, each time at another moment of its work; each takes an edit."""
    chance, hang = random.Random(12), threading.Event()
    feeds: dict[str, str] = {}
    for number, story in enumerate(STORIES):
        path = f"/f{number}"
        feeds[f"F{number}"] = service.publish(story, path=path)
        service.configure(RIGHT_AWAY, ROOM_HOOK, feeds=feeds)
        if number in ENDED_AMID_A_POLL:
            document = service.feeds.standing(path)
            assert document is not None
            service.feeds.script(path, dataclasses.replace(document, gate=hang))
        posts = len(service.rooms.requests)
        if number in ENDED_AMID_A_POST:
            service.rooms.script("/hook", Answer(204, gate=hang))
        by = signal.SIGKILL if number % 2 else signal.SIGTERM
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(zygote.run, service, "run")
            try:
                until(lambda p=path: service.feeds.requests_to(p), "the new feed was asked")
                if number not in ENDED_AMID_A_POLL:
                    until(lambda n=number: is_read(service, n), "it was read")
                if number in ENDED_AMID_A_POST:
                    until(lambda n=posts: is_posted(service, n), "a post was begun")
                service.mail.wait_for(len(service.mail.mails) + 1, chance.random() / 2)
            finally:
                os.kill(pid_at_work(service), by)
            assert running.result(WAIT_S)["code"] == (-by if number % 2 else 0)
        gather_no_longer(service)
    hang.set()


def is_read(service: Service, number: int) -> bool:
    with closing(sqlite3.connect(service.folder / "alerts.db")) as database:
        query = "SELECT last_success_at FROM feed WHERE name = ?"
        return bool(database.execute(query, [f"F{number}"]).fetchone()[0])


def is_posted(service: Service, before: int) -> bool:
    """Whether more posts than these were begun; what the last start left unmatched is due, too."""
    gather_no_longer(service)
    return len(service.rooms.requests) > before


def pid_at_work(service: Service) -> int:
    return int((service.folder / "alerts.db.lock").read_text().split()[1])


def ids_by_link(service: Service) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the ids of the mails, and of the posts, that tell each story."""
    mails: dict[str, set[str]] = defaultdict(set)
    posts: dict[str, set[str]] = defaultdict(set)
    for story in STORIES:
        for mail in service.mail.to("ana@example.org"):
            if story.link in mail.part("plain"):
                mails[story.link].add(str(mail.message["Message-ID"]))
        for post in service.rooms.accepted("/hook"):
            if story.link in post.body.decode():
                posts[story.link].add(post.headers["webhook-id"])
    return mails, posts


def is_all_told(service: Service) -> bool:
    gather_no_longer(service)
    return all(len(found) == STARTS for found in ids_by_link(service))


def is_resent(service: Service) -> bool:
    """Whether every post of which nobody knows the answer came again, under its own id."""
    keys = [post.headers["webhook-id"] for post in service.rooms.requests]
    return len(keys) - len(set(keys)) >= len(ENDED_AMID_A_POST)


def test_ten_starts_and_kills_in_a_row_keep_the_floors_miss_nothing_and_double_only_by_id(
    service: Service, zygote: Zygote
) -> None:
    service.environment |= {"ALERTS_MIN_POLL": f"{FLOOR_S:.0f}s", "PORT": "0"}
    storm(service, zygote)
    with running(service):
        until(lambda: is_all_told(service), "every story was told to both")
        until(lambda: is_resent(service), "what nobody knew was sent again")
    for found in ids_by_link(service):
        assert {len(ids) for ids in found.values()} == {1}, found
    for number in range(STARTS):
        times = [request.at for request in service.feeds.requests_to(f"/f{number}")]
        # Again after the poll that was cut short; and once more if that one was, too.
        assert len(times) >= 2 or number not in ENDED_AMID_A_POLL
        gaps = [later - sooner for sooner, later in pairwise(times)]
        assert min(gaps, default=FLOOR_S) >= FLOOR_S - ON_THE_WAY_S, (number, gaps)
