"""The command `alerts`: a table of commands whose modules are loaded when they are called.

Each command lives in the module named here, as a click command of the same name. Nothing is
decided here: commands read through `store` and change through `pipeline`.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from alerts import __version__
from alerts.errors import AlertsError, ConfigError

#: name -> (module:attribute, one line for --help); everyday commands first.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("alerts.cli.demo:demo", "See the whole service at work on sample news; no network."),
    "check": ("alerts.cli.check:check", "Find mistakes in subscribers.yaml before they ship."),
    "match": ("alerts.cli.match:match", "Run the rules over a feed file or JSON lines."),
    "try": ("alerts.cli.try_:try_", "What a query or an edit would have found lately."),
    "explain": ("alerts.cli.explain:explain", "Why somebody got an article, or did not."),
    "preview": ("alerts.cli.preview:preview", "The digest as it would go out now."),
    "run": ("alerts.cli.run:run", "The whole service in one process: polls, matches, sends."),
    "once": ("alerts.cli.once:once", "One pass: poll what is due, send what is due, end."),
    "feeds": ("alerts.cli.tables:feeds", "The feeds and how they are."),
    "subscribers": ("alerts.cli.tables:subscribers", "Who is told of what, and when next."),
    "rules": ("alerts.cli.tables:rules", "The rules and what they found."),
    "deliveries": ("alerts.cli.deliveries:deliveries", "What was sent, what waits, what failed."),
    "destinations": ("alerts.cli.destinations:destinations", "Where it goes, and how that is."),
    "reload": ("alerts.cli.reload:reload", "Take an edit, confirm one that waits, undo one."),
    "people": ("alerts.cli.people:people", "Who is stopped or paused; pause, resume, erase."),
    "web": ("alerts.cli.web:web", "The web pages alone: stop links, health, metrics."),
    "send-test": ("alerts.cli.send_test:send_test", "A test message, with the server's reply."),
    "backup": ("alerts.cli.backup:backup", "Copy the database while it is in use."),
    "templates": ("alerts.cli.templates:templates", "The templates of digests: list, show, check."),
    "schema": ("alerts.cli.check:schema", "The JSON Schema of subscribers.yaml, for editors."),
    "migrate": ("alerts.cli.migrate:migrate", "Bring the database to this version's schema."),
}


class _Table(click.Group):
    """A group that knows its commands by name and loads them late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Table, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="alerts")
def cli() -> None:
    """Watch news feeds and send each subscriber digests of what they asked for.

    Begin with `alerts demo`, then write subscribers.yaml, try it with `alerts check`
    and run `alerts once`.
    """


def main() -> NoReturn:
    """Run the command line; errors of ours become one clear message and their exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as wrong:
        wrong.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = 130
    except AlertsError as error:
        _tell(error)
        code = error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _tell(error: AlertsError) -> None:
    if isinstance(error, ConfigError):
        diagnostics = importlib.import_module("alerts.config.diagnostics")
        click.echo(diagnostics.report(error.mistakes, ()), err=True)
        return
    click.echo(f"alerts: {error.message}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
