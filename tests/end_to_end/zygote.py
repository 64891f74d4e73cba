"""Runs `alerts` commands in forked children that begin with everything imported, and kills them.

Reads one JSON object a line: {"cwd", "env", "argv", "kill_at"}; answers {"code", "commits"}. With
`kill_at` N the child kills itself with SIGKILL at its N-th commit: an odd N just before the commit
is made, an even one just after it, when the next transaction begins. Nothing of the product knows
of this: the hooks are SQLAlchemy's own events.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from alerts.cli import main


class Killer:
    """Counts commits, twice each: before and after."""

    def __init__(self, kill_at: int | None) -> None:
        self.commits = 0
        self._kill_at = kill_at
        self._is_armed = False
        event.listen(Engine, "commit", self._before)
        event.listen(Engine, "begin", self._after)

    def _before(self, _connection: object) -> None:
        self.commits += 1
        point = 2 * self.commits - 1
        if point == self._kill_at:
            _die()
        self._is_armed = point + 1 == self._kill_at

    def _after(self, _connection: object) -> None:
        if self._is_armed:
            _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def child(order: dict[str, Any], report: Path) -> NoReturn:
    """Be one command."""
    os.chdir(order["cwd"])
    os.environ.clear()  # noqa: TID251 - a child's own
    os.environ.update(order["env"])  # noqa: TID251
    sys.argv = ["alerts", *order["argv"]]
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    killer = Killer(order["kill_at"])
    code = 1
    try:
        main()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
    report.write_text(str(killer.commits))
    os._exit(code)


def serve() -> None:
    """Answer orders until standard input ends."""
    report = Path(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        report.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            child(order, report)
        _, status = os.waitpid(pid, 0)
        commits = int(report.read_text()) if report.exists() else None
        answer = {"code": os.waitstatus_to_exitcode(status), "commits": commits}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
