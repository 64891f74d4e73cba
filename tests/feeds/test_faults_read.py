"""Faults of documents that are read all the same: the news in them is told, whole and harmless."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from publisher import DAY, PEOPLE, Service, Site, document, fresh
from scripted import Answer, Raw, reply

OPEN = "<rss version='2.0'><channel><title>News</title>"
CLOSE = "</channel></rss>"


def rss(*items: str, before: str = "") -> str:
    return before + OPEN + "".join(f"<item>{item}</item>" for item in items) + CLOSE


def item(title: str = "ICE raid", more: str = "") -> str:
    return f"<title>{title}</title><link>https://n.example/raid</link>{more}"


def typed(body: str | bytes, content_type: str = "application/rss+xml") -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    return reply(200, data, {"Content-Type": content_type})


PLAIN = rss(item("ICE raid on Café Ñandú"))
DECLARED = '<?xml version="1.0" encoding="{}"?>'
BIG = rss(
    *(f"<guid>{n}</guid><description>{'word ' * 30_000}</description>" for n in range(6)), item()
)

#: The number of the fault, what is said, words that stand in the title that is told.
READ: dict[str, tuple[int, Answer, str]] = {
    "no length, closed": (11, Raw(b"HTTP/1.1 200 OK\r\n\r\n" + PLAIN.encode()), "Café Ñandú"),
    "labelled gzip and plain": (13, fresh({"Content-Encoding": "gzip"}, PLAIN.encode()), "Café"),
    "gzip without a label": (14, fresh({}, gzip.compress(PLAIN.encode())), "Café Ñandú"),
    "as plain text": (33, typed(PLAIN, "text/plain"), "Café Ñandú"),
    "as bytes": (33, typed(PLAIN, "application/octet-stream"), "Café Ñandú"),
    "as a web page": (33, typed(PLAIN, "text/html"), "Café Ñandú"),
    "text/xml without a charset": (34, typed(PLAIN, "text/xml"), "Café Ñandú"),
    "text/xml with a wrong charset": (34, typed(PLAIN, "text/xml; charset=us-ascii"), "Café Ñandú"),
    "cp1252 declared as UTF-8": (
        35,
        typed((DECLARED.format("utf-8") + PLAIN).encode("cp1252")),
        "Café Ñandú",
    ),
    "a mark": (36, typed(b"\xef\xbb\xbf" + PLAIN.encode()), "Café Ñandú"),
    "two marks": (36, typed(b"\xef\xbb\xbf" * 2 + PLAIN.encode()), "Café Ñandú"),
    "blanks first": (36, typed("\n \t" + DECLARED.format("utf-8") + PLAIN), "Café Ñandú"),
    "UTF-16": (36, typed((DECLARED.format("utf-16") + PLAIN).encode("utf-16")), "Café Ñandú"),
    "control characters": (37, typed(rss(item("I\x0bCE\0 ra\x01id"))), "ICE raid"),
    "references to them": (37, typed(rss(item("ICE&#0; ra&#11;id&#xD800;"))), "ICE raid"),
    "a zero width space": (38, typed(rss(item("I\u200bC\u200dE raid"))), "raid"),
    "directions": (38, typed(rss(item("\u202eICE\u202c raid\u2066"))), "raid"),
    "wide letters": (38, typed(rss(item("\uff29\uff23\uff25 raid"))), "raid"),
    "bare ampersands": (39, typed(rss(item("ICE: Q&A at AT&T"))), "ICE: Q&A at AT&T"),
    "a bare smaller-than": (39, typed(rss(item("ICE < 3 raids"))), "ICE"),
    "escaped twice stays once": (39, typed(rss(item("ICE &amp;amp; Co"))), "ICE & Co"),
    "undefined entities": (40, typed(rss(item("ICE&nbsp;raid &eacute;"))), "é"),
    "a warning before it": (
        41,
        typed("<br />\n<b>Warning</b>: mysql_connect() in /a.php\n" + PLAIN),
        "Café",
    ),
    "junk after it": (41, typed(PLAIN + "<!-- cached --> <script>x</script>\0"), "Café"),
    "it ends within an entry": (42, typed(PLAIN[: -len(CLOSE)] + "<item><title>IC"), "Café"),
    "a megabyte": (46, typed(BIG), "ICE raid"),
    "no name of its own": (51, typed(rss("<title>ICE raid</title>", "", "<x/>")), "ICE raid"),
    "text and nothing else": (
        51,
        typed(rss("<description>ICE raid tonight</description>")),
        "ICE raid",
    ),
    "an unnamed Atom entry": (
        51,
        typed(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>ICE raid</title></entry></feed>"
        ),
        "ICE raid",
    ),
    "a link that is a program": (
        52,
        typed(rss("<title>ICE raid</title><link>javascript:alert(1)</link>")),
        "ICE raid",
    ),
    "a link that is data": (
        52,
        typed(rss("<title>ICE raid</title><link>data:text/html,x</link>")),
        "ICE raid",
    ),
    "a link that is a file": (
        52,
        typed(rss("<title>ICE raid</title><link>file:///x</link>")),
        "ICE raid",
    ),
    "a program in a title": (
        53,
        typed(rss(item("ICE raid&lt;script>alert(1)&lt;/script>&lt;img src=x onerror=alert(1)>"))),
        "ICE raid",
    ),
    "a header in a title": (54, typed(rss(item("ICE raid\r\nBcc: all@n.example\r\n"))), "ICE raid"),
    "a ping in a title": (55, typed(rss(item("ICE &lt;!channel> @everyone [x](javascript:1)"))), "ICE"),
    "no date": (56, typed(PLAIN), "Café"),
    "a date to come": (56, typed(rss(item(more="<pubDate>1 Jan 2099</pubDate>"))), "ICE raid"),
    "the first date of all": (
        56,
        typed(rss(item(more="<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"))),
        "ICE raid",
    ),
    "a date before all": (
        56,
        typed(rss(item(more="<pubDate>Mon, 01 Jan -0001 00:00:00 +0000</pubDate>"))),
        "ICE raid",
    ),
    "a date that is none": (56, typed(rss(item(more="<pubDate>banana</pubDate>"))), "ICE raid"),
    "JSON Feed": (
        60,
        typed(json.dumps({"items": [{"id": 1, "title": "ICE raid"}]}), "application/feed+json"),
        "ICE raid",
    ),
    "it is cut without a length": (
        11,
        Raw(b"HTTP/1.1 200 OK\r\n\r\n" + PLAIN[:-30].encode() + b"<item><title>x"),
        "Café",
    ),
}  # fmt: skip
CASES = [pytest.param(name, marks=pytest.mark.fault(READ[name][0])) for name in READ]
CUT = ("it ends within an entry", "it is cut without a length")

ROOM = PEOPLE + "  - {name: Room, slack: '${ROOM}', rules: [ice], when: right away}\n"


def begun(service: Service, answer: Answer) -> Site:
    """Start with a feed that was read well, and says `answer` from now on."""
    site = service.site(fresh({"ETag": '"1"'}))
    service.start(site)
    service.poll()
    site.answer = lambda _: answer
    return site


def told(service: Service) -> list[Any]:
    """Return the mails to Ana, after what is due went out."""
    service.clock.advance(600)
    service.run()
    service.clock.advance(600)
    service.run()
    return service.mails("ana@")


@pytest.mark.parametrize("name", CASES)
def test_news_in_a_faulty_document_is_told_once(service: Service, name: str):
    _, answer, words = READ[name]
    begun(service, answer)
    service.poll()
    shown = service.feeds()[0]
    assert shown["error"] == ("truncated" if name in CUT else None)
    assert shown["alerts_30d"] == 1
    (mail,) = told(service)
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    assert words in text
    assert not {"Bcc", "Cc"} & set(mail.keys())
    for harm in ("<script", "onerror=", "javascript:", "file:///", "data:text", "\x0b", "\0"):
        assert harm not in page.replace("[x](javascript:1)", "")
    service.poll(2)
    assert service.feeds()[0]["alerts_30d"] == 1


@pytest.mark.fault(11, 42)
@pytest.mark.parametrize("name", CUT)
def test_a_document_that_breaks_off_is_asked_for_anew_and_loses_nothing(
    service: Service, name: str
):
    site = begun(service, READ[name][1])
    service.poll()
    site.answer = lambda _: fresh({"ETag": '"2"'}, document("ICE again", "Council meets"))
    service.poll()
    assert site.asked[-1].conditions == (None, None)
    assert (service.feeds()[0]["state"], service.feeds()[0]["alerts_30d"]) == ("ok", 2)


@pytest.mark.fault(47)
def test_a_title_of_a_megabyte_is_judged_whole_and_told_short(service: Service):
    begun(service, typed(rss(item("x " * 400_000 + "ICE raid"))))
    service.poll()
    assert service.feeds()[0]["alerts_30d"] == 1
    (mail,) = told(service)
    assert len(mail.as_bytes()) < 60_000


@pytest.mark.fault(48)
def test_two_articles_under_one_guid_are_both_told(service: Service):
    both = [
        f"<title>ICE {word}</title><link>https://n.example/{word}</link><guid>1</guid>"
        for word in ("raid", "protest")
    ]
    begun(service, typed(rss(*both)))
    service.poll(3)
    assert service.feeds()[0]["alerts_30d"] == 2


@pytest.mark.fault(55)
def test_a_room_is_not_pinged_by_a_title(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROOM", "https://hooks.slack.com/services/T0/B0/x")
    site = service.site(fresh({"ETag": '"1"'}))
    service.start(site, people=ROOM)
    service.poll()
    site.answer = lambda _: typed(rss(item("ICE &lt;!channel> &lt;@U1> @everyone @here")))
    service.poll()
    service.clock.advance(600)
    service.run()
    posts = [
        tried.payload for tried in service.transport.accepted.values() if b"blocks" in tried.payload
    ]
    assert posts
    for post in posts:
        assert b"<!channel>" not in post
        assert b"<@U1>" not in post


@pytest.mark.fault(62)
def test_a_server_that_knows_no_conditions_costs_no_second_reading(
    service: Service, monkeypatch: pytest.MonkeyPatch
):
    site = begun(service, fresh({"ETag": '"2"'}))
    service.poll()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("alerts.feeds.parse.parse", refuse)
    site.answer = lambda _: fresh({"ETag": '"3"'})
    service.poll(2)
    assert service.feeds()[0]["state"] == "ok"
    assert site.asked[-1].conditions[0] == '"3"'


@pytest.mark.fault(61)
def test_a_new_document_under_an_old_etag_is_read(service: Service):
    site = begun(service, fresh({"ETag": '"1"'}, document("ICE raid")))
    service.poll()
    assert service.feeds()[0]["alerts_30d"] == 1
    for n in range(3):
        site.answer = lambda _, n=n: fresh({"ETag": f'"{n}"'}, document("ICE raid"))
        service.poll()
        assert service.feeds()[0]["alerts_30d"] == 1


@pytest.mark.fault(63)
def test_an_address_with_a_new_session_at_each_request_is_not_adopted(service: Service):
    site = service.site(fresh())

    def script(seen: Any) -> bytes:
        if "sid" in seen.path:
            return fresh({"Set-Cookie": "sid=2"})
        return reply(302, headers={"Location": f"/feed?sid={len(site.asked)}"})

    site.answer = script
    service.start(site)
    service.run_for(2 * DAY, step=3_600)
    assert service.feeds()[0]["moved_to"] is None
    assert {one.path for one in site.asked[::2]} == {"/feed"}
    assert not any(one.seen.header("cookie") for one in site.asked)
