"""What a mail server's answer, or its silence, means for a delivery.

Two tables and two functions. The enhanced code (RFC 3463) is believed first, then the basic code,
then the words: "550" alone can mean a wrong address as well as a listed sender. A recipient is
never blamed for what is our fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alerts.model import SendOutcome, SendResult

if TYPE_CHECKING:
    from alerts.delivery.wire import Broken, Reply, Stage

Kind = Literal[
    "ok", "written", "temporary", "server_busy", "network", "timeout", "tls", "auth", "policy",
    "sender", "protocol", "ambiguous", "bad_address", "mailbox_disabled", "mailbox_full",
    "too_big", "smtputf8", "refused", "rate_limited", "gone", "redirect", "bad_payload",
    "blocked", "http", "disk", "unsigned", "degraded",
]  # fmt: skip
Scope = Literal["delivery", "destination", "server"]

#: The closed words of `SendResult.kind`, each with what a person can do about it. A hint stays with
#: its delivery when that is given up: none promises another try, the delivery's state says that.
#: `named` puts the destination into the commands.
HINTS: dict[Kind, str] = {
    "ok": "",
    "written": "No mail server is set: set SMTP_URL to have mails sent.",
    "temporary": "The server could not take it just then; read its words if this goes on.",
    "server_busy": "The server is busy and asks to wait; read its words if this goes on.",
    "network": "See that the server runs and can be reached from here.",
    "timeout": "See that the server runs and can be reached from here.",
    "tls": "See that the certificate is valid for this name, and that port and scheme fit: "
    "smtp:// for STARTTLS (587), smtps:// for 465.",
    "auth": "Correct user and password in SMTP_URL; some providers want an app password.",
    "policy": "The server does not accept mail from us: see that SPF, DKIM and DMARC of the "
    "sender's domain fit, and that MAIL_FROM may be used with this account.",
    "sender": "The server does not accept this sender: correct MAIL_FROM or BOUNCE_ADDRESS.",
    "protocol": "The server did not understand us: please report this with its words.",
    "ambiguous": "Its answer was lost, so nobody knows whether it was taken: it may be there, or "
    "arrive twice.",
    "bad_address": "There is no such address: correct or delete it in subscribers.yaml. If there "
    "is after all: alerts people resume ADDRESS",
    "mailbox_disabled": "This mailbox is closed: ask for another address. Once it is open: "
    "alerts people resume ADDRESS",
    "mailbox_full": "The mailbox is full: tell its owner by another way.",
    "too_big": "The mail is bigger than the server takes: set style: brief for this subscriber.",
    "smtputf8": "This server takes only ASCII before the @: ask for another address, or use a "
    "mail server with SMTPUTF8.",
    "refused": "Read the server's words: this message will not be taken as it is.",
    "rate_limited": "The server wants fewer messages at a time; read its words if this goes on.",
    "gone": "The webhook is no more: make a new one and put it into the configuration. If its "
    "host is the same, this lets it be used: alerts destinations resume KEY",
    "redirect": "The webhook has moved, and redirects are never followed: put the new URL into "
    "the configuration. If its host is the same, this lets it be asked at once: "
    "alerts destinations resume KEY",
    "bad_payload": "The receiver does not take the form of this message: please report this "
    "with its words.",
    "blocked": "The address lies in a private network: add that network to ALERTS_ALLOW_NETS if "
    "it is yours.",
    "http": "See what the receiver's log says.",
    "degraded": "Accepted as plain text, with every title and link, not as it was made.",
    "unsigned": "Write url and secret of this webhook into the configuration; make a secret with: "
    "echo whsec_$(openssl rand -base64 32)",
    "disk": "See that there is room on the disk and that the folder can be written.",
}

_NAMES = re.compile(r"\b(?:KEY|ADDRESS)\b")
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\D|$)")
_SERVER_STAGES = ("connect", "ehlo", "starttls", "auth", "mail", "noop")
#: Words that tell a policy from a wrong address where a server gives a basic code only.
_POLICY = re.compile(
    r"spam|relay|polic|block|black|listed|reputation|authenticat|spf|dkim|dmarc|banned|abuse"
    r"|denied|not (?:allowed|permitted|authori[sz]ed)|content",
    re.IGNORECASE,
)
_MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class _Verdict:
    outcome: SendOutcome
    kind: Kind
    scope: Scope


_BUSY = _Verdict("retry", "server_busy", "server")
_TEMPORARY = _Verdict("retry", "temporary", "delivery")
_FULL_FOR_NOW = _Verdict("retry", "mailbox_full", "destination")
_NO_SUCH = _Verdict("suppress", "bad_address", "destination")
_CLOSED = _Verdict("suppress", "mailbox_disabled", "destination")
# 5.2.2 is a no to this message (RFC 5321 §4.2.1: never the same again), not to the address.
_FULL = _Verdict("refused", "mailbox_full", "destination")
_TOO_BIG = _Verdict("refused", "too_big", "delivery")
_REFUSED = _Verdict("refused", "refused", "delivery")
_OUR_POLICY = _Verdict("our_fault", "policy", "server")
#: Once a recipient was named it may be theirs alone who refuse us; others must not wait for it.
_THEIR_POLICY = _Verdict("our_fault", "policy", "destination")
_OUR_SENDER = _Verdict("our_fault", "sender", "server")
_OUR_LOGIN = _Verdict("our_fault", "auth", "server")
_OUR_TLS = _Verdict("our_fault", "tls", "server")
_OUR_BUG = _Verdict("our_fault", "protocol", "delivery")

#: (subject, detail) of an enhanced 5xx code after MAIL; None as detail: any other of the subject.
_PERMANENT: dict[tuple[int, int | None], _Verdict] = {
    (1, 7): _OUR_SENDER,
    (1, 8): _OUR_SENDER,
    (1, None): _NO_SUCH,
    (2, 2): _FULL,
    (2, 3): _TOO_BIG,
    (2, 1): _CLOSED,
    (3, 4): _TOO_BIG,
    (3, None): _REFUSED,  # their system, their routes, our content: not the address
    (4, None): _REFUSED,
    (6, None): _REFUSED,
    (5, None): _OUR_BUG,
    (7, None): _THEIR_POLICY,
}


def named(hint: str, *, key: str, place: str) -> str:
    """Return a hint whose commands can be copied: KEY and ADDRESS become a destination's."""
    values = {"KEY": key, "ADDRESS": place}
    return _NAMES.sub(lambda found: values[found[0]], hint)


