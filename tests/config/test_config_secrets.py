"""What is secret in a line stays hidden when the line is shown, and the caret stays in place."""

from __future__ import annotations

import pytest
from config_files import HEAD, RULES, feed, load, subscriber

from alerts.config import diagnostics

_SLACK = "https://hooks.slack.com/services/T0/B0/hidden1"
HIDDEN = {
    "a webhook's secret": subscriber(
        "rules: [ice]", "webhook: {url: 'ftp://h.example', secret: whsec_aGlkZGVuMQ}"
    ),
    "a plain secret": subscriber(
        "rules: [ice]", "webhook: {url: 'ftp://h.example', secret: hidden1, x: 1}"
    ),
    "a secret in quotes": subscriber(
        "rules: [ice]", "webhook: {x: 1, secret: 'hidden1 and, hidden1', url: 'https://h.example'}"
    ),
    "a secret on a line of its own": subscriber(
        "rules: [ice]", "webhook:", "  url: https://h.example", "  secret: hidden1, x"
    ),
    "a secret below its key": subscriber(
        "rules: [ice]", "webhook:", "  url: https://h.example", "  secret:", "    hidden1"
    ),
    "user and password": feed("- {url: 'ftp://x.example/', auth: 'me:hidden1'}"),
    "a password with a comma": feed("- {url: 'https://x.example/', auth: me:hid,hidden1}"),
    "a password without its user": feed("- {url: 'https://x.example/', auth: hidden1}"),
    "a password in broken YAML": feed("- {url: 'https://x.example/', auth: \"me:hidden1\" x}"),
    "a channel's address": f"{HEAD}{RULES}subscribers:\n  - {{name: A, slack: {_SLACK}, x: 1}}\n",
    "a channel's address in broken YAML": (
        f"{HEAD}{RULES}subscribers:\n  - {{name: A, slack: '{_SLACK}' x}}\n"
    ),
    "a channel's address of another kind": subscriber(
        "rules: [ice]", "discord: https://discord.com/api/webhooks/1/hidden1 x"
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_secret_is_never_shown(name: str) -> None:
    loaded = load(HIDDEN[name])
    assert loaded.errors
    shown = "\n".join(map(diagnostics.render, loaded.mistakes))
    assert "hidden1" not in shown
    assert "aGlkZGVuMQ" not in shown


def test_a_hidden_address_takes_nothing_else_along() -> None:
    text = f"{HEAD}{RULES}subscribers:\n  - {{name: A, slack: {_SLACK}, rules: [icy]}}\n"
    (mistake,) = load(text).errors
    assert mistake.source.endswith(", rules: [icy]}")
    *_, source, caret = diagnostics.render(mistake).splitlines()
    assert source[caret.index("^") :].startswith("icy")


def test_a_variable_for_a_secret_is_shown() -> None:
    text = subscriber("rules: [ice]", "webhook: {url: 'https://h.example', secret: '${KEY_X}'}")
    (mistake,) = load(text).errors
    assert "secret: '${KEY_X}'}" in mistake.source
