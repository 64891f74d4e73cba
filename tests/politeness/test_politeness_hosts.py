"""What the feeds of one host, and of all hosts, have in common: H10, H13, H15."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from certificates import authority
from publisher import DAY, DOCUMENT, HOUR, MINUTE, PEOPLE, Service, Site, document, fresh
from scripted import Answer, Raw, Seen, reply

from alerts.store import feeds

# --- a start, and the gap of a host ---------------------------------------------------------------

HOSTS, FEEDS = 50, 1_000
CROWD = PEOPLE + "".join(
    f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice], timezone: UTC}}\n" for n in range(5)
)


@pytest.mark.politeness("H10")
@pytest.mark.fault("64")
def test_a_start_with_a_thousand_feeds_asks_each_once_and_each_host_once_a_second(
    service: Service,
):
    """Whoever reads them: six subscribers do."""
    sites = [service.site(fresh(), host=f"127.0.1.{n}") for n in range(1, HOSTS + 1)]
    service.start(*(sites[n % HOSTS].url(f"/{n}") for n in range(FEEDS)), people=CROWD)
    report = service.run()
    assert (report.polled, report.failed) == (FEEDS, 0)
    assert Counter(one.path for site in sites for one in site.asked) == {
        f"/{n}": 1 for n in range(FEEDS)
    }
    assert min(wait for site in sites for wait in site.waits()) >= 1.0
    service.restart()
    assert service.run().polled == 0


@pytest.mark.politeness("H10")
@pytest.mark.fault("65")
def test_a_slow_host_has_two_requests_in_flight_and_holds_up_no_other(service: Service):
    done = Event()

    def when_done() -> Iterator[bytes]:
        done.wait(60)
        yield DOCUMENT

    def slowly(_: Seen) -> Answer:
        return Raw(b"HTTP/1.1 200 OK\r\n\r\n", pieces=when_done())

    slow, quick = service.site(slowly, host="127.0.1.1"), service.site(fresh(), host="127.0.1.2")
    counts: list[int] = []

    def counting(_: Seen) -> Answer:
        counts.append(len(slow.asked))
        if len(counts) == 20:
            done.set()
        return fresh()

    quick.answer = counting
    service.settings = replace(service.settings, host_gap_s=0.0)
    service.start(*(site.url(f"/{n}") for site in (slow, quick) for n in range(20)))
    assert service.run().polled == 40
    assert max(counts) == feeds.IN_FLIGHT_PER_HOST


# --- a host that asks for peace -------------------------------------------------------------------


def one_of_a_host(service: Service, answer: Answer) -> tuple[Site, Site, Site]:
    """Start with a feed that answers so, one of the same host at another port, one elsewhere."""
    busy, same = service.site(answer, fresh()), service.site(fresh())
    other = service.site(fresh(), host="127.0.0.2")
    service.start(busy, same, other)
    service.run()
    return busy, same, other


@pytest.mark.politeness("H13")
@pytest.mark.parametrize(("asked", "least_s"), [("7200", 2 * HOUR), (None, 0.45 * HOUR)])
def test_a_429_slows_all_feeds_of_its_host_and_no_other(
    service: Service, asked: str | None, least_s: float
):
    headers = {} if asked is None else {"Retry-After": asked}
    busy, same, other = one_of_a_host(service, reply(429, headers=headers))
    same_count = len(same.asked)
    service.restart()
    service.run(force=True)
    service.run_for(least_s - 2 * MINUTE, 5 * MINUTE)
    assert (len(busy.asked), len(same.asked)) == (1, same_count)
    assert len(other.asked) > 1
    service.run_for(HOUR)
    assert len(busy.asked) > 1
    assert len(same.asked) > same_count


@pytest.mark.politeness("H13")
def test_a_429_behind_a_redirect_slows_the_host_that_said_it(service: Service):
    far = service.site(reply(429, headers={"Retry-After": "7200"}), fresh(), host="127.0.0.3")
    near = service.site(reply(302, headers={"Location": far.url()}))
    beside = service.site(fresh())
    same = service.site(fresh(), host="127.0.0.3")
    service.start(near)
    service.run()
    service.restart(near, beside, same)
    service.run_for(HOUR, 5 * MINUTE)
    assert len(beside.asked) == 2
    assert len(same.asked) == 0


@pytest.mark.politeness("H13")
def test_a_503_holds_its_own_url_alone(service: Service):
    busy, same, other = one_of_a_host(service, reply(503, headers={"Retry-After": "7200"}))
    service.run_for(2 * HOUR - 2 * MINUTE, 5 * MINUTE)
    assert len(busy.asked) == 1
    assert len(same.asked) == len(other.asked) == 4


# --- an outage of our own network -----------------------------------------------------------------

RESET = Raw(b"", "reset")


class Net:
    """Sites on several hosts, all of which can be cut off at once."""

    def __init__(self, service: Service, hosts: int, feeds: int) -> None:
        service.settings = replace(service.settings, host_gap_s=0.05)
        self.sites = [service.site(fresh(), host=f"127.0.2.{n}") for n in range(1, hosts + 1)]
        self.urls = [self.sites[n % hosts].url(f"/{n}") for n in range(feeds)]

    def down(self, answer: Answer = RESET) -> None:
        for site in self.sites:
            site.answer = lambda _: answer

    def up(self) -> None:
        for site in self.sites:
            site.answer = lambda _: fresh()


TOLD = "No feed can be read: it looks like our own network"
OVER = "Over: feeds can be read again"


@pytest.mark.politeness("H15")
@pytest.mark.parametrize(
    ("database", "hours", "count"), [("service", 25, 42), ("on_postgres", 2, 12)]
)
def test_an_outage_is_held_against_no_feed_and_told_once(
    database: str, hours: int, count: int, request: pytest.FixtureRequest
):
    service: Service = request.getfixturevalue(database)
    net = Net(service, hosts=5, feeds=count)
    service.start(*net.urls)
    service.run_for(HOUR, 5 * MINUTE)
    net.down()
    service.run_for(40 * MINUTE)
    service.restart()
    service.run_for(hours * HOUR, 30 * MINUTE)
    service.run_for(30 * MINUTE)
    rows = service.feeds()
    assert {(row["state"], row["failures"], row["since"]) for row in rows} == {("ok", 0, None)}
    assert {row["error"] for row in rows} == {"connect"}
    assert "our own network" in rows[0]["hint"]
    assert service.notices() == [TOLD]
    (mail,) = service.mails("admin@")
    assert f"None of our {count} feeds could be read since" in str(mail.get_body(("plain",)))
    net.up()
    back = service.clock.now()
    service.run_for(HOUR)
    assert service.notices() == [TOLD, OVER]
    assert {row["error"] for row in service.feeds()} == {None}
    firsts = sorted(
        min(at for at in site.times(f"/{n}") if at >= back)
        for n, _ in enumerate(net.urls)
        for site in [net.sites[n % 5]]
    )
    # Each feed draws its own moment of half an hour: a dozen may lie together by luck, 42 do not.
    assert firsts[-1] - firsts[0] >= (15 if count > 12 else 5) * MINUTE
    assert max(Counter(int((at - back) // MINUTE) for at in firsts).values()) <= 8


@pytest.mark.politeness("H15")
@pytest.mark.parametrize("fault", ["reset", "silent", "tls", "refused"])
def test_a_start_without_a_network_is_an_outage_whatever_it_looks_like(
    service: Service, fault: str, tmp_path: Path
):
    hosts = [f"127.0.2.{n}" for n in range(1, 5)]
    if fault == "tls":
        strangers = authority(tmp_path)
        sites = [service.site(fresh(), host=h, tls=strangers.server(h)) for h in hosts]
    else:
        answer = Raw(b"", "hold") if fault == "silent" else RESET
        sites = [service.site(answer, host=h) for h in hosts]
    if fault == "refused":
        for site in sites:
            site.server.__exit__()
    service.start(*sites)
    if fault == "silent":
        service.parts.fetcher._deadline_s = 0.3
    service.run()
    assert service.notices() == []  # a moment is no news
    service.run_for(HOUR, 10 * MINUTE)
    rows = service.feeds()
    assert {(row["state"], row["failures"]) for row in rows} == {("new", 0)}
    assert len({row["error"] for row in rows}) == 1
    assert service.notices() == [TOLD]


@pytest.mark.politeness("H15")
@pytest.mark.parametrize("hosts", [1, 2])
def test_the_silence_of_one_host_or_two_is_their_own(service: Service, hosts: int):
    net = Net(service, hosts, feeds=6)
    service.start(*net.urls)
    service.run()
    net.down()
    service.run_for(28 * HOUR, HOUR / 2)
    assert min(row["failures"] for row in service.feeds()) >= 4
    told = service.notices()
    assert len(told) == 6
    assert all(subject.startswith("Feed failing") for subject in told)


@pytest.mark.politeness("H15")
def test_one_answer_of_any_kind_means_that_the_network_works(service: Service):
    net = Net(service, hosts=4, feeds=12)
    alive = service.site(reply(404), host="127.0.2.9")
    service.start(*net.urls, f'{{url: "{alive.url()}", check: often}}')
    service.run()
    net.down()
    alive.answer = lambda _: fresh({"Cache-Control": "max-age=1"})
    for _ in range(20):
        service.run(force=True)
        service.clock.advance(4 * MINUTE)
    assert min(row["failures"] for row in service.feeds() if row["url"] in net.urls) == 20
    assert TOLD not in service.notices()


@pytest.mark.politeness("H15")
def test_hosts_that_were_dead_before_are_no_evidence(service: Service):
    net = Net(service, hosts=4, feeds=4)
    alive = service.site(fresh(), host="127.0.2.9")
    service.start(*net.urls, alive)
    net.down()
    service.run_for(DAY, HOUR / 2)
    assert min(row["failures"] for row in service.feeds() if row["url"] in net.urls) > 3
    assert not any("network" in subject for subject in service.notices())


@pytest.mark.politeness("H15")
def test_what_was_counted_before_an_outage_stays_as_it_was(service: Service):
    net = Net(service, hosts=5, feeds=20)
    net.sites[0].answer = lambda seen: reply(404) if seen.path == "/0" else fresh()
    service.start(*net.urls)
    service.run_for(4 * HOUR, HOUR / 4)
    before = service.feeds()[0]
    assert before["failures"] >= 2
    net.down()
    asked = len(net.sites[0].times("/0"))
    service.run_for(12 * HOUR, HOUR / 4)
    assert len(net.sites[0].times("/0")) - asked <= 7  # its own back-off, not the interval
    after = service.feeds()[0]
    assert (after["failures"], after["since"]) == (before["failures"], before["since"])
    assert {row["failures"] for row in service.feeds()[1:]} == {0}


@pytest.mark.politeness("H15")
def test_digests_say_that_their_sources_could_not_be_read(service: Service):
    net = Net(service, hosts=4, feeds=8)
    net.sites[0].answer = lambda _: fresh(body=document("ICE raid in Madison"))
    service.start(*net.urls, people=PEOPLE.replace("right away", "daily at 11:00"))
    service.run()
    net.down()
    service.run_for(5 * HOUR, HOUR / 4)
    (mail,) = service.mails("ana@")
    assert "could not be read" in mail.get_body(("plain",)).get_content()


@pytest.mark.politeness("H15")
def test_a_forced_pass_after_an_outage_reads_every_feed(service: Service):
    net = Net(service, hosts=4, feeds=12)
    service.start(*net.urls)
    service.run()
    net.down()
    service.run_for(2 * HOUR, 5 * MINUTE)
    net.up()
    report = service.run(force=True)
    assert (report.polled, report.failed) == (12, 0)
    assert service.notices() == [TOLD, OVER]
