"""A feed whose address moved for good: when the new one is asked directly, and when no longer.

The configuration keeps the address that the admin wrote; only a permanent redirect that was seen
often and for long, to what is certainly the same feed, is believed, and only as long as it works.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row

from alerts import links
from alerts.feeds.fetch import at_address
from alerts.log import get_logger
from alerts.model import Feed

#: So many polls, over so long, must have been led to the new address.
_POLLS = 5
_SEEN_S = 86_400.0

_NOWHERE: dict[str, Any] = {
    "moved_to": None, "moved_since": None, "moved_polls": 0, "adopted_at": None,
}  # fmt: skip


def as_asked(feed: Feed, row: Row[Any]) -> Feed:
    """Return the feed with the address that is asked: its own, or the one it moved to."""
    return feed if row.adopted_at is None else at_address(feed, row.moved_to)


def seen(
    row: Row[Any], led_to: str | None, *, is_same: bool, known: Collection[str], now: float
) -> dict[str, Any]:
    """Return what a poll that succeeded tells of the address.

    `led_to`: where permanent redirects alone led from what was asked; `is_same`: the document is
    certainly this feed's; `known`: addresses that are feeds of their own, and never adopted.
    """
    if row.adopted_at is not None:
        return {} if led_to is None else _back(row, "it leads on to another address")
    if led_to is None or not is_same or led_to in known:
        return {} if row.moved_to is None else _NOWHERE
    if row.moved_to != led_to:
        return _NOWHERE | {"moved_to": led_to, "moved_since": now, "moved_polls": 1}
    polls = row.moved_polls + 1
    if polls < _POLLS or now - row.moved_since < _SEEN_S:
        return {"moved_polls": polls}
    get_logger().info("address adopted", feed=row.url, address=led_to)
    return {"moved_polls": polls, "adopted_at": now, "host": links.host(led_to)}


def failed(row: Row[Any]) -> dict[str, Any]:
    """Return what a failed poll tells of the address: an adopted one is given up."""
    return {} if row.adopted_at is None else _back(row, "it failed")


def _back(row: Row[Any], why: str) -> dict[str, Any]:
    get_logger().info("address given up", feed=row.url, address=row.moved_to, why=why)
    return _NOWHERE | {"host": links.host(row.url)}
