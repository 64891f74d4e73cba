"""Claims about the whole way of an article: told to whom it is owed, once, and never lost."""

from __future__ import annotations

from typing import Any

import pytest
from pipeline_world import COURIER, RADIO, YAML, World
from sqlalchemy import update

from alerts.demo.documents import Item, rss
from alerts.errors import StoreError
from alerts.model import FetchFailure, SendResult
from alerts.pipeline import poll
from alerts.store import claims, deliveries, feeds, schema

ICE = "ICE agents detain two people in Madison"
HOUR_S = 3600.0


def test_a_matching_article_is_told_once_and_a_second_pass_sends_nothing(world: World):
    world.serve(world.item(ICE, "a"), world.item("Ice storm closes schools", "b"))
    report = world.run()
    assert (report.new, report.matched, report.alerts, report.digests) == (2, 1, 1, 1)
    assert report.delivered == 1
    (mail,) = world.mails()
    assert ICE in str(mail["Subject"])
    world.later(2)
    assert world.run().digests == 0
    assert len(world.mails()) == 1


def test_what_only_a_rule_that_nobody_follows_finds_is_not_counted_as_matched(world: World):
    world.reload(world.yaml.replace("rules: [ice, here]", "rules: [ice]"))
    world.serve(world.item("The council meets", "council"), world.item(ICE, "story"))
    report = world.run()
    assert (report.new, report.matched, report.alerts) == (2, 1, 1)


@pytest.mark.parametrize(
    "link",
    [
        "https://courier.example/a?utm_source=rss",
        "http://www.courier.example/a/",
        "https://courier.example/a#comments",
    ],
)
def test_a_moved_or_tracked_copy_is_not_told_again(world: World, link: str):
    world.serve(world.item(ICE, "a", guid="1"))
    world.run()
    world.later(2)
    world.serve(world.item(ICE, link, guid="2"))
    assert world.run().alerts == 0


def test_an_edited_article_is_not_told_again(world: World):
    world.serve(world.item(ICE, "a", guid="1"))
    world.run()
    world.later(2)
    world.serve(world.item("ICE agents detain three people in Madison", "a", guid="1"))
    assert world.run().alerts == 0


def test_an_article_that_matches_only_after_an_edit_is_told_then(world: World):
    world.serve(world.item("Two people detained", "a", guid="1"))
    assert world.run().alerts == 0
    world.later(2)
    world.serve(world.item("Two people detained by ICE", "a", guid="1"))
    assert world.run().alerts == 1


def test_a_waiting_article_that_an_edit_brings_under_another_rule_is_told_at_its_hour(world: World):
    world.reload(YAML.replace("[ice, here]", "[{rule: ice, when: weekly on Monday at 5 am}, here]"))
    world.serve(world.item("ICE agents detain two people", "a", guid="1"))
    assert world.run().delivered == 0
    world.later(1)
    world.serve(world.item("ICE agents detain two people; council meets", "a", guid="1"))
    assert world.run().delivered == 1


def test_a_new_article_comes_alone(world: World):
    world.serve(world.item(ICE, "a"))
    world.run()
    world.later(2)
    world.serve(world.item("ICE leases offices", "c"), world.item(ICE, "a", hours_ago=3))
    assert world.run().delivered == 1
    body = world.mails()[-1].get_body(("plain",)).get_content()
    assert "ICE leases offices" in body
    assert ICE not in body


def test_the_same_article_in_two_feeds_is_one_alert_that_names_both(world: World):
    world.serve(world.item(ICE, "a"))
    world.serve(world.item(ICE, "https://courier.example/a?utm_medium=x"), url=RADIO)
    report = world.run()
    assert report.alerts == 1
    body = world.mails()[-1].get_body(("plain",)).get_content()
    assert "Courier" in body
    assert "Radio" in body


def test_a_second_feed_whose_place_a_rule_asks_for_makes_the_alert(world: World):
    world.serve(world.item("The council meets", "https://radio.example/x"), url=RADIO)
    assert world.run().alerts == 0
    world.later(2)
    world.serve(world.item("The council meets", "https://radio.example/x", hours_ago=3))
    assert world.run().alerts == 1


