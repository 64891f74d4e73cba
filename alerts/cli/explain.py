"""`alerts explain`: the whole way of one article, and why somebody got it or did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from alerts import links
from alerts.cli.match import articles_of, opened_file
from alerts.cli.options import config_option
from alerts.cli.output import write_json
from alerts.cli.reading import Reading, person_named, reading, rules_named
from alerts.clock import SystemClock, iso
from alerts.errors import UsageError
from alerts.model import Article, Config, Rule, Subscriber
from alerts.pipeline import way
from alerts.pipeline.history import Kept
from alerts.rules import because
from alerts.rules.verdicts import Clause, verdict
from alerts.store import history, tables
from alerts.text import shown
from alerts.tree import Or

#: So many alternatives are shown one by one, though they are not there.
_FEW = 3


@click.command()
@click.argument("asked", metavar="[ARTICLE]", required=False)
@click.argument("who", metavar="[SUBSCRIBER]", required=False)
@click.option("--rule", "names", multiple=True, help="Only this rule; may be repeated.")
@click.option("--file", type=click.Path(path_type=Path, allow_dash=True), help="Take ARTICLE"
              " (its number, link or words of a title) from a feed file or JSON lines")  # fmt: skip
@click.option("--text", help="Explain this headline instead of an article.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every clause.")
def explain(
    *,
    asked: str | None,
    who: str | None,
    names: tuple[str, ...],
    file: Path | None,
    text: str | None,
    path: Path | None,
    as_json: bool,
) -> None:
    """Why did I get this, or why not? The way of ARTICLE through feed, rules and deliveries.

    ARTICLE is a link, an id (as alerts try shows it) or words of a title. SUBSCRIBER is an id, a
    name or an address; without one everybody is told of who follows a rule that holds. Exit code 1
    if no feed carried such an article.

    \b
    Examples:
      alerts explain https://courier.example/2026/11/24/market ana-flores
      alerts explain 'Park Street market'
      alerts explain --text 'Ice storm closes Madison schools'
      alerts explain --file feed.xml 3 --rule ice
    """
    if sum(value is not None for value in (text, file or asked)) != 1:
        raise UsageError(
            "Say which article: a link, an id, words of its title, or --text.",
            hint="Write: alerts explain https://example.org/article ana-flores",
        )
    with reading(path) as opened:
        rules = rules_named(opened.config, names)
        person = person_named(opened.config, who) if who else None
        if text is not None or file is not None:
            article = Article(title=text) if text else _given(file, asked, opened.config)
            said = _judged(article, _followed(rules, person), opened.config)
        else:
            said = _stored(opened, asked or "", person, rules)
    if as_json:
        for rule in said["rules"]:
            del rule["shown"]  # lines for eyes; `clause` says the same
        write_json(said)
    else:
        click.echo("\n".join(_lines(said)))
    if said["article"] is None:
        raise click.exceptions.Exit(1)


def _followed(rules: Sequence[Rule], person: Subscriber | None) -> Sequence[Rule]:
    """Return those of the rules that a subscriber follows; all of them if it is about nobody."""
    if person is None:
        return rules
    names = {subscription.rule for subscription in person.subscriptions}
    return [rule for rule in rules if rule.name in names]


# --- a given article ---------------------------------------------------------------------------


def _given(file: Path | None, asked: str | None, current: Config) -> Article:
    assert file is not None  # noqa: S101 - as the caller asks
    with opened_file(file) as stream:
        found = [
            article
            for number, article in articles_of(stream, current, file)
            if article is not None and _is_asked(asked, number, article)
        ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"{file} has no such article.", hint="Their numbers: alerts match --json")
    titles = "".join(f"\n  {shown(article.title)}" for article in found[:10])
    raise UsageError(f"{file} has {len(found)} such articles:{titles}", hint="Name one of them.")


def _is_asked(asked: str | None, number: int, article: Article) -> bool:
    if asked is None:
        return True
    if asked.isdecimal():
        return number == int(asked)
    if "://" in asked:
        return links.canonical(asked) == links.canonical(article.link or "")
    return asked.casefold() in shown(article.title).casefold()


def _judged(article: Article, rules: Sequence[Rule], current: Config) -> dict[str, Any]:
    found = [way.Judged(verdict(rule, article, current.rules), article) for rule in rules]
    told: dict[str, Any] = {
        "id": None,
        "title": shown(article.title),
        "link": article.link,
        "feeds": [],
    }
    return {"article": told, "rules": [_rule(one) for one in found], "subscribers": []}


def _rule(one: way.Judged) -> dict[str, Any]:
    return {
        "name": one.verdict.rule.name,
        "holds": one.verdict.holds,
        "caps_only": one.verdict.caps_only,
        "caps_evidence": because.as_words(one.verdict.evidence, one.article),
        "why": because.reason(one.verdict, one.article),
        "clause": because.as_mapping(one.verdict.clause, one.article),
        "shown": list(_clause_lines(one.verdict.clause, one.article, 2)),
    }


# --- a stored article --------------------------------------------------------------------------


def _stored(
    opened: Reading, asked: str, person: Subscriber | None, rules: Sequence[Rule]
) -> dict[str, Any]:
    now = SystemClock().now()
    if opened.connection is None:
        raise UsageError(
            "The service never ran here: no article is stored.",
            hint="Run alerts once, or explain a headline: alerts explain --text '…'",
        )
    found = way.find(opened.connection, asked)
    if not found:
        return _unknown(opened, asked, now)
    if len(found) > 1:
        listed = "".join(f"\n  {k.entry_id}  {shown(k.entry.title)}" for k in found[:10])
        raise UsageError(f"{len(found)} articles fit:{listed}", hint="Write the id of one of them.")
    (kept,) = found
    judged = way.judged(kept, opened.config, _followed(rules, person))
    every = way.judged(kept, opened.config, opened.config.rules) if person is None else judged
    people = [person] if person else _concerned(opened, kept, every)
    steps = way.Way(opened.connection, opened.config, now)
    known = {one.id for one in opened.config.subscribers}
    gone = [row for row in history.owed(opened.connection, kept.entry_id) if not person]
    return {
        "article": _article(opened, kept),
        "rules": [_rule(one) for one in judged],
        "subscribers": [
            *(steps.to(kept, one, every) for one in people),
            *(steps.to_removed(row) for row in gone if row.subscriber not in known),
        ],
    }


def _concerned(opened: Reading, kept: Kept, judged: Sequence[way.Judged]) -> list[Subscriber]:
    """Return who follows a rule that holds, or is owed the article."""
    assert opened.connection is not None  # noqa: S101 - as `_stored` asks
    holding = {one.verdict.rule.name for one in judged if one.verdict.holds}
    owed = {row.subscriber for row in history.owed(opened.connection, kept.entry_id)}
    return [
        person
        for person in opened.config.subscribers
        if person.id in owed or holding & {s.rule for s in person.subscriptions}
    ]


def _article(opened: Reading, kept: Kept) -> dict[str, Any]:
    assert opened.connection is not None  # noqa: S101 - as `_stored` asks
    return {
        "id": kept.entry_id,
        "title": shown(kept.entry.title),
        "link": kept.entry.link,
        "seen": iso(kept.seen_at),
        "published": iso(kept.entry.published_at),
        "is_old": kept.is_baseline,
        "withdrawn": iso(kept.withdrawn_at),
        "feeds": [
            {"name": shown(c.name), "url": c.url, "link": c.link, "title": shown(c.title),
             "seen": iso(c.seen_at)}
            for c in kept.carriers
        ],
        "identity": way.identity_of(opened.connection, kept),
        "page": way.page_of(opened.connection, kept),
    }  # fmt: skip


def _unknown(opened: Reading, asked: str, now: float) -> dict[str, Any]:
    """Say that no feed carried it, and how the feeds are that could have."""
    rows = tables.feeds(opened.connection, opened.config.feeds, now)
    host = links.host(asked) if "://" in asked else ""
    near = [row for row in rows if host and links.host(row["url"]).endswith(_domain(host))]
    told = near or [row for row in rows if row["error"]]
    keys = ("name", "url", "state", "last_success", "error_text")
    return {
        "article": None,
        "asked": asked,
        "why": _why_unknown(opened, asked, now),
        "feeds": [{key: row[key] for key in keys} for row in told],
        "rules": [],
        "subscribers": [],
    }


def _why_unknown(opened: Reading, asked: str, now: float) -> str:
    assert opened.connection is not None  # noqa: S101 - as `_stored` asks
    last = way.last_seen(opened.connection, asked)
    if last is not None:
        return f"A feed carried it until {iso(last)}; articles are kept for 90 days."
    return "No feed that was read has carried it in the last 90 days."


def _domain(host: str) -> str:
    return host.removeprefix("www.")


# --- as lines ----------------------------------------------------------------------------------


def _lines(said: dict[str, Any]) -> Iterator[str]:
    article = said["article"]
    if article is None:
        yield f"{said['asked']}: {said['why']}"
        for feed in said["feeds"]:
            error = f": {feed['error_text']}" if feed["error_text"] else ""
            read = f"last read {feed['last_success'] or 'never'}"
            yield f"  {feed['name']} ({feed['state']}, {read}{error})"
        return
    yield article["title"] or "(no title)"
    yield from (f"  {article['link']}" for _ in (1,) if article["link"])
    yield from _feed_lines(article)
    for rule in said["rules"]:
        yield ""
        yield f"Rule {rule['name']} {'holds' if rule['holds'] else 'does not hold'}: {rule['why']}"
        yield from rule["shown"]
    for person in said["subscribers"]:
        yield ""
        yield f"{person['name']} ({person['id']}): {person['outcome']}"
        yield from (f"  {line}" for line in person["why"])
    if article["id"] is not None and not said["subscribers"]:
        yield "\nNobody follows a rule that holds."


def _feed_lines(article: dict[str, Any]) -> Iterator[str]:
    for feed in article["feeds"]:
        yield f"  in {feed['name']} since {feed['seen']} ({feed['url']})"
    if article.get("is_old"):
        yield "  It was there before its feed's first poll: an old story."
    if article.get("withdrawn"):
        yield f"  Its feed took it back: seen {article['withdrawn']}."
    if article.get("page"):
        yield f"  {_page(article['page'])}"
    for known in article.get("identity", {}).get("feeds", ()):
        if max(known["guids"], known["links"], known["wordings"]) > 1:
            yield (
                f"  one article under {known['guids']} guids, {known['links']} links and"
                f" {known['wordings']} wordings in {known['feed']}: told once"
            )


def _page(page: dict[str, Any]) -> str:
    if page["state"] == "read":
        if page["characters"] is None:
            return f"its page was read {page['read']}, and says no more than its feed"
        return f"its page was read {page['read']}, and matched too"
    because = f": {page['error']}" if page["error"] else ""
    if page["state"] == "waiting":
        return f"its page is asked for when its feed is polled next{because}"
    return f"its page could not be read{because}"


def _clause_lines(clause: Clause, article: Article, depth: int) -> Iterator[str]:
    """Yield a clause and what decided below it; of many alternatives only what is there, or nearly.

    What drops or excepts is shown only where it did.
    """
    pad = "  " * (depth - 1)
    role = {"drops": "dropped by ", "excepts": "excepted: ", "part": ""}[clause.role]
    said = because.finding(clause, article)
    parts = [part for part in clause.parts if part.role == "part" or part.holds]
    quiet = [part for part in parts if _is_quiet(clause, part)]
    if quiet and len(quiet) == len(parts):
        yield f"{pad}no   {role}none of {len(quiet)} alternatives is there"
        return
    mark = "yes" if clause.holds else "no "
    yield f"{pad}{mark}  {role}{because.label(clause)}{': ' + said if said else ''}"
    for part in parts:
        if not any(part is one for one in quiet):
            yield from _clause_lines(part, article, depth + 1)
    if quiet:
        yield f"{pad}  no   {len(quiet)} more: not there"


def _is_quiet(above: Clause, part: Clause) -> bool:
    """Whether a part can be counted instead of shown: one of many that are not there at all."""
    is_one_of_many = isinstance(above.node, Or) and len(above.parts) > _FEW
    return is_one_of_many and not part.holds and not part.obstacle
