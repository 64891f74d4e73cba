"""Claims about log lines on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

WRITES = """
from alerts import log
from alerts.cli.output import Progress
log.configure()
with Progress() as progress:
    progress.say("2 polls under way")
    log.get_logger().info("polled")
    progress.say("1 poll under way")
"""


def test_on_a_terminal_a_log_line_takes_the_place_of_the_live_line():
    ours, theirs = pty.openpty()
    done = subprocess.run([sys.executable, "-c", WRITES], stderr=theirs, check=True, timeout=90)
    os.close(theirs)
    said = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    live, logged, *_ = said.split("\r\x1b[2K")[1:]
    assert live == "2 polls under way"
    assert "polled" in logged
    assert logged.endswith("\n")


def written(code: str) -> str:
    """Return what a process that runs `code` writes on standard error, which is no terminal."""
    code = f"from alerts import log\nlogger = log.get_logger()\n{code}"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=90)
    assert done.stdout == ""
    return done.stderr


def test_elsewhere_a_line_is_made_of_keys_and_values():
    said = written("log.configure(); logger.info('feed polled', new=3, feed='https://a.example/x')")
    stamp, rest = said.split(" ", 1)
    assert stamp.startswith("timestamp='2")
    assert stamp.endswith("Z'")
    assert rest == "level='info' event='feed polled' new=3 feed='https://a.example/x'\n"


def test_as_json_a_line_is_one_object_whatever_it_holds():
    said = written("log.configure(as_json=True); logger.warning('odd', found={1}, said='a\\nb')")
    line = json.loads(said)
    del line["timestamp"]
    assert line == {"level": "warning", "event": "odd", "found": "{1}", "said": "a\nb"}
    assert said.count("\n") == 1


def test_secrets_are_masked_in_values_and_in_exceptions():
    said = written(
        "log.configure()\n"
        "try: raise ValueError('https://me:canary@a.example')\n"
        "except ValueError: logger.error('failed', url='https://a.example/?key=canary', exc_info=True)"
    )
    assert "ValueError" in said
    assert "canary" not in said


def test_a_quiet_command_and_one_that_says_nothing_of_it_write_warnings_only():
    speak = "logger.info('small'); logger.warning('big')"
    for configured in ("log.configure(quiet=True)", ""):
        said = written(f"{configured}\n{speak}")
        assert "small" not in said
        assert "event='big'" in said
