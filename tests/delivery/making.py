"""Deliveries for the tests of this folder."""

from __future__ import annotations

from alerts.delivery.compose import compose
from alerts.delivery.transport import DeliveryHead, Envelope, Transport, read_destination
from alerts.model import Delivery, Destination, Mail, Post, Rendered

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
ANA = Destination("ana", "email", "ana@example.org", "Ana")
MAIL = Mail(
    subject="ICE agents detain two people in Madison",
    text="1. ICE agents detain two people\n   https://courier.example/1\n-- \nWhy you get this\n",
    html='<!doctype html><html lang="en"><body><h1>ICE</h1><p>“é”</p></body></html>',
    language="en",
    list_id="ana-flores",
    list_name="News for Ana",
)
POST = Post({"text": "2 new: ICE — “sanctuary”", "blocks": []})
ENVELOPE = Envelope(mail_from="news@example.org", admin="desk@example.org")


def delivery_id(number: int = 1) -> str:
    return f"{number:032x}"


def mail(number: int = 1, to: Destination = ANA, content: Mail = MAIL) -> Delivery:
    """A mail delivery, prepared as the product does it."""
    head = DeliveryHead(delivery_id(number), to, 1_795_503_600.0)
    return Delivery(head.id, to, compose(content, head, ENVELOPE), 0, head.created_at)


def webhook(url: str, secret: str = SECRET) -> Destination:
    return read_destination("webhook", url, "paper", secret=secret)


def slack(url: str) -> Destination:
    return read_destination("slack", url, "room")


def prepared(
    transport: Transport, rendered: Rendered, to: Destination, number: int = 1
) -> Delivery:
    """A delivery as `transport` prepares it."""
    head = DeliveryHead(delivery_id(number), to, 1_795_503_600.0)
    payload = transport.prepare(rendered, head, ENVELOPE)
    return Delivery(head.id, to, payload, 0, head.created_at)