def enhanced(text: str) -> tuple[int, int, int] | None:
    """Return class, subject and detail of the code that `text` begins with, if it does."""
    found = _ENHANCED.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def said(code: str | None, words: str | None) -> str:
    """Return code and words of a server in one line, an enhanced code that both have once."""
    code, words = code or "", words or ""
    both = code.rpartition(" ")[2]
    return f"{code} {words.removeprefix(both).strip() if '.' in both else words}".strip()


def accepted(reply: Reply, server: str) -> SendResult:
    """Return the result of a mail that the server took; its words hold the queue id."""
    return _result(_Verdict("delivered", "ok", "delivery"), _code(reply), reply.text, server)


def refusal(stage: Stage, reply: Reply, server: str) -> SendResult:
    """Return what a refusing reply at `stage` means."""
    verdict = _temporary(stage, reply) if reply.code < 500 else _permanent(stage, reply)
    return _result(verdict, _code(reply), reply.text, server)


def interruption(error: Broken, server: str) -> SendResult:
    """Return what a conversation without an answer means.

    After the end of the data nobody knows whether the server took the mail. A server that took the
    sender and is silent about the recipient may be looking for that one only.
    """
    if error.stage == "end":
        return _result(_Verdict("ambiguous", "ambiguous", "delivery"), "", error.text, server)
    if error.kind == "tls":
        return _result(_OUR_TLS, "", error.text, server)
    scope: Scope = "destination" if error.stage in ("rcpt", "data") else "server"
    return _result(_Verdict("retry", error.kind, scope), "", error.text, server)


def inability(kind: Literal["too_big", "smtputf8"], text: str, server: str) -> SendResult:
    """Return what it means that the server lacks what this mail needs."""
    scope: Scope = "delivery" if kind == "too_big" else "destination"
    return _result(_Verdict("refused", kind, scope), "", text, server)


def _temporary(stage: Stage, reply: Reply) -> _Verdict:
    if reply.code == 421 or stage in _SERVER_STAGES:
        return _BUSY
    code = enhanced(reply.text)
    return _FULL_FOR_NOW if code is not None and code[1:] == (2, 2) else _TEMPORARY


def _permanent(stage: Stage, reply: Reply) -> _Verdict:
    if stage in ("auth", "starttls"):
        return _OUR_LOGIN if stage == "auth" else _OUR_TLS
    code = enhanced(reply.text)
    if stage in _SERVER_STAGES:
        return _permanent_for_sender(stage, reply, code)
    if code is not None and code[0] == 5:
        subject, detail = code[1], code[2]
        found = _PERMANENT.get((subject, detail)) or _PERMANENT.get((subject, None))
        if found is not None:
            return found
    return _by_basic_code(stage, reply)


def _permanent_for_sender(
    stage: Stage, reply: Reply, code: tuple[int, int, int] | None
) -> _Verdict:
    """Before a recipient was named it can only be us, or the size of the mail."""
    if reply.code == 552 or (code is not None and code[1:] == (3, 4)):
        return _TOO_BIG
    if reply.code == 530:  # "authentication required", "must issue STARTTLS first"
        return _OUR_LOGIN
    if reply.code in (500, 501, 502, 503, 504, 555) and stage != "connect":
        return _OUR_BUG
    return _OUR_SENDER if stage == "mail" else _OUR_POLICY


def _by_basic_code(stage: Stage, reply: Reply) -> _Verdict:
    if reply.code in (500, 501, 502, 503, 504, 555):
        return _OUR_BUG
    if reply.code in (530, 534, 535, 538):
        return _OUR_LOGIN
    if _POLICY.search(reply.text):
        return _THEIR_POLICY
    if stage == "rcpt":
        return {552: _FULL, 554: _REFUSED}.get(reply.code, _NO_SUCH)
    return _TOO_BIG if reply.code == 552 else _REFUSED


def _code(reply: Reply) -> str:
    code = enhanced(reply.text)
    return f"{reply.code} {'.'.join(map(str, code))}" if code else str(reply.code)


def _result(verdict: _Verdict, code: str, text: str, server: str) -> SendResult:
    return result(verdict.outcome, verdict.kind, verdict.scope, code=code, text=text, server=server)


def result(
    outcome: SendOutcome,
    kind: Kind,
    scope: Scope = "delivery",
    *,
    code: str = "",
    text: str = "",
    server: str = "",
    retry_after_s: float | None = None,
) -> SendResult:
    """Return a SendResult with the hint of its kind; `text` is cut to 4 KB, controls removed."""
    words = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", " ", text).strip()[:_MAX_TEXT]
    return SendResult(outcome, kind, code, words, HINTS[kind], server, retry_after_s, scope)
