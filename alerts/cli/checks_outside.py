"""What `alerts doctor` asks outside: mail server, names, webhooks, what time others have.

Nothing is sent, posted or subscribed. Whatever comes from subscribers.yaml is dialled through the
guard; the mail server is the operator's own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeVar
from urllib.parse import urlsplit

from alerts import __version__
from alerts.cli import standing
from alerts.cli.checks_here import Patient
from alerts.cli.lines import Line, counted, span
from alerts.cli.output import sentences
from alerts.delivery.post import scrubbed
from alerts.delivery.probe import USUAL_PORTS, greeting, other_ways, probe
from alerts.delivery.server import Encryption, MailServer, read_smtp_url
from alerts.errors import UsageError
from alerts.feeds.freshness import http_date
from alerts.masks import mask
from alerts.model import Destination
from alerts.netguard import Guard, NetError, Session, exchange, handshake
from alerts.netguard.resolve import Names, Resolver, system_resolver

_FIRST_S = 2.6  # for the mail server that is set; what is left is for its other ports
_OTHERS_S = 1.8
_EACH_S = 4.0
_AT_ONCE = 32
_SHOWN = 8
_ASKED_FOR_TIME = 3
_TOLERATED_S = 60.0
_WRONG_S = 300.0
_MAX_BYTES = 1_000_000

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(do: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do all, several at a time; the results are in the order of `items`.

    In daemon threads, unlike an executor's: a name server that hangs must not hold up the exit.
    """
    waiting = list(enumerate(items))
    done: dict[int, R] = {}
    count = len(waiting)

    def work() -> None:
        while waiting:
            try:
                n, item = waiting.pop(0)
            except IndexError:  # another thread took the last one
                return
            done[n] = do(item)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_AT_ONCE, count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[n] for n in range(count)]


# --- mail --------------------------------------------------------------------------------------


def mail(patient: Patient, ports: Sequence[tuple[int, Encryption]] = USUAL_PORTS) -> Line:
    """Try the mail server as for a mail; if it cannot be reached, its other usual ports."""
    env = patient.settings
    line = standing.mail_settings(env, patient.config)
    if env.smtp_url is None or line.level != "ok":
        return line
    server = read_smtp_url(env.smtp_url.reveal())
    where = f"{server.host}:{server.port}"
    facts = {**line.facts, "login": bool(server.user)}
    failed = probe(server, patient.clock, _FIRST_S)
    if failed is None:
        how = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted", "none": "not encrypted"}
        login = ", user and password accepted" if server.user else ", without a login"
        return Line("mail", "ok", f"{where}, {how[server.encryption]}{login}", facts=facts)
    told = sentences(f"{where}: {failed.code} {mask(failed.server_text)}".replace(":  ", ": "))
    facts |= {"class": failed.kind, "code": failed.code or None}
    if failed.kind == "auth":
        return Line("mail", "wrong", told, failed.hint, facts)
    others = list(other_ways(server, ports))
    tried = side_by_side(lambda one: probe(one, patient.clock, _OTHERS_S), others)
    better = [one for one, said in zip(others, tried, strict=True) if said is None]
    more = tuple(f"It answers at {_url(one)}" for one in better)
    hint = f"Set SMTP_URL to {_url(better[0], server.user)}" if better else failed.hint
    return Line("mail", "wrong", told, hint, facts, more)


def _url(server: MailServer, user: str = "") -> str:
    scheme = "smtps" if server.encryption == "tls" else "smtp"
    who = "USER:PASSWORD@" if user else ""
    return f"{scheme}://{who}{server.host}:{server.port}"


# --- names -------------------------------------------------------------------------------------


def names(patient: Patient, resolver: Resolver = system_resolver) -> Line:
    """Look up the hosts of BASE_URL and of the feeds."""
    hosts = dict.fromkeys(_hosts(patient))
    if not hosts:
        return Line("names", "ok", "no host to look up")
    book, until = Names(resolver, patient.clock), patient.clock.monotonic() + _EACH_S

    def look_up(host: str) -> str | None:
        try:
            book.addresses(host, 443, until - patient.clock.monotonic())
        except NetError as error:
            return error.message
        return None

    wrong = {h: said for h, said in zip(hosts, side_by_side(look_up, hosts), strict=True) if said}
    facts = {"hosts": len(hosts), "unknown": list(wrong)}
    if not wrong:
        return Line("names", "ok", f"{counted(len(hosts), 'host')} found", facts=facts)
    told = f"{len(wrong)} of {counted(len(hosts), 'host')} cannot be found"
    all_of_them = "The name server of this machine does not answer: look at /etc/resolv.conf."
    hint = all_of_them if len(wrong) == len(hosts) > 1 else "Correct the address, or remove it."
    return Line("names", "wrong", told, hint, facts, tuple(wrong.values())[:_SHOWN])


