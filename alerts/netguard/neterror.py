"""The one error of outbound traffic and its closed list of kinds."""

from __future__ import annotations

from typing import Literal

from alerts.errors import AlertsError

NetKind = Literal[
    "timeout", "dns", "connect", "tls", "blocked", "protocol", "too_big", "truncated", "encoding"
]


class NetError(AlertsError):
    """One exchange failed; the text names hosts and addresses, never paths or credentials.

    `was_sent` is True once the first byte of the request may have left this machine: a POST that
    fails after that moment may have been accepted, one that fails before it was not.
    """

    def __init__(
        self, kind: NetKind, message: str, *, hint: str = "", was_sent: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: NetKind = kind
        self.was_sent = was_sent
