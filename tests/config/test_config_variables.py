"""Variables fill in what must not stand in the file, and never show in a message."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_files import feed, load, places, said, subscriber

from alerts import config
from alerts.config import diagnostics
from alerts.model import Secret

SLACK = subscriber("rules: [ice]", "slack: ${SLACK_ICE_URL}")
URL = "https://hooks.slack.com/services/T0/B0/abcdef"


def test_a_name_that_is_set_and_nearly_the_same_is_suggested() -> None:
    loaded = load(SLACK, {"SLACK_ICE_URI": URL})
    assert "(Is SLACK_ICE_URI, which is set, the same thing misspelt?)" in said(loaded.errors)


def test_a_variable_set_to_nothing_is_told_as_empty() -> None:
    assert "SLACK_ICE_URL is empty" in said(load(SLACK, {"SLACK_ICE_URL": " "}).errors)


def test_unset_variables_are_taken_where_that_is_allowed() -> None:
    text = SLACK.replace(
        "ice]", "ice]\n    webhook: {url: '${U}', secret: '${S}'}\n    timezone: ${TZ}"
    )
    loaded = load(text, allow_unset=True)
    assert loaded.config is not None, said(loaded.errors)
    slack, hook = loaded.config.subscribers[0].destinations[1:]
    assert (slack.kind, slack.url) == ("slack", None)
    assert (hook.kind, hook.secret) == ("webhook", None)


@pytest.mark.parametrize("written", ["$SLACK_ICE_URL", "${SLACK_ICE_URL}", '"${SLACK_ICE_URL}"'])
def test_both_ways_to_write_a_variable_are_read(written: str) -> None:
    loaded = load(SLACK.replace("${SLACK_ICE_URL}", written), {"SLACK_ICE_URL": URL})
    assert loaded.config is not None, said(loaded.errors)
    assert loaded.config.subscribers[0].destinations[1].url == Secret(URL)


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "slack.txt").write_text(f"{URL}\n")
    (tmp_path / "s.yaml").write_text(SLACK.replace("SLACK_ICE_URL", "file:slack.txt"))
    loaded = config.load(tmp_path / "s.yaml", {})
    assert loaded.config is not None, said(loaded.errors)
    assert loaded.config.subscribers[0].destinations[1].url == Secret(URL)
    assert list(loaded.files) == ["s.yaml"]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_used_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    (tmp_path / "s.yaml").write_text(SLACK.replace("SLACK_ICE_URL", "file:x"))
    assert [m.line for m in config.load(tmp_path / "s.yaml", {}).errors] == [12]
    assert config.load(tmp_path / "s.yaml", {}, allow_unset=True).config is not None


def test_a_name_that_is_none_is_an_error_at_its_place() -> None:
    loaded = load(SLACK.replace("${SLACK", "x${SLACK-").replace("_ICE", " ICE"))
    assert places(loaded.errors) == ["12:13"]


def test_no_message_shows_what_a_variable_holds() -> None:
    secret = "not-a-web-address-but-secret"
    loaded = load(
        SLACK.replace(
            "slack:", "webhook: {url: '${W}', secret: '${S}'}\n    email: ${M}\n    slack:"
        ).replace("    email: ana@example.org\n", ""),
        {"SLACK_ICE_URL": secret, "W": f"http://{secret}.example/", "S": "short-one", "M": secret},
    )
    assert len(loaded.errors) == 3
    shown = diagnostics.report(loaded.errors, loaded.warnings)
    assert secret not in shown
    assert "short-one" not in shown


def test_auth_without_a_colon_shows_no_password() -> None:
    text = feed("- {url: 'https://x.example/', auth: '${A}'}")
    shown = diagnostics.report(load(text, {"A": "only-a-password"}).errors, ())
    assert "only-a-password" not in shown


def test_a_chat_webhook_written_in_a_git_work_tree_is_warned_of(tmp_path: Path) -> None:
    text = SLACK.replace("${SLACK_ICE_URL}", URL)
    (tmp_path / "s.yaml").write_text(text)
    assert not config.load(tmp_path / "s.yaml", {}).warnings
    (tmp_path / ".git").mkdir()
    loaded = config.load(tmp_path / "s.yaml", {})
    assert loaded.config is not None
    warned = said(loaded.warnings)
    assert "This address is a password" in warned
    assert "SLACK_ANA_URL=…, write slack: ${SLACK_ANA_URL} here" in warned
    assert "abcdef" not in diagnostics.report((), loaded.warnings)


def test_a_signing_secret_written_in_a_git_work_tree_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    hook = "webhook: {url: 'https://hook.example/', secret: 'a-plain-secret-of-many-letters'}"
    (tmp_path / "s.yaml").write_text(subscriber("rules: [ice]", hook))
    assert "WEBHOOK_ANA_SECRET" in said(config.load(tmp_path / "s.yaml", {}).warnings)
