"""`alerts people`: who gets nothing just now and why; pause, resume, erase one address."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from alerts import config as configuration
from alerts.cli.groups import Suggesting
from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option
from alerts.cli.output import write_json, write_table
from alerts.cli.reading import reading
from alerts.clock import SystemClock, iso
from alerts.delivery.addresses import read_address
from alerts.digests.times import parse_date_or_time
from alerts.errors import GrammarError, UsageError
from alerts.model import Config, Destination
from alerts.pipeline import people as marks
from alerts.rules.mistakes import nearest
from alerts.settings import Settings
from alerts.store import erasure
from alerts.store import people as rows
from alerts.store.erasure import Erasure

_COLUMNS = ("address", "subscribers", "state", "since", "until", "reason")

_KINDS = {
    "stopped": "It was stopped by its reader",
    "bad_address": "The mail server said that there is no such address",
    "gone": "The webhook was gone",
    "erased": "Its person's data was erased",
}


@click.group(cls=Suggesting)
def people() -> None:
    """Addresses: who gets nothing just now and why; pause, resume or erase one.

    Stops of readers live in the database and beat subscribers.yaml; so do these.

    \b
    Examples:
      alerts people list
      alerts people pause ana@example.org --until 2027-01-07
      alerts people resume ana@example.org
    """


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_option
def list_(*, as_json: bool, path: Path | None) -> None:
    """Every address, and whether it is active, stopped, paused, a bad address or erased.

    \b
    Examples:
      alerts people list
      alerts people list --json
    """
    with reading(path) as opened:
        found = rows.people(opened.connection, opened.config.destinations, SystemClock().now())
    if as_json:
        write_json(found)
    else:
        write_table(found, _COLUMNS, "Nobody yet: write subscribers into subscribers.yaml.")


@people.command()
@click.argument("address")
@click.option("--until", help="A day (2027-01-07) or a time; left out: until it is resumed.")
@config_option
def pause(*, address: str, until: str | None, path: Path | None) -> None:
    """Let everything for an address wait; nothing is lost.

    \b
    Example:
      alerts people pause ana@example.org --until 2027-01-07
    """
    with marking(path) as opened:
        target = _target(opened.config, address)
        end = _moment(opened.config, target, until)
        with opened.write() as connection:
            marks.pause(connection, target, end)
    until_when = "until it is resumed" if end >= rows.NO_END else f"until {iso(end)}"
    click.echo(f"{address} gets nothing {until_when}; what is found meanwhile waits.")
    if unlisted := _unlisted(opened.config, address, target):
        click.echo(unlisted)
    click.echo(f"To end the pause: alerts people resume {address}")


@people.command()
@click.argument("address")
@config_option
def resume(*, address: str, path: Path | None) -> None:
    """Send to an address again: lifts a stop, a pause, a bad address and an erasure.

    A reader's own stop is theirs: lift it only if they asked for it.

    \b
    Example:
      alerts people resume ana@example.org
    """
    with marking(path) as opened:
        target = _target(opened.config, address)
        with opened.write() as connection:
            lifted = marks.resume(connection, opened.config, target, SystemClock().now())
        unlisted = _unlisted(opened.config, address, target)
    if unlisted and not lifted.is_anything:
        near = _meant(opened.config, address)
        raise UsageError(
            f"There was nothing to lift: {address} is not in subscribers.yaml.",
            hint=f'Did you mean "{near}"?' if near else "See them: alerts people list",
        )
    if not lifted.is_anything:
        click.echo(f"There was nothing to lift: {address} is neither stopped nor paused.")
    if lifted.stop is not None:
        reason = f": {lifted.reason}" if lifted.reason else ""
        click.echo(f"Lifted. {_KINDS.get(lifted.stop, lifted.stop)}{reason}.")
    if lifted.was_paused:
        click.echo("Lifted. It was paused.")
    if lifted.due:
        click.echo(f"Due now: {lifted.due} that waited.")
    if unlisted:
        click.echo(unlisted)


@people.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def erase(*, address: str, yes: bool, path: Path | None) -> None:
    """Forget a person: what was sent to them, stops, pauses. They never get a mail again.

    Only a keyed hash of the address stays, so that a line that is added again mails them nothing.
    What the program may not change (subscribers.yaml, git, backups) is named.

    \b
    Example:
      alerts people erase ana@example.org
    """
    with marking(path) as opened:
        target = _mail_target(address)
        if not yes:
            _confirm(f"Forget {address} and everything sent there?")
        clock = SystemClock()
        with opened.write() as connection:
            done = marks.erase(connection, target, clock.now(), clock.token())
        erasure.tidy(opened.database)
        click.echo(f"Erased: {_counted(done.deliveries, 'delivery', 'deliveries')} to {address}.")
        if not (done.deliveries or done.subscribers or done.is_in_force):
            click.echo("Nothing else was known of it: was it written as in subscribers.yaml?")
        for line in _what_holds_it(opened, address, done):
            click.echo(line)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


# --- which address -----------------------------------------------------------------------------


def _target(config: Config, address: str) -> str:
    """Return the target of a mail address, or of a configured webhook's key."""
    every = config.destinations
    for place in every:
        if address in (place.key, place.target):
            return place.target
    if "@" in address:
        return _mail_target(address)
    near = nearest(address, [_name(place) for place in every])
    hint = f'Did you mean "{near}"?' if near else "See them: alerts people list"
    for person in config.subscribers:
        if address.casefold() in (person.id.casefold(), person.name.casefold()):
            theirs = ", ".join(map(_name, person.destinations))
            hint = f"Name one of the addresses and webhooks of {person.name}: {theirs}"
    raise UsageError(f'"{address}" is no mail address, and no destination is called so.', hint=hint)


