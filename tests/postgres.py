"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a loopback port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from needs import free_port, program


def _as_server_user(*command: str | Path) -> None:
    """Run a server command; PostgreSQL refuses to be run by root."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, capture_output=True, cwd="/")


class Cluster:
    """A server that can be stopped and started; its port and data stay."""

    def __init__(self, folder: Path) -> None:
        self._pg_ctl = program("pg_ctl", package="postgresql")
        self._folder, self._data, self._port = folder, folder / "data", free_port()
        self.url = f"postgresql://alerts@127.0.0.1:{self._port}"

    def make(self) -> None:
        initdb = program("initdb", package="postgresql")
        _as_server_user(initdb, "-D", self._data, "-A", "trust", "-U", "alerts", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        log = self._folder / "log"
        _as_server_user(self._pg_ctl, "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        _as_server_user(self._pg_ctl, "-D", self._data, "-m", mode, "stop")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a running server, and stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="alerts-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        server = Cluster(folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server that lives as long as the session."""
    with cluster() as server:
        yield server.url


def emptied(server: str) -> str:
    """Return the URL of a database on `server` with nothing in it."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )  # what an earlier test has left at work would hold its locks
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"{server}/postgres"
