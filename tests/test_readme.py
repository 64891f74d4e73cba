"""The README is true today: its digest is the demo's, its YAML is valid, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts import config
from alerts.cli import COMMANDS
from tests import needs

README = (needs.ROOT / "README.md").read_text(encoding="utf-8")


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


def test_its_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (needs.ROOT / link).is_file(), link


@pytest.mark.parametrize("variable", ["SMTP_URL", "MAIL_FROM", "DATABASE_URL"])
def test_its_variables_are_documented(variable: str) -> None:
    assert variable in README
    assert variable in (needs.ROOT / "docs/configuration.md").read_text(encoding="utf-8")
