"""`alerts preview SUBSCRIBER`: the digest as it would go out now; nothing is sent or changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from alerts import settings
from alerts.cli.opening import open_page
from alerts.cli.options import config_option
from alerts.cli.reading import Reading, duration_s, person_named, reading
from alerts.clock import SystemClock
from alerts.delivery.compose import compose
from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.digests import slots
from alerts.digests.render import Renderer
from alerts.digests.templates import own_templates
from alerts.errors import UsageError
from alerts.model import Config, Destination, Digest, Mail, Subscriber
from alerts.pipeline.drafting import Draft, mail_context
from alerts.pipeline.parts import InForce
from alerts.settings import Settings
from alerts.store import alerts as alert_rows

_FORMATS = ("text", "html", "eml", "slack", "json")
#: Stands for the reader's own key in a stop link: who previews must not be able to stop anybody.
_NO_KEY = "PREVIEW"


@click.command()
@click.argument("subscriber", required=False)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--since", default=None, metavar="7d", help="What the rules find in the articles of"
              " that long, whether told or not; without it what waits to be told.")  # fmt: skip
@click.option("--part", default=1, show_default=True, help="Which part of a long digest.")
@click.option("--open", "opens", is_flag=True, help="Show the HTML in the browser.")
@config_option
def preview(
    *,
    subscriber: str | None,
    form: str,
    since: str | None,
    part: int,
    opens: bool,
    path: Path | None,
) -> None:
    """Show the digest that SUBSCRIBER (an id or a name) would get now. Nothing is sent.

    SUBSCRIBER may be left out where there is only one.

    \b
    Examples:
      alerts preview "Ana Flores"
      alerts preview ana-flores --since 7d --open
      alerts preview ice-watch --format slack
      alerts preview ana-flores --format eml > digest.eml
    """
    env, now = settings.load(path), SystemClock().now()
    with reading(path) as opened:
        person = (
            _only(opened.config) if subscriber is None else person_named(opened.config, subscriber)
        )
        digest = _digest(opened, person, None if since is None else now - duration_s(since), now)
    if digest is None:
        wait = "Nothing waits to be told to" if since is None else "The rules found nothing for"
        wider = (
            "--since 7d shows what would have come lately" if since is None else "try --since 30d"
        )
        click.echo(f"{wait} {person.name}; {wider}.", err=True)
        return
    made = _rendered(env, opened, digest, "html" if opens else form)
    if not 1 <= part <= len(made):
        raise UsageError(f"There is no part {part}: the digest has {len(made)}.")
    if len(made) > 1:
        click.echo(f"Part {part} of {len(made)}; --part shows another.", err=True)
    if opens:
        _open(made[part - 1])
    else:
        click.echo(made[part - 1], nl=False)


def _only(current: Config) -> Subscriber:
    if len(current.subscribers) == 1:
        return current.subscribers[0]
    ids = ", ".join(person.id for person in current.subscribers)
    raise UsageError("Say whose digest.", hint=f"Write: alerts preview ID, with one of: {ids}")


def _digest(opened: Reading, person: Subscriber, since: float | None, now: float) -> Digest | None:
    if opened.connection is None:
        raise UsageError("There are no stored articles yet.", hint="Run alerts once first.")
    draft = Draft(opened.connection, InForce.of(opened.config, {}))
    if since is None:
        alerts = draft.owed(alert_rows.pending(opened.connection, person.id))
    else:
        alerts = draft.found(person, since)
    if not alerts:
        return None
    made = draft.digest(person, alerts, digest_id="0" * 32, slot=slots.own_moment(now), now=now)
    return made if since is None else replace(made, since_at=since)


def _rendered(env: Settings, opened: Reading, digest: Digest, form: str) -> Sequence[bytes]:
    """Return the parts of the digest as they would travel."""
    renderer = Renderer(own_templates(env.config))
    if form in ("slack", "json"):
        posts = renderer.slack(digest) if form == "slack" else renderer.webhook(digest)
        documents = (json.dumps(post.document, ensure_ascii=False, indent=2) for post in posts)
        return [f"{document}\n".encode() for document in documents]
    place = _mailbox(digest.subscriber)
    link = f"{env.base_url.rstrip('/')}/u/{_NO_KEY}" if env.base_url else None
    mails = renderer.mails(digest, mail_context(env, opened.config, place, link))
    if form == "eml":
        envelope = Envelope(env.mail_from, admin=opened.config.admin, stop_link=link)
        return [
            compose(mail, _head(place, digest, number, len(mails)), envelope)
            for number, mail in enumerate(mails, 1)
        ]
    return [_text(mail) if form == "text" else mail.html.encode() for mail in mails]


def _head(place: Destination, digest: Digest, part: int, parts: int) -> DeliveryHead:
    return DeliveryHead("0" * 32, place, digest.created_at, part=part, parts=parts)


def _mailbox(person: Subscriber) -> Destination:
    """Return the subscriber's first mailbox; rooms get a mail's look too, with no address."""
    mailboxes = (place for place in person.destinations if place.kind == "email")
    return next(mailboxes, Destination(person.id, "email", "reader@example.org"))


def _text(mail: Mail) -> bytes:
    return f"Subject: {mail.subject}\n\n{mail.text}".encode()


def _open(html: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="digest-", suffix=".html", delete=False) as file:
        file.write(html)
    open_page(Path(file.name))
