"""`alerts try`: rules over the stored articles or a file, and what an edit would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from alerts import config, settings
from alerts.cli.marked import as_row, lines_of
from alerts.cli.match import articles_of, opened_file
from alerts.cli.output import Progress, write_json
from alerts.cli.reading import Reading, duration_s, reading, rules_named
from alerts.clock import SystemClock
from alerts.errors import ConfigError, UsageError
from alerts.model import Article, Config, Rule
from alerts.pipeline import history, tried
from alerts.rules import because, build, query
from alerts.rules.verdicts import verdict
from alerts.store import configs
from alerts.store import history as rows
from alerts.text import shown

_ASKED = "--query"
_TELL_EVERY = 200


@dataclass
class _Source:
    """The articles, and over how many days they came (None: a file does not say)."""

    opened: Reading
    file: Path | None
    since_s: float
    days: float | None = None
    kept: dict[int, history.Kept] = field(default_factory=dict)
    count: int = 0

    def each(self, trials: Sequence[tried.Trial]) -> Iterator[list[tried.Tried]]:
        """Yield every article as each trial's feeds carry it."""
        with Progress() as progress:
            for batch in self._given(trials) if self.file else self._stored(trials):
                self.count += 1
                if self.count % _TELL_EVERY == 0:
                    progress.say(f"{self.count} articles")
                yield batch

    def is_alert(self, number: int) -> bool:
        """Whether it was new when it was first seen; what a file holds is."""
        return number not in self.kept or not self.kept[number].is_baseline

    def _given(self, trials: Sequence[tried.Trial]) -> Iterator[list[tried.Tried]]:
        assert self.file is not None  # noqa: S101 - as `each` asks
        with opened_file(self.file) as stream:
            for number, article in articles_of(stream, self.opened.config, self.file):
                if article is not None:
                    yield [(number, (article,)) for _ in trials]

    def _stored(self, trials: Sequence[tried.Trial]) -> Iterator[list[tried.Tried]]:
        connection = self.opened.connection
        if connection is None:
            raise UsageError(
                "There are no stored articles yet: the service never ran here.",
                hint="Run alerts once, or try a file: alerts try --file feed.xml QUERY",
            )
        now = SystemClock().now()
        since = now - self.since_s
        self.days = tried.days_watched(now, since, rows.first_seen_at(connection))
        for one in history.kept(connection, since):
            self.kept[one.entry_id] = replace(one, entry=replace(one.entry, content="", summary=""))
            yield [tried.as_tried(one, trial.feeds) for trial in trials]


@click.command("try")
@click.argument("query_text", metavar="[QUERY]", required=False)
@click.option("--rule", "names", multiple=True, help="Try this rule of the file; may be repeated.")
@click.option("--since", default="30d", show_default=True, help="How far back, such as 12h or 7d.")
@click.option("--file", type=click.Path(path_type=Path, allow_dash=True), help="Articles of a"
              " feed file or JSON lines (as alerts match reads), not the stored ones.")  # fmt: skip
@click.option("--config", "edited", type=click.Path(path_type=Path), metavar="NEW", help="What each"
              " rule and subscriber gains and loses by this file.")  # fmt: skip
@click.option("--dropped", is_flag=True, help="What NOT, none and except took away.")
@click.option("--limit", default=20, show_default=True, help="Articles shown; 0 shows all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every article.")
def try_(  # noqa: PLR0913 - one parameter for each option
    *,
    query_text: str | None,
    names: tuple[str, ...],
    since: str,
    file: Path | None,
    edited: Path | None,
    dropped: bool,
    limit: int,
    as_json: bool,
) -> None:
    """See what a query, rules or an edited file would have found, before they ship.

    Reads the stored articles of the last 30 days; changes nothing. The words that made a rule hold
    stand between asterisks.

    \b
    Examples:
      alerts try 'ICE NEAR/8 (raid | checkpoint)'
      alerts try --rule ice --since 7d
      alerts try --rule ice --dropped          what `none` and `except` took away
      alerts try --config edited.yaml          what the edit would change
      alerts try --file feed.xml 'sanctuary'   articles of a file
    """
    _refuse_contradictions(query_text, names, edited, dropped)
    with _source(file, since) as source:
        if edited is not None:
            _compare(source, _edited(edited), limit or None, as_json=as_json)
        elif dropped:
            _show_dropped(source, query_text, names, limit or None, as_json=as_json)
        else:
            _find(source, query_text, names, limit or None, as_json=as_json)


