"""What a test needs from the machine: a program, shared data, leave to run long.

Missing things skip the test with the reason. Under ALERTS_TEST_ALL=1 a missing program is a
failure; missing shared data stays a skip, because a fresh clone has none.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from alerts.clock import SystemClock

ROOT = Path(__file__).resolve().parents[1]
_SHARED = ROOT.parent / "shared" / "data"
_ADMIN_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # where servers lie, seldom on PATH


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")  # noqa: TID251 - about the tests, no setting


def shared(name: str) -> Path:
    """Return the path of a file of ../shared/data, or skip the test."""
    path = _SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/data/{name}")
    return path


def shared_if_there(name: str) -> Path | None:
    """Return the path of a file of ../shared/data, for a test that has something else without it."""
    path = _SHARED / name
    return path if path.exists() else None


def program(name: str, *, package: str | None = None) -> Path:
    """Return the path of a system program; skip the test without it, fail under ALERTS_TEST_ALL.

    PostgreSQL's server programs are looked for where Debian keeps them, too.
    """
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_server_folders()))
    if found:
        return Path(found)
    reason = f"needs the program {name} (apt-get install {package or name})"
    if _is_set("ALERTS_TEST_ALL"):
        pytest.fail(f"{reason}; ALERTS_TEST_ALL demands it", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """Return a port of loopback for a server that is about to start, or that is to be missed.

    It lies below those that the kernel gives to whoever asks for any, so that no other test gets
    it meanwhile. Not by `random`: each worker seeds that alike.
    """
    while True:
        number = 10_000 + int(SystemClock().token(), 16) % 20_000
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", number))
            return number


def node_package(name: str) -> Path:
    """Return the folder in which node finds a package; skip the test without, as for programs.

    `.ci/run` installs them from npm into the folder that ALERTS_TEST_NODE names.
    """
    program("node", package="nodejs")
    folder = os.environ.get("ALERTS_TEST_NODE", "")  # noqa: TID251 - about the tests, no setting
    if folder and (Path(folder) / "node_modules" / name).is_dir():
        return Path(folder)
    reason = f"needs {name} from npm in the folder that ALERTS_TEST_NODE names (see .ci/run)"
    if _is_set("ALERTS_TEST_ALL"):
        pytest.fail(f"{reason}; ALERTS_TEST_ALL demands it", pytrace=False)
    pytest.skip(reason)


def _server_folders() -> list[str]:
    postgres = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return [*_ADMIN_FOLDERS, *postgres]


def mounts() -> None:
    """Skip unless this process may mount a file system (root, and not in a confined container)."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a file system")
    probe = [str(program("unshare")), "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("needs leave to mount a file system")


def immutable_files(folder: Path) -> Path:
    """Return chattr if it makes files there read-only even for who has them open, else skip."""
    chattr = program("chattr", package="e2fsprogs")
    probe = folder / "probe"
    with probe.open("wb", buffering=0) as file:
        if subprocess.run([chattr, "+i", probe], check=False, capture_output=True).returncode:
            pytest.skip("needs root, and a file system that knows immutable files")
        try:
            file.write(b"x")
        except OSError:
            return chattr
        finally:
            subprocess.run([chattr, "-i", probe], check=True)
    pytest.skip("needs a file system where an immutable file cannot be written by who has it open")


def everything() -> None:
    """Skip unless ALERTS_TEST_ALL=1: for slow tests of the whole installation."""
    if not _is_set("ALERTS_TEST_ALL"):
        pytest.skip("slow; runs under ALERTS_TEST_ALL=1")


def soak() -> None:
    """Skip unless ALERTS_TEST_SOAK=1: for tests that run for minutes (`make soak`)."""
    if not _is_set("ALERTS_TEST_SOAK"):
        pytest.skip("soak test; runs with: make soak")
