"""Hiding what looks like a secret in a text that people see; who shows it calls `mask`."""

from __future__ import annotations

import re

#: user:password@ in any URL, the path of webhook URLs that are secrets, bearer-like parameters.
_USERINFO = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")
_WEBHOOK = re.compile(
    r"(https?://(?:hooks\.slack\.com|discord(?:app)?\.com|[\w.-]*\.logic\.azure\.com"
    r"|chat\.googleapis\.com|api\.telegram\.org)/)\S+"
)
_PARAMETER = re.compile(r"(?i)\b((?:sig|token|key|secret|password)=)[^&\s]+")


def mask(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced by ***."""
    text = _USERINFO.sub("***", text)
    text = _WEBHOOK.sub(r"\1***", text)
    return _PARAMETER.sub(r"\1***", text)
