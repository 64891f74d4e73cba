"""An urgent story by the real commands: at once by mail and in a room, one line in the digest."""

from __future__ import annotations

from tests.end_to_end.service import Service, item

RULES = """\
rules:
  ice:
    title: ICE
    any: [ICE]
    urgent: {query: ICE NEAR/8 raid, newer_than: 6h, note: Call 555-0142.}
"""
ANA = "  - {name: Ana, email: ana@example.org, rules: [ice], urgent: always}\n"
ROOM = '  - {name: Room, slack: "${SLACK_URL}", rules: [ice], mention: here}\n'
RAID = item("ICE raid at a market, witnesses say", "raid", "Vests of ICE at the raid.", 0.2)
OFFICE = item("ICE opens an office", "office", "", 0.1)


def test_an_urgent_story_comes_at_once_and_is_one_line_in_the_digest(service: Service) -> None:
    service.configure(ANA, ROOM, rules=RULES)
    service.publish(RAID, OFFICE)
    assert service.run("once", "--force").code == 0
    [mail] = service.mails()
    assert mail.message["Subject"] == f"URGENT: {RAID.title}"
    assert "ONE OUTLET SO FAR." in mail.part("plain")
    assert "Call 555-0142." in mail.part("html")
    [room] = service.rooms.accepted("/services/T0/B0/room")
    assert room.json()["blocks"][0]["text"]["text"].startswith("<!here> *URGENT*")
    counters = service.once()
    assert counters["delivered"] == 2
    [digest] = service.mails()
    assert digest.message["Subject"] == OFFICE.title
    assert RAID.title not in digest.part("plain").partition("ALREADY SENT")[0]
