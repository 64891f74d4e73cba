"""The command `alerts`: a table of commands whose modules are loaded when they are called.

Each command lives in the module named here, as a click command of the same name. Nothing is
decided here: commands read through `store` and change through `pipeline`.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from alerts import __version__
from alerts.cli.groups import Suggesting
from alerts.errors import AlertsError, ConfigError

#: name -> (module:attribute, one line for --help), for every day and for now and then.
EVERYDAY: dict[str, tuple[str, str]] = {
    "init": ("alerts.cli.init:init", "Set it up: asks five questions, sends a test mail."),
    "check": ("alerts.cli.check:check", "Find mistakes in subscribers.yaml before they ship."),
    "try": ("alerts.cli.try_:try_", "What a query or an edit would have found lately."),
    "preview": ("alerts.cli.preview:preview", "The digest as it would go out now."),
    "run": ("alerts.cli.run:run", "The whole service in one process: polls, matches, sends."),
    "once": ("alerts.cli.once:once", "One pass: poll what is due, send what is due, end."),
    "status": ("alerts.cli.status:status", "How everything is, on one screen."),
    "explain": ("alerts.cli.explain:explain", "Why somebody got an article, or did not."),
}
MORE: dict[str, tuple[str, str]] = {
    "demo": ("alerts.cli.demo:demo", "See the whole service at work on sample news; no network."),
    "doctor": ("alerts.cli.doctor:doctor", "Find what is wrong: mail, names, webhooks, clock."),
    "discover": ("alerts.cli.discover:discover", "The feeds that a web page names."),
    "feeds": ("alerts.cli.feeds:feeds", "The feeds and how they are; check, resume or move one."),
    "subscribers": ("alerts.cli.tables:subscribers", "Who is told of what, and when next."),
    "rules": ("alerts.cli.tables:rules", "The rules and what they found."),
    "match": ("alerts.cli.match:match", "Run the rules over a feed file or JSON lines."),
    "deliveries": ("alerts.cli.deliveries:deliveries", "What was sent, what waits, what failed."),
    "destinations": ("alerts.cli.destinations:destinations", "Where it goes, and how that is."),
    "people": ("alerts.cli.people:people", "Who is stopped or paused; pause, resume, erase."),
    "send-test": ("alerts.cli.send_test:send_test", "A test message, with the server's reply."),
    "reload": ("alerts.cli.reload:reload", "Take an edit, confirm one that waits, undo one."),
    "import": ("alerts.cli.lists:import_", "Turn a list of feeds (OPML) into YAML."),
    "export": ("alerts.cli.lists:export", "The feeds as OPML, for a feed reader."),
    "web": ("alerts.cli.web:web", "The web pages alone: stop links, health, metrics."),
    "backup": ("alerts.cli.backup:backup", "Copy the database while it is in use."),
    "migrate": ("alerts.cli.migrate:migrate", "Bring the database to this version's schema."),
    "templates": ("alerts.cli.templates:templates", "The templates of digests: list, show, check."),
    "schema": ("alerts.cli.check:schema", "The JSON Schema of subscribers.yaml, for editors."),
    "completion": ("alerts.cli.completion:completion", "Let the Tab key complete commands."),
}
COMMANDS = {**EVERYDAY, **MORE}


class _Table(Suggesting):
    """The commands; their lines in --help are the tables', so that no module is loaded for it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, table in (("Everyday", EVERYDAY), ("More", MORE)):
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, and the options."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=COMMANDS[name][1]) for name in names), *options]


@click.group(
    cls=_Table,
    late={name: place for name, (place, _) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="alerts")
def cli() -> None:
    """Watch news feeds and send each subscriber digests of what they asked for.

    Begin with `alerts demo`, then `alerts init`. Every command has examples: alerts run --help.
    For the Tab key: eval "$(alerts completion bash)" in ~/.bashrc.
    """


def main() -> NoReturn:
    """Run the command line; errors of ours become one clear message and their exit code."""
    gc.disable()  # until the command is loaded
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
