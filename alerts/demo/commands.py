"""Runs the product's own commands in the demo's folder, in processes of their own, as users do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from alerts.clock import Clock
from alerts.errors import CannotWork

_PASS_LIMIT_S = 120
_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 12.0  # `alerts run` promises ten
_LOOK_S = 0.1


class Commands:
    """`alerts …` in one folder, with one environment."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)

    def json(self, command: str, *options: str) -> Any:
        """Run a command with --json and return what it says; CannotWork if it fails."""
        done = subprocess.run(  # noqa: S603 - our own command line, nothing of it from outside
            [sys.executable, "-m", "alerts", command, "--json", *options],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_PASS_LIMIT_S,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip()
            raise CannotWork(f"`alerts {command}` ended with {done.returncode}: {said}")
        return json.loads(done.stdout)

    def service(self, log: Path) -> subprocess.Popen[bytes]:
        """Start `alerts run`; what it says goes to `log`."""
        with log.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "alerts", "run"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )


def wait_until_healthy(service: subprocess.Popen[bytes], pages: str, clock: Clock) -> None:
    """Return when the service says that it is well; CannotWork if it ends or never says so."""
    until = clock.monotonic() + _START_LIMIT_S
    while service.poll() is None and clock.monotonic() < until:
        if _is_healthy(pages):
            return
        clock.sleep(_LOOK_S)
    raise CannotWork(
        "The service did not start.", hint="Its words are in service.log of the demo's folder."
    )


def _is_healthy(pages: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy knows nothing of this machine's own addresses
        try:
            return session.get(f"{pages}/healthz", timeout=5).ok
        except requests.RequestException:
            return False


def stop(service: subprocess.Popen[bytes]) -> int:
    """End the service cleanly, and return its exit code."""
    service.terminate()
    try:
        return service.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        service.kill()
        return service.wait()