def test_of_a_first_poll_only_what_is_younger_than_look_back_is_told(world: World):
    world.serve(world.item(ICE, "a", hours_ago=23), world.item("ICE last week", "b", hours_ago=170))
    report = world.run()
    assert (report.new, report.alerts) == (1, 1)
    world.later(30)
    world.serve(world.item("ICE last week, corrected", "b", hours_ago=200))
    assert world.run().alerts == 0


def test_a_failed_first_fetch_is_not_the_first_poll(world: World):
    world.fetcher.fail(COURIER, FetchFailure("timeout", "Its server did not answer in 30 s."))
    world.run()
    world.later(2)
    world.serve(world.item("ICE last week", "b", hours_ago=170))
    assert world.run().alerts == 0


def test_a_new_subscriber_gets_nothing_first_seen_before(world: World):
    world.serve(world.item(ICE, "a", guid="1"))
    world.run()
    world.later(2)
    world.reload(YAML + "  - {name: Bob, email: bob@example.org, rules: [ice], when: right away}\n")
    world.serve(world.item(ICE + ", again edited", "a", guid="1"), world.item("ICE now", "n"))
    world.run()
    bobs = [mail for mail in world.mails() if "bob@" in mail["To"]]
    assert len(bobs) == 1
    assert "ICE now" in bobs[0].get_body(("plain",)).get_content()
    assert "again edited" not in bobs[0].get_body(("plain",)).get_content()


def test_a_removed_subscribers_pending_alerts_are_suppressed(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item(ICE, "a"))
    world.run()
    assert world.pending() == 1
    world.reload(YAML.replace("name: Ana", "name: Eva").replace("ana@", "eva@"))
    assert world.pending() == 0
    world.later(48)
    assert world.run().digests == 0


def test_alerts_of_a_rule_no_longer_followed_are_suppressed(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item(ICE, "a"))
    world.run()
    world.reload(world.yaml.replace("[ice, here]", "[here]"))
    assert world.pending() == 0


def test_a_daily_subscriber_waits_for_the_slot_and_gets_one_digest(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item(ICE, "a"))
    assert world.run().digests == 0
    world.later(5)  # 01:00 in Chicago became 06:00
    world.serve(world.item("ICE again", "c"), world.item(ICE, "a", hours_ago=6))
    assert world.run().digests == 0
    world.later(11.2)
    report = world.run()
    assert (report.digests, report.delivered) == (1, 1)
    assert world.run().digests == 0


def test_after_days_of_downtime_everything_owed_comes_in_one_digest(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item(ICE, "a"))
    world.run()
    world.later(72)
    assert world.run().digests == 1


def test_what_follows_within_five_minutes_comes_together(world: World):
    world.serve(world.item(ICE, "a"))
    assert world.run().digests == 1
    world.later(0.02)
    world.serve(world.item(ICE, "a"), world.item("ICE two", "b"))
    report = world.run(force=True)
    assert (report.alerts, report.digests) == (1, 0)
    world.later(0.02)
    world.serve(world.item("ICE three", "c"), world.item("ICE two", "b"))
    assert world.run(force=True).digests == 0
    world.later(0.05)
    report = world.run()
    assert report.digests == 1
    body = world.mails()[-1].get_body(("plain",)).get_content()
    assert "ICE two" in body
    assert "ICE three" in body


def test_send_now_sends_what_waits_for_its_slot(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item(ICE, "a"))
    assert world.run(send_now=True).delivered == 1
    world.later(24)
    assert world.run().digests == 0


def test_a_failing_feed_is_told_and_recovers(world: World):
    failure = FetchFailure("http", "Its server answers 403 Forbidden.", "Write to it.", status=403)
    world.fetcher.fail(COURIER, failure)
    assert world.run().failed == 2
    row = world.feed()
    assert (row["state"], row["error"], row["failures"]) == ("failing", "http", 1)
    assert row["error_text"] == "Its server answers 403 Forbidden."
    world.later(3)
    world.serve(world.item(ICE, "a"))
    assert world.run().alerts == 1
    assert (world.feed()["state"], world.feed()["error"]) == ("ok", None)


def test_a_digest_says_which_source_could_not_be_read(world: World):
    world.serve(world.item(ICE, "a"))
    world.fetcher.fail(RADIO, FetchFailure("timeout", "Its server did not answer in 30 s."))
    world.run()
    body = world.mails()[0].get_body(("plain",)).get_content()
    assert "Radio" in body
    assert "could not be read" in body


