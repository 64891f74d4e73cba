"""What publishers see of when they are asked: H9, H11, H12, H14, H16, H17, H25."""

from __future__ import annotations

from email.utils import formatdate
from threading import Barrier, Thread

import pytest
from publisher import (
    DAY,
    HOUR,
    MINUTE,
    PEOPLE,
    Asked,
    Log,
    Service,
    Site,
    document,
    fresh,
    in_turn,
    shortest_gap,
)
from scripted import Answer, Raw, Seen, reply

from alerts.clock import FakeClock
from alerts.store import feeds, feeds_by_hand

# --- the floor ------------------------------------------------------------------------------------

FLOOR, BY_HAND = 5 * MINUTE, MINUTE


def too_soon(asked: list[Asked]) -> list[tuple[str, float, bool]]:
    """Return what was asked twice within five minutes, by hand within one."""
    last: dict[str, float] = {}
    found = []
    for one in asked:
        wait = one.at - last.get(one.path, -DAY)
        if wait < (BY_HAND if one.by_hand else FLOOR) - 0.01:
            found.append((one.path, wait, one.by_hand))
        last[one.path] = one.at
    return found


@pytest.mark.politeness("H9")
@pytest.mark.parametrize("seed", range(2))
def test_fifty_random_restarts_edits_and_forces_keep_the_floor(service: Service, seed: int):
    """Kills amid a poll are among them; answers are 200 and 304, or fail, in turn."""
    chance = FakeClock(seed=seed)
    kinds = [fresh({"ETag": '"1"'}), reply(304), reply(500), reply(200, b"")]

    def script(_: Seen) -> Answer:
        return kinds[int(chance.random() * len(kinds))]

    sites = [service.site(script, host=f"127.0.0.{n}") for n in range(1, 4)]
    every = [site.url(path) for site in sites for path in ("/a", "/b", "/c")]
    service.start(*every)

    def edit() -> None:
        """Some feeds go, some come back, one has another name."""
        chosen = [url for url in every if chance.random() < 0.7] or every
        names = [f'{{url: "{url}", name: "N{int(chance.random() * 99)}"}}' for url in chosen[:1]]
        service.restart(*names, *chosen[1:])
        service.run()

    def force() -> None:
        service.run(force=True)

    def restart() -> None:
        service.restart()
        service.run()

    actions = [edit, force, restart, service.run_killed, service.run]
    for _ in range(50):
        actions[int(chance.random() * len(actions))]()
        service.clock.advance(chance.random() * 400)
    assert [too_soon(site.asked) for site in sites] == [[], [], []]
    assert min(len(site.asked) for site in sites) > 10


@pytest.mark.politeness("H9")
def test_an_address_edited_back_and_forth_is_asked_once_a_minute_at_most(service: Service):
    site = service.site(fresh())
    for path in ("/a", "/b", "/a", "/b", "/a"):
        service.restart(f'{{url: "{site.url(path)}", name: News}}')
        service.by_hand = True
        service.run()
        service.clock.advance(10)
    assert too_soon(site.asked) == []
    assert len(service.rows()) == 1


@pytest.mark.politeness("H9")
def test_two_spellings_of_one_address_are_one_feed(service: Service):
    site = service.site(fresh())
    service.start(site.url(), site.url() + "#news", site.url().replace("http", "HTTP"))
    service.run()
    service.poll()
    assert shortest_gap(site.asked) >= FLOOR


