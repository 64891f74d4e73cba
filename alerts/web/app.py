"""The routes: a reader's links, health, metrics. GET changes nothing; a POST needs a signed link.

No cookies, no scripts, nothing from elsewhere. Pages name an address only to who has its link.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jinja2
from flask import Flask, Response, abort, jsonify, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from alerts.errors import AlertsError
from alerts.log import get_logger
from alerts.pipeline import optout, signing
from alerts.pipeline.optout import Desk
from alerts.store import figures
from alerts.web import words
from alerts.web.health import Beats, disk_of, health
from alerts.web.metrics import CONTENT_TYPE_LATEST, exposition
from alerts.web.words import Page, Reader

#: Nothing that is posted here is longer than a form with one field.
MAX_BODY_BYTES = 16_384

_TEMPLATES = Path(__file__).parent.parent / "templates" / "web"

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a page is the key to it
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def create_app(desk: Callable[[], Desk], *, pulse: Beats | None = None) -> Flask:
    """Return the pages as a WSGI application.

    `desk` is asked at each request, so that a new configuration counts at once; `pulse` is what
    the tick of this process writes down, None if none ticks here.
    """
    app = Flask("alerts.web", template_folder=str(_TEMPLATES), static_folder=None)
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _frame(app)
    _readers(app, desk)
    _machines(app, desk, pulse)
    return app


def _page(page: Page, code: int = 200) -> Response:
    text = render_template("page.html", page=page, style=url_for("style"))
    return Response(text, code, content_type="text/html; charset=utf-8")


# --- every page --------------------------------------------------------------------------------


def _frame(app: Flask) -> None:
    """Bound what comes in, harden what goes out, and say what went wrong as a page."""
    style = (_TEMPLATES / "style.css").read_bytes()

    @app.before_request
    def bound() -> None:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            abort(413)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def wrong(error: HTTPException) -> Response:
        answer = _page(words.trouble(error.code or 500), error.code or 500)
        if (allowed := error.get_response().headers.get("Allow")) is not None:
            answer.headers["Allow"] = str(allowed)
        return answer

    @app.errorhandler(AlertsError)
    def unavailable(error: AlertsError) -> Response:
        get_logger().error("page failed", error=error.message, hint=error.hint)
        answer = _page(words.trouble(503), 503)
        answer.headers["Retry-After"] = "60"
        return answer

    @app.get("/style.css", endpoint="style")
    def style_sheet() -> Response:
        return Response(style, content_type="text/css; charset=utf-8")


# --- a reader's links --------------------------------------------------------------------------


def _readers(app: Flask, desk: Callable[[], Desk]) -> None:
    @app.get("/u/<token>")
    def ask_stop(token: str) -> Response:
        at = desk()
        if (target := _target(at, signing.STOP, token)) is None:
            return _unknown(at)
        with at.database.read() as connection:
            stands = optout.standing(connection, target)
        reader = _reader(at, target)
        if stands == "active":
            return _page(reader.ask_stop())
        return _page(_stopped(at, target) if stands == "stopped" else reader.held())

    @app.post("/u/<token>")
    def stop(token: str) -> Response:
        """One click (RFC 8058), or the page's own button: whatever the body says, it is a stop."""
        at = desk()
        if (target := _target(at, signing.STOP, token)) is None:
            return _unknown(at)
        optout.stop(at, target)
        return _page(_stopped(at, target))

    @app.get("/s/<token>")
    def ask_again(token: str) -> Response:
        at = desk()
        if (target := _target(at, signing.AGAIN, token)) is None:
            return _unknown(at)
        with at.database.read() as connection:
            stands = optout.standing(connection, target)
        reader = _reader(at, target)
        if stands == "stopped":
            return _page(reader.ask_again())
        return _page(reader.active() if stands == "active" else reader.held())

    @app.post("/s/<token>")
    def start_again(token: str) -> Response:
        at = desk()
        if (target := _target(at, signing.AGAIN, token)) is None:
            return _unknown(at)
        reader = _reader(at, target)
        return _page(reader.held() if optout.start_again(at, target) == "held" else reader.active())


def _target(at: Desk, purpose: str, token: str) -> str | None:
    return signing.target_of(at.database, at.settings, at.clock, purpose, token)


def _reader(at: Desk, target: str) -> Reader:
    """Return whom a target's pages are for; the address as the configuration has it, if it does."""
    places, language = at.places(target), at.language(target)
    kind, _, place = target.partition("/")
    who = places[0].place if places else place if kind == "email" else words.someone(language)
    return Reader(who, at.service, at.admin, language)


def _stopped(at: Desk, target: str) -> Page:
    tells = at.settings.base_url is not None and bool(at.places(target))
    return _reader(at, target).stopped(tells=tells)


def _unknown(at: Desk) -> Response:
    return _page(words.unknown_link(at.admin), 404)


# --- for machines ------------------------------------------------------------------------------


def _machines(app: Flask, desk: Callable[[], Desk], pulse: Beats | None) -> None:
    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        at = desk()
        ok, facts = health(at.database, at.clock, pulse, disk_of(at.database))
        return jsonify(facts), 200 if ok else 503

    @app.get("/metrics")
    def metrics() -> Response:
        at = desk()
        ok, facts = health(at.database, at.clock, pulse, disk_of(at.database))
        with at.database.read() as connection:
            found = figures.figures(connection, at.clock.now())
        found["disk_free_bytes"] = {(): facts["disk_free_bytes"]}
        found["up"] = {(): float(ok)}
        return Response(exposition(found), content_type=CONTENT_TYPE_LATEST)
