"""Shows a page to a person: in a browser if there is one, else by its path."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click


def open_page(page: Path) -> None:
    """Open a file in the browser; say where it lies, for who has none."""
    if webbrowser.open(page.absolute().as_uri()):
        click.echo(f"Opening {page}", err=True)
    else:
        click.echo(f"There is no browser here to open {page}", err=True)