@pytest.mark.politeness("H9")
def test_two_workers_ask_each_feed_once(on_postgres: Service):
    service = on_postgres
    site = service.site(fresh())
    service.start(*(site.url(f"/{n}") for n in range(8)))
    workers, rounds = 4, 40
    barrier = Barrier(workers)
    taken: list[int] = []

    def work(number: int) -> None:
        for turn in range(rounds):
            barrier.wait()
            with service.parts.database.write() as connection:
                rows = feeds.claim(
                    connection,
                    now=service.clock.now() + turn * 1.0,
                    horizon=service.clock.now(),
                    lease=f"{number}-{turn}",
                    lease_s=300,
                    limit=4,
                    gaps=feeds.Gaps(0.5, FLOOR),
                )
            taken.extend(row.id for row in rows)
            for row in rows:
                with service.parts.database.write() as connection:
                    feeds.record(connection, row.id, f"{number}-{turn}", {})

    threads = [Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(row.id for row in service.rows())


# --- what the publisher asks for ------------------------------------------------------------------


def http_date(service: Service, later_s: float, skew_s: float = 0.0) -> str:
    return formatdate(service.clock.now() + later_s + skew_s, usegmt=True)


def first_wait(service: Service, *answers: Answer, feed: str = "") -> float:
    """Return how long after the last of these answers the site is asked again."""
    site = service.site(*answers)
    service.start(f'{{url: "{site.url()}"{feed}}}')
    service.poll(len(answers) + 1)
    return site.waits()[-1]


@pytest.mark.politeness("H11")
@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({"Cache-Control": "max-age=3600"}, HOUR),
        ({"Cache-Control": "public, max-age=7200", "Age": "1800"}, 1.5 * HOUR),
        ({"Expires": "4h"}, 4 * HOUR),
        ({"Cache-Control": "max-age=7200", "Expires": "4h"}, 4 * HOUR),
        ({"Cache-Control": "max-age=31536000"}, DAY),
        ({"Cache-Control": "s-maxage=36000"}, HOUR / 2),
        ({"Cache-Control": "no-cache, max-age=36000"}, HOUR / 2),
        ({"Expires": "0"}, HOUR / 2),
    ],
)
@pytest.mark.parametrize("status", [200, 304])
def test_an_answer_is_kept_as_long_as_it_says(
    service: Service, headers: dict[str, str], least_s: float, status: int
):
    if headers.get("Expires") == "4h":
        headers = headers | {"Expires": http_date(service, 4 * HOUR), "Date": http_date(service, 0)}
    if status == 200:
        wait = first_wait(service, fresh(headers))
    else:
        site = service.site(fresh({"ETag": '"1"'}), reply(304))
        service.start(site)
        service.poll()
        if "Expires" in headers and headers["Expires"] != "0":
            due = 31 * MINUTE  # not read before then
            headers |= {
                "Expires": http_date(service, 4 * HOUR + due),
                "Date": http_date(service, due),
            }
        site.answer = lambda _: reply(304, headers=headers)
        service.poll(2)
        wait = site.waits()[-1]
    assert least_s - 1 <= wait <= least_s * 1.06


@pytest.mark.politeness("H11")
@pytest.mark.parametrize(
    ("extra", "least_s", "most_s"),
    [
        ("<ttl>120</ttl>", 2 * HOUR, 2 * HOUR),
        ("<ttl>99999</ttl>", DAY, DAY),
        ("<skipHours><hour>7</hour><hour>8</hour></skipHours>", 2 * HOUR, 3 * HOUR),
        ("<skipDays><day>Tuesday</day></skipDays>", 17 * HOUR, 18 * HOUR),
        ("<skipDays><day>Tuesday</day><day>Wednesday</day></skipDays>", DAY, DAY),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", HOUR / 2, 0.6 * HOUR),
    ],
)
@pytest.mark.parametrize("second", ["none", "same", "304"])
def test_a_document_says_how_often_and_when_it_wants_to_be_asked(
    service: Service, extra: str, least_s: float, most_s: float, second: str
):
    """Also when it did not change: it is not read again then. Never for more than a day."""
    sy = "http://purl.org/rss/1.0/modules/syndication/"
    body = document("Council meets", extra=extra).replace(
        b'<rss version="2.0"', f'<rss version="2.0" xmlns:sy="{sy}"'.encode()
    )
    again = {"none": [], "same": [fresh({}, body)], "304": [reply(304)]}[second]
    site = service.site(fresh({"ETag": '"1"'}, body), *again)
    service.start(site)
    service.poll(2)
    assert least_s - 1 <= site.waits()[0] <= most_s + 1
    if again:  # seen from another hour of the day, the same hours are skipped
        service.poll()
        assert site.waits()[1] <= DAY + 1
        if "ttl" in extra:
            assert site.waits()[1] >= least_s - 1


