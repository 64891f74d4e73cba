"""Digests as mails the usual ways: templates with a style sheet, css-inline or premailer to put it
inline, EmailMessage, smtplib; and Apprise.

Their template says what ours does in the same styles, in the way such templates are mostly written:
classes, a loop, dates made by strftime. It knows one language, and no parts, notes or warnings.
They are imported from a folder of their own:

    python -m pip install --target FOLDER css-inline premailer apprise
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from importlib import import_module, util
from types import ModuleType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import jinja2
from morning import link

from alerts.model import Digest, Story

HTML = """<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{ subject }}</title>
<style>
.page { margin: 0; padding: 0; background-color: #fdfdfb; color: #1d1d1b }
.dim { font-family: -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-size: 14px; line-height: 20px; color: #5f5c55; margin: 0 }
h1 { font-family: Georgia, 'Times New Roman', serif; font-size: 22px; line-height: 28px;
  font-weight: 600; margin: 4px 0 6px; color: #1d1d1b }
h2 { font-family: -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-size: 14px; line-height: 20px; letter-spacing: 0.08em; text-transform: uppercase; margin: 0;
  padding: 0 0 6px; border-bottom: 1px solid #d8d5cd }
h3 { font-family: Georgia, 'Times New Roman', serif; font-size: 18px; line-height: 24px;
  font-weight: 600; margin: 0; text-align: start; color: #1d1d1b }
h3 a { color: #1d1d1b; display: block; padding: 14px 0 6px; text-decoration: underline;
  text-decoration-color: #b9b5ab; text-decoration-thickness: 1px; text-underline-offset: 3px }
.dim a { color: #5f5c55; text-decoration: underline; text-decoration-color: #b9b5ab;
  text-decoration-thickness: 1px; text-underline-offset: 3px }
.excerpt { font-family: -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-size: 16px; line-height: 24px; margin: 6px 0 0; text-align: start; color: #3d3b37 }
mark { background-color: #fdf0b5; color: inherit; padding: 0 1px }
td.story { padding: 0 0 10px }
@media (prefers-color-scheme: dark) {
  .page { background-color: #161614 !important }
  h1, h2, h3, h3 a { color: #e8e6e1 !important }
  .dim, .dim a { color: #a9a59c !important }
  .excerpt { color: #d3d0c9 !important }
}
</style></head><body class="page">
<table role="presentation" class="page" width="600" border="0" cellpadding="0" cellspacing="0">
<tr><td><p class="dim">News alerts · {{ now }}</p><h1>{{ count }} stories since {{ since }}</h1></td></tr>
{% for topic, some in sections %}
<tr><td><h2>{{ topic }} <span class="dim">{{ some | length }}</span></h2></td></tr>
{% for one in some %}
<tr><td class="story"><h3 dir="auto"><a href="{{ one.link }}">{{ one.title }}</a></h3>
<p class="dim"><bdi>{{ one.outlet }}</bdi> · {{ one.at }}</p>
<p class="excerpt" dir="auto">{% for text, marked in one.pieces %}{% if marked %}<mark>{{ text }}</mark>{% else %}{{ text }}{% endif %}{% endfor %}</p>
{% if one.others %}<p class="dim">Also at {% for name, url, at in one.others %}<a href="{{ url }}"><bdi>{{ name }}</bdi></a> {{ at }}{% if not loop.last %} · {% endif %}{% endfor %}</p>{% endif %}
</td></tr>
{% endfor %}
{% endfor %}
<tr><td><p class="dim">Why you get this: {{ who }} follows {{ topics }}, {{ when }}.</p>
<p class="dim"><a href="{{ stop }}">Stop mails to {{ address }}</a></p>
<p class="dim">{{ sources }} sources, all read but {{ failing | join(", ") }}.</p>
<p class="dim">Questions reach a person: just reply. Next mail: {{ next }}.</p></td></tr>
</table></body></html>
"""  # noqa: E501 - as templates are
TEXT = """{{ count }} stories, {{ since }} to {{ now }}
{% for topic, some in sections %}


{{ topic | upper }} ({{ some | length }})
{% for one in some %}

{{ loop.index }}. {{ one.title | wordwrap(72) }}
   {{ one.outlet }}, {{ one.at }}
{% set words %}{% for text, marked in one.pieces %}{{ text }}{% endfor %}{% endset %}
{{ words | wordwrap(72) }}
   {{ one.link }}
{% if one.others %}
   Also at {% for name, url, at in one.others %}{{ name }}, {{ at }}{% if not loop.last %}; {% endif %}{% endfor %}

{% endif %}
{% endfor %}
{% endfor %}

-- {# #}
{{ ("Why you get this: " ~ who ~ " follows " ~ topics ~ ", " ~ when ~ ".") | wordwrap(76) }}
Stop mails to {{ address }}:
{{ stop }}
{{ sources }} sources, all read but {{ failing | join(", ") }}.
Questions reach a person: just reply. Next mail: {{ next }}.
"""  # noqa: E501 - as templates are
_html = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(HTML)
_text = jinja2.Environment(trim_blocks=True).from_string(TEXT)


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to make a mail: HTML with a style sheet -> HTML with inline styles."""

    name: str
    inline: Callable[[str], str]


def peers() -> Iterator[Peer]:
    """Yield those that are installed."""
    if inliner := _found("css_inline"):
        yield Peer("css-inline + EmailMessage", inliner.CSSInliner().inline)
    if premailer := _found("premailer"):
        quiet = {"cssutils_logging_level": logging.CRITICAL}
        yield Peer("premailer + EmailMessage", lambda html: str(premailer.transform(html, **quiet)))


def _found(name: str) -> ModuleType | None:
    return import_module(name) if util.find_spec(name) else None


def bodies(digest: Digest, number: int) -> tuple[str, str, str]:
    """Return subject, HTML with a style sheet, and text."""
    person, zone = digest.subscriber, ZoneInfo(digest.subscriber.timezone)

    def near(at: float | None) -> str:
        return datetime.fromtimestamp(at or 0.0, zone).strftime("%a %I:%M %p").replace(" 0", " ")

    sections = [
        (section.title, [_values(story, near) for story in section.stories])
        for section in digest.sections
    ]
    values = {
        "subject": digest.stories[0].title,
        "sections": sections,
        "count": len(digest.stories),
        "now": near(digest.created_at),
        "since": near(digest.since_at),
        "next": near(digest.next_at),
        "who": person.name,
        "when": person.when.text,
        "address": person.destinations[0].place,
        "topics": " and ".join(s.rule for s in person.subscriptions),
        "sources": digest.sources,
        "failing": [health.name for health in digest.missing],
        "stop": link(number),
    }
    return str(values["subject"]), _html.render(values), _text.render(values)


def _values(story: Story, near: Callable[[float | None], str]) -> dict[str, object]:
    own, *others = story.outlets
    return {
        "title": story.title,
        "link": story.link,
        "outlet": own.name,
        "at": near(own.at),
        "pieces": [(piece.text, piece.marked) for piece in story.excerpt],
        "others": [(one.name, one.link, near(one.at)) for one in others],
    }


def message(peer: Peer, digest: Digest, number: int) -> bytes:
    """Return the mail's bytes."""
    subject, html, text = bodies(digest, number)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = "News <news@example.org>"
    mail["To"] = digest.subscriber.destinations[0].place
    mail["Subject"] = subject
    mail["Date"] = formatdate(digest.created_at)
    mail["Message-ID"] = f"<{digest.id}@example.org>"
    mail["List-Unsubscribe"] = f"<{link(number)}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text)
    mail.add_alternative(peer.inline(html), subtype="html")
    return mail.as_bytes()


class Smtplib:
    """The standard library's client; `is_kept`: one connection for all mails."""

    def __init__(self, port: int, *, is_kept: bool = True) -> None:
        self._port, self._is_kept = port, is_kept
        self._client = self._connected()

    def _connected(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self._port, local_hostname="bench", timeout=60)

    def send(self, number: int, mail: bytes) -> None:
        """Hand one mail over."""
        to = f"reader-{number}@example.org"
        if not self._is_kept:
            self._client.quit()
            self._client = self._connected()
        self._client.sendmail("news@example.org", [to], mail)

    def close(self) -> None:
        """Say goodbye."""
        self._client.quit()


def apprise_sender(url: str) -> Callable[[Digest, int], None] | None:
    """Return what sends a digest by Apprise; None if it is not installed."""
    apprise = _found("apprise")
    if apprise is None:
        return None
    port = urlsplit(url).port

    def send(digest: Digest, number: int) -> None:
        subject, html, _ = bodies(digest, number)
        to = digest.subscriber.destinations[0].place
        service = apprise.Apprise()
        service.add(f"mailto://127.0.0.1:{port}?from=news@example.org&to={to}&mode=insecure")
        if not service.notify(title=subject, body=html, body_format=apprise.NotifyFormat.HTML):
            raise SystemExit("Apprise could not send.")

    return send
