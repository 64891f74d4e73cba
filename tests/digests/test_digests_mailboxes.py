"""The HTML of a mail as judges from elsewhere see it: html-validate, and caniemail's tables.

Both come from npm; what they find and is harmless is listed here with the reason.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from digest_cases import ANA, HOSTILE, MORNING, alert, morning
from needs import node_package

from alerts.digests.notes import Link, Note, rendered
from alerts.digests.render import MailContext, Renderer

CONTEXT = MailContext(
    "ana@example.org", "webdesk@newsroom.example", "News", "https://a.example/u/T"
)
RENDERER = Renderer()

#: Rules of html-validate that mail cannot keep.
NOT_FOR_MAIL = {
    "no-inline-style": "off",  # several mailboxes drop style sheets
    "no-deprecated-attr": "off",  # Outlook for Windows lays out by them
    "prefer-tbody": "off",
    "doctype-style": ["error", {"style": "lowercase"}],
}

#: What some mailbox cannot do -> why no reader misses it.
HARMLESS = {
    "@media": "dark mode, touch heights on phones and print are extras",
    "<style> element": "holds nothing but those",
    "display:none": "the hidden line is of the ground's colour, too, and has no height",
    "overflow": "of the same line",
    "height property": "of the same line",
    "overflow-wrap": "word-break does the same",
    "word-break": "overflow-wrap does the same",
    "text-decoration-color": "the underline has the text's colour",
    "text-decoration-thickness": "the underline is a little thicker",
    "text-underline-offset": "the underline is a little nearer",
    "transform": "it is text-transform, which caniemail takes for transform",
    "<bdi> element": "a headline has a paragraph of its own with dir=auto",
    "<body> element": "the outer table has the ground, too",
    "Local anchors": "the line of topics says how many there are all the same",
}
MAILBOXES = ["gmail.*", "outlook.windows", "apple-mail.*", "yahoo.*"]

_CANIEMAIL = """
import { caniemail } from "caniemail";
import { readFileSync } from "node:fs";
const { clients, html } = JSON.parse(readFileSync(0, "utf8"));
const found = caniemail({ clients, html }).issues.errors;
const titles = [...found].flatMap(([client, issues]) => issues.map((i) => [client, i.title]));
console.log(JSON.stringify(titles));
"""


PAGES = ("morning", "spanish", "one story", "nothing", "many", "strange", "note")


@cache
def page(name: str) -> str:
    """Mails of every sort: a plain morning, in Spanish, in parts, from right to left, hostile."""
    if name == "note":
        blocks = (
            "Two lines\nof words.",
            Link("A headline", "https://a.example/x", "Radio, 6:12 am"),
        )
        note = Note("A subject", blocks, (Link("Stop", "https://a.example/u/T"),))
        return rendered(note, "email", "ab" * 16, 1_795_527_000.0).html
    many = [alert(n, f"Story {n}", "24 7:00", summary="ICE " * 50) for n in range(1, 501)]
    titles = (*HOSTILE, "עצורים מחוץ לשוק", "حملة في ماديسون")
    strange = [
        alert(
            n, title, "24 7:00", summary=f"ICE {title}", outlet=title[:90], link="https://x.example"
        )
        for n, title in enumerate(titles, 1)
    ]
    digests = {
        "morning": morning,
        "spanish": lambda: morning(subscriber=replace(ANA, language="es")),
        "one story": lambda: morning(MORNING[:1], sources=0, missing=[]),
        "nothing": lambda: morning([]),
        "many": lambda: morning(many),
        "strange": lambda: morning(strange),
    }
    return RENDERER.mails(digests[name](), CONTEXT)[-1].html


def findings(html: str, folder: Path) -> list[tuple[int, str, str]]:
    """What html-validate says: line, rule, words."""
    node = node_package("html-validate")
    rules = {"root": True, "extends": ["html-validate:recommended"], "rules": NOT_FOR_MAIL}
    (folder / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
    (folder / "mail.html").write_text(html, encoding="utf-8")
    done = subprocess.run(
        [
            *(node / "node_modules/.bin/html-validate", "--config", folder / "rules.json"),
            *("--formatter", "json", folder / "mail.html"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    found = [message for file in json.loads(done.stdout) for message in file["messages"]]
    return [(m["line"], m["ruleId"], m["message"]) for m in found]


@pytest.mark.parametrize("name", PAGES)
def test_html_validate_finds_nothing(name, tmp_path):
    node_package("html-validate")
    assert findings(page(name), tmp_path) == []


def test_html_validate_finds_a_heading_that_is_not_closed(tmp_path):
    node_package("html-validate")
    broken = page("morning").replace("</h1>", "", 1)
    assert "close-order" in {rule for _, rule, _ in findings(broken, tmp_path)}


def judged(html: str) -> set[tuple[str, str]]:
    """Mailbox and feature that it does not know."""
    folder = node_package("caniemail")
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", _CANIEMAIL],
        cwd=folder,
        input=json.dumps({"clients": MAILBOXES, "html": html}),
        check=True,
        capture_output=True,
        text=True,
    )
    return {(client, title) for client, title in json.loads(done.stdout)}


def test_no_mailbox_misses_anything_that_matters():
    missed = judged(page("morning")) | judged(page("note"))
    assert {(client, title) for client, title in missed if title not in HARMLESS} == set()
    assert {title for _, title in missed} == HARMLESS.keys()  # none is listed for nothing


def test_caniemail_finds_what_a_mailbox_cannot_show():
    assert "outlook.windows" in {client for client, _ in judged('<p style="display:flex">a</p>')}
