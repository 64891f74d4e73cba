"""Where templates come from: the shipped ones, and an admin's own beside the configuration.

An admin's are read once and kept as texts, so that half an edit never meets a digest. How they are
run is `sandbox`'s matter, what is made with them `tongue`'s and `render`'s.
"""

from __future__ import annotations

from pathlib import Path

from alerts.errors import TemplateError

#: Ships with the program; what an admin's folder does not have is taken from here.
PACKAGED = Path(__file__).parent.parent / "templates"

#: What an admin's folder may hold -> what it makes.
TEMPLATES = {
    "digest.html.j2": "the HTML part of a digest mail",
    "digest.txt.j2": "the plain-text part of a digest mail",
    "subject.txt.j2": "the subject of a digest mail",
    "slack.j2": "the texts of a Slack digest, one macro each",
    "urgent.html.j2": "the HTML part of an urgent alert",
    "urgent.txt.j2": "the plain-text part of an urgent alert",
}

FOLDER = "templates"
_MAX_BYTES = 1_000_000
HINT = "Mend it, or remove it from your templates folder: the shipped one is used then."


def folder_beside(config: Path) -> Path:
    """Return where an admin's own templates are looked for."""
    return config.parent / FOLDER


def own_files(config: Path) -> dict[str, Path]:
    """Return the files of an admin's own templates by name, with what they may include."""
    folder = folder_beside(config)
    if folder.resolve() == PACKAGED.resolve():
        return {}
    try:
        return {path.name: path for path in sorted(folder.glob("*.j2")) if path.is_file()}
    except OSError:
        return {}


def own_templates(config: Path) -> dict[str, str]:
    """Return the texts of an admin's own templates by name. Raises TemplateError."""
    return {name: _text(name, path) for name, path in own_files(config).items()}


def _text(name: str, path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise TemplateError(
                f"The template {name} is larger than 1 MB.", hint=HINT, file=f"{FOLDER}/{name}"
            )
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        words = f"The template {name} cannot be read: {error}."
        raise TemplateError(words, hint=HINT, file=f"{FOLDER}/{name}") from error
