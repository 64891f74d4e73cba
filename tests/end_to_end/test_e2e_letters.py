"""What is no digest, by the real commands: a welcome in both languages, and a mail that comes late."""

from __future__ import annotations

import sqlite3

from tests import needs
from tests.end_to_end.service import Service, item

PEOPLE = (
    "  - {name: Ana, email: ana@example.org, rules: [ice], welcome: true}\n",
    "  - {name: Luz, email: luz@example.org, rules: [ice], welcome: true, language: es}\n",
    '  - {name: Room, slack: "${SLACK_URL}", rules: [ice], welcome: true}\n',
)
OLD = item("ICE agents wait outside the courthouse in Madison, Wisconsin", "courthouse", "", 40)
NEW = item("ICE releases one of two men", "released", "", 0.2)


def test_who_is_new_is_welcomed_once_in_their_language(service: Service) -> None:
    service.configure(*PEOPLE)
    service.publish(OLD)
    for _ in range(2):
        assert service.run("once", "--force").code == 0
    [ana] = service.mail.to("ana@example.org")
    assert ana.message["Subject"] == "You will get news about ICE"
    assert "editor@example.org added you." in " ".join(ana.part("plain").split())
    assert OLD.title in " ".join(ana.part("plain").split())
    assert OLD.title in ana.part("html")
    [luz] = service.mail.to("luz@example.org")
    assert luz.message["Subject"] == "Recibirá noticias sobre ICE"
    assert "(en inglés)" in luz.part("plain")
    assert "no es una línea de emergencia" in " ".join(luz.part("plain").split())
    [room] = service.rooms.accepted("/services/T0/B0/room")
    assert "What comes here: news about ICE, daily at 7:30 am." in room.json()["text"]


def test_a_mail_that_waited_for_its_server_says_so_first(service: Service) -> None:
    service.configure()
    service.publish(NEW)
    dead = f"smtp://127.0.0.1:{needs.free_port()}?tls=none"
    assert service.once(SMTP_URL=dead)["delayed"] == 1
    with sqlite3.connect(service.folder / "alerts.db") as database:  # five hours pass
        database.execute("UPDATE delivery SET created_at = created_at - 18000")
    database.close()
    assert service.once()["delivered"] == 1
    [mail] = service.mails()
    first = " ".join(mail.part("plain").split())
    assert first.startswith("This story is late: our mail server did not answer from ")
    assert "Nothing is missing. 1 story" in first
    assert "This story is late" in mail.part("html")