def _hosts(patient: Patient) -> Iterator[str]:
    for url in (patient.settings.base_url, *(feed.url for feed in patient.config.feeds)):
        host = urlsplit(url).hostname if url else None
        if host:
            yield host


# --- webhooks ----------------------------------------------------------------------------------


def webhooks(patient: Patient) -> Line:
    """Dial every webhook and agree on encryption; nothing is posted."""
    places = [place for place in patient.config.destinations if place.kind != "email"]
    if not places:
        return Line("webhooks", "ok", "none")
    guard = Guard(patient.settings.allow_nets, clock=patient.clock)

    def dial(url: str) -> NetError | None:
        try:
            handshake(guard, url, purpose="webhook", deadline_s=_EACH_S, clock=patient.clock)
        except NetError as error:
            return error
        return None

    # A hundred channels of one chat service are one place to dial.
    urls = {_origin(place): place.url.reveal() for place in places if place.url is not None}
    errors = dict(zip(urls, side_by_side(dial, urls.values()), strict=True))
    wrong = [said for place in places if (said := _unreachable(place, errors))]
    facts = {"webhooks": len(places), "unreachable": len(wrong)}
    if not wrong:
        told = f"{counted(len(places), 'webhook')} answered (nothing was posted)"
        return Line("webhooks", "ok", told, facts=facts)
    told = f"{len(wrong)} of {counted(len(places), 'webhook')} cannot be reached"
    hint = "Try one with a message: alerts send-test SUBSCRIBER"
    return Line("webhooks", "wrong", told, hint, facts, tuple(wrong[:_SHOWN]))


def _origin(place: Destination) -> str:
    parts = urlsplit(place.url.reveal() if place.url is not None else "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _unreachable(place: Destination, errors: Mapping[str, NetError | None]) -> str | None:
    if place.url is None:
        return f"{place.key}: the variable that holds its address is not set"
    error = errors[_origin(place)]
    return f"{place.key}: {scrubbed(error.message, place)}" if error is not None else None


# --- clock -------------------------------------------------------------------------------------


def clock(patient: Patient) -> Line:
    """Compare the clock with what a feed's server, else the mail server, says the time is."""
    found = next((seen for seen in _times(patient) if seen is not None), None)
    if found is None:
        told = "not compared: no server told the time"
        return Line("clock", "note", told, "Look yourself: date -u", {"offset_seconds": None})
    host, ahead_s = found
    facts = {"offset_seconds": round(ahead_s), "compared_with": host}
    if abs(ahead_s) <= _TOLERATED_S:
        return Line("clock", "ok", f"agrees with {host}", facts=facts)
    told = f"{span(ahead_s)} {'ahead of' if ahead_s > 0 else 'behind'} {host}"
    hint = "Let the machine set its clock by itself: timedatectl set-ntp true"
    return Line("clock", "wrong" if abs(ahead_s) > _WRONG_S else "note", told, hint, facts)


def _times(patient: Patient) -> Iterator[tuple[str, float] | None]:
    """Yield who told the time and how far ours is ahead of it, in seconds."""
    urls = {urlsplit(feed.url).netloc: feed.url for feed in patient.config.feeds}
    yield from side_by_side(
        lambda url: _time_of_site(patient, url), list(urls.values())[:_ASKED_FOR_TIME]
    )
    if patient.settings.smtp_url is not None:
        yield _time_of_mail(patient)


def _time_of_site(patient: Patient, url: str) -> tuple[str, float] | None:
    guard = Guard(patient.settings.allow_nets, clock=patient.clock)
    before = patient.clock.now()
    with closing(Session(guard, purpose="feed")) as opened:
        try:
            answer = exchange(
                opened,
                "HEAD",
                url,
                headers={"User-Agent": f"alerts/{__version__}"},
                deadline_s=_OTHERS_S,
                max_wire_bytes=_MAX_BYTES,
                max_decoded_bytes=_MAX_BYTES,
                clock=patient.clock,
            )
        except NetError:
            return None
    return _offset(urlsplit(url).hostname, answer.headers.get("date"), before, patient.clock.now())


def _time_of_mail(patient: Patient) -> tuple[str, float] | None:
    assert patient.settings.smtp_url is not None  # noqa: S101 - the caller has looked
    try:
        server = read_smtp_url(patient.settings.smtp_url.reveal())
    except UsageError:
        return None
    before = patient.clock.now()
    words = greeting(server, patient.clock, _OTHERS_S)
    stated = re.search(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), .+", words)
    return _offset(server.host, stated[0] if stated else None, before, patient.clock.now())


def _offset(
    host: str | None, stated: str | None, before: float, after: float
) -> tuple[str, float] | None:
    theirs = http_date(stated)
    return None if theirs is None else (host or "", (before + after) / 2 - theirs)
