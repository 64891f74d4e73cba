"""`alerts completion`: the script by which a shell completes our commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the script that lets the Tab key complete commands and options.

    \b
    Examples:
      alerts completion bash >> ~/.bashrc
      alerts completion zsh >> ~/.zshrc
      alerts completion fish > ~/.config/fish/completions/alerts.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of the three that click knows
    top = ctx.find_root().command
    click.echo(kind(top, {}, "alerts", "_ALERTS_COMPLETE").source())
