"""The brake on a running service: an edit that takes too much away waits for a word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.end_to_end.service import ANA, RULES, Service, item
from tests.end_to_end.test_e2e_run import RIGHT_AWAY, WAIT_S, running, until

NEWS = item("ICE agents wait outside the courthouse", "courthouse", "", 2)
PEOPLE = [ANA.replace("Ana Flores", f"P{n}").replace("ana@", f"p{n}@") for n in range(6)]
TOWNS = [item(f"The council of town {n} meets", f"town-{n}", "", 3) for n in range(60)]


def told(service: Service) -> str:
    """Return all that the admin was told so far, without its line breaks."""
    mails = service.mail.to("editor@example.org")
    return " ".join(" ".join(mail.part("plain").split()) for mail in mails)


def states(service: Service) -> set[tuple[str, str | None]]:
    """Return the states, with their reasons, of the alerts that all but Ana are owed."""
    with closing(sqlite3.connect(service.folder / "alerts.db")) as database:
        query = "SELECT DISTINCT state, reason FROM alert WHERE subscriber <> 'ana-flores'"
        return set(database.execute(query))


@contextmanager
def working(service: Service) -> Iterator[None]:
    """Let the service work for the readers of a feed of many articles, of which one is theirs."""
    service.publish(NEWS, *TOWNS)
    service.configure(RIGHT_AWAY, *PEOPLE)
    with running(service):
        assert service.mail.wait_for(1, WAIT_S)
        until(lambda: told_of_articles(service), "every article was read")
        yield


def told_of_articles(service: Service) -> bool:
    return service.feed("Courier")["entries"] == 1 + len(TOWNS)


def test_an_edit_that_takes_most_readers_away_waits_is_confirmed_and_undone(
    service: Service,
) -> None:
    with working(service):
        service.configure(RIGHT_AWAY)
        until(lambda: "waits: it removes 6 of 7 subscribers" in told(service), "the admin heard")
        assert "alerts reload --confirm" in told(service)
        assert states(service) == {("pending", None)}
        assert service.run("reload", "--confirm").code == 0
        until(lambda: "in force: −6 subscribers" in told(service), "the edit was taken")
        assert states(service) == {("suppressed", "removed from subscribers.yaml")}
        assert service.run("reload", "--previous").code == 0
        until(lambda: "is undone" in told(service), "the version before is back")
        assert states(service) == {("pending", None)}
    assert service.once()["delivered"] == len(PEOPLE)
    assert len(service.mails()) == 1


def test_an_edit_that_makes_far_too_many_alerts_waits_and_is_taken_when_confirmed(
    service: Service,
) -> None:
    loose = RULES.replace("any: [ICE,", "any: [ICE, council,")
    with working(service):
        service.configure(RIGHT_AWAY, *PEOPLE, rules=loose)
        until(lambda: "rule ice would have made" in told(service), "the admin heard")
        assert 'Probably the term "council"' in told(service)
        assert "alerts reload --confirm" in told(service)
        assert len(service.mails()) == 1, "nobody was told of the councils"
        assert service.run("reload", "--confirm").code == 0
        until(lambda: "in force" in told(service), "the edit was taken")
    assert any("council" in row["query"] for row in service.run("rules", "--json").json)
