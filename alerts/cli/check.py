"""`alerts check` and `alerts schema`: what is wrong with subscribers.yaml, what may stand in it.

Neither needs a network, neither changes anything, and only --with-history reads the database.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from alerts import config, settings
from alerts.cli.output import write_json
from alerts.cli.past import Past
from alerts.clock import SystemClock
from alerts.config import diagnostics, explained, reference, schema_document
from alerts.config.asked import Ask, ask_nobody, no_judge
from alerts.config.loaded import Loaded
from alerts.errors import UsageError
from alerts.model import Config
from alerts.settings import Settings

#: Of several explanations each is cut after about so many characters.
_MOST_CHARS = 400


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--config", "named", type=click.Path(path_type=Path), help="The same as FILE.")
@click.option("--json", "as_json", is_flag=True, help="Errors and warnings as one JSON object.")
@click.option("--strict", is_flag=True, help="Exit 1 if there are warnings.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="github: mark the lines in a pull request.",
)
@click.option(
    "--with-history",
    is_flag=True,
    help="Judge the rules against the stored articles of the last 30 days, too.",
)
@click.option("--online", is_flag=True, help="Ask each feed once, too.")
@click.option("--allow-unset", is_flag=True, help="Take ${VARIABLES} that are not set here.")
@click.option(
    "--explain",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="Each rule and subscriber (or the one of that name) in plain words.",
)
@click.pass_context
def check(  # noqa: PLR0913 - one parameter for each option
    ctx: click.Context,
    *,
    file: Path | None,
    named: Path | None,
    as_json: bool,
    strict: bool,
    form: str,
    with_history: bool,
    online: bool,
    allow_unset: bool,
    explain: str | None,
) -> None:
    """Find mistakes in subscribers.yaml before they ship: all at once, each with its line.

    Runs the rules' examples too. Exit code 0: it can be used; 2: it has errors; 1: it has
    warnings, with --strict. With --online a web page in a feed's place is an error; a feed that
    cannot be reached just now is a warning.

    \b
    Examples:
      alerts check
      alerts check --explain ice
      alerts check --online --with-history
      alerts check other.yaml --strict --format github
    """
    if file is None and named is None and explain and Path(explain).is_file():
        file, explain = Path(explain), ""  # `check --explain subscribers.yaml`
    env = settings.load(file or named)
    now = SystemClock().now()
    past = Past(env.database_url.reveal(), now) if with_history else None
    loaded = config.load(
        env.config,
        env.environment,
        allow_unset=allow_unset,
        judge=past.judge if past else no_judge,
        ask=_asked_by(env) if online else ask_nobody,
        now=now,
    )
    loaded = replace(loaded, warnings=(*env.env_mistakes, *loaded.warnings))
    told = _explanations(loaded.config, explain)
    if as_json:
        _write_json(loaded, told)
    elif form == "github":
        _write_lines(map(diagnostics.for_github, diagnostics.in_order(loaded.mistakes)))
    else:
        _write_text(loaded, env.config, told)
    if past is not None:
        click.echo(past.said(), err=True)
    ctx.exit(2 if loaded.errors else 1 if strict and loaded.warnings else 0)


def _asked_by(env: Settings) -> Ask:
    """Return what asks the feeds; what reads documents is loaded only for that."""
    found: Ask = importlib.import_module("alerts.cli.feeds_online").asked_by(env)
    return found


def _explanations(found: Config | None, name: str | None) -> dict[str, str] | None:
    if found is None or name is None:
        return None
    told = explained.explanations(found)
    if not name:
        return told
    name = next((s.id for s in found.subscribers if s.name == name), name)
    if name in told:
        return {name: told[name]}
    near = config.nearest(name, list(told))
    hint = f'Did you mean "{near}"?' if near else f"There are {', '.join(told) or 'none'}."
    raise UsageError(f'There is no rule or subscriber "{name}".', hint=hint)


def _write_json(loaded: Loaded, told: dict[str, str] | None) -> None:
    shown: dict[str, Any] = {
        "errors": [diagnostics.as_json(mistake) for mistake in loaded.errors],
        "warnings": [diagnostics.as_json(mistake) for mistake in loaded.warnings],
        "not_in_effect": list(loaded.not_in_effect),
    }
    if told is not None:
        shown["explanations"] = told
    write_json(shown)


def _write_text(loaded: Loaded, path: Path, told: dict[str, str] | None) -> None:
    if loaded.config is None:
        click.echo(diagnostics.report(loaded.errors, loaded.warnings))
        return
    _write_lines(map(diagnostics.render, loaded.warnings))
    _write_lines(_explained(told or {}))
    _write_lines(f"Not yet in effect: {key}" for key in loaded.not_in_effect)
    click.echo(_summary(loaded.config, loaded, path))


def _explained(told: dict[str, str]) -> Iterator[str]:
    """Yield what rules and subscribers mean; among others a long one is cut short."""
    for name, words in told.items():
        if len(told) == 1 or len(words) <= _MOST_CHARS:
            yield f"{name}: {words}"
        else:
            cut = words[:_MOST_CHARS].rpartition(" ")[0]
            yield f"{name}: {cut} … (all of it: alerts check --explain {name})"


def _summary(found: Config, loaded: Loaded, path: Path) -> str:
    own = sum("/" in rule.name for rule in found.rules)
    counts = [
        _counted(len(found.feeds), "feed"),
        _counted(len(found.rules) - own, "rule") + (f" and {own} written in place" if own else ""),
        _counted(len(found.subscribers), "subscriber"),
    ]
    if not loaded.warnings:
        return f"{path} is fine: {', '.join(counts)}."
    warned = diagnostics.count((), loaded.warnings)
    return f"{path} can be used: {', '.join(counts)}. {warned}. Nothing was changed."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _write_lines(lines: Any) -> None:
    for line in lines:
        click.echo(line)


@click.command()
@click.option("--markdown", is_flag=True, help="The page docs/configuration.md instead.")
def schema(*, markdown: bool) -> None:
    """Print the JSON Schema of subscribers.yaml, for editors that check while you type.

    \b
    Examples:
      alerts schema > subscribers.schema.json
    """
    click.echo(reference.page() if markdown else schema_document.text(), nl=False)
