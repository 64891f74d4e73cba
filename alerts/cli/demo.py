"""`alerts demo`: the real service at work on sample news, on this machine alone.

It starts the demo's world, runs `alerts once` twice as a user would, and prints what came of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from alerts import config
from alerts.clock import SystemClock
from alerts.demo import screen
from alerts.demo.news import OUTLETS, SampleStory
from alerts.demo.screen import Verdict
from alerts.demo.world import World
from alerts.errors import CannotWork
from alerts.model import Article, Config, Match
from alerts.rules.matcher import Matcher
from alerts.settings import Settings
from alerts.text import shown

_PASS_LIMIT_S = 120
_LOOK_BACK_H = 48


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the files (made if missing); by default a new temporary folder.",
)
def demo(folder: Path | None) -> None:
    """See the whole service at work on sample news: no network, nothing to set up.

    A feed server, a mail server, a Slack-like receiver and a webhook start on this machine; the
    real service polls, matches and sends; then this prints what was told, what was not, and why.

    \b
    Examples:
      alerts demo
      alerts demo --folder /tmp/alerts-demo
    """
    place = folder or Path(tempfile.mkdtemp(prefix="alerts-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    if (place / "subscribers.yaml").exists():
        raise click.UsageError(f"{place} holds a subscribers.yaml already; name another folder.")
    with World(place, SystemClock()) as world:
        _show(world, place)


def _show(world: World, place: Path) -> None:
    machine = Settings(config=place / "subscribers.yaml").environment
    environment = world.environment(machine)
    click.echo("The real service meets a small world: six outlets with feeds, a mail server, a")
    click.echo("Slack channel and a webhook, all on this machine. No network is used.")
    first = _alerts("once", "--send-now", folder=place, environment=environment)
    _title("What was polled")
    _say(screen.polled(_alerts("feeds", folder=place, environment=environment)))
    verdicts = _verdicts(world, place, environment)
    _title("What was told, and why")
    _say(screen.told(verdicts))
    _title("What was not, and what it is instead")
    _say(screen.not_told(verdicts))
    _title("Ana's mail")
    _say(line for mail in world.mail.mails for line in screen.mail(mail))
    _title("The same news in Slack, for who follows ICE and sanctuary")
    _say(line for post in world.rooms.accepted(world.room) for line in screen.slack(post))
    _second_pass(world, place, environment, first)
    _files(world, place)


def _second_pass(
    world: World, place: Path, environment: Mapping[str, str], first: Mapping[str, Any]
) -> None:
    """Show that only what is new is told: the heart of the promise."""
    before = len(world.mail.mails)
    world.move_on()
    second = _alerts("once", "--force", "--send-now", folder=place, environment=environment)
    _title("Two passes")
    click.echo(f"  First:   {screen.counters(first)}.")
    click.echo("  Then a headline was edited, a story was reprinted elsewhere with a tracked link,")
    click.echo("  and one story came anew.")
    click.echo(f"  Second:  {screen.counters(second)}.")
    for mail in world.mail.mails[before:]:
        click.echo(f"  Ana's second mail holds that one: {mail.message['Subject']}")


def _files(world: World, place: Path) -> None:
    for number, mail in enumerate(world.mail.mails, 1):
        (place / f"mail-{number}.eml").write_bytes(mail.raw)
        (place / f"mail-{number}.html").write_text(mail.part("html"), encoding="utf-8")
    for number, post in enumerate(world.rooms.accepted(), 1):
        kind = "slack" if post.path == world.room else "webhook"
        (place / f"{kind}-{number}.json").write_bytes(post.body)
    _title("Where things lie")
    for file in sorted(path for path in place.iterdir() if path.suffix in _SHOWN):
        click.echo(f"  {file}")
    click.echo("\nYour own: write subscribers.yaml, then alerts check, then alerts once.")


_SHOWN = {".yaml", ".eml", ".html", ".json", ".db"}


def _alerts(command: str, *options: str, folder: Path, environment: Mapping[str, str]) -> Any:
    """Run a command as a user would, in the demo's folder, and return its JSON."""
    done = subprocess.run(  # noqa: S603 - our own command line, nothing of it from outside
        [sys.executable, "-m", "alerts", command, "--json", *options],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=_PASS_LIMIT_S,
        check=False,
    )
    if done.returncode != 0:
        raise CannotWork(f"`alerts {command}` ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def _verdicts(world: World, place: Path, environment: Mapping[str, str]) -> list[Verdict]:
    """Ask the rules about each story again, for the words that made them hold."""
    found = config.require(place / "subscribers.yaml", environment)
    matcher = Matcher(found.rules)
    return [_verdict(story, matcher, found) for story in world.stories]


def _verdict(story: SampleStory, matcher: Matcher, found: Config) -> Verdict:
    outlet = next(outlet for outlet in OUTLETS if outlet.key == story.outlet)
    article = Article(
        title=story.title,
        summary=story.text,
        author=story.author,
        tags=story.tags,
        sources=(outlet.name, *outlet.tags),
        place=outlet.place,
        lang=outlet.language,
    )
    reasons = {
        rule.title(): _words(match, article)
        for match in matcher.spans(article)
        if (rule := found.rule(match.rule)) is not None
    }
    return Verdict(story, reasons, is_told=story.hours_ago < _LOOK_BACK_H)


def _words(match: Match, article: Article) -> tuple[str, ...]:
    texts = {"title": article.title, "summary": article.summary, "tag": ", ".join(article.tags)}
    words = (shown(texts.get(s.field, "")[s.start : s.end]) for s in match.spans)
    return tuple(dict.fromkeys(word for word in words if word))


def _title(text: str) -> None:
    click.echo()
    click.secho(text, bold=True)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
