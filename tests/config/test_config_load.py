"""A right file becomes the values of model.py; what is left out gets its documented default."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_files import HEAD, MAIN, PEOPLE, RULES, feed, load, rules, said, subscriber

from alerts import config
from alerts.errors import ConfigError
from alerts.model import Config, Secret, Subscription, Window

EVERYTHING = """\
version: 1
admins:
  - email: webdesk@newsroom.example
  - ops@newsroom.example
defaults:
  timezone: America/Chicago
  when: weekdays at 7:30 am
feeds:
  - https://example.org/feed.xml
  - name: Lake Courier
    url: https://courier.example/rss
    tags: [local]
    place: madison
    look_back: 2d
    lang: EN
    paywall: yes
    check: often
    respect_cache: false
    auth: "${COURIER_USER}:${COURIER_PASSWORD}"
rules:
  ice:
    title: {en: ICE, es: ICE (la migra)}
    any:
      - ICE
      - '="Ice agents"'
    except: [ICE Arena]
    none: [hockey]
    feeds: [local]
    place: madison
    lang: [en, es]
    caps: reject
    examples:
      match: ["ICE agents detain two people"]
      skip: ["Rink renamed ICE Arena"]
  list: [raid, checkpoint]
  near: {near: {words: [ICE, raid], within: 8}, in: [title]}
  both: {all: [sanctuary, Wisconsin]}
  plain: '"sanctuary city" OR rule:ice'
subscribers:
  - name: Ana Flores
    email: Ana <ana@example.org>
    rules: [ice, plain]
    quiet: 10 pm to 6 am
  - name: "#ice-watch"
    id: ice-watch
    slack: ${SLACK_URL}
    webhook: {url: "https://hook.example/in", secret: "${HOOK_SECRET}"}
    when: right away
    timezone: Europe/Madrid
    spread: 10m
    pause_until: 2027-01-07
    rules:
      - ice
      - {rule: list, when: daily at 5:00 pm}
      - {query: 'rule:ice AND jail', title: Jail}
      - {any: [a1, b2]}
