"""Commands with commands in them: an unknown one is answered with the nearest there is."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from alerts.rules.mistakes import nearest


class Suggesting(click.Group):
    """A group that says "Did you mean …?"; commands in `late` are loaded when they are called."""

    def __init__(self, *args: Any, late: Mapping[str, str] | None = None, **given: Any) -> None:
        super().__init__(*args, **given)
        self._late = late or {}  # name -> "module:attribute"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, those of the late ones first."""
        return [*self._late, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a late command; None if there is none of that name."""
        if cmd_name not in self._late:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._late[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the tables are ours
        if not gc.isenabled():
            # To walk the modules of ours and others again and again was a fifth of a short command.
            gc.freeze()
            gc.enable()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; UsageError with the nearest name if there is none."""
        name = args[0]
        if name not in self.list_commands(ctx) and not name.startswith("-"):
            near = nearest(name, self.list_commands(ctx))
            hint = f'Did you mean "{near}"?' if near else f"See: {ctx.command_path} --help"
            ctx.fail(f'There is no command "{name}". {hint}')
        return super().resolve_command(ctx, args)


@dataclass(frozen=True)
class Before:
    """Options written before the subcommand."""

    path: Path | None = None
    as_json: bool = False
