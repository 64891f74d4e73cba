"""`alerts feeds check`: what happens when one feed is asked now, step by step, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from alerts import config, links, settings
from alerts.cli import asking
from alerts.cli.asking import Asker
from alerts.cli.feeds_fulltext import fulltext_lines
from alerts.cli.groups import Before
from alerts.cli.lines import Level, Line, counted, is_wrong, span, write_lines
from alerts.cli.options import config_option, json_option
from alerts.cli.reading import address, opened
from alerts.clock import iso
from alerts.config import nearest
from alerts.errors import StoreError, UsageError
from alerts.feeds import identity, interval
from alerts.feeds.items import Item
from alerts.feeds.trial import Trial
from alerts.model import Config, Entry, Feed, FetchedBody, FetchFailure, ParsedFeed
from alerts.netguard import Answer, Handshake, NetError, handshake
from alerts.pipeline import quarantine
from alerts.pipeline.record import decide
from alerts.settings import Settings
from alerts.store import feeds as feed_rows
from alerts.store import feeds_by_hand
from alerts.text import line as safe
from alerts.text import shown

_SHOWN = 5
_TITLE_CHARS = 100
_HEADER_CHARS = 300
_SOON_S = 14 * 86_400.0  # a certificate that ends within this time may end unnoticed

#: Headers that say how a feed may be polled.
_TELLING = (
    "content-type", "etag", "last-modified", "cache-control", "expires", "retry-after", "date",
)  # fmt: skip

_FORMATS = {
    "rss": "RSS", "rss090": "RSS 0.90", "rss091n": "RSS 0.91", "rss091u": "RSS 0.91",
    "rss092": "RSS 0.92", "rss093": "RSS 0.93", "rss094": "RSS 0.94", "rss10": "RSS 1.0 (RDF)",
    "rss20": "RSS 2.0", "atom": "Atom", "atom01": "Atom 0.1", "atom02": "Atom 0.2",
    "atom03": "Atom 0.3", "atom10": "Atom 1.0", "cdf": "CDF", "json": "JSON Feed",
}  # fmt: skip


@dataclass(frozen=True)
class _Stored:
    """What the database says of the feed, and what of the document it does not know."""

    row: Row[Any] | None
    decision: identity.Decision | None = None
    held: int = 0  # of its new entries: they look like old stories under new names


@click.command("check")
@click.argument("feed", metavar="URL|NAME")
@json_option
@config_option
@click.pass_obj
def check(before: Before, *, feed: str, as_json: bool, path: Path | None) -> None:
    """Ask a feed now and say what happens, step by step. Changes nothing and needs no database.

    Exit code 1 if it cannot be read.

    \b
    Examples:
      alerts feeds check https://example.org/feed.xml
      alerts feeds check "Dane County Courier" --json
    """
    env = settings.load(path or before.path)
    wanted = _meant(env, feed)
    lines = list(_steps(env, wanted))
    write_lines(lines, as_json=as_json or before.as_json)
    raise click.exceptions.Exit(1 if is_wrong(lines) else 0)


def _meant(env: Settings, text: str) -> Feed:
    """Return the configured feed of that name or address, or any address as a feed."""
    found = _configured(env)
    feeds = found.feeds if found is not None else ()
    wanted = text.strip().casefold()
    for feed in feeds:
        if wanted in (feed.url.casefold(), (feed.name or "").casefold()):
            return feed
    if "." in text or "://" in text:
        url = address(text)
        return next((feed for feed in feeds if feed.url == url), Feed(url))
    near = nearest(text, [feed.name or feed.url for feed in feeds])
    hint = f'Did you mean "{near}"?' if near else "Write its address: https://…"
    raise UsageError(f'There is no feed "{text}".', hint=hint)


def _configured(env: Settings) -> Config | None:
    """Return the configuration as the file has it; None if there is none that can be used."""
    if not env.config.exists():
        return None
    loaded = config.load(env.config, env.environment, allow_unset=True, with_examples=False)
    return loaded.config


# --- the steps ---------------------------------------------------------------------------------


def _steps(env: Settings, feed: Feed) -> Iterator[Line]:
    """Yield what happens, in order; the first that goes wrong is the last."""
    asker = Asker(env)
    facts = {"url": feed.url, "name": feed.name}
    yield Line("address", "ok", f"{feed.name}: {feed.url}" if feed.name else feed.url, facts=facts)
    held = _held(env, feed, asker.clock.now())
    if held:
        yield held
        return
    try:
        met = handshake(
            asker.guard,
            feed.url,
            purpose="feed",
            deadline_s=asking.DEADLINE_S,
            clock=asker.clock,
            ca_file=feed.ca_file,
        )
    except NetError as error:
        facts = {"error": error.kind}
        yield Line("connection", "wrong", error.message, error.hint, facts)
        return
    yield _connection(met, asker.clock.now())
    found = asker.ask(feed)
    yield from _answers(found)
    if isinstance(found.outcome, FetchFailure):
        yield from _failed(found, found.outcome)
    else:
        yield from _read(found, found.outcome, asker.clock.now())
    stored = _stored(env, feed, found.outcome, asker.clock.now())
    if isinstance(found.outcome, ParsedFeed):
        yield _new(feed, found.outcome, stored, asker.clock.now())
        if feed.fulltext:
            yield from fulltext_lines(asker, feed, found.outcome)
    yield _next_poll(env, feed, found, stored, asker.clock.now())


def _held(env: Settings, feed: Feed, now: float) -> Line | None:
    """Say that the server asked us to wait, if it did: nothing is asked then."""
    until = None
    with suppress(StoreError), opened(env.database_url.reveal()) as connection:
        if connection is not None:
            key = links.host(feed.url)
            until = feeds_by_hand.told_to_wait_until(connection, feed.url, key, now)
    if until is None:
        return None
    told = f"Its server asked us to wait until {iso(until)}; nothing was asked now."
    return Line("answer", "wrong", told, "Try again after that.", {"hold_until": iso(until)})


def _connection(met: Handshake, now: float) -> Line:
    where = f"{met.address}, port {met.port}"
    facts = {
        "address": met.address,
        "port": met.port,
        "tls": met.tls or None,
        "certificate_until": iso(met.valid_until),
    }
    if not met.tls:
        return Line("connection", "ok", f"{where}, not encrypted", facts=facts)
    told = f"{where}, encrypted ({met.tls})"
    if met.valid_until is None:
        return Line("connection", "ok", told, facts=facts)
    left_s = met.valid_until - now
    told += f"; its certificate ends in {span(left_s)}"
    if left_s < _SOON_S:
        return Line("connection", "note", told, "Its owner has to renew it in time.", facts)
    return Line("connection", "ok", told, facts=facts)


def _answers(found: Trial) -> Iterator[Line]:
    if not found.answers:
        return
    *redirects, last = found.answers
    shown = [_answer(one) for one in redirects]
    more = tuple(f"{one.status} from {one.url} to {_header(one, 'location')}" for one in redirects)
    final = found.body
    hint = ""
    if final is not None and final.permanent_url:
        hint = f"It has moved for good: write {final.permanent_url} into subscribers.yaml."
    size = counted(len(last.body), "byte")
    told = f"{last.status}, {size}, {_header(last, 'content-type') or 'no type stated'}"
    is_good = final is not None
    facts = {"answers": [*shown, _answer(last)], "final_url": last.url}
    level: Level = "wrong" if not is_good else "note" if hint else "ok"
    yield Line("answer", level, told, hint, facts, more)
    if final is None:
        return
    kept = [name for name in ("etag", "last-modified") if last.headers.get(name)]
    if kept:
        told = f"{' and '.join(kept)}: an unchanged feed costs its server next to nothing"
        yield Line("validators", "ok", told)
    else:
        told = "no etag, no last-modified: every poll fetches the whole document"
        yield Line("validators", "note", told, "The site could mend that; nothing to do here.")


def _answer(one: Answer) -> dict[str, Any]:
    return {
        "status": one.status,
        "url": one.url,
        "bytes": len(one.body),
        "location": _header(one, "location") or None,
        "headers": {name: _header(one, name) for name in _TELLING if name in one.headers},
    }


def _header(one: Answer, name: str) -> str:
    """Return a header without what a terminal would take for a command."""
    return safe(one.headers.get(name, ""), _HEADER_CHARS)


def _failed(found: Trial, failure: FetchFailure) -> Iterator[Line]:
    text, hint = failure.text, failure.hint
    if asking.is_page(found):
        text, hint = asking.page_words(found)
    named = [{"url": f.url, "title": f.title, "type": f.kind} for f in found.named]
    yield Line("feed", "wrong", text, hint, {"error": failure.kind, "named": named})


# --- what the document holds -------------------------------------------------------------------


def _read(found: Trial, parsed: ParsedFeed, now: float) -> Iterator[Line]:
    name = _FORMATS.get(parsed.format, "a feed")
    title = shown(parsed.title)
    facts = {"format": parsed.format, "title": title, "lang": parsed.lang and safe(parsed.lang)}
    told = f'{name}, "{title}"' + (f", {facts['lang']}" if parsed.lang else "")
    if not parsed.complete:
        hint = "Ask the site to mend its feed if this goes on."
        yield Line("format", "wrong", f"{told}; it breaks off in the middle", hint, facts)
    else:
        yield Line("format", "ok", told, facts=facts)
    yield _entries(parsed, now)
    yield from _dates(parsed)
    yield _identity(parsed)


def _entries(parsed: ParsedFeed, now: float) -> Line:
    items = [_item(entry) for entry in parsed.entries]
    facts = {"count": len(items), "dropped": parsed.dropped, "items": items}
    if not items:
        told = "The feed is empty: it holds no article just now."
        return Line("entries", "note", told, "Open its site: does it publish here at all?", facts)
    told = counted(len(items), "article")
    if parsed.left_out:
        told += f", the newest of {len(items) + parsed.left_out}: no more are read"
    if parsed.dropped:
        told += f" and {parsed.dropped} with nothing in them"
    more = tuple(
        f"{_age(entry, now):<14} {shown(entry.title, _TITLE_CHARS) or '(no title)'}"
        for entry in parsed.entries[:_SHOWN]
    )
    rest = len(items) - _SHOWN
    return Line("entries", "ok", told, f"… and {rest} more" if rest > 0 else "", facts, more)


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "title": shown(entry.title),
        "link": safe(entry.link) if entry.link else None,
        "published": iso(entry.published_at),
        "guid": safe(entry.guid) if entry.guid else None,
    }


def _age(entry: Entry, now: float) -> str:
    return f"{span(now - entry.published_at)} ago" if entry.published_at is not None else "no date"


def _dates(parsed: ParsedFeed) -> Iterator[Line]:
    undated = sum(entry.published_at is None for entry in parsed.entries)
    odd = list(dict.fromkeys(safe(text) for text in parsed.odd_dates))[:_SHOWN]
    facts = {"undated": undated, "odd": odd}
    if parsed.odd_dates:
        told = f"{counted(len(parsed.odd_dates), 'date')} cannot be believed"
        told += ": " + ", ".join(f'"{text}"' for text in odd)
        hint = "Such an article counts as published when it was first seen."
        yield Line("dates", "note", told, hint, facts)
    elif undated:
        told = f"{counted(undated, 'article')} without a date"
        yield Line("dates", "note", told, "They count from when they were first seen.", facts)
    elif parsed.entries:
        yield Line("dates", "ok", "every article has one", facts=facts)


def _identity(parsed: ParsedFeed) -> Line:
    count = len(parsed.entries)
    with_id = sum(bool(entry.guid) for entry in parsed.entries)
    links: list[str] = [entry.link for entry in parsed.entries if entry.link]
    facts = {"with_id": with_id, "with_link": len(links), "distinct_links": len(set(links))}
    told = f"{with_id} of {count} with an id, {len(links)} with a link"
    if count and not with_id and not links:
        hint = "Articles are told apart by their words alone: a changed title is a new article."
        return Line("identity", "note", told, hint, facts)
    if len(set(links)) < len(links):
        told += f" ({len(links) - len(set(links))} share one with another)"
    return Line("identity", "ok", told, facts=facts)


# --- what the service would make of it ---------------------------------------------------------


def _stored(env: Settings, feed: Feed, outcome: ParsedFeed | FetchFailure, now: float) -> _Stored:
    """Ask the database, if there is one that can be used."""
    with suppress(StoreError), opened(env.database_url.reveal()) as connection:
        if connection is None:
            return _Stored(None)
        row = feed_rows.by_url(connection).get(feed.url)
        if not isinstance(outcome, ParsedFeed):
            return _Stored(row)
        decision = decide(
            connection,
            row.id if row is not None else 0,
            tuple(map(Item.of, outcome.entries)),
            first_poll=row is None or row.baseline_at is None,
            look_back_s=feed.look_back_s,
            now=now,
        )
        held = () if row is None else quarantine.held_back(connection, row, decision, now)
        return _Stored(row, decision, len(held))
    return _Stored(None)


def _new(feed: Feed, parsed: ParsedFeed, stored: _Stored, now: float) -> Line:
    decision = stored.decision or identity.decide(
        identity.Document.of(list(map(Item.of, parsed.entries))),
        known={},
        elsewhere={},
        stored={},
        first_poll=True,
        look_back_s=feed.look_back_s,
        now=now,
    )
    offered: Sequence[Any] = [new for new in decision.new if not new.is_baseline]
    facts = {"new": len(offered), "old": len(decision.new) - len(offered),
             "known": len(decision.known), "held": stored.held}  # fmt: skip
    if stored.row is not None and stored.row.baseline_at is not None:
        told = f"{counted(len(offered), 'article')} not seen before, {len(decision.known)} known"
        if stored.held:
            told += f"; {stored.held} look like old stories that the site renamed"
            return Line("new", "note", told, "They would be held back, and not sent.", facts)
        return Line("new", "ok", told, facts=facts)
    told = f"of a first poll, {len(offered)} would be put to the rules"
    if decision.known:
        told += f"; {len(decision.known)} are known from other feeds"
    if facts["old"]:
        told += f"; {facts['old']} are older than look_back ({span(feed.look_back_s)})"
    return Line("new", "ok", told, facts=facts)


def _next_poll(env: Settings, feed: Feed, found: Trial, stored: _Stored, now: float) -> Line:
    outcome = found.outcome
    failures = stored.row.failures if stored.row is not None else 0
    answer: FetchedBody | FetchFailure | None = found.body
    state = interval.PollState(failures + 1)
    if isinstance(outcome, FetchFailure):
        answer = outcome
    else:
        state = interval.PollState(0, outcome.wishes)
    assert answer is not None  # noqa: S101 - what was read came with a body
    due = interval.next_due(state, feed, answer, now=now, min_poll_s=env.min_poll_s, jitter=0.5)
    facts = {"seconds": round(due - now)}
    told = f"the service would ask again in about {span(due - now)}"
    return Line("next_poll", "ok", told, facts=facts)
