"""The wheel runs from an empty folder, with the packages of requirements.lock and no others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import needs

pytestmark = pytest.mark.slow


def _run(*command: str, folder: Path) -> str:
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder.parent),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, encoding="utf-8", timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _locked() -> Iterator[str]:
    """Yield the packages that requirements.lock installs on this machine."""
    for line in (needs.ROOT / "requirements.lock").read_text().splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name


def _lend(package: str, to: Path) -> None:
    """Put an installed package into another site-packages, as links: nothing is fetched."""
    found = distribution(package)
    tops = {path.parts[0] for path in found.files or () if ".." not in path.parts}
    for top in tops - {"__pycache__"}:
        source = Path(str(found.locate_file(top)))
        if not (to / top).exists() and source.exists():
            (to / top).symlink_to(source, target_is_directory=source.is_dir())


def test_the_wheel_runs_the_demo_from_an_empty_folder_with_the_locked_packages_alone(
    tmp_path: Path,
) -> None:
    wheels, fresh, empty = (tmp_path / name for name in ("wheels", "fresh", "empty"))
    for folder in (wheels, empty):
        folder.mkdir()
    _run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(wheels),
        folder=needs.ROOT,
    )
    [wheel] = wheels.glob("alerts-*.whl")
    venv.create(fresh, with_pip=False, symlinks=True)
    [site] = (fresh / "lib").glob("python*/site-packages")
    for package in _locked():
        _lend(package, site)
    pip = (sys.executable, "-m", "pip", "--python", str(fresh / "bin" / "python"))
    _run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel), folder=empty)
    alerts = str(fresh / "bin" / "alerts")
    assert _run(alerts, "--version", folder=empty).startswith("alerts, version ")
    assert "Then the day went on" in _run(alerts, "demo", folder=empty)
    assert [path.name for path in empty.iterdir()] == []
    _run(alerts, "init", "--yes", "--email", "ana@example.org", folder=empty)
    assert " rules, 1 subscriber." in _run(alerts, "check", folder=empty)
