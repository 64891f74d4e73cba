"""`alerts match`: the rules over a feed file or JSON lines; no database, network or lock."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import click

from alerts import config, settings
from alerts.cli.options import config_option
from alerts.clock import SystemClock
from alerts.errors import ConfigError, UsageError
from alerts.feeds.dates import of_text
from alerts.model import Article, Config, Feed, FetchFailure, Match, Rule
from alerts.rules import build, query
from alerts.rules.fields import field_of
from alerts.rules.loose import query_warnings
from alerts.rules.matcher import Matcher
from alerts.settings import Settings
from alerts.text import shown

#: The name under which a query given with --query is reported. Inside the matcher it has one that
#: no rule of a file can have.
QUERY = "query"
_ASKED = "--query"
_STANDARD_INPUT = Path("-")
_encoded = json.JSONEncoder(ensure_ascii=False).encode


@click.command()
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each match.")
@click.option("--spans", is_flag=True, help="With --json: where the words stand, as [field, start,"
              " end] in characters of the original.")  # fmt: skip
@click.option("--query", "query_text", help="Try this query instead of the file's rules.")
@config_option
def match(
    *, file: Path, as_json: bool, spans: bool, query_text: str | None, path: Path | None
) -> None:
    """Run the rules over FILE: an RSS, Atom or JSON feed, or JSON lines ("-": standard input).

    Each JSON line is an object with any of title, summary, content, link, author, tags, source,
    published and lang. `source` is a feed's name, URL or tag.

    \b
    Examples:
      alerts match feed.xml
      alerts match --query 'ICE NEAR/8 raid' news.jsonl
      echo '{"title": "ICE agents in Madison"}' | alerts match --json --spans -
    """
    current = _config(path, needed=query_text is None)
    matcher = _matcher(current, query_text)
    found = bad = 0
    is_live = file == _STANDARD_INPUT  # somebody may wait for each line
    with opened_file(file) as stream:
        for number, article in articles_of(stream, current, file):
            if article is None:
                bad += 1
                continue
            names = _names(matcher, article, query_text)
            if not names:
                continue
            found += 1
            matches = matcher.spans(article, names) if spans or not as_json else ()
            if as_json:  # without click.echo, which hands on each line by itself
                sys.stdout.write(f"{_as_json(number, article, names, matches, spans=spans)}\n")
                if is_live:
                    sys.stdout.flush()
            else:
                click.echo(_as_text(article, names, matches))
    sys.stdout.flush()
    if not as_json:
        click.echo(f"{found} matched.", err=True)
    if bad:
        raise click.exceptions.Exit(1)


def opened_file(file: Path) -> AbstractContextManager[IO[bytes]]:
    """Open FILE ("-": standard input); UsageError if it cannot be read."""
    try:
        return cast("AbstractContextManager[IO[bytes]]", click.open_file(str(file), "rb"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def _config(path: Path | None, *, needed: bool) -> Config:
    """Return the configuration; a query alone needs none, unless one was named."""
    env = settings.load(path)
    is_named = path is not None or env.config != Settings.config
    if not needed and not is_named and not env.config.exists():
        return Config()
    loaded = config.load(env.config, env.environment, allow_unset=True, with_examples=False)
    if loaded.config is None:
        raise ConfigError(loaded.errors)
    return loaded.config


def _matcher(current: Config, query_text: str | None) -> Matcher:
    if query_text is None:
        return Matcher(current.rules)
    asked = Rule(name=_ASKED, query=query_text, tree=query.parse(query_text))
    for warning in query_warnings(query_text):
        click.echo(f"warning: {warning.message} {warning.hint}", err=True)
    trees = {rule.name: rule.tree for rule in (*current.rules, asked)}
    for wrong in build.check_references(trees, [rule.name for rule in current.rules]):
        if wrong.rule == _ASKED:
            raise UsageError(wrong.message, hint=wrong.hint)
    return Matcher((*current.rules, asked))


def _names(matcher: Matcher, article: Article, query_text: str | None) -> tuple[str, ...]:
    names = matcher.match(article)
    if query_text is None:
        return names
    return (_ASKED,) if _ASKED in names else ()


# --- what is read ------------------------------------------------------------------------------


def articles_of(
    stream: IO[bytes], current: Config, file: Path
) -> Iterator[tuple[int, Article | None]]:
    """Yield (number from 0, article); None for a line that is no JSON object, which is told."""
    lines = iter(stream)
    begin = list(_until_text(lines))
    head = b"".join(begin).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return
    if _is_json_line(head):
        yield from _from_lines(chain(begin, lines), _Sources(current))
        return
    # 0.15 s that JSON lines need not pay
    from alerts.feeds.parse import parse

    parsed = parse(b"".join(chain(begin, lines)), "", "", now=SystemClock().now())
    if isinstance(parsed, FetchFailure):
        raise UsageError(
            f"{file} holds neither a feed (RSS, Atom, JSON Feed) nor JSON lines.",
            hint='A JSON line is one object, such as {"title": "ICE agents in Madison"}.',
        )
    for number, entry in enumerate(parsed.entries):
        yield number, Article.of(entry, Feed(url=""), parsed.title)


def _until_text(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines up to the first that is not blank."""
    for line in lines:
        yield line
        if line.strip(b"\xef\xbb\xbf \t\r\n"):
            return


