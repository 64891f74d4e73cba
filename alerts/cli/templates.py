"""`alerts templates`: which templates digests are made with, their text, whether they work."""

from __future__ import annotations

from pathlib import Path

import click

from alerts import settings
from alerts.cli.options import config_option
from alerts.cli.output import write_json
from alerts.digests.render import Renderer
from alerts.digests.sandbox import unused
from alerts.digests.templates import PACKAGED, TEMPLATES, own_files, own_templates
from alerts.errors import TemplateError, UsageError


@click.group()
def templates() -> None:
    """The templates of digests: yours beside subscribers.yaml, else the shipped ones.

    \b
    To change one, copy it and edit the copy:
      mkdir -p templates
      alerts templates show subject.txt.j2 > templates/subject.txt.j2
      alerts templates check

    docs/templates.md names the values that a template can use.

    \b
    Examples:
      alerts templates list
      alerts templates show subject.txt.j2 > templates/subject.txt.j2
    """


@templates.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_option
def list_(*, as_json: bool, path: Path | None) -> None:
    """List the templates and where each comes from.

    \b
    Example:
      alerts templates list
    """
    mine = own_files(settings.load(path).config)
    rows = [
        {"name": name, "yours": str(mine[name]) if name in mine else None, "makes": makes}
        for name, makes in TEMPLATES.items()
    ]
    if as_json:
        write_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:18} {row['yours'] or 'shipped':32} {row['makes']}")


@templates.command()
@click.argument("name")
@click.option("--shipped", is_flag=True, help="The shipped one, also if yours is in use.")
@config_option
def show(*, name: str, shipped: bool, path: Path | None) -> None:
    """Print a template as it is in use.

    \b
    Example:
      alerts templates show digest.html.j2
    """
    if name not in TEMPLATES:
        hint = f"There are: {', '.join(TEMPLATES)}"
        raise UsageError(f'There is no template "{name}".', hint=hint)
    mine = {} if shipped else own_files(settings.load(path).config)
    file = mine.get(name, PACKAGED / name)
    try:
        click.echo(file.read_text(encoding="utf-8"), nl=False)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error


@templates.command()
@config_option
def check(path: Path | None) -> None:
    """Render a sample with your templates, in each form and language. Exit code 1 if one fails.

    \b
    Example:
      alerts templates check
    """
    config = settings.load(path).config
    mine = [str(file) for name, file in own_files(config).items() if name in TEMPLATES]
    try:
        Renderer(own_templates(config))
        for file, meant in unused(config).items():
            click.echo(f"{file} is used by nothing. Did you mean {meant}?", err=True)
    except TemplateError as error:
        click.echo(f"{error.message}\n{error.hint}", err=True)
        raise click.exceptions.Exit(1) from None
    if mine:
        click.echo(f"{', '.join(mine)}: fine.")
    else:
        click.echo("You have no templates of your own; the shipped ones are used.")
