"""Claims about what a process loads: memory that every deployment pays for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scripted import reply, serve_by

#: Runs `alerts once`, then says which of the modules it was asked for are loaded.
ONCE = """
import atexit, sys
from alerts.cli import main
atexit.register(lambda: print("loaded:", *[name for name in {names!r} if name in sys.modules]))
sys.argv = ["alerts", "once", *{options!r}]
main()
"""

HEAVY = (
    "alembic", "mako", "flask", "waitress", "rich", "pydantic", "prometheus_client", "re2",
    "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "aiosmtpd",
    "jinja2", "feedparser", "email_validator", "requests", "alerts.config.lint",
)  # fmt: skip


DOCUMENT = (
    b"<rss version='2.0'><channel><title>F</title><item><title>One</title></item></channel></rss>"
)


def loaded_by_once(folder: Path, query: str, feeds: str = "") -> list[str]:
    """Return the heavy modules that a pass loads; `feeds`: URLs, separated by commas."""
    (folder / ".env").write_text("ALERTS_ALLOW_NETS=127.0.0.0/8\nALERTS_MIN_POLL=0\n")
    (folder / "subscribers.yaml").write_text(
        f"version: 1\nfeeds: [{feeds}]\nsubscribers:\n"
        f"  - {{name: Ana, email: ana@example.org, rules: [{{query: '{query}'}}]}}\n"
    )
    run = [sys.executable, "-c", ONCE.format(names=HEAVY, options=["--force"] if feeds else [])]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True, timeout=90)
    return done.stdout.rpartition("loaded:")[2].split()


def test_a_pass_over_a_database_at_head_loads_nothing_that_it_has_no_use_for(
    tmp_path: Path,
) -> None:
    assert "alembic" in loaded_by_once(tmp_path, "ICE")  # the first one makes the tables
    assert loaded_by_once(tmp_path, "ICE") == []


@pytest.mark.parametrize("second", [reply(304), reply(200, DOCUMENT)], ids=["304", "the same"])
def test_feeds_that_say_nothing_new_load_no_parser(second: bytes, tmp_path: Path) -> None:
    first = reply(200, DOCUMENT, {"ETag": '"1"'})
    with serve_by(lambda seen: first if len(site.seen) == 1 else second) as site:
        assert "feedparser" in loaded_by_once(tmp_path, "ICE", site.url("/feed"))
        assert loaded_by_once(tmp_path, "ICE", site.url("/feed")) == []
        assert len(site.seen) == 2


@pytest.mark.parametrize(("query", "loads"), [("/I[.]?C[.]?E/", ["re2"]), ("ICE NEAR/3 raid", [])])
def test_only_a_rule_with_a_regular_expression_loads_re2(
    query: str, loads: list[str], tmp_path: Path
) -> None:
    loaded_by_once(tmp_path, query)
    assert loaded_by_once(tmp_path, query) == loads
