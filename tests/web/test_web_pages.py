"""Claims about every page, health, metrics and the server."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from web_world import BASE, KEY, Site

from alerts.errors import UsageError
from alerts.metrics import METRICS, prometheus_name
from alerts.pipeline.signing import STOP, Signing
from alerts.settings import Settings
from alerts.store import deliveries, stops
from alerts.web.app import MAX_BODY_BYTES, create_app
from alerts.web.health import MAX_LATE_S, MAX_TICK_LAG_S, health
from alerts.web.server import host_of, serve


@dataclass
class Pulse:
    ticked_at: float = 0.0
    failing: str = ""


@pytest.fixture
def link(site: Site) -> str:
    site.find("ICE agents in Madison", "one")
    site.told()
    return site.links()[0]


def paths(link: str) -> list[str]:
    return [link, "/u/forged", "/s/forged", "/nothing", "/healthz", "/metrics", "/style.css"]


def test_every_answer_carries_the_security_headers_and_no_cookie(site: Site, link: str):
    for method in ("get", "post", "head", "options", "delete"):
        for path in paths(link):
            headers = getattr(site.browser, method)(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in headers


def test_a_page_has_a_language_a_title_one_heading_and_a_labelled_button(site: Site, link: str):
    page = site.browser.get(link).text
    assert '<html lang="en">' in page
    assert "<title>Stop mails to ana@example.org?</title>" in page
    assert page.count("<h1>") == 1
    assert re.search(r"<button type=\"submit\">Stop mails to ana@example.org</button>", page)
    HTMLParser().feed(page)


def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing(site: Site, link: str):
    page = site.browser.get(link).text
    assert "<script" not in page
    assert "style=" not in page
    assert "//" not in page.replace("<!doctype html>", "")
    sheet = site.browser.get("/style.css").text
    assert "prefers-color-scheme: dark" in sheet
    assert "url(" not in sheet


def test_an_unknown_page_and_a_wrong_method_are_told_as_pages(site: Site, link: str):
    assert site.browser.get("/").status_code == 404
    assert "There is no such page" in site.browser.get("/../etc/passwd").text
    wrong = site.browser.delete(link)
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["Allow"]
    assert "<h1>" in wrong.text
    assert site.browser.post("/healthz").status_code == 405


def test_a_body_that_is_too_long_is_refused(site: Site, link: str):
    answer = site.browser.post(link, data=b"x" * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert "Stop mails to" in site.browser.get(link).text  # nothing was stopped


def test_an_address_with_markup_in_it_is_text(site: Site):
    with site.world.database.write() as connection:
        stops.add_reader(connection, "email/<script>alert(1)</script>@example.org", "f" * 16)
    page = site.browser.get(f"/u/{Signing((KEY,)).sign(STOP, 'f' * 16)}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_no_page_holds_a_secret_or_another_reader(site: Site, link: str):
    site.world.reload(
        site.world.yaml
        + '  - {name: Room, slack: "https://hooks.slack.com/services/T0/B0/canary", rules: [ice]}\n'
        + "  - {name: Bo, email: bo@example.org, rules: [ice]}\n"
    )
    for path in paths(link):
        for method in ("get", "post"):
            text = getattr(site.browser, method)(path).text
            assert KEY not in text
            assert "canary" not in text
            assert "bo@example.org" not in text


def test_a_database_that_is_away_is_a_503_page_and_nothing_is_said_to_be_stopped(tmp_path: Path):
    site = Site(f"sqlite:///{tmp_path}/alerts.db")
    site.find("ICE agents in Madison", "one")
    site.told()
    link = site.links()[0]
    site.world.database.close()
    for file in tmp_path.iterdir():
        file.unlink()
    answer = site.browser.post(link)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text
    assert site.browser.get("/healthz").status_code == 503
    site.world.database.close()


# --- health ------------------------------------------------------------------------------------


def test_healthz_is_200_when_nothing_is_late(site: Site):
    site.world.run()
    answer = site.browser.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.text)["ok"] is True


def test_healthz_is_503_when_what_is_due_waits_too_long(site: Site):
    site.world.run()
    with site.world.database.write() as connection:
        due = site.world.clock.now() - MAX_LATE_S - 60
        connection.exec_driver_sql(f"UPDATE feed SET due_at = {due}")
    answer = site.browser.get("/healthz")
    assert answer.status_code == 503
    assert "6 minutes" in json.loads(answer.text)["problems"][0]


def test_healthz_is_503_while_no_mail_goes_out(site: Site):
    site.world.run()
    now = site.world.clock.now()
    for since, code in ((now - 60, 200), (now - MAX_LATE_S - 60, 503)):
        with site.world.database.write() as connection:
            deliveries.open_gate(connection, "server/email", now)
            deliveries.close_gate(connection, "server/email", now + 99, now=since, failed=True)
        answer = site.browser.get("/healthz")
        assert answer.status_code == code
    assert "taken no mail for 6 minutes" in json.loads(answer.text)["problems"][0]


def test_healthz_is_503_when_the_tick_hangs_or_fails(site: Site):
    site.world.run()
    pulse = Pulse(site.world.clock.monotonic())
    browser = create_app(site.desk, pulse=pulse).test_client()
    assert browser.get("/healthz").status_code == 200
    pulse.ticked_at -= MAX_TICK_LAG_S + 1
    assert browser.get("/healthz").status_code == 503
    pulse.ticked_at = site.world.clock.monotonic()
    pulse.failing = "The database cannot be used."
    assert browser.get("/healthz").status_code == 503


def test_healthz_looks_at_the_disk(site: Site, tmp_path: Path):
    ok, facts = health(site.world.database, site.world.clock, None, tmp_path)
    assert facts["disk_free_bytes"] > 0
    assert ok is (facts["disk_free_bytes"] >= 200_000_000 and facts["oldest_due_seconds"] == 0)


# --- metrics -----------------------------------------------------------------------------------


def test_metrics_are_what_prometheus_reads_and_the_list_declares(site: Site, link: str):
    text = site.browser.get("/metrics").text
    found = {family.name: family for family in text_string_to_metric_families(text)}
    declared = {prometheus_name(metric) for metric in METRICS}
    assert found.keys() <= declared
    assert all(name.startswith("alerts_") for name in declared)
    sent = found["alerts_deliveries"].samples
    assert [(s.labels, s.value) for s in sent] == [({"kind": "email", "state": "delivered"}, 1.0)]
    assert found["alerts_pending_alerts"].samples[0].value == 0
    assert found["alerts_up"].samples[0].value == 1
    site.browser.post(link)
    assert 'alerts_stopped_addresses{kind="stopped"} 1.0' in site.browser.get("/metrics").text


# --- the server --------------------------------------------------------------------------------


def test_waitress_serves_the_pages_on_any_free_port_and_stops(site: Site, link: str):
    served = serve(site.app, "127.0.0.1", 0)
    try:
        page = requests.get(served.url + link, timeout=60)
        assert page.status_code == 200
        assert "Server" not in page.headers
        one_click = requests.post(
            served.url + link, data={"List-Unsubscribe": "One-Click"}, timeout=60,
            allow_redirects=False,
        )  # fmt: skip
        assert one_click.status_code == 200
        too_long = requests.post(served.url + link, data=iter([b"x" * 20_000]), timeout=60)
        assert too_long.status_code == 413
    finally:
        served.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(served.url + link, timeout=60)


def test_a_port_that_is_taken_is_a_clear_error(site: Site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot use port"):
            serve(site.app, "127.0.0.1", taken.getsockname()[1])


def test_pages_are_for_this_machine_only_until_there_is_a_base_url():
    assert host_of(Settings()) == "127.0.0.1"
    assert host_of(Settings(base_url="http://localhost:8000")) == "127.0.0.1"
    assert host_of(Settings(base_url=BASE)) == "0.0.0.0"
