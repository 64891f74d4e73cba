"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path

import click

json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
config_option = click.option(
    "--config", "path", type=click.Path(path_type=Path), default=None,
    help="Another file than ALERTS_CONFIG or subscribers.yaml.",
)  # fmt: skip