def _refuse_contradictions(
    query_text: str | None, names: tuple[str, ...], edited: Path | None, dropped: bool
) -> None:
    if edited is not None and (query_text or names or dropped):
        raise UsageError(
            "--config compares whole files.", hint="Leave out the query, --rule and --dropped."
        )
    if query_text and names:
        raise UsageError("Give a query or --rule, not both.", hint="Try one after the other.")
    if dropped and not (query_text or names):
        raise UsageError("--dropped needs a rule.", hint="Write: alerts try --rule NAME --dropped")


@contextmanager
def _source(file: Path | None, since: str) -> Iterator[_Source]:
    since_s = duration_s(since)
    with reading(None) as opened:
        yield _Source(opened, file, since_s)


def _edited(path: Path) -> Config:
    loaded = config.load(path, settings.load(None).environment, allow_unset=True)
    if loaded.config is None:
        raise ConfigError(loaded.errors)
    return loaded.config


def _asked(current: Config, query_text: str | None, names: tuple[str, ...]) -> Sequence[Rule]:
    """Return the rules asked for; UsageError if there is none of such a name."""
    if query_text is not None:
        return [Rule(_ASKED, query_text, query.parse(query_text))]
    return rules_named(current, names)


def _with(current: Config, asked: Sequence[Rule]) -> Config:
    """Return a configuration that has the rules asked for; references of a query must exist."""
    names = {rule.name for rule in asked}
    every = (*(rule for rule in current.rules if rule.name not in names), *asked)
    trees = {rule.name: rule.tree for rule in every}
    for wrong in build.check_references(trees, [rule.name for rule in current.rules]):
        if wrong.rule in names:
            raise UsageError(wrong.message, hint=wrong.hint)
    return replace(current, rules=every)


def _find(
    source: _Source,
    query_text: str | None,
    names: tuple[str, ...],
    limit: int | None,
    *,
    as_json: bool,
) -> None:
    current = source.opened.config
    asked = _asked(current, query_text, names)
    trial = tried.Trial(_with(current, asked), [rule.name for rule in asked])
    hits = [trial.hit(one, held) for (one,) in source.each([trial]) if (held := trial.put(one))]
    followed = [] if query_text else _weekly(source, trial.found.by_person)
    counted = _weekly(source, {rule.name: trial.found.by_rule[rule.name] for rule in asked})
    if as_json:
        write_json(
            {
                **_frame(source),
                "rules": counted,
                "subscribers": followed,
                "hits": [as_row(hit, source.kept.get(hit.number)) for hit in hits],
            }
        )
        return
    _show_hits(source, hits, limit)
    _say_counts(source, counted, followed)


def _frame(source: _Source) -> dict[str, Any]:
    days = None if source.days is None else round(source.days, 1)
    return {"articles": source.count, "days": days}


def _weekly(source: _Source, found: dict[str, set[int]]) -> list[dict[str, Any]]:
    counted = []
    for name, numbers in sorted(found.items()):
        alerts = sum(map(source.is_alert, numbers))
        a_week = None if source.days is None else tried.a_week(alerts, source.days)
        told = "query" if name == _ASKED else name
        counted.append({"name": told, "articles": len(numbers), "alerts": alerts, "a_week": a_week})
    return counted


def _show_hits(source: _Source, hits: Sequence[tried.Hit], limit: int | None) -> None:
    newest = sorted(hits, key=lambda hit: hit.number, reverse=True)
    for hit in newest[:limit]:
        click.echo("\n".join(lines_of(hit, source.kept.get(hit.number))))
    more = len(newest) - len(newest[:limit])
    if more:
        click.echo(f"and {more} more: --limit 0 shows all.")


def _say_counts(
    source: _Source, counted: list[dict[str, Any]], followed: list[dict[str, Any]]
) -> None:
    over = "" if source.days is None else f" of {source.days:.0f} days"
    click.echo(f"\n{source.count} articles{over} were looked at.")
    for title, counts in (("Rule", counted), ("Subscriber", followed)):
        for row in counts:
            old = row["articles"] - row["alerts"]
            rate = "" if row["a_week"] is None else f", about {row['a_week']:g} a week"
            older = f" ({old} of them old, not sent)" if old else ""
            click.echo(f"{title} {row['name']}: {row['articles']} articles{older}{rate}")


# --- an edit -----------------------------------------------------------------------------------


