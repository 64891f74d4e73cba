"""Claims about log lines on a terminal."""

from __future__ import annotations

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
    done = subprocess.run([sys.executable, "-c", WRITES], stderr=theirs, check=True, timeout=30)
    os.close(theirs)
    said = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    live, logged, *_ = said.split("\r\x1b[2K")[1:]
    assert live == "2 polls under way"
    assert "polled" in logged
    assert logged.endswith("\n")