"""
SECRETS = {
    "SLACK_URL": "https://hooks.slack.com/services/T0/B0/abcdef",
    "HOOK_SECRET": "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
    "COURIER_USER": "me",
    "COURIER_PASSWORD": "pass",
}


def taken(text: str, **environment: str) -> Config:
    loaded = load(text, environment)
    assert loaded.config is not None, said(loaded.errors)
    return loaded.config


@pytest.fixture(name="whole")
def _whole() -> Config:
    return taken(EVERYTHING, **SECRETS)


def test_a_bare_address_is_a_feed_with_every_default(whole: Config) -> None:
    bare = whole.feeds[0]
    assert (bare.url, bare.name, bare.look_back_s) == ("https://example.org/feed.xml", None, 86_400)
    assert (bare.check, bare.respect_cache, bare.paywall, bare.auth) == ("auto", True, False, None)


def test_a_feed_keeps_every_key_that_is_written(whole: Config) -> None:
    courier = whole.feeds[1]
    assert (courier.name, courier.tags, courier.place) == ("Lake Courier", ("local",), "madison")
    assert (courier.look_back_s, courier.lang, courier.check) == (172_800, "en", "often")
    assert courier.paywall
    assert not courier.respect_cache
    assert courier.auth == Secret("me:pass")


def test_a_rule_keeps_its_query_titles_and_limits(whole: Config) -> None:
    ice = whole.rule("ice")
    assert ice is not None
    assert ice.titles == {"en": "ICE", "es": "ICE (la migra)"}
    assert (ice.feeds, ice.places, ice.langs) == (("local",), ("madison",), ("en", "es"))
    assert ice.caps == "reject"
    assert ice.match_examples == ("ICE agents detain two people",)
    assert ice.skip_examples == ("Rink renamed ICE Arena",)
    assert "EXCEPT" in ice.query
    assert "NOT" in ice.query


def test_every_form_of_a_rule_reads_as_a_query(whole: Config) -> None:
    queries = {rule.name: rule.query for rule in whole.rules}
    assert queries["list"] == "raid OR checkpoint"
    assert queries["near"] == "title:(ICE NEAR/8 raid)"
    assert queries["both"] == "sanctuary AND Wisconsin"
    assert queries["plain"] == '"sanctuary city" OR rule:ice'


def test_people_get_full_digests_and_rooms_brief_ones(whole: Config) -> None:
    ana, room = whole.subscribers
    assert (ana.style, ana.urgent) == ("full", Window(360, 1320, "6 am to 10 pm"))
    assert (room.style, room.urgent) == ("brief", "always")


def test_defaults_hold_where_a_subscriber_says_nothing(whole: Config) -> None:
    ana, room = whole.subscribers
    assert (ana.timezone, ana.when.text) == ("America/Chicago", "weekdays at 7:30 am")
    assert (room.timezone, room.when.text) == ("Europe/Madrid", "right away")
    assert (ana.spread_s, room.spread_s) == (180, 600)
    assert ana.quiet is not None
    assert (ana.quiet.start_min, ana.quiet.end_min) == (1320, 360)


def test_a_day_of_pause_ends_at_midnight_of_the_subscribers_own_zone(whole: Config) -> None:
    assert whole.subscribers[1].pause_until == 1_799_276_400.0  # 2027-01-06 23:00 UTC


def test_destinations_have_a_place_that_shows_no_secret(whole: Config) -> None:
    ana, room = whole.subscribers
    assert [d.key for d in ana.destinations] == ["ana-flores/email/ana@example.org"]
    assert ana.destinations[0].name == "Ana"
    assert [d.key for d in room.destinations] == [
        "ice-watch/slack/hooks.slack.com",
        "ice-watch/webhook/hook.example",
    ]
    assert room.destinations[1].secret == Secret(SECRETS["HOOK_SECRET"])
    assert [d.key for d in whole.admins] == [
        "admin/email/webdesk@newsroom.example",
        "admin/email/ops@newsroom.example",
    ]


def test_a_query_written_at_a_subscriber_is_a_rule_of_its_own(whole: Config) -> None:
    assert [r.name for r in whole.rules][-2:] == ["ice-watch/jail", "ice-watch/query-2"]
    room = whole.subscribers[1]
    assert room.subscriptions[0] == Subscription("ice")
    assert [s.rule for s in room.subscriptions[2:]] == ["ice-watch/jail", "ice-watch/query-2"]
    listed = room.subscriptions[1]
    assert listed.when is not None
    assert (listed.rule, listed.when.text) == ("list", "daily at 5 pm")


def test_a_named_rule_with_a_title_of_its_own_keeps_its_limits() -> None:
    found = taken(
        rules("ice: {any: [ICE], feeds: [local]}").replace(
            "rules: []", "rules: [{rule: ice, title: Migra}]"
        )
    )
    own = found.rule("ana/migra")
    assert own is not None
    assert (own.feeds, own.title()) == (("local",), "Migra")
    assert found.subscribers[0].subscriptions == (Subscription("ana/migra"),)


@pytest.mark.parametrize(
    ("written", "name", "title"),
    [
        ("ice-raids: {any: [ICE, raids]}", "ice-raids", "ICE raids"),
        ("uw_police: UW NEAR/3 Police", "uw_police", "UW police"),
        ("frozen-ice: ice AND lake", "frozen-ice", "Frozen ice"),
        ("this-and-that: this AND that", "this-and-that", "This and that"),
    ],
)
def test_a_rule_without_a_title_keeps_the_capitals_of_its_query(
    written: str, name: str, title: str
) -> None:
    found = taken(rules(written)).rule(name)
    assert found is not None
    assert found.title() == title


def test_scalars_are_taken_as_they_are_written() -> None:
    found = taken(subscriber("rules: ice", "quiet: 22:30-6:00", "when: daily at 07:30"))
    ana = found.subscribers[0]
    assert ana.quiet is not None
    assert (ana.quiet.start_min, ana.when.text) == (22 * 60 + 30, "daily at 7:30 am")


def test_a_quoted_no_is_a_query() -> None:
    found = taken(rules("x: 'no'"))
    assert found.rules[0].query == "no"


def test_quiet_none_lifts_the_default() -> None:
    text = subscriber("rules: [ice]", "quiet: none").replace(
        "America/Chicago}", "America/Chicago, quiet: 10 pm to 6 am}"
    )
    assert taken(text).subscribers[0].quiet is None


def test_a_cron_is_a_cadence() -> None:
    found = taken(subscriber("rules: [ice]", 'when: {cron: "0 8 * * mon"}'))
    assert found.subscribers[0].when.crons == ("0 8 * * mon",)


def test_anchors_and_merge_keys_are_followed_and_own_keys_win() -> None:
    text = f"{HEAD}{RULES}subscribers:\n  - &a {{name: A, email: a@example.org, rules: [ice], style: brief}}\n"
    text += "  - {<<: *a, name: B, email: b@example.org}\n"
    second = taken(text).subscribers[1]
    assert (second.id, second.style, second.destinations[0].place) == (
        "b",
        "brief",
        "b@example.org",
    )


def test_one_address_at_one_subscriber_is_one_destination() -> None:
    found = taken(subscriber("rules: [ice]", "people: [ANA@example.org, ben@example.org]"))
    assert [d.place for d in found.subscribers[0].destinations] == [
        "ana@example.org",
        "ben@example.org",
    ]


def test_two_webhooks_on_one_host_are_two_places() -> None:
    hooks = "slack: ['https://hooks.slack.com/services/a', 'https://hooks.slack.com/services/b']"
    found = taken(subscriber("rules: [ice]", hooks))
    assert [d.place for d in found.subscribers[0].destinations[1:]] == [
        "hooks.slack.com",
        "hooks.slack.com#2",
    ]


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert load(b"\xef\xbb\xbf" + f"{HEAD}{RULES}{PEOPLE}".encode()).config is not None


def test_keys_still_to_come_are_taken_and_listed() -> None:
    text = f"{HEAD}{RULES}{PEOPLE}".replace(
        "ice: ICE",
        "ice: {query: ICE, weight: 2, urgent: {query: raid, newer_than: 6h, note: Call us}}",
    )
    text = text.replace(
        "rules: [ice]", "rules: [ice]\n    language: es\n    welcome: no\n    mention: none"
    )
    found = taken(text)
    assert found.not_in_effect == ("rule weight (ice)",)
    ice = found.rule("ice")
    assert ice is not None
    assert ice.urgent is not None
    assert (ice.weight, ice.urgent.newer_than_s, ice.urgent.note) == (
        2.0,
        21_600,
        {"en": "Call us"},
    )


def test_includes_hold_the_same_keys_and_their_defaults_count_for_themselves() -> None:
    main = f"{HEAD}{RULES}{PEOPLE}include: [more/*.yaml]\n"
    more = (
        "defaults: {when: hourly}\nrules: {jail: jail}\n"
        "subscribers: [{name: Bo, email: bo@example.org, rules: [jail, ice]}]\n"
    )
    loaded = load(main, more_bo=more)
    assert loaded.config is not None, said(loaded.errors)
    ana, bo = loaded.config.subscribers
    assert (bo.when.text, bo.timezone) == ("hourly", "America/Chicago")
    assert ana.when.text == "daily at 7:30 am"
    assert sorted(loaded.files) == ["more/bo.yaml", "subscribers.yaml"]


def test_a_file_that_includes_itself_is_read_once() -> None:
    assert load(f"{HEAD}{RULES}{PEOPLE}include: subscribers.yaml\n").config is not None


def test_includes_are_found_on_disk_beside_the_file_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "main.yaml").write_text(f"{HEAD}{RULES}{PEOPLE}include: [a/*.yaml]\n")
    (tmp_path / "a" / "one.yaml").write_text("include: b/two.yaml\n")
    (tmp_path / "a" / "b" / "two.yaml").write_text("rules: {two: second}\n")
    loaded = config.load(tmp_path / "main.yaml", {})
    assert loaded.config is not None, said(loaded.errors)
    assert loaded.config.rule("two") is not None
    again = {tmp_path / name: data for name, data in loaded.files.items()}
    (tmp_path / "a" / "one.yaml").unlink()
    assert config.load(tmp_path / "main.yaml", {}, contents=again).config == loaded.config


def test_a_missing_included_file_is_an_error_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(f"{HEAD}{RULES}{PEOPLE}include: [no.yaml]\n")
    loaded = config.load(tmp_path / "main.yaml", {})
    assert [(m.line, m.column) for m in loaded.errors] == [(12, 11)]


def test_a_missing_main_file_says_what_to_do(tmp_path: Path) -> None:
    loaded = config.load(tmp_path / "no.yaml", {})
    assert "ALERTS_CONFIG" in said(loaded.errors)
    assert config.load(tmp_path, {}).config is None  # a folder is no file


def test_the_version_tells_files_apart_and_knows_no_secret() -> None:
    text = subscriber("rules: [ice]", "slack: ${SLACK_URL}")
    first = taken(text, SLACK_URL="https://hooks.slack.com/services/a")
    second = taken(text, SLACK_URL="https://hooks.slack.com/services/b")
    assert first.version == second.version
    assert first.version != taken(f"{text}# changed\n", SLACK_URL="https://x.example/").version


def test_require_raises_every_mistake_at_once(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(rules("a: yes", "b: no"))
    with pytest.raises(ConfigError) as caught:
        config.require(tmp_path / "s.yaml", {})
    assert [m.line for m in caught.value.mistakes] == [6, 7]
    assert config.require(MAIN, {}, contents={MAIN: f"{HEAD}{RULES}{PEOPLE}".encode()}).rules


def test_a_rule_may_ask_for_sources_while_no_feed_is_listed() -> None:
    loaded = load("version: 1\nrules: {x: {any: [ICE], feeds: [local], place: madison}}\n")
    assert loaded.config is not None
    assert "local" in said(loaded.warnings)


def test_booleans_name_no_file_and_leave_the_systems_authorities() -> None:
    assert taken(feed("- {url: 'https://x.example/', verify: true}")).feeds[1].ca_file is None


def test_a_certificate_is_found_beside_the_file_it_is_named_in(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("x")
    (tmp_path / "s.yaml").write_text(feed("- {url: 'https://x.example/', verify: own.pem}"))
    loaded = config.load(tmp_path / "s.yaml", {})
    assert loaded.config is not None, said(loaded.errors)
    assert loaded.config.feeds[1].ca_file == str(tmp_path / "own.pem")


def test_near_takes_a_bare_list_of_words() -> None:
    assert taken(rules("x: {near: [ICE, raid]}")).rules[0].query == "ICE NEAR raid"


def test_urgent_windows_and_words_are_read() -> None:
    found = [
        taken(subscriber("rules: [ice]", f"urgent: {written}")).subscribers[0].urgent
        for written in ("always", "Never", "8 am to 8 pm")
    ]
    assert found[:2] == ["always", "never"]
    assert isinstance(found[2], Window)


def test_who_wants_only_what_is_urgent_and_never_that_is_warned_of() -> None:
    text = subscriber("rules: [ice]", "when: urgent only\n    urgent: never")
    found = load(text, {}).warnings
    assert any("only what is urgent, and that never" in one.message for one in found)


def test_an_admin_may_have_a_name_and_several_addresses() -> None:
    text = (
        f"{HEAD}{RULES}{PEOPLE}admins:\n  - {{name: Desk, email: [a@example.org, b@example.org]}}\n"
    )
    assert [d.place for d in taken(text).admins] == ["a@example.org", "b@example.org"]


def test_the_last_good_files_can_be_read_again_from_memory_with_their_patterns() -> None:
    loaded = load(f"{HEAD}{RULES}{PEOPLE}include: [more/*.yaml]\n", more_a="rules: {a: one}\n")
    assert loaded.config is not None
    assert loaded.config.rule("a") is not None


def test_a_stored_file_that_is_missing_is_an_error() -> None:
    loaded = load(f"{HEAD}{RULES}{PEOPLE}include: [gone.yaml]\n")
    assert "not among the stored files" in said(loaded.errors)


def test_a_folder_full_of_files_is_not_read_without_end() -> None:
    text = f"{HEAD}{RULES}{PEOPLE}include: [more/*.yaml]\n"
    loaded = load(text, **{f"more_{n}": "rules: {}\n" for n in range(1001)})
    assert "More than 1000 files" in said(loaded.errors)