def _compare(source: _Source, new: Config, limit: int | None, *, as_json: bool) -> None:
    old = tried.Trial(_in_force(source.opened))
    after = tried.Trial(new)
    articles: dict[int, Article] = {}
    for was, now in source.each([old, after]):
        if old.put(was) != after.put(now):
            articles[now[0]] = (*now[1], *was[1])[0]
    rules = tried.changes(old.found.by_rule, after.found.by_rule, source.is_alert)
    people = tried.changes(old.found.by_person, after.found.by_person, source.is_alert)
    for number in {n for change in people for n in (*change.gained, *change.lost)}:
        articles.setdefault(number, Article(title=f"article {number}"))
        if number in source.kept:
            articles[number] = replace(articles[number], title=source.kept[number].entry.title)
    changed_of = {
        "rules": [_change(source, change, articles) for change in rules],
        "subscribers": [_change(source, change, articles) for change in people],
    }
    if as_json:
        write_json(_frame(source) | changed_of)
        return
    for noun, changed in changed_of.items():
        for row in changed:
            _say_change(noun[:-1].capitalize(), row, limit)
    if not rules and not people:
        click.echo("Nothing changes: every rule finds what it found.")
    click.echo(f"{source.count} articles were looked at. Nothing was changed.")


def _in_force(opened: Reading) -> Config:
    """Return what the service works with: the last version it took, else the file."""
    row = configs.latest(opened.connection) if opened.connection is not None else None
    if row is None or row.version == opened.config.version:
        return opened.config
    env = settings.load(None)
    contents = {env.config.parent / name: text.encode() for name, text in row.files.items()}
    loaded = config.load(
        env.config, env.environment, allow_unset=True, contents=contents, with_examples=False
    )
    return loaded.config or opened.config


def _change(source: _Source, change: tried.Change, articles: dict[int, Article]) -> dict[str, Any]:
    def titled(numbers: tuple[int, ...]) -> list[dict[str, Any]]:
        return [{"id": n, "title": shown(articles[n].title)} for n in numbers]

    def rate(count: int) -> float | None:
        return None if source.days is None else tried.a_week(count, source.days)

    return {
        "name": change.key,
        "before": change.before,
        "after": change.after,
        "before_a_week": rate(change.before),
        "after_a_week": rate(change.after),
        "gained": titled(change.gained),
        "lost": titled(change.lost),
    }


def _say_change(noun: str, row: dict[str, Any], limit: int | None) -> None:
    rate = ""
    if row["before_a_week"] is not None:
        rate = f"; alerts a week: {row['before_a_week']:g} before, {row['after_a_week']:g} after"
    click.echo(f"{noun} {row['name']}: +{len(row['gained'])} −{len(row['lost'])}{rate}")
    for sign, key in (("+", "gained"), ("−", "lost")):
        for one in row[key][:limit]:
            click.echo(f"  {sign} {one['title']}")
        if limit is not None and len(row[key]) > limit:
            click.echo(f"  {sign} and {len(row[key]) - limit} more: --limit 0 shows all.")


# --- what was dropped --------------------------------------------------------------------------


def _show_dropped(
    source: _Source,
    query_text: str | None,
    names: tuple[str, ...],
    limit: int | None,
    *,
    as_json: bool,
) -> None:
    current = source.opened.config
    asked = _asked(current, query_text, names)
    whole = _with(current, asked)
    wide = _with(current, [tried.without_vetoes(rule) for rule in asked])
    told = [rule.name for rule in asked]
    full, loose = tried.Trial(whole, told), tried.Trial(wide, told)
    by_name = {rule.name: rule for rule in asked}
    dropped: list[dict[str, Any]] = []
    hits: list[tuple[tried.Hit, dict[str, str]]] = []
    for one, _ in source.each([full, loose]):
        gone = sorted(set(loose.put(one)) - set(full.put(one)))
        if gone:
            hit = loose.hit(one, gone)
            why = {
                name: because.reason(verdict(by_name[name], hit.article, whole.rules), hit.article)
                for name in gone
            }
            hits.append((hit, why))
    dropped = [as_row(hit, source.kept.get(hit.number)) | {"why": why} for hit, why in hits]
    found = len(set().union(*loose.found.by_rule.values()))
    if as_json:
        write_json({**_frame(source), "found_without": found, "dropped": dropped})
        return
    for hit, why in sorted(hits, key=lambda pair: -pair[0].number)[:limit]:
        click.echo("\n".join(lines_of(hit, source.kept.get(hit.number))))
        for said in dict.fromkeys(why.values()):
            click.echo(f"    {said}")
    if limit is not None and len(hits) > limit:
        click.echo(f"and {len(hits) - limit} more: --limit 0 shows all.")
    click.echo(f"\nNOT, none and except took away {len(hits)} of {found} articles.")
    if hits:
        click.echo("To ignore a phrase, not the article, use except: instead of none:.")