def _is_json_line(line: bytes) -> bool:
    """Whether it begins JSON lines: an object on one line that is not all of a JSON Feed."""
    if not line.startswith(b"{"):
        return False
    try:
        value = json.loads(line)
    except ValueError:
        # A broken line, unless it is how an object over several lines begins.
        return not line.rstrip().endswith((b"{", b"[", b","))
    return "jsonfeed.org" not in str(value.get("version"))


def _from_lines(lines: Iterable[bytes], sources: _Sources) -> Iterator[tuple[int, Article | None]]:
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            value = json.loads(line.lstrip(b"\xef\xbb\xbf"))
        except ValueError as error:
            click.echo(f"line {number + 1} is no JSON: {error}; it was left out", err=True)
            yield number, None
            continue
        if not isinstance(value, dict):
            click.echo(f"line {number + 1} is no JSON object; it was left out", err=True)
            yield number, None
            continue
        yield number, sources.article(value)


class _Sources:
    """What the configuration knows of the sources that lines name."""

    def __init__(self, current: Config) -> None:
        self._feeds: dict[str, Feed] = {}
        for feed in reversed(current.feeds):
            for name in (*feed.tags, feed.name, feed.url):
                if name:
                    self._feeds[name.casefold()] = feed

    def article(self, value: dict[str, Any]) -> Article:
        """Return a line as an article."""
        named = _texts(value.get("source"))
        feed = self._feed(named) if named else None
        names = (feed.name, feed.url, *feed.tags, *named) if feed else named
        return Article(
            title=_text(value.get("title")),
            summary=_text(value.get("summary")),
            content=_text(value.get("content")),
            author=_text(value.get("author")),
            tags=_texts(value.get("tags")),
            link=_text(value.get("link")) or None,
            sources=tuple(dict.fromkeys(name for name in names if name)) if names else (),
            place=feed.place if feed else None,
            lang=(feed and feed.lang) or _text(value.get("lang")) or None,
            published_at=of_text(value.get("published")),
        )

    def _feed(self, named: Iterable[str]) -> Feed | None:
        known = (self._feeds.get(name.casefold()) for name in named)
        return next((feed for feed in known if feed is not None), None)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, values) if text)


# --- what is shown -----------------------------------------------------------------------------


def _as_json(
    number: int, article: Article, names: Sequence[str], matches: Iterable[Match], *, spans: bool
) -> str:
    value: dict[str, Any] = {
        "n": number,
        "title": article.title,
        "rules": [*map(_told, names)],
    }
    if spans:
        value["spans"] = {
            _told(match.rule): [[span.field, span.start, span.end] for span in match.spans]
            for match in matches
        }
    try:
        told = _encoded(value)
        told.encode()
    except UnicodeEncodeError:  # half of a character, as cut texts have it
        return json.dumps(value)
    return told


def _told(name: str) -> str:
    return QUERY if name == _ASKED else name


def _as_text(article: Article, names: Sequence[str], matches: Iterable[Match]) -> str:
    words = {
        shown(field_of(article, span.field)[span.start : span.end])
        for match in matches
        for span in match.spans
    }
    because = ", ".join(sorted(word for word in words if word))
    return f"{shown(article.title) or '(no title)'}\n    {', '.join(map(_told, names))}: {because}"
