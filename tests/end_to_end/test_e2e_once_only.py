"""One article is told once, however it comes back; a new one comes alone."""

from __future__ import annotations

import dataclasses

from alerts.demo.documents import atom
from alerts.demo.servers import Answer
from tests.end_to_end.service import ANA, Service, item

FIRST = item("ICE agents wait outside the courthouse", "courthouse", "Lawyers saw them.", 2, "c-1")
SECOND = item(
    "ICE ends a contract with the county", "contract", "The jail is half empty.", 3, "c-2"
)
THIRD = item("ICE opens an office on the Beltline", "beltline", "A lease was filed.", 4, "c-3")


def test_no_copy_of_a_told_article_is_told_again_and_a_new_one_comes_alone(
    service: Service,
) -> None:
    service.configure(ANA)
    service.publish(FIRST, SECOND, THIRD)
    assert service.once()["alerts"] == 3
    service.mail.forget()

    moved = "http://www.courier.example/courthouse/?utm_source=rss&utm_medium=feed#top"
    edited = dataclasses.replace(SECOND, title="ICE ends its contract with the county; two stay")
    renumbered = dataclasses.replace(THIRD, guid="https://courier.example/?p=90210")
    service.publish(dataclasses.replace(FIRST, link=moved, guid="c-1-moved"), edited, renumbered)
    assert service.once()["alerts"] == 0
    assert service.mail.mails == []

    new = item("ICE releases one of the two men", "released", "He is home.", 0.2, "c-4")
    service.publish(new, edited, renumbered)
    done = service.once()
    assert (done["new"], done["alerts"], done["delivered"]) == (1, 1, 1)
    [mail] = service.mails()
    assert mail.message["Subject"].startswith(new.title)
    assert "/courthouse" not in mail.part("plain")


def test_an_article_in_two_feeds_is_one_alert_that_names_both(service: Service) -> None:
    urls = {"Courier": service.feeds.url("/courier"), "Wire": service.feeds.url("/wire")}
    service.configure(ANA, feeds=urls)
    service.publish(FIRST)
    reprint = dataclasses.replace(FIRST, link=FIRST.link + "?utm_campaign=wire", guid="wire-7")
    service.feeds.put("/wire", atom("The Wire", [reprint]), "atom")
    assert service.once()["alerts"] == 1
    [mail] = service.mails()
    text = mail.part("plain")
    assert "Courier" in text
    assert "Wire" in text
    assert " ".join(text.split()).count(FIRST.title) == 1
    assert service.once()["alerts"] == 0


def test_of_a_first_poll_only_what_is_younger_than_look_back_is_told(service: Service) -> None:
    service.configure(ANA, look_back="150m")
    service.publish(FIRST, SECOND)
    assert service.once()["alerts"] == 1
    [mail] = service.mails()
    assert SECOND.title not in mail.part("plain")


def test_look_back_0_takes_the_first_document_as_known_and_tells_what_comes_later(
    service: Service,
) -> None:
    service.configure(ANA, look_back="0")
    service.publish(FIRST)
    assert service.once()["alerts"] == 0
    service.publish(SECOND, FIRST)  # older by its date, but seen later
    assert service.once()["alerts"] == 1


def test_a_first_poll_that_failed_is_not_the_first(service: Service) -> None:
    service.configure(ANA, look_back="0")
    service.feeds.script("/courier", Answer(500))
    assert service.once()["failed"] == 1
    service.publish(FIRST)
    assert service.once()["alerts"] == 0
    service.publish(SECOND, FIRST)
    assert service.once()["alerts"] == 1


def test_a_new_rule_and_a_new_subscriber_get_nothing_seen_before_they_came(
    service: Service,
) -> None:
    service.configure(ANA)
    local = item("Council of Madison, Wisconsin, meets", "council", "Late into the night.", 1)
    service.publish(FIRST, local)
    service.once()
    service.mail.forget()
    bea = ANA.replace("Ana Flores", "Bea").replace("ana@", "bea@")
    service.configure(ANA, bea)
    assert service.once()["alerts"] == 0
    service.publish(SECOND, FIRST, local)
    assert service.once()["alerts"] == 2
    assert [len(service.mail.to(f"{name}@example.org")) for name in ("ana", "bea")] == [1, 1]
