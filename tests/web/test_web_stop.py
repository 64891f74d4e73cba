"""Claims about the links with which readers stop mails and start them again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from web_world import BASE, KEY, Site

from alerts.errors import UsageError
from alerts.pipeline import signing
from alerts.pipeline.signing import Signing
from alerts.store import stops, tables

ANA = "email/ana@example.org"


@pytest.fixture
def link(site: Site) -> str:
    """The stop link of Ana's first mail."""
    site.find("ICE agents in Madison", "one")
    assert len(site.told()) == 1
    (found,) = set(site.links())
    return found


def stopped(site: Site) -> dict[str, str]:
    with site.world.database.read() as connection:
        return {key: row.kind for key, row in stops.stops(connection).items()}


def test_a_mail_carries_its_reader_s_link_in_text_and_headers(site: Site, link: str):
    mail = site.world.mails()[-1]
    assert link.startswith("/u/")
    assert str(mail["List-Unsubscribe"]).replace(" ", "") == f"<{BASE}{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(("html",))
    assert html is not None
    assert f'href="{BASE}{link}"' in html.get_content()


def test_without_a_base_url_no_mail_holds_a_link(site: Site):
    site.use(SECRET_KEY=KEY)
    site.find("ICE agents in Madison", "one")
    site.told()
    mail = site.world.mails()[-1]
    assert "/u/" not in mail.as_string()
    assert "mailto:" in str(mail["List-Unsubscribe"])


def test_get_head_and_options_name_the_address_and_change_nothing(site: Site, link: str):
    page = site.browser.get(link)
    assert page.status_code == 200
    assert "Stop mails to ana@example.org?" in page.text
    assert site.browser.head(link).status_code == 200
    assert site.browser.options(link).status_code == 200
    assert stopped(site) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}, "content_type": "multipart/form-data"},
        {},
    ],
)
def test_one_post_stops_and_the_second_changes_nothing(site: Site, link: str, body: dict):
    for _ in range(2):
        page = site.browser.post(link, **body)
        assert page.status_code == 200
        assert "Set-Cookie" not in page.headers
        assert "No more mails to ana@example.org" in page.text
    assert stopped(site) == {ANA: "stopped"}


def test_a_stop_holds_what_is_queued_already(site: Site, link: str):
    site.world.transport.tries.clear()
    site.find("ICE plans an office", "two")
    site.world.run()
    with site.world.database.write() as connection:
        connection.exec_driver_sql("UPDATE delivery SET state = 'pending', due_at = 1")
    site.world.transport.tries.clear()
    site.browser.post(link)
    assert site.told() == ["You get no more mails from Madison Alerts"]
    with site.world.database.read() as connection:
        digests = [row for row in tables.deliveries(connection) if row["articles"]]
    assert {row["state"] for row in digests} == {"suppressed"}


def test_the_address_is_told_once_with_a_link_that_starts_the_mails_again(site: Site, link: str):
    site.browser.post(link)
    assert site.told() == ["You get no more mails from Madison Alerts"]
    site.browser.post(link)
    assert site.told() == []
    (again,) = set(site.links())
    assert again.startswith("/s/")
    page = site.browser.get(again)
    assert "Start mails to ana@example.org again?" in page.text
    assert stopped(site) == {ANA: "stopped"}  # looking at it changes nothing
    assert "Mails go to ana@example.org" in site.browser.post(again).text
    assert stopped(site) == {}
    site.find("ICE plans an office", "two")
    assert site.told() == ["ICE plans an office"]


def test_pressing_the_buttons_in_turn_floods_nobody(site: Site, link: str):
    site.browser.post(link)
    site.told()
    (again,) = set(site.links())
    for _ in range(5):
        site.browser.post(again)
        site.browser.post(link)
    assert site.told() == []
    assert stopped(site) == {ANA: "stopped"}


def test_a_stop_outlives_the_mending_of_a_dead_address(site: Site, link: str):
    with site.world.database.write() as connection:
        stops.stop(connection, ANA, stops.BAD_ADDRESS, "no such mailbox", 1.0)
    assert "No mails go to ana@example.org" in site.browser.get(link).text
    site.browser.post(link)
    assert stopped(site) == {ANA: "stopped"}


def test_one_address_under_two_subscribers_is_stopped_for_both(site: Site, link: str):
    two = site.world.yaml + (
        "  - {name: Office, email: Ana@Example.ORG, rules: [ice], when: right away}\n"
    )
    site.world.reload(two)
    site.browser.post(link)
    site.told()
    site.find("ICE plans an office", "two")
    assert site.told() == []