@pytest.mark.politeness("H11")
def test_a_feed_that_is_not_to_be_kept_is_asked_sooner_and_the_log_says_so(
    service: Service, log: Log
):
    answer = fresh({"Cache-Control": "max-age=36000"})
    wait = first_wait(service, answer, feed=", check: often, respect_cache: false")
    assert 10 * MINUTE <= wait <= 11 * MINUTE
    said = [line for line in log() if line["event"] == "max-age not kept"]
    assert said[0]["max_age_s"] == 36_000


@pytest.mark.politeness("H11")
def test_a_feed_to_be_checked_often_is_asked_every_ten_minutes_at_most(service: Service):
    assert 10 * MINUTE <= first_wait(service, fresh(), feed=", check: often") <= 11 * MINUTE


@pytest.mark.politeness("H12")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "least_s", "most_s"),
    [
        ("7200", 2 * HOUR, 2 * HOUR),
        ("in 5 hours", 5 * HOUR, 5 * HOUR),
        ("soon", 0.45 * HOUR, 0.56 * HOUR),
        ("-60", 0.45 * HOUR, 0.56 * HOUR),
        ("an hour ago", 0.45 * HOUR, 0.56 * HOUR),
        ("315360000", 7 * DAY, 7 * DAY),
        ("in 10 years", 7 * DAY, 7 * DAY),
    ],
)
def test_retry_after_is_kept_by_polls_restarts_and_force(
    service: Service, log: Log, status: int, value: str, least_s: float, most_s: float
):
    """Its date is read against the answer's own, which may be days off."""
    skew = {"in 5 hours": 2 * DAY, "in 10 years": -2 * DAY}.get(value, 0.0)
    moment = {"in 5 hours": 5 * HOUR, "in 10 years": 3650 * DAY, "an hour ago": -HOUR}.get(value)
    shown = value if moment is None else http_date(service, moment, skew)
    busy = reply(status, headers={"Retry-After": shown, "Date": http_date(service, 0, skew)})
    site = service.site(busy, fresh())
    service.start(site)
    service.run()
    said = "its server asks for a week or more" in [line["event"] for line in log()]
    assert said == (least_s == 7 * DAY)
    if least_s > HOUR:
        service.clock.advance(least_s - 2 * MINUTE)
        service.restart()
        service.run(force=True)
        assert len(site.asked) == 1
    service.poll()
    assert least_s - 1 <= site.waits()[0] <= most_s + 1


@pytest.mark.politeness("H25")
@pytest.mark.parametrize("skew_s", [-DAY, DAY])
@pytest.mark.parametrize("kind", ["max-age", "expires", "retry"])
def test_a_server_whose_clock_is_a_day_off_still_means_hours(
    service: Service, skew_s: float, kind: str
):
    headers = {"Date": http_date(service, 0, skew_s)}
    headers |= {
        "max-age": {"Cache-Control": "max-age=10800", "Age": "3600"},
        "expires": {"Expires": http_date(service, 2 * HOUR, skew_s)},
        "retry": {"Retry-After": http_date(service, 2 * HOUR, skew_s)},
    }[kind]
    answer = reply(503, b"", headers) if kind == "retry" else fresh(headers)
    assert 2 * HOUR - 1 <= first_wait(service, answer) <= 2 * HOUR + 1


