"""Bad input and broken servers: each is said where a person looks, nothing is lost, the rest goes on."""

from __future__ import annotations

import re
import sqlite3

from alerts.demo.servers import Answer
from tests.end_to_end.service import ANA, HOOK, ROOM, Service, item

NEWS = item("ICE agents wait outside the courthouse in Madison, Wisconsin", "courthouse", "", 2)


def test_broken_feeds_are_named_with_a_sentence_and_the_others_are_read(service: Service) -> None:
    dead = service.feeds.url("/dead").replace(str(service.feeds.port), "1")
    urls = {
        "Courier": service.publish(NEWS),
        "Dead": dead,
        "Page": service.feeds.put("/page", "<!doctype html><title>Hi</title><p>Welcome", "html"),
        "Missing": service.feeds.url("/missing"),
        "Torn": service.feeds.put("/torn", "<rss><channel><item><title>ICE"),
        "Empty": service.feeds.put("/empty", ""),
    }
    service.configure(ANA, feeds=urls)
    done = service.once()
    assert (done["polled"], done["alerts"], done["delivered"]) == (6, 1, 1)
    assert done["failed"] >= 4
    rows = {row["name"]: row for row in service.run("feeds", "--json").json}
    assert rows["Courier"]["state"] == "ok"
    assert rows["Courier"]["error"] is None
    expected = {"Dead": "connect", "Page": "not_a_feed", "Missing": "http", "Empty": "empty"}
    for name, kind in expected.items():
        row = rows[name]
        assert row["error"] == kind, row
        assert row["failures"] == 1
        assert re.search(r"\w+ \w+ \w+", row["error_text"]), row
        assert row["since"]
    table = service.run("feeds").out
    assert all(name in table for name in urls)
    [mail] = service.mails()
    assert "Missing" in mail.part("plain")  # the reader is told what may be missing


def test_a_feed_that_fails_later_keeps_what_it_had_and_catches_up(service: Service) -> None:
    service.configure(ANA)
    service.publish(NEWS)
    service.once()
    service.mail.forget()
    service.feeds.script("/courier", Answer(500), Answer(200, b"<html>login</html>", "text/html"))
    assert [service.once()["failed"] for _ in range(2)] == [1, 1]
    assert service.feed("Courier")["failures"] == 2
    service.publish(item("ICE releases one of two men", "released", "", 0.2), NEWS)
    done = service.once()
    assert (done["failed"], done["alerts"], done["delivered"]) == (0, 1, 1)
    assert service.feed("Courier")["error"] is None


def test_a_mail_for_a_dead_server_waits_and_is_sent_later_under_the_same_id(
    service: Service,
) -> None:
    service.configure(ANA, ROOM)
    service.publish(NEWS)
    service.mail.stop()
    done = service.once()
    assert (done["delayed"], done["delivered"], done["failed_deliveries"]) == (1, 1, 0)
    [waiting] = [row for row in service.deliveries() if row["state"] == "delayed"]
    assert waiting["next_try"]
    assert waiting["server_text"] or waiting["hint"]
    assert "ana@example.org" in waiting["destination"]
    service.mail.start()
    assert service.once()["delivered"] == 0  # a waiting try is not hurried by --send-now
    service.let_retries_fall_due()
    assert service.once()["delivered"] == 1
    [mail] = service.mails()
    assert waiting["id"] in mail.message["Message-ID"]
    states = {row["state"] for row in service.deliveries()}
    assert states == {"delivered"}


def test_a_webhook_that_answers_500_is_tried_again_with_the_same_id(service: Service) -> None:
    service.configure(ANA, HOOK)
    service.publish(NEWS)
    service.rooms.script("/hook", Answer(500, b"out of order"))
    done = service.once()
    assert (done["delayed"], done["delivered"]) == (1, 1)
    [waiting] = [row for row in service.deliveries() if row["state"] == "delayed"]
    assert waiting["code"] == "500"
    assert "out of order" in waiting["server_text"]
    service.let_retries_fall_due()
    assert service.once()["delivered"] == 1
    first, second = service.rooms.requests_to("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert len(service.mails()) == 1


def test_an_address_refused_for_good_fails_alone_and_is_shown(service: Service) -> None:
    bea = ANA.replace("Ana Flores", "Bea").replace("ana@", "bea@")
    service.configure(ANA, bea)
    service.publish(NEWS)
    service.mail.script("rcpt", "550 5.1.1 no such mailbox")
    done = service.once()
    assert done["delivered"] == 1
    assert done["failed_deliveries"] + done["suppressed"] == 1
    [failed] = service.deliveries("--failed")
    assert "no such mailbox" in failed["server_text"]
    assert failed["code"].startswith("550")
    assert service.once()["delivered"] == 0
    told = [mail for mail in service.mail.mails if "editor@example.org" not in mail.recipients]
    assert len(told) == 1


def test_secrets_stand_in_no_output_and_no_row(service: Service) -> None:
    service.configure(ROOM, HOOK)
    service.publish(NEWS)
    service.rooms.script("/services/T0/B0/room", Answer(500))
    outputs = [service.run("once", "--send-now", "--force")]
    outputs += [
        service.run(*c) for c in (("deliveries", "--json"), ("subscribers", "--json"), ("check",))
    ]
    for secret in ("T0/B0", service.environment["HOOK_SECRET"], "/hook"):
        assert not any(secret in run.out + run.err for run in outputs), secret


def test_a_wrong_file_is_exit_2_and_the_last_good_one_goes_on(service: Service) -> None:
    service.configure(ANA)
    service.publish(NEWS)
    assert service.once()["alerts"] == 1
    service.mail.forget()
    service.configure(ANA.replace("sanctuary", "sanctury"))
    service.publish(item("ICE releases one of two men", "released", "", 0.2), NEWS)
    done = service.run("once", "--json", "--force", "--send-now")
    assert done.code == 2
    assert done.json["delivered"] == 1
    assert "sanctury" in done.err
    assert "sanctuary" in done.err
    assert re.search(r"subscribers\.yaml:\d+:\d+", done.err)
    assert len(service.mails()) == 1


def test_a_wrong_file_and_no_last_good_one_is_exit_2_with_the_mistake(service: Service) -> None:
    (service.folder / "subscribers.yaml").write_text("version: 1\nfeed: []\n")
    done = service.run("once")
    assert done.code == 2
    assert "subscribers.yaml:2:1" in done.err
    missing = service.run("once", ALERTS_CONFIG="nowhere.yaml")
    assert missing.code == 2
    assert "nowhere.yaml" in missing.err


def test_a_wrong_variable_is_exit_2_and_its_value_stays_secret(service: Service) -> None:
    service.configure(ANA)
    done = service.run("once", SECRET_KEY="shortsecret")
    assert done.code == 2
    assert "SECRET_KEY" in done.err
    assert "shortsecret" not in done.err


def test_a_database_that_cannot_be_used_is_exit_3_with_a_sentence(service: Service) -> None:
    service.configure(ANA)
    (service.folder / "alerts.db").write_bytes(b"this is no database, it is a letter" * 100)
    done = service.run("once")
    assert done.code == 3
    assert "alerts.db" in done.err
    assert service.run("once", DATABASE_URL="sqlite:////nowhere/at/all.db").code == 3


def test_a_newer_database_is_refused_with_a_sentence(service: Service) -> None:
    service.configure(ANA)
    assert service.run("migrate").code == 0
    database = sqlite3.connect(service.folder / "alerts.db")
    with database:
        database.execute("UPDATE alembic_version SET version_num = 'ffff'")
    database.close()
    done = service.run("once")
    assert done.code == 3
    assert "newer" in done.err
