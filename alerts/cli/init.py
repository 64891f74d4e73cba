"""`alerts init`: asks what has to be known, writes the three files, and sends a test mail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from alerts import config, settings
from alerts.cli import asking, send_test
from alerts.cli.asking import Asker
from alerts.cli.lines import counted
from alerts.cli.reading import address
from alerts.cli.starting import Answers, env_text, guessed_zone, ignore_lines, yaml_text
from alerts.clock import Clock, SystemClock
from alerts.config import diagnostics
from alerts.delivery.addresses import read_address
from alerts.delivery.server import read_smtp_url
from alerts.digests.zones import parse_timezone
from alerts.errors import AlertsError, ConfigError, UsageError
from alerts.model import Feed, FetchFailure
from alerts.text import shown

_PRIVATE = 0o600


@click.command()
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path))
@click.option("--email", help="Where digests and notices go.")
@click.option("--timezone", help="The zone of all times, like America/Chicago.")
@click.option("--feed", "feeds", multiple=True, metavar="URL",
              help="A feed, or a site that names one; may be repeated. With neither feeds nor"
              " words: the shipped ones, of Madison in Wisconsin.")  # fmt: skip
@click.option("--words", multiple=True, metavar="QUERY",
              help="What to look for; may be repeated. Left out: the shipped rules.")  # fmt: skip
@click.option("--smtp-url", metavar="URL",
              help="The mail server; SMTP_URL in the environment is taken, too.")  # fmt: skip
@click.option("--mail-from", metavar="ADDRESS", help="The sender; left out: the mail account.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is left out is left open.")
def init(  # noqa: PLR0913 - one parameter for each option
    *,
    folder: Path,
    email: str | None,
    timezone: str | None,
    feeds: tuple[str, ...],
    words: tuple[str, ...],
    smtp_url: str | None,
    mail_from: str | None,
    yes: bool,
) -> None:
    """Write subscribers.yaml, .env (for you alone to read) and .gitignore into FOLDER.

    Asks for what the options leave out, if there is a terminal. Overwrites nothing. Sites are asked
    for their feeds. With a mail server it ends with a test mail and the server's reply.

    \b
    Examples:
      alerts init
      alerts init alerts-madison
      alerts init --yes --email ana@example.org --timezone America/Chicago --feed example.org
    """
    _refuse_to_overwrite(folder)
    clock = SystemClock()
    asked = _Questions(is_asking=sys.stdin.isatty() and not yes)
    in_environment = settings.load(folder / "subscribers.yaml").smtp_url
    answers = Answers(
        email=asked.email(email),
        timezone=asked.timezone(timezone),
        feeds=_resolved(asked.feeds(feeds), folder),
        words=asked.words(words),
        smtp_url=asked.smtp_url(smtp_url or (in_environment.reveal() if in_environment else None)),
        mail_from=mail_from or "",
    )
    _write(folder, answers, clock)
    raise click.exceptions.Exit(_test_mail(folder, clock) if answers.smtp_url else 0)


def _refuse_to_overwrite(folder: Path) -> None:
    for name in ("subscribers.yaml", ".env"):
        if (folder / name).exists():
            hint = f"Edit it, or name another folder: alerts init {folder / 'new'}"
            raise UsageError(
                f"{folder / name} is there already; nothing is overwritten.", hint=hint
            )


# --- questions ---------------------------------------------------------------------------------


def _retried(read: Callable[[str], str]) -> Callable[[str], str]:
    """Return `read` so that click asks again when an answer cannot be used."""

    def answer(text: str) -> str:
        try:
            return read(text)
        except AlertsError as error:
            raise click.UsageError(f"{error.message} {error.hint}".strip()) from None

    return answer


def _address(text: str) -> str:
    return read_address(text).spec


def _smtp(text: str) -> str:
    if text.strip():
        read_smtp_url(text)
    return text.strip()


@dataclass(frozen=True)
class _Questions:
    """Answers: what an option says, else what a person types, else nothing."""

    is_asking: bool

    def email(self, given: str | None) -> str:
        if given is not None:
            return _address(given)
        if not self.is_asking:
            raise UsageError(
                "An address is needed for digests and notices.",
                hint="Write --email ana@example.org (there is no terminal to ask on).",
            )
        text = "Your mail address, for digests and for notices when something breaks"
        return str(click.prompt(text, value_proc=_retried(_address)))

    def timezone(self, given: str | None) -> str:
        if given is not None:
            return parse_timezone(given)
        guess = guessed_zone()
        if not self.is_asking:
            return guess
        text = "Time zone of all times"
        return str(click.prompt(text, default=guess, value_proc=_retried(parse_timezone)))

    def feeds(self, given: tuple[str, ...]) -> list[str]:
        if given or not self.is_asking:
            return [address(text) for text in given]
        click.echo("Feeds to watch, or sites that have one; one a line, an empty line ends.")
        return self._several("  Address", address)

    def words(self, given: tuple[str, ...]) -> list[str]:
        if given or not self.is_asking:
            return _apart(given)
        click.echo(
            "What to look for: a name, a phrase in quotes, or words with AND; one a line.\n"
            "Only an empty line: the shipped rules on ICE (the agency) and sanctuary cities;\n"
            "without feeds of your own on Madison in Wisconsin, too, with its papers."
        )
        return _apart(self._several("  Words", str.strip))

    def smtp_url(self, given: str | None) -> str:
        if given is not None or not self.is_asking:
            return _smtp(given or "")
        text = (
            "Mail server, as smtp://user:password@host:587 (empty: mails are written to a folder)"
        )
        return str(click.prompt(text, default="", show_default=False, value_proc=_retried(_smtp)))

    def _several(self, text: str, read: Callable[[str], str]) -> list[str]:
        found: list[str] = []
        accept = _retried(lambda line: read(line) if line.strip() else "")
        while line := click.prompt(text, default="", show_default=False, value_proc=accept):
            found.append(str(line))
        return found


def _apart(lines: Iterable[str]) -> list[str]:
    """Return the lines; one with bare commas, as people write lists, as its parts, and say so."""
    found: list[str] = []
    for line in lines:
        is_list = "," in line and not any(mark in line for mark in "\"'“”«»()[]")
        parts = [part.strip() for part in line.split(",") if part.strip()] if is_list else [line]
        if len(parts) > 1:
            click.echo(f"Read as {len(parts)} topics: {'; '.join(parts)}. A phrase with a comma"
                       f' is written in quotes: "{line}".')  # fmt: skip
        found += parts
    return found


# --- feeds -------------------------------------------------------------------------------------


def _resolved(urls: list[str], folder: Path) -> tuple[Feed, ...]:
    """Ask each address: a feed stays, a page gives the feed that it names."""
    trials = Asker(settings.load(folder / "subscribers.yaml")).ask_all(Feed(url) for url in urls)
    found: dict[str, Feed] = {}
    for one in trials:
        feed = one.feed
        if not isinstance(one.outcome, FetchFailure):
            title = shown(one.outcome.title)
            moved = one.body.permanent_url if one.body is not None else None
            feed = Feed(moved or feed.url, title or None)
            articles = counted(len(one.outcome.entries), "article")
            click.echo(f"{feed.url}: {title or 'a feed'}, {articles}.")
        elif asking.is_page(one) and one.named:
            feed = Feed(one.named[0].url)
            click.echo(f"{one.feed.url} names its feed: {feed.url}")
        else:
            click.echo(f"{feed.url} is written as it is: {one.outcome.text} {one.outcome.hint}")
        found.setdefault(feed.url, feed)
    return tuple(found.values())


# --- files -------------------------------------------------------------------------------------


def _write(folder: Path, answers: Answers, clock: Clock) -> None:
    """Write the files; ConfigError with every mistake if the answers make no configuration."""
    path, text = folder / "subscribers.yaml", yaml_text(answers)
    # The shipped rules are known to be right, and their examples take a second.
    own = bool(answers.words)
    loaded = config.load(path, {}, contents={path: text.encode()}, with_examples=own)
    if loaded.config is None:
        raise ConfigError(loaded.errors)
    folder.mkdir(parents=True, exist_ok=True)
    _new_file(path, text)
    _new_file(folder / ".env", env_text(answers, clock.token() + clock.token()), _PRIVATE)
    _ignore(folder / ".gitignore")
    for warning in loaded.warnings:
        click.echo(diagnostics.render(warning))
    click.echo(f"Written: {path}, {folder / '.env'} (with passwords: for you alone), .gitignore.")
    where = "" if folder == Path() else f"cd {folder}; "
    click.echo(f"Next: {where}alerts check; alerts once --send-now; then: alerts run")


def _new_file(path: Path, text: str, mode: int = 0o666) -> None:
    try:
        path.touch(mode, exist_ok=False)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None


def _ignore(path: Path) -> None:
    """Keep secrets and data out of git; what a file there says already stays."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    new = [line for line in ignore_lines() if line not in known.splitlines()]
    if new:
        gap = "" if not known or known.endswith("\n") else "\n"
        path.write_text(f"{known}{gap}" + "".join(f"{line}\n" for line in new), encoding="utf-8")


def _test_mail(folder: Path, clock: Clock) -> int:
    """Send a mail to the admin; return the exit code."""
    env = settings.load(folder / "subscribers.yaml")
    current = config.require(env.config, env.environment)
    rows = send_test.send_to(env, clock, current.admins, {})
    for row in rows:
        click.echo(f"Test mail: {send_test.words(row)}")
    if all(row["outcome"] == "delivered" for row in rows):
        return 0
    click.echo(
        "Mend SMTP_URL or MAIL_FROM in .env (alerts doctor helps); then: alerts send-test admin"
    )
    return 1
