"""Claims about what the environment sets."""

from __future__ import annotations

import pytest

from alerts.errors import UsageError
from alerts.settings import Settings

WRONG = {
    "BASE_URL": "news.example",
    "SECRET_KEY": "short-canary",
    "ALERTS_ALLOW_NETS": "10.0.0.0/99",
    "ALERTS_MIN_POLL": "soon",
    "ALERTS_HOST_GAP": "2h",
    "ALERTS_LEASE": "25h",
    "PORT": "65536",
}


def test_every_variable_that_cannot_be_used_is_named_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        Settings.of(WRONG | {"MAIL_FROM": "a@example.org"})
    lines = refused.value.message.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(WRONG)
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("port", ["-1", "80.5", "http", "٣", ""])
def test_a_port_is_a_whole_number(port: str) -> None:
    with pytest.raises(UsageError, match="PORT: it must be a whole number from 0 to 65535"):
        Settings.of({"PORT": port})


def test_a_variable_that_is_set_to_nothing_is_unset() -> None:
    nothing = dict.fromkeys(
        ("SMTP_URL", "BOUNCE_ADDRESS", "BASE_URL", "SECRET_KEY", "ADMIN_TOKEN", "ALERTS_PING_URL"),
        " ",
    )
    assert Settings.of(nothing) == Settings()


def test_variables_of_others_are_passed_over() -> None:
    assert Settings.of({"PATH": "/bin", "port": "1"}) == Settings()


def test_what_is_set_is_read_as_what_it_means() -> None:
    found = Settings.of({"PORT": "0", "ALERTS_MIN_POLL": "5m", "BASE_URL": "https://n.example/ "})
    assert (found.port, found.min_poll_s, found.base_url) == (0, 300.0, "https://n.example")


def test_secrets_do_not_show_themselves() -> None:
    found = Settings.of({"SMTP_URL": "smtp://canary@mail.example", "SECRET_KEY": "canary" * 9})
    assert "canary" not in f"{found} {found!r} {found.smtp_url}"