def test_a_stop_works_when_its_reader_left_the_list(site: Site, link: str):
    site.world.reload(site.world.yaml.replace("ana@example.org", "bo@example.org"))
    assert "Stop mails to ana@example.org?" in site.browser.get(link).text
    assert site.browser.post(link).status_code == 200
    assert stopped(site) == {ANA: "stopped"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_torn_or_forged_link_is_a_page_that_says_what_to_do(site: Site, link: str, method: str):
    token = link.removeprefix("/u/")
    forged = [
        token[:-1],
        token[1:],
        token[:16],
        token.upper(),
        token + "A",
        f"{'0' * 16}{token[16:]}",
        "x",
        "a" * 5_000,
        "ä.ö",
        "%00",
        Signing(("z" * 32,)).sign(signing.STOP, token[:16]),
        Signing((KEY,)).sign(signing.AGAIN, token[:16]),
        Signing((KEY,)).sign(signing.STOP, "0" * 16),  # ours, but names nobody
    ]
    for text in forged:
        page = getattr(site.browser, method)(f"/u/{text}")
        assert page.status_code == 404, text
        assert "This link does not work" in page.text
        assert "STOP" in page.text
    assert stopped(site) == {}


def test_a_stop_link_cannot_start_mails_again(site: Site, link: str):
    site.browser.post(link)
    again = link.replace("/u/", "/s/")
    assert site.browser.post(again).status_code == 404
    assert stopped(site) == {ANA: "stopped"}


def test_a_link_names_no_address_and_stays_the_same(site: Site, link: str):
    assert "ana" not in link
    assert "example" not in link
    site.find("ICE plans an office", "two")
    site.told()
    assert set(site.links()) == {link}


def test_links_outlive_a_new_key_as_long_as_the_old_one_is_kept(site: Site, link: str):
    site.use(BASE_URL=BASE, SECRET_KEY=f"{'n' * 32} {KEY}")
    assert site.browser.get(link).status_code == 200
    site.find("ICE plans an office", "two")
    site.told()
    (renewed,) = set(site.links())
    assert renewed != link
    site.use(BASE_URL=BASE, SECRET_KEY="n" * 32)
    assert site.browser.get(renewed).status_code == 200
    assert site.browser.get(link).status_code == 404


def test_without_a_secret_key_one_is_made_once(site: Site):
    site.use(BASE_URL=BASE)
    site.find("ICE agents in Madison", "one")
    site.told()
    (found,) = set(site.links())
    site.use(BASE_URL=BASE)
    assert site.browser.get(found).status_code == 200


def test_links_made_before_there_was_a_secret_key_go_on_working(site: Site):
    site.use(BASE_URL=BASE)
    site.find("ICE agents in Madison", "one")
    site.told()
    (found,) = set(site.links())
    site.use(BASE_URL=BASE, SECRET_KEY=KEY)
    assert site.browser.get(found).status_code == 200


def test_a_short_key_among_several_is_refused(site: Site):
    site.use(BASE_URL=BASE, SECRET_KEY=f"{KEY} short")
    with pytest.raises(UsageError, match="32 characters"):
        signing.signing(site.world.database, site.world.parts.settings, site.world.clock)


def test_the_whole_way_of_a_stop_is_the_same_on_both_databases(site_on_both: Site):
    site = site_on_both
    site.find("ICE agents in Madison", "one")
    site.told()
    (link,) = set(site.links())
    for _ in range(2):
        assert "No more mails" in site.browser.post(link).text
    assert site.told() == ["You get no more mails from Madison Alerts"]
    text = site.browser.get("/metrics").text
    assert 'alerts_stopped_addresses{kind="stopped"} 1.0' in text
    assert 'alerts_attempts{outcome="delivered"} 2.0' in text
    assert site.browser.get("/healthz").status_code == 200
    (again,) = set(site.links())
    assert "Mails go to" in site.browser.post(again).text
    site.find("ICE plans an office", "two")
    assert site.told() == ["ICE plans an office"]


def test_two_presses_at_once_are_one_stop_and_one_mail(site_on_both: Site):
    site = site_on_both
    site.find("ICE agents in Madison", "one")
    site.told()
    (link,) = set(site.links())
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: site.app.test_client().post(link).status_code, range(8)))
    assert codes == [200] * 8
    assert stopped(site) == {ANA: "stopped"}
    assert site.told() == ["You get no more mails from Madison Alerts"]