def test_a_feed_is_gone_at_the_second_410_a_day_apart(world: World):
    world.fetcher.fail(COURIER, FetchFailure("gone", "Gone.", status=410))
    world.run()
    assert world.feed()["state"] == "failing"
    world.later(27)
    world.run()
    assert world.feed()["state"] == "gone"
    asked = len(world.fetcher.asked)
    world.later(24 * 30)
    world.run(force=True)
    assert COURIER not in world.fetcher.asked[asked:]


def test_force_respects_a_retry_after(world: World):
    failure = FetchFailure("rate_limited", "429", status=429, retry_after_s=2 * HOUR_S)
    world.fetcher.fail(COURIER, failure)
    world.run()
    asked = world.fetcher.asked.count(COURIER)
    world.later(1)
    world.run(force=True)
    assert world.fetcher.asked.count(COURIER) == asked
    world.later(1.1)
    world.run(force=True)
    assert world.fetcher.asked.count(COURIER) == asked + 1


def test_a_delayed_delivery_is_sent_by_a_later_pass_with_the_same_id(world: World):
    world.transport.answers.append(SendResult("retry", "network", hint="The server is away."))
    world.serve(world.item(ICE, "a"))
    assert world.run().delayed == 1
    world.later(1)
    assert world.run().delivered == 1
    first, second = world.mails()
    assert first["Message-ID"] == second["Message-ID"]


def test_a_server_that_is_down_is_tried_once_not_once_for_each_mail(world: World):
    world.reload(YAML + people(30))
    world.transport.answers.extend([SendResult("retry", "network", scope="server")] * 40)
    world.serve(world.item(ICE, "a"))
    report = world.run()
    assert report.digests == 31
    assert len(world.transport.tries) == 1
    world.transport.answers.clear()
    world.later(2)
    world.run()
    assert len(world.transport.accepted) == 31


def test_a_bad_address_is_not_asked_again(world: World):
    world.transport.answers.append(SendResult("suppress", "bad_address", code="550 5.1.1"))
    world.serve(world.item(ICE, "a"))
    world.run()
    world.later(2)
    world.serve(world.item(ICE, "a", hours_ago=3), world.item("ICE two", "b"))
    assert world.run().suppressed == 1
    assert len(world.transport.tries) == 1


def test_a_pass_after_a_kill_resends_what_was_under_way_with_its_id(world: World):
    world.serve(world.item(ICE, "a"))
    real = world.transport.send

    def die(delivery: object) -> SendResult:
        real(delivery)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    world.transport.send = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.transport.send = real  # type: ignore[method-assign]
    with world.database.write() as connection:
        claims.free_all(connection)
        deliveries.reopen_interrupted(connection, world.clock.now())
    assert world.run().delivered == 1
    first, second = world.mails()
    assert first["Message-ID"] == second["Message-ID"]


def test_a_late_poll_result_is_refused_and_rolled_back(world: World):
    world.serve(world.item(ICE, "a"))
    with world.database.write() as connection:
        now = world.clock.now()
        (row, *_) = feeds.claim(
            connection,
            now=now,
            horizon=now,
            lease="mine",
            lease_s=60,
            limit=1,
            gaps=feeds.Gaps(0, 0),
        )
        claims.free_all(connection)
    assert poll(world.parts, row, "mine").outcome == "dropped"
    assert world.pending() == 0


def test_a_job_that_raises_ends_alone_and_its_row_is_tried_later(world: World):
    real = world.fetcher.fetch

    def broken(feed: object, validators: object) -> object:
        if feed.url == RADIO:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return real(feed, validators)  # type: ignore[arg-type]

    world.fetcher.fetch = broken  # type: ignore[method-assign, assignment]
    world.serve(world.item(ICE, "a"))
    assert world.run().delivered == 1
    assert world.feed(RADIO)["error"] == "internal"


def people(count: int) -> str:
    return "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice], when: right away}}\n"
        for n in range(count)
    )