def _unlisted(config: Config, address: str, target: str) -> str:
    """Return what to say of an address that nobody has just now; empty if somebody has it."""
    if marks.places(config, target):
        return ""
    near = _meant(config, address)
    meant = f' Did you mean "{near}"?' if near else ""
    return f"{address} is not in subscribers.yaml, so that nothing is sent there yet.{meant}"


def _meant(config: Config, address: str) -> str | None:
    """Return the configured address of the same domain that is written most like this one."""
    user, _, domain = address.casefold().rpartition("@")
    users = {name.rpartition("@")[0].casefold(): name for name in map(_name, config.destinations)}
    near = nearest(user, [one for one, name in users.items() if domain in name.casefold()])
    return users[near] if near else None


def _confirm(question: str) -> None:
    try:
        click.confirm(question, abort=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise UsageError(
            "Nothing was erased: nobody answered yes.", hint="Without asking: --yes"
        ) from None


def _name(place: Destination) -> str:
    return place.place if place.kind == "email" else place.key


def _mail_target(address: str) -> str:
    try:
        read = read_address(address)
    except GrammarError as error:
        raise UsageError(error.message, hint=error.hint) from None
    return Destination("", "email", read.spec).target


def _moment(config: Config, target: str, until: str | None) -> float:
    """Return when a pause ends, a day being one in its subscriber's time zone."""
    if until is None:
        return rows.NO_END
    owners = {place.subscriber for place in marks.places(config, target)}
    zone = next((s.timezone for s in config.subscribers if s.id in owners), "UTC")
    try:
        end = parse_date_or_time(until, zone)
    except GrammarError as error:
        raise UsageError(error.message, hint=error.hint) from None
    if end <= SystemClock().now():
        raise UsageError(f"{until} is over.", hint="Give a day or a time that is still to come.")
    return end


# --- what still holds an erased address --------------------------------------------------------


def _what_holds_it(opened: Marking, address: str, done: Erasure) -> Iterator[str]:
    lines = list(_lines_with(opened.settings, address))
    if lines:
        yield "It still stands in:"
        yield from (f"  {line}" for line in lines)
        yield "Delete that line; until then nothing is sent there, but the file names the person."
    if done.is_in_force:
        yield (
            "The configuration in force has it too: once the line is deleted and taken"
            f" (alerts once, or a running service), call this again: alerts people erase {address}"
        )
    if _is_in_git(opened.settings.config):
        yield f"Git keeps earlier versions of the file: git log -S '{address}' finds them."
    if mails := _spooled(opened.settings.spool, address):
        count = _counted(len(mails), "mail", "mails")
        yield f"{count} to it in {opened.settings.spool}: {mails[0].name}{' …' * (len(mails) > 1)}"
    yield "Backups of the database and logs of your mail server are not looked into."


def _pattern(address: str) -> re.Pattern[str]:
    spec = read_address(address).spec
    return re.compile(rf"(?<![\w.+-]){re.escape(spec)}(?![\w-])", re.IGNORECASE)


def _lines_with(settings: Settings, address: str) -> Iterator[str]:
    """Return "file:line" wherever subscribers.yaml, its includes or .env name an address."""
    pattern = _pattern(address)
    loaded = configuration.load(
        settings.config, settings.environment, allow_unset=True, with_examples=False
    )
    files = dict(loaded.files)
    dotenv = settings.config.parent / ".env"
    if dotenv.is_file():
        files[".env"] = dotenv.read_bytes()
    for name, data in files.items():
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{name}:{number}"


def _is_in_git(path: Path) -> bool:
    folders: Sequence[Path] = (path.absolute().parent, *path.absolute().parent.parents)
    return any((folder / ".git").exists() for folder in folders)


def _spooled(folder: Path, address: str) -> list[Path]:
    if not folder.is_dir():
        return []
    pattern = _pattern(address)
    return [
        mail
        for mail in sorted(folder.rglob("*.eml"))
        if pattern.search(mail.read_text("utf-8", "replace"))
    ]
