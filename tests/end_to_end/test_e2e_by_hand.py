"""Claims about what an admin mends by hand, with the real command and real servers."""

from __future__ import annotations

import shlex

from alerts.demo.servers import Answer
from tests.end_to_end.service import ANA, HOOK, Service, item


def test_a_refused_mail_is_lifted_retried_and_arrives_with_its_first_message_id(service: Service):
    service.configure(ANA)
    service.publish(item("ICE agents seen in Madison, Wisconsin", "one"))
    service.mail.script("rcpt", "550 5.1.1 no such mailbox")
    service.once()
    (failed,) = [row for row in service.deliveries("--failed") if row["subscriber"] == "ana-flores"]
    said = service.run("deliveries", "retry", "--all", "--json").json
    assert said["due"] == []
    (skipped,) = [one for one in said["skipped"] if one["id"] == failed["id"]]
    assert service.run(*shlex.split(skipped["lift"])[1:]).code == 0
    assert failed["id"] in service.run("deliveries", "retry", failed["id"], "--json").json["due"]
    service.once()
    (mail,) = service.mail.to("ana@example.org")
    assert mail.message["Message-ID"].startswith(f"<{failed['id']}@")
    (row,) = [row for row in service.deliveries("--failed") if row["id"] == failed["id"]]
    assert (row["state"], row["code"]) == ("delivered", "550 5.1.1")


def test_a_webhook_that_is_gone_gets_what_it_missed_once_it_is_resumed(service: Service):
    service.configure(HOOK)
    service.publish(item("ICE agents seen in Madison, Wisconsin", "one"))
    service.rooms.script("/hook", Answer(410, b"gone"))
    service.once()
    (row,) = [r for r in service.run("destinations", "--json").json if r["kind"] == "webhook"]
    assert row["state"] == "gone"
    assert service.run(*shlex.split(row["lift"])[1:]).code == 0
    assert len(service.run("deliveries", "retry", "--all", "--json").json["due"]) == 1
    service.once()
    first, second = service.rooms.requests_to("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
