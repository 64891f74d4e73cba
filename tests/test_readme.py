"""The README is true today: its digest is the demo's, its YAML is valid, its commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alerts import config, settings
from alerts.cli import COMMANDS
from tests import needs

README = (needs.ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/operations.md",
    "docs/rules.md",
    "docs/templates.md",
)


def _block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def test_its_configuration_has_no_mistake_and_about_15_lines(tmp_path: Path) -> None:
    file = tmp_path / "subscribers.yaml"
    file.write_text(_block("yaml"), encoding="utf-8")
    loaded = config.load(file, {"SLACK_ICE_URL": "https://hooks.slack.com/services/T/B/x"})
    assert not loaded.errors
    assert not loaded.warnings
    assert len(_block("yaml").splitlines()) <= 16


def test_its_commands_and_targets_exist() -> None:
    makefile = (needs.ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"`alerts ([\w-]+)", README):
        assert command in COMMANDS, command
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile, target
    assert {command for command in COMMANDS if f"`alerts {command}" not in README} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    file = needs.ROOT / page
    for link in re.findall(r"\]\(([^):]+)\)", file.read_text(encoding="utf-8")):
        target, _, part = link.partition("#")
        assert (file.parent / target).is_file(), link
        if part:
            text = (file.parent / target).read_text(encoding="utf-8")
            titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            assert part in {title.lower().replace(" ", "-") for title in titles}, link


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_variables_that_pages_name_exist(page: str) -> None:
    text = (needs.ROOT / page).read_text(encoding="utf-8")
    for command in re.findall(r"(?:`|bin/|^)alerts ([a-z][\w-]*)", text, re.MULTILINE):
        assert command in COMMANDS, command
    known = (needs.ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    for variable in re.findall(r"\b(?:ALERTS|SMTP|MAIL|BASE|SECRET|DATABASE)_[A-Z_]+\b", text):
        assert variable in known, variable


def test_the_example_environment_names_variables_that_exist(tmp_path: Path) -> None:
    lines = (needs.ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    file = tmp_path / ".env"
    file.write_text("\n".join(line.removeprefix("# ") for line in lines if "=" in line))
    env = settings.load(tmp_path / "subscribers.yaml")
    assert not env.env_mistakes
    assert env.base_url == "https://alerts.example.org"


def test_the_platform_file_names_variables_that_exist() -> None:
    named = json.loads((needs.ROOT / "app.json").read_text(encoding="utf-8"))["env"]
    known = (needs.ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert all(variable in known for variable in named)


def test_the_image_copies_what_there_is() -> None:
    text = (needs.ROOT / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (needs.ROOT / source).exists(), source


@pytest.mark.parametrize("variable", ["SMTP_URL", "MAIL_FROM", "DATABASE_URL"])
def test_its_variables_are_documented(variable: str) -> None:
    assert variable in README
    assert variable in (needs.ROOT / "docs/configuration.md").read_text(encoding="utf-8")
