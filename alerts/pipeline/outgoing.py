"""A digest as deliveries to one destination: rendered once, a row for each part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alerts.delivery.transport import DeliveryHead
from alerts.model import Destination, Digest, Rendered
from alerts.pipeline import drafting
from alerts.pipeline.parts import Parts

#: Parts of one delivery become due this far apart, so that they go out in their order.
_PART_STEP_S = 0.001

#: Renders for a destination, with the link that stops its mails.
Form = Callable[[Destination, str | None], Sequence[Rendered]]


def rendered(
    parts: Parts,
    digest: Digest,
    place: Destination,
    ids: Sequence[str] = (),
    form: Form | None = None,
    follows: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """Return the delivery rows of one destination; none for kinds that cannot be sent to yet.

    `ids`: of deliveries that these are to take the place of. `form`: how it is rendered, if not as
    digests are. `follows`: earlier deliveries that these are an answer to.
    """
    transport = parts.transports.get(place.kind)
    if transport is None:
        return []
    link = drafting.stop_link(parts, place)
    made = form(place, link) if form else in_form(parts, digest, place, link)
    ids = [*ids, *(parts.clock.token() for _ in made[len(ids) :])]
    rows = []
    for index, part in enumerate(made):
        head = DeliveryHead(ids[index], place, digest.created_at, part=index + 1, parts=len(made))
        envelope = drafting.envelope(parts, link, (*follows, *ids[:index]))
        rows.append(
            {
                "id": head.id,
                "digest_id": digest.id,
                "subscriber": digest.subscriber.id,
                "destination": place.key,
                "kind": place.kind,
                "place": place.place,
                "target": place.target,
                "part": head.part,
                "parts": head.parts,
                "articles": len(digest.stories),
                "payload": transport.prepare(part, head, envelope),
                "state": "pending",
                "created_at": digest.created_at,
                "due_at": digest.created_at + index * _PART_STEP_S,
                "carried_by": None,
            }
        )
    return rows


def in_form(
    parts: Parts, digest: Digest, place: Destination, link: str | None
) -> Sequence[Rendered]:
    """Return the parts of a digest as a destination takes them."""
    if place.kind == "email":
        context = drafting.mail_context(parts.settings, parts.in_force.config, place, link)
        return parts.renderer.mails(digest, context)
    if place.kind == "slack":
        return parts.renderer.slack(digest)
    return parts.renderer.webhook(digest)
