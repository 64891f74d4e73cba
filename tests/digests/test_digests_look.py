"""How a mail looks: contrast of every text in both modes, sizes, and a phone's first screen."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from digest_cases import ANA, MORNING, alert, brief, morning
from needs import program

from alerts.digests.notes import Link, Note, rendered
from alerts.digests.render import MailContext, Renderer
from alerts.model import FeedHealth

CONTEXT = MailContext(
    "ana@example.org",
    "webdesk@newsroom.example",
    "Madison Immigration Alerts",
    "https://a.example/u/T",
)
RENDERER = Renderer()
VOID = frozenset({"meta", "br", "hr"})


def page(name: str = "morning") -> str:
    late = replace(
        alert(8, "A LATE STORY IN CAPITALS", "23 7:00", summary="Words of it."), late=True
    )
    late = replace(late, matches=(replace(late.matches[0], caps_only=True),))
    endless = alert(1, "t" * 400, "24 7:00", summary="s" * 400, outlet="o" * 120)
    many = [alert(n, f"Story {n}", "24 7:00", summary="Words of ICE.") for n in range(1, 31)]
    if name in ("note", "endless note"):
        title = "A headline" if name == "note" else "t" * 400
        headline = Link(title, "https://a.example/x", "Radio, 6:12 am")
        foot = ("Why.", Link("Stop", "https://a.example/u/T"))
        note = Note("A subject", ("Two lines\nof words.", headline), foot)
        return rendered(note, "email", "ab" * 16, 1_795_527_000.0).html
    digests = {
        "morning": morning([*MORNING, late]),
        "lines": morning(many, subscriber=brief()),
        "arabic": morning([alert(1, "اعتقال رجلين أمام سوق ICE", "24 7:00")]),
        "endless": morning([endless], missing=[FeedHealth("l" * 120)]),
        "spanish": morning(subscriber=replace(ANA, language="es")),
    }
    return RENDERER.mails(digests[name], CONTEXT)[0].html


@dataclass(frozen=True)
class Look:
    """What a text has on it: its colour, the ground under it, its size."""

    colour: str
    ground: str
    size: int


class Painted(HTMLParser):
    """Finds the look of each visible text, by inline styles and, in dark mode, by the sheet."""

    def __init__(self, html: str, sheet: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.rules: dict[str, dict[str, str]] = {}
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
            for selector in selectors.split(","):
                self.rules.setdefault(selector.strip(), {}).update(declarations(body))
        self.open: list[tuple[str, Look | None]] = [("", Look("#000000", "#ffffff", 16))]
        self.seen: list[tuple[str, Look]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        values = {name: value or "" for name, value in attrs}
        styles = declarations(values.get("style", ""))
        for selector in (tag, *(f".{name}" for name in values.get("class", "").split())):
            styles |= self.rules.get(selector, {})
        outer = self.open[-1][1]
        hidden = outer is None or tag in ("head", "style") or styles.get("display") == "none"
        self.open.append((tag, None if hidden else self.look(outer, styles)))

    @staticmethod
    def look(outer: Look, styles: dict[str, str]) -> Look:
        colour, ground = (
            styles.get("color", "inherit"),
            styles.get("background-color", "transparent"),
        )
        return Look(
            outer.colour if colour == "inherit" else colour,
            outer.ground if ground == "transparent" else ground,
            int(styles.get("font-size", f"{outer.size}px").removesuffix("px")),
        )

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and (look := self.open[-1][1]) is not None:
            self.seen.append((data.strip(), look))


def declarations(style: str) -> dict[str, str]:
    pairs = (pair.partition(":")[::2] for pair in style.split(";") if ":" in pair)
    return {name.strip(): value.replace("!important", "").strip() for name, value in pairs}


def luminance(colour: str) -> float:
    assert re.fullmatch(r"#[0-9a-f]{6}", colour), colour
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def dark_sheet(html: str) -> str:
    return re.search(r"scheme: dark\) \{(.*?)\n\}", html, re.DOTALL)[1]


def test_contrast_is_reckoned_as_the_standard_says():
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["morning", "lines", "spanish", "note"])
def test_every_text_can_be_read_in_light_and_dark(name, mode):
    html = page(name)
    seen = Painted(html, dark_sheet(html) if mode == "dark" else "").seen
    assert len(seen) > (5 if name == "note" else 30)
    for text, look in seen:
        assert contrast(look.colour, look.ground) >= 4.5, (text, look)
        assert look.size >= 14, (text, look)
    assert all((luminance(look.ground) < 0.2) == (mode == "dark") for _, look in seen)


def test_grounds_and_inks_are_neither_pure_black_nor_pure_white():
    html = page()
    for sheet in ("", dark_sheet(html)):
        looks = [look for _, look in Painted(html, sheet).seen]
        assert not {"#000000", "#ffffff"} & {
            c for look in looks for c in (look.colour, look.ground)
        }


_MEASURE = """<script>
addEventListener("load", () => {
  const ends = (what) => Math.round(document.querySelector(what)?.getBoundingClientRect().bottom ?? 0);
  const touched = [...document.querySelectorAll("h3 a, .tap a")];
  const told = [
    ["count", ends("h1")], ["incomplete", ends(".box")], ["headline", ends("h3")],
    ["touch", Math.min(...touched.map((a) => Math.round(a.getBoundingClientRect().height)))],
    ["right", getComputedStyle(document.querySelector("h3") ?? document.body).direction === "rtl" ? 1 : 0],
    ["wide", document.documentElement.scrollWidth],
  ];
  parent.document.title = JSON.stringify(Object.fromEntries(told));
});
</script>"""


def test_a_headline_from_right_to_left_is_set_so_and_stands_at_the_right(tmp_path):
    browser = program("chromium")
    told = measured(str(browser), page("arabic"), tmp_path)
    assert told["right"] == 1
    assert measured(str(browser), page(), tmp_path)["right"] == 0
    assert "text-align:start" in re.search(r"<h3[^>]*>", page("arabic"))[0]


@pytest.mark.parametrize("name", ["endless", "endless note"])
def test_a_word_without_end_does_not_widen_the_page(name, tmp_path):
    browser = program("chromium")
    assert measured(str(browser), page(name), tmp_path)["wide"] <= 360


@pytest.mark.parametrize("name", ["morning", "spanish"])
def test_a_phones_first_screen_shows_count_what_is_missing_and_the_first_headline(name, tmp_path):
    browser = program("chromium")
    told = measured(str(browser), page(name), tmp_path)
    assert told["count"] < told["incomplete"] < told["headline"] <= 640
    assert told["touch"] >= 44
    assert told["wide"] <= 360


def measured(browser: str, html: str, folder: Path) -> dict[str, int]:
    """Lay the page out in a frame of 360 x 640 and return where things end."""
    inner = escape(html.replace("</head>", f"{_MEASURE}</head>"))
    frame = f'<title></title><iframe style="width:360px;height:640px;border:0" srcdoc="{inner}">'
    (folder / "mail.html").write_text(frame, encoding="utf-8")
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *(
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--disable-sync",
                "--hide-scrollbars",
                f"--user-data-dir={folder / 'profile'}",
            ),
            *("--dump-dom", (folder / "mail.html").as_uri()),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(re.search(r"<title>(\{.*?\})</title>", done.stdout)[1])
