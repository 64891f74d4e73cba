"""The files that `alerts init` writes, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts.config.write import feed_lines, scalar
from alerts.delivery.addresses import read_address
from alerts.delivery.server import read_smtp_url
from alerts.digests.zones import parse_timezone
from alerts.errors import GrammarError
from alerts.model import Feed

_LOCALTIME, _NAME = Path("/etc/localtime"), Path("/etc/timezone")

#: The configuration that is shipped; its rules are those of who says nothing else.
_SHIPPED = Path(__file__).parents[1] / "subscribers.yaml"
_RULE = re.compile(r"^((?:  #.*\n)*)  ([a-z][\w-]*):", re.MULTILINE)

#: Rules that need feeds of Madison, with their tags and places.
_LOCAL = ("madison", "here")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked."""

    email: str
    timezone: str
    feeds: tuple[Feed, ...] = ()
    words: Sequence[str] = ()
    smtp_url: str = ""
    mail_from: str = ""


def yaml_text(answers: Answers) -> str:
    """Return subscribers.yaml.

    Who names neither feeds nor words gets those that are shipped; who names feeds alone, the
    shipped rules that fit any feed.
    """
    rules = "".join(f"  {name}: {_query(query)}\n" for name, query in _named(answers.words))
    names = [name for name, _ in _named(answers.words)]
    if not names:
        shipped = shipped_rules()
        if answers.feeds:
            shipped = {name: text for name, text in shipped.items() if name not in _LOCAL}
        rules = "\n".join(shipped.values())
        names = [name for name in ("ice", "sanctuary", "madison") if name in shipped]
    feeds = _shipped("feeds") if not (answers.feeds or answers.words) else _feeds(answers.feeds)
    followed = ", ".join(names)
    who = read_address(answers.email).local
    return (
        "# What is watched, for whom, and when they are told. Mistakes: alerts check. What a rule\n"
        "# means: alerts check --explain. Passwords stand in .env, never here.\n"
        "version: 1\n\n"
        "admins:                              # who hears of broken feeds and of refused edits\n"
        f"  - email: {scalar(answers.email)}\n\n"
        "defaults:                            # any key of a subscriber\n"
        f"  timezone: {scalar(answers.timezone)}\n"
        "  when: daily at 7:30 am             # or: right away, hourly, weekdays at 7:30 am\n\n"
        f"{feeds}\n"
        f"rules:\n{rules}\n"
        "subscribers:\n"
        f"  - name: {scalar(who)}\n"
        f"    email: {scalar(answers.email)}\n"
        f"    rules: [{followed}]\n"
        '  # - name: "#ice-watch"             # a channel: its webhook\'s address stands in .env\n'
        "  #   slack: ${SLACK_ICE_URL}\n"
        "  #   when: right away\n"
        f"  #   rules: [{followed}]\n"
    )


def _shipped(key: str) -> str:
    """Return the block of one key of the shipped configuration, with its comments."""
    text = _SHIPPED.read_text(encoding="utf-8")
    begin = text.index(f"\n{key}:\n") + 1
    end = re.compile(r"^[a-z]", re.MULTILINE).search(text, begin + len(key))
    return text[begin : end.start() if end else len(text)].rstrip() + "\n"


def shipped_rules() -> dict[str, str]:
    """Return the rules of the shipped configuration by name, as they are written there."""
    text = _shipped("rules").partition("\n")[2]
    heads = list(_RULE.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {
        head[2]: text[head.start() : end].rstrip() + "\n"
        for head, end in zip(heads, ends, strict=True)
    }


def _feeds(feeds: tuple[Feed, ...]) -> str:
    if not feeds:
        return (
            "feeds: []                            # a site's feeds: alerts discover example.org\n"
            "  # - https://example.org/feed.xml\n"
        )
    return "".join(f"{line}\n" for line in ("feeds:", *(x for f in feeds for x in feed_lines(f))))


def _named(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a name of its own for each query."""
    taken: set[str] = set()
    for query in words:
        base = re.sub(r"[^a-z0-9]+", "-", query.lower()).strip("-")[:30].strip("-") or "topic"
        name, n = base, 1
        while name in taken:
            n += 1
            name = f"{base}-{n}"
        taken.add(name)
        yield name, query


def _query(query: str) -> str:
    """Return a query in single quotes, in which YAML changes nothing."""
    return "'" + query.replace("'", "''") + "'"


def env_text(answers: Answers, secret_key: str) -> str:
    """Return .env: what is secret or of this machine."""
    smtp = f"SMTP_URL={_quoted(answers.smtp_url)}\n"
    if not answers.smtp_url:
        smtp = "#SMTP_URL=smtp://user:password@host:587   # without it mails are only written\n"
    return (
        "# Read beside subscribers.yaml; variables of the environment win. Keep it out of git.\n"
        f"{smtp}"
        f"MAIL_FROM={_quoted(sender(answers))}\n"
        "# Signs the links in mails: with another one, old links end.\n"
        f"SECRET_KEY={secret_key}\n"
        "# The public address of the web pages, once they have one; and what opens the admin's.\n"
        "#BASE_URL=https://alerts.example.org\n"
        "#ADMIN_TOKEN=\n"
    )


def sender(answers: Answers) -> str:
    """Return who mails come from: what was said, else the mail account, else the admin."""
    if answers.mail_from:
        return answers.mail_from
    user = read_smtp_url(answers.smtp_url).user if answers.smtp_url else ""
    try:
        return read_address(user).spec
    except GrammarError:
        return answers.email


def _quoted(value: str) -> str:
    """Return a value as .env reads it back: nothing is special in single quotes but two signs."""
    if re.fullmatch(r"[\w.:/@%+~?=&,-]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ignore_lines() -> tuple[str, ...]:
    """Return what git must not take."""
    return (".env", "alerts.db*", "outbox/")


def guessed_zone() -> str:
    """Return this machine's time zone; UTC if it does not say."""
    stated = _NAME.read_text(errors="replace") if _NAME.is_file() else ""
    linked = str(_LOCALTIME.resolve()).partition("zoneinfo/")[2]
    for name in (linked, stated.strip()):
        try:
            return parse_timezone(name)
        except GrammarError:
            continue
    return "UTC"