def test_a_wrong_password_is_tried_once_a_pass(world: World):
    world.reload(YAML + people(20))
    refused = SendResult("our_fault", "auth", code="535 5.7.8", hint="Mend it.", scope="server")
    world.transport.answers.extend([refused] * 40)
    world.serve(world.item(ICE, "a"))
    report = world.run()
    assert len(world.transport.tries) == 1
    assert report.delayed == 21


def test_a_mended_mail_server_is_tried_at_once(world: World):
    world.transport.answers.append(
        SendResult("our_fault", "auth", code="535 5.7.8", hint="Mend it.", scope="server")
    )
    world.serve(world.item(ICE, "a"))
    world.run()
    assert world.run().delivered == 0
    with world.database.write() as connection:
        deliveries.open_gate(connection, "server/email", world.clock.now())
    assert world.run().delivered == 1


def test_articles_of_an_expired_delivery_come_once_more_marked_late(world: World):
    world.transport.answers.extend([SendResult("retry", "temporary", code="450")] * 60)
    world.serve(world.item(ICE, "a"))
    for _ in range(30):
        world.run()
        world.later(8)
    world.transport.answers.clear()
    world.later(9)
    world.run()
    last = world.mails()[-1].get_body(("plain",)).get_content()
    assert ICE in last
    assert "late" in last.lower()
    sent = len(world.transport.accepted)
    world.later(48)
    world.run()
    assert len(world.transport.accepted) == sent == 1


def test_send_now_leaves_a_paused_subscriber_in_peace(world: World):
    world.reload(YAML.replace("when: right away", "when: right away, pause_until: 2027-01-01"))
    world.serve(world.item(ICE, "a"))
    assert world.run(send_now=True).digests == 0
    assert world.pending() == 1


def test_a_source_that_was_not_asked_yet_is_not_called_read(world: World):
    world.serve(world.item(ICE, "a"))
    with world.database.write() as connection:
        connection.execute(update(schema.feed).where(schema.feed.c.url == RADIO).values(due_at=2e9))
    world.run()
    body = world.mails()[0].get_body(("plain",)).get_content()
    assert "The other one of your 2 sources was read" in " ".join(body.split())


def test_a_document_cut_short_counts_as_failed_and_its_entries_count(world: World):
    whole = rss("Courier", [world.item(ICE, "a"), world.item("ICE two", "b")])
    world.fetcher.put(COURIER, whole[: whole.rindex("<item>") + 20])
    report = world.run()
    assert (report.failed, report.new, report.delivered) == (2, 1, 1)
    assert world.feed()["error"] == "truncated"


def test_a_destination_without_its_variable_holds_up_nobody_else(world: World):
    room = "  - {name: Room, slack: '${URL}', rules: [ice], when: right away}\n"
    url = {"URL": "https://hooks.slack.com/services/T/B/x"}
    world.reload(YAML + room, url)
    world.serve(world.item(ICE, "a"))
    assert world.run().delivered == 2
    world.later(1)
    world.serve(world.item("ICE two", "b"))
    world.reload(YAML + room, {}, allow_unset=True)
    assert world.run().delivered == 1
    world.later(1)
    world.reload(YAML + room, url)
    assert world.run().delivered == 1


def test_a_changed_feed_url_carries_its_seen_keys_over(world: World):
    items = [Item(f"ICE {n}", "", "", world.clock.now() - 3600, f"guid-{n}") for n in range(3)]
    world.serve(*items)
    assert world.run().alerts == 3
    world.later(1)
    world.reload(YAML.replace(COURIER, "https://courier.example/new-feed"))
    world.serve(*items, url="https://courier.example/new-feed")
    assert world.run().alerts == 0


def test_a_result_that_cannot_be_written_at_once_is_written_later_not_sent_again(world: World):
    world.serve(world.item(ICE, "a"))
    send, write = world.transport.send, world.database.write
    failing = []

    def accept(delivery: Any) -> SendResult:
        failing.extend([StoreError("disk full"), StoreError("disk full")])
        return send(delivery)

    def fail_then_write() -> Any:
        if failing:
            raise failing.pop()
        return write()

    world.transport.send = accept  # type: ignore[method-assign]
    world.database.write = fail_then_write  # type: ignore[method-assign]
    assert world.run().delivered == 1
    world.later(1)
    world.run()
    assert len(world.transport.tries) == 1