@pytest.mark.politeness("H25")
def test_a_clock_of_ours_that_is_put_back_makes_nobody_wait_or_hurry(service: Service):
    site = service.site(fresh())
    service.start(site)
    service.poll()
    service.clock.jump(-DAY)
    began = service.clock.monotonic()
    service.restart()
    service.poll()
    assert FLOOR <= service.clock.monotonic() - began <= HOUR


# --- what fails -----------------------------------------------------------------------------------

FAULTS: dict[str, Answer] = {
    "500": reply(500),
    "502": reply(502),
    "reset": Raw(b"", "reset"),
    "not a feed": fresh(body=b"<html><p>Be right back</p></html>"),
    "empty": reply(200, b""),
}


def failing(service: Service, answer: Answer, polls: int) -> tuple[Site, list[float]]:
    """Return the site and how long each wait was, in its unit of the first."""
    site = service.site(answer)
    service.start(site)
    service.poll(polls + 1)
    return site, site.waits()


@pytest.mark.politeness("H14")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_feed_is_asked_ever_more_seldom_and_never_given_up(service: Service, fault: str):
    _, waits = failing(service, FAULTS[fault], 40)
    for number, wait in enumerate(waits):
        whole = min(HOUR / 2 * 2**number, DAY)
        assert 0.9 * whole - 1 <= wait <= 1.1 * whole + 1
    assert len({round(wait / DAY, 6) for wait in waits[10:]}) > 20  # jitter
    assert service.feeds()[0]["next_poll"] is not None


@pytest.mark.politeness("H14")
def test_one_success_ends_the_back_off(service: Service):
    site = service.site(*[reply(500)] * 5, fresh(), reply(500), fresh())
    service.start(site)
    service.poll(8)
    assert max(site.waits()[5:]) < 0.6 * HOUR


@pytest.mark.politeness("H16")
@pytest.mark.parametrize("status", [403, 404, 451])
def test_what_people_must_mend_is_asked_hourly_then_daily_for_a_month(
    service: Service, status: int
):
    site = service.site(reply(status))
    service.start(site)
    service.run_for(23 * HOUR, HOUR / 4)
    assert service.notices() == []
    service.run_for(4 * HOUR, HOUR / 4)
    (told,) = service.notices()
    assert told.startswith("Feed failing")
    service.poll(34)
    assert 0.9 * HOUR <= min(site.waits()) <= 1.3 * HOUR
    assert max(site.waits()) <= 1.1 * DAY + HOUR
    assert site.times()[-1] - site.times()[0] > 30 * DAY
    assert len(service.notices()) == 1
    site.answer = in_turn(fresh())
    service.poll()
    assert len(service.notices()) == 2
    assert service.feeds()[0]["state"] == "ok"


@pytest.mark.politeness("H17")
def test_a_feed_is_gone_at_the_second_410_a_day_later_and_one_command_asks_again(service: Service):
    site = service.site(reply(410))
    service.start(site)
    service.run()
    service.run_for(HOUR, 10 * MINUTE)
    service.run(force=True)
    service.run_for(3 * DAY, HOUR)
    assert service.feeds()[0]["state"] == "gone"
    assert site.times()[-1] - site.times()[0] >= DAY
    count = len(site.asked)
    service.restart()
    service.run(force=True)
    service.run_for(60 * DAY, DAY)
    assert len(site.asked) == count
    (told,) = service.notices()
    assert told.startswith(f"Feed gone: {site.url()}")
    with service.parts.database.write() as connection:
        feeds_by_hand.resume(connection, site.url(), service.clock.now(), FLOOR)
    site.answer = in_turn(fresh())
    service.run()
    assert len(site.asked) == count + 1
    assert service.feeds()[0]["state"] == "ok"


@pytest.mark.politeness("H17")
def test_one_410_among_other_answers_is_no_end(service: Service):
    answers = [reply(410), fresh(), reply(410), reply(500), reply(410), fresh()]
    site = service.site(*answers)
    service.start(site, people=PEOPLE)
    service.poll(6)
    assert service.feeds()[0]["state"] == "ok"
