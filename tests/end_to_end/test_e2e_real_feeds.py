"""Twenty real feed files, served locally, give the digests that another reader of them expects."""

from __future__ import annotations

import csv
import html
import re
import tarfile
import unicodedata
from collections.abc import Iterator

import feedparser

from tests import needs
from tests.end_to_end.service import ANA, HOOK, Service

COUNT = 20
RULES = """\
rules:
  word: {any: [new, how, =data], in: [title]}
"""
WORD = re.compile(r"\b(new(['’]?s)?|how(['’]?s)?|(?-i:data))\b(?!['’]s)", re.IGNORECASE)


def _real_feeds() -> Iterator[tuple[str, bytes]]:
    """Yield name and body of real feeds with some entries, the same ones each time."""
    with needs.shared("feeds_manifest_dev.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines, delimiter="\t") if r["origin"] == "real"]
    usable = [row for row in rows if int(row["fp_entries"] or 0) >= 5]
    chosen = sorted(usable, key=lambda row: row["sha256_16"])[:COUNT]
    with tarfile.open(needs.shared("feeds_dev.tar.gz")) as archive:
        for row in chosen:
            file = archive.extractfile(f"feeds_dev/{row['file']}")
            assert file is not None
            yield row["file"], file.read()


def _readable(title: str) -> str:
    text = html.unescape(re.sub(r"<[^>]*>", "", title))
    return unicodedata.normalize("NFKC", html.unescape(text))


def _key(title: str) -> str:
    return "".join(re.findall(r"\w+", _readable(title).casefold()))


def test_twenty_real_feeds_give_the_right_digests_once(service: Service) -> None:
    expected: set[str] = set()
    urls = {}
    cut_short = 0  # documents that break off in the middle: their entries count all the same
    for number, (_, body) in enumerate(_real_feeds()):
        cut_short += not body.rstrip().endswith(b">")
        name = f"Feed {number}"
        urls[name] = service.feeds.put(f"/{number}", body, "text/xml")
        found = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
        titles = [entry.get("title", "") for entry in found.entries]
        expected |= {_key(title) for title in titles if WORD.search(_readable(title))}
    assert len(expected) > 20
    service.configure(
        *(who.replace("[ice, sanctuary", "[word").replace(", madison", "") for who in (ANA, HOOK)),
        feeds=urls, rules=RULES, look_back="20000d",
    )  # fmt: skip
    done = service.once()
    assert (done["polled"], done["failed"]) == (COUNT, cut_short)
    posts = [post.json()["data"] for post in service.rooms.accepted("/hook")]
    told = [_key(article["title"]) for post in posts for article in post["articles"]]
    assert set(told) == expected
    assert sorted(post["part"] for post in posts) == list(range(1, len(posts) + 1))
    mails = service.mails()
    assert mails
    assert not [d for mail in mails for part in mail.message.walk() for d in part.defects]
    text = _key(" ".join(mail.part("plain") for mail in mails))
    assert [title for title in expected if title not in text] == []
    second = service.once()
    assert (second["new"], second["alerts"], second["delivered"]) == (0, 0, 0)
