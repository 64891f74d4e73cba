"""Serves the pages over HTTP with waitress, in a thread, until it is stopped."""

from __future__ import annotations

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import waitress  # type: ignore[import-untyped]
from flask import Flask

from alerts.errors import UsageError
from alerts.settings import Settings
from alerts.web.app import MAX_BODY_BYTES

#: Links and health checks are few and short.
_THREADS = 4

#: A stop is noticed after this.
_LOOK_S = 0.2

#: Who sends a request more slowly than this is let go.
_SLOW_S = 30

_MAX_HEADER_BYTES = 32_768


def host_of(settings: Settings) -> str:
    """Return the address to listen on: every one if there is a public BASE_URL, else this machine.

    Without BASE_URL no mail holds a link, so that nobody outside needs the pages.
    """
    name = urlsplit(settings.base_url or "").hostname
    if name in (None, "localhost", "127.0.0.1", "::1"):
        return "127.0.0.1"
    return "0.0.0.0"  # noqa: S104 - see above


def _listening(host: str, port: int) -> socket.socket:
    """Return a bound socket; waitress itself would leave one open behind a failure."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise UsageError(
            f"The web pages cannot use port {port}: {error.strerror or error}.",
            hint="Set PORT to another one; 0 takes any that is free.",
        ) from None
    return made


class Served:
    """A server at work: `port`, `url`, `stop()`."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        """Listen at once; UsageError if the port is taken or not ours to use."""
        listening = _listening(host, port)
        self._sockets: dict[Any, Any] = {}
        self._server = waitress.create_server(
            app,
            map=self._sockets,
            sockets=[listening],
            threads=_THREADS,
            ident=None,
            max_request_body_size=MAX_BODY_BYTES,
            max_request_header_size=_MAX_HEADER_BYTES,
            channel_timeout=_SLOW_S,
            clear_untrusted_proxy_headers=True,
        )
        self.port = int(listening.getsockname()[1])
        self.url = f"http://{host}:{self.port}"
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more requests, end those under way."""
        self._ending.set()
        self._thread.join(timeout_s)

    def wait(self, timeout_s: float | None = None) -> None:
        """Return when it was stopped."""
        self._thread.join(timeout_s)

    def _serve(self) -> None:
        """Close everything in the thread that looks at the sockets: no other may."""
        while not self._ending.is_set():
            self._server.asyncore.loop(timeout=_LOOK_S, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown(timeout=2)
        for channel in list(self._sockets.values()):
            channel.close()
        self._server.close()


def serve(app: Flask, host: str, port: int) -> Served:
    """Serve `app` in a thread of its own; port 0 takes any that is free."""
    return Served(app, host, port)
