"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from needs import program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_server_user(*command: str | Path) -> None:
    """Run a server command; PostgreSQL refuses to be run by root."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, capture_output=True, cwd="/")


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the URL of a running server (without a database's name), and stop it afterwards."""
    initdb, pg_ctl = (program(name, package="postgresql") for name in ("initdb", "pg_ctl"))
    folder = Path(tempfile.mkdtemp(prefix="alerts-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port, data = _free_port(), folder / "data"
    try:
        _as_server_user(initdb, "-D", data, "-A", "trust", "-U", "alerts", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        log = folder / "log"
        _as_server_user(pg_ctl, "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql://alerts@127.0.0.1:{port}"
        finally:
            _as_server_user(pg_ctl, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server that lives as long as the session."""
    with cluster() as url:
        yield url


def emptied(server: str) -> str:
    """Return the URL of a database on `server` with nothing in it."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"{server}/postgres"
