"""Claims about `alerts try` and `alerts explain`, on articles that the service has stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_service import NO_SUCH, REFUSED, YAML, Folder
from pipeline_world import RADIO, World
from sqlalchemy import delete

from alerts.errors import ConfigError, UsageError
from alerts.pipeline import way
from alerts.pipeline.history import kept
from alerts.pipeline.tried import Trial, as_tried
from alerts.store.schema import alert, entry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.catch_up()
    made.world.clock.advance(-86_400)  # a past that `--since` reaches, before the commands' now
    yield made
    made.close()


def explained(folder: Folder, *arguments: str) -> dict[str, Any]:
    return folder.json("explain", *arguments)


def way_to_ana(folder: Folder, *arguments: str) -> dict[str, Any]:
    (person,) = explained(folder, *arguments, "ana")["subscribers"]
    return person


def edit(folder: Folder, old: str, new: str, *, name: str = "subscribers.yaml") -> None:
    text = (folder.folder / "subscribers.yaml").read_text()
    assert old in text
    (folder.folder / name).write_text(text.replace(old, new))


# --- try ---------------------------------------------------------------------------------------


def test_a_query_finds_stored_articles_with_the_words_marked(folder: Folder):
    folder.send("ICE in town")
    folder.send("A raid downtown")
    said = folder.json("try", "raid")
    assert [hit["title"] for hit in said["hits"]] == ["A raid downtown"]
    assert said["hits"][0]["words"] == {"query": ["raid"]}
    assert said["articles"] == 2
    text = folder.command("try", "raid").stdout
    assert "A *raid* downtown" in text
    assert "a week" in text


def test_rules_are_counted_by_the_week_for_themselves_and_who_follows_them(folder: Folder):
    folder.send("ICE in town")
    said = folder.json("try", "--rule", "ice")
    assert [(row["name"], row["articles"]) for row in said["rules"]] == [("ice", 1)]
    assert [(row["name"], row["articles"]) for row in said["subscribers"]] == [("ana", 1)]
    assert said["rules"][0]["a_week"] > 0


def test_an_edit_is_compared_by_rule_and_subscriber(folder: Folder):
    folder.send("ICE in town")
    folder.send("A raid downtown")
    edit(folder, "ice: ICE", "ice: raid", name="new.yaml")
    said = folder.json("try", "--config", "new.yaml")
    for key in ("rules", "subscribers"):
        (row,) = said[key]
        assert [one["title"] for one in row["gained"]] == ["A raid downtown"]
        assert [one["title"] for one in row["lost"]] == ["ICE in town"]
    text = folder.command("try", "--config", "new.yaml").stdout
    assert "+ A raid downtown" in text
    assert "− ICE in town" in text
    assert folder.json("deliveries")


def test_the_file_itself_is_compared_with_the_version_in_force(folder: Folder):
    folder.send("ICE in town")
    edit(folder, "ice: ICE", "ice: raid")
    (row,) = folder.json("try", "--config", "subscribers.yaml")["rules"]
    assert [one["title"] for one in row["lost"]] == ["ICE in town"]


def test_an_edit_that_changes_nothing_says_so(folder: Folder):
    folder.send("ICE in town")
    edit(folder, "ice: ICE", "ice: ICE OR Eisregen", name="new.yaml")
    assert "Nothing changes" in folder.command("try", "--config", "new.yaml").stdout


def test_an_edit_with_mistakes_is_refused(folder: Folder):
    folder.send("ICE in town")
    edit(folder, "rules: [ice]", "rules: [icy]", name="new.yaml")
    assert isinstance(folder.command("try", "--config", "new.yaml").exception, ConfigError)


def test_dropped_shows_what_not_and_except_took_away_and_why(folder: Folder):
    edit(folder, "ice: ICE", "ice: {any: [ICE], none: [Trump], except: [ICE train]}")
    for title in ("ICE in town", "ICE and Trump", "The ICE train stops", "Nothing"):
        folder.send(title)
    said = folder.json("try", "--rule", "ice", "--dropped")
    found = {row["title"]: row["why"]["ice"] for row in said["dropped"]}
    assert said["found_without"] == 3
    assert '"Trump"' in found["ICE and Trump"]
    assert "excepted phrase" in found["The ICE train stops"]
    assert set(found) == {"ICE and Trump", "The ICE train stops"}


def test_a_file_can_be_tried_before_the_service_ever_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Folder
):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///nothing.db")
    Path("news.jsonl").write_text('{"title": "A raid"}\n{"title": "no"}\n')
    said = folder.json("try", "raid", "--file", "news.jsonl")
    assert (said["articles"], [hit["id"] for hit in said["hits"]]) == (2, [0])
    error = folder.command("try", "raid").exception
    assert isinstance(error, UsageError)
    assert "alerts once" in error.hint


@pytest.mark.parametrize(
    "arguments",
    [
        ("raid", "--rule", "ice"),
        ("--rule", "icy"),
        ("--dropped",),
        ("raid", "--since", "soon"),
        ("rule:icy",),
        ("raid", "--config", "subscribers.yaml"),
    ],
)
def test_an_unclear_wish_to_try_says_what_to_write(folder: Folder, arguments: tuple[str, ...]):
    error = folder.command("try", *arguments).exception
    assert isinstance(error, UsageError)
    assert error.hint


# --- explain -----------------------------------------------------------------------------------


def test_what_arrived_is_told_with_the_servers_words_and_every_clause(folder: Folder):
    folder.send("ICE in town")
    said = explained(folder, "https://www.courier.example/ice-in-town?utm_source=x")
    assert said["article"]["title"] == "ICE in town"
    (rule,) = said["rules"]
    assert rule["why"] == 'it says "ICE" (title)'
    assert rule["clause"]["words"][0]["text"] == "ICE"
    (person,) = said["subscribers"]
    assert person["outcome"] == "delivered"
    assert len(person["deliveries"][0]["tries"]) == 1
    text = folder.command("explain", "town").stdout
    assert "Ana (ana): delivered" in text
    assert 'yes  ICE in capitals: "ICE" (title)' in text


def test_what_no_feed_carried_is_told_with_how_the_sites_feed_is(folder: Folder):
    folder.send("ICE in town")
    said = explained(folder, "https://courier.example/other")
    assert said["article"] is None
    assert [feed["name"] for feed in said["feeds"]] == ["Courier"]
    assert (
        "No feed that was read has carried it" in folder.command("explain", "no such title").stdout
    )


def test_an_article_that_no_feed_carried_is_exit_code_1_and_an_unknown_name_2(folder: Folder):
    folder.send("ICE in town")
    assert folder.command("explain", "no such title").exit_code == 1
    assert folder.command("explain", "ICE in town").exit_code == 0
    assert folder.command("explain", "--text", "ICE in town").exit_code == 0
    for unknown in (("town", "nobody"), ("no such title", "nobody"), ("town", "--rule", "iec")):
        assert isinstance(folder.command("explain", *unknown).exception, UsageError)


def test_an_article_that_is_no_longer_stored_says_until_when_a_feed_carried_it(folder: Folder):
    folder.send("ICE in town")
    with folder.world.database.write() as connection:
        connection.execute(delete(alert))
        connection.execute(delete(entry))
    said = explained(folder, "https://courier.example/ice-in-town")
    assert said["article"] is None
    assert said["why"].startswith("A feed carried it until ")


def test_of_many_alternatives_only_what_is_there_is_shown_and_all_stand_in_json(folder: Folder):
    edit(folder, "ice: ICE", "ice: ICE OR jail OR raid OR bus OR tram")
    text = folder.command("explain", "--text", "ICE here").stdout
    assert "no   4 more: not there" in text
    assert "tram" not in text
    (rule,) = explained(folder, "--text", "ICE here")["rules"]
    assert [part["query"] for part in rule["clause"]["parts"]][-1] == "tram"
    assert "none of 5 alternatives is there" in folder.command("explain", "--text", "x").stdout


def test_stored_articles_are_found_and_tried_on_both_databases(world: World):
    world.serve(world.item("ICE in town", "a"), world.item("The council meets", "b"))
    world.serve(world.item("ICE in town, Radio says", "a"), url=RADIO)
    world.run()
    now = world.clock.now()
    trial = Trial(world.parts.in_force.config)
    with world.database.read() as connection:
        every = list(kept(connection, now - 3600))
        held = {one.entry.title: trial.put(as_tried(one, trial.feeds)) for one in every}
        by_words = way.find(connection, "radio says")
        by_link = way.find(connection, "http://www.courier.example/a?utm_source=x")
        assert by_words == by_link == [one for one in every if "ICE" in one.entry.title]
        assert way.find(connection, str(by_link[0].entry_id)) == by_link
        assert len(every) == 2
        steps = way.Way(connection, world.parts.in_force.config, now)
        judged = way.judged(by_link[0], steps.config, steps.config.rules)
        told = steps.to(by_link[0], steps.config.subscribers[0], judged)
    assert set(held.values()) == {("ice",), ("here",)}
    assert told["outcome"] == "delivered"


def test_an_article_that_no_rule_holds_for_says_which_words_were_missing(folder: Folder):
    folder.send("Thin ice on the lake")
    person = way_to_ana(folder, "lake")
    assert person["outcome"] == "no rule holds"
    assert 'only "ice" (title), in other letters' in person["why"][0]


def test_an_article_seen_before_the_rule_was_followed_says_since_when(folder: Folder):
    folder.send("A raid downtown")
    edit(folder, "ice: ICE", "ice: ICE\n  raid: raid")
    edit(folder, "rules: [ice]", "rules: [ice, raid]")
    folder.world.later(1)
    folder.world.reload((folder.folder / "subscribers.yaml").read_text())
    person = way_to_ana(folder, "downtown")
    assert person["outcome"] == "seen before"
    assert "since" in person["why"][0]


def test_an_article_that_an_edit_would_find_now_says_that_it_is_not_judged_again(folder: Folder):
    folder.send("A raid downtown")
    edit(folder, "ice: ICE", "ice: raid")
    folder.world.later(1)
    folder.world.reload((folder.folder / "subscribers.yaml").read_text())
    person = way_to_ana(folder, "downtown")
    assert person["outcome"] == "not owed"
    assert "changed at" in person["why"][0]


def test_an_old_story_of_a_first_poll_says_that_it_was_not_sent(folder: Folder):
    world = folder.world
    world.serve(world.item("ICE of last week", "old", hours_ago=24 * 7))
    world.run()
    assert way_to_ana(folder, "last week")["outcome"] == "old story"


def test_an_article_that_waits_says_until_when_and_why_then(folder: Folder):
    edit(folder, "when: right away", "when: daily at 11:00 pm, quiet: 10 pm to 6 am")
    text = (folder.folder / "subscribers.yaml").read_text()
    folder.catch_up()
    folder.world.reload(text)
    folder.send("ICE in town")
    person = way_to_ana(folder, "town")
    assert person["outcome"] == "waiting"
    assert "after quiet hours (10 pm to 6 am)" in " ".join(person["why"])


def test_a_refused_delivery_and_a_dead_address_say_so_and_what_lifts_it(folder: Folder):
    folder.send("ICE in town", REFUSED)
    person = way_to_ana(folder, "town")
    assert person["outcome"] == "failed"
    assert "554 not this message" in " ".join(person["why"])
    folder.send("ICE again", NO_SUCH)
    said = " ".join(way_to_ana(folder, "again")["why"])
    assert "bad address" in said
    assert "alerts people resume ana@example.org" in said


def test_a_paused_subscriber_is_told_to_be_paused(folder: Folder):
    folder.command("people", "pause", "ana@example.org", "--until", "2099-01-01")
    folder.send("ICE in town")
    person = way_to_ana(folder, "town")
    assert person["outcome"] in ("waiting", "delayed")
    assert "paused until 2099" in " ".join(person["why"])


def test_a_removed_subscriber_is_told_to_have_been_given_up(folder: Folder):
    edit(folder, "when: right away", "when: daily at 7:30 am")
    folder.world.reload((folder.folder / "subscribers.yaml").read_text())
    folder.send("ICE in town")
    edit(folder, "name: Ana, email: ana@", "name: Bob, email: bob@")
    folder.world.later(1)
    folder.world.reload((folder.folder / "subscribers.yaml").read_text())
    found = {one["id"]: one for one in explained(folder, "town")["subscribers"]}
    assert found["ana"]["outcome"] == "given up"
    assert "removed from subscribers.yaml" in found["ana"]["why"][0]
    assert found["bob"]["outcome"] == "seen before"


def test_an_edited_article_is_one_under_two_wordings(folder: Folder):
    world = folder.world
    folder.send("ICE in town")
    world.later(1)
    world.serve(world.item("ICE leaves town", "ice-in-town", hours_ago=0.1))
    world.run(force=True)
    said = explained(folder, "leaves")
    (known,) = said["article"]["identity"]["feeds"]
    assert known["wordings"] == 2
    assert "told once" in folder.command("explain", "leaves").stdout


def test_a_headline_or_a_files_article_is_explained_without_any_database(folder: Folder):
    said = explained(folder, "--text", "Thin ice")
    assert [rule["holds"] for rule in said["rules"]] == [False]
    Path("news.jsonl").write_text('{"title": "no"}\n' + json.dumps({"title": "ICE here"}) + "\n")
    for asked in ("1", "ice here"):
        (rule,) = explained(folder, "--file", "news.jsonl", asked)["rules"]
        assert rule["holds"]


def test_a_fragment_of_several_titles_lists_their_ids(folder: Folder):
    folder.send("ICE in town")
    folder.send("ICE leaves town")
    error = folder.command("explain", "town").exception
    assert isinstance(error, UsageError)
    assert "ICE leaves town" in error.message


@pytest.mark.parametrize("arguments", [(), ("town", "anna"), ("town", "--rule", "icy")])
def test_an_unclear_wish_to_explain_says_what_to_write(folder: Folder, arguments: tuple[str, ...]):
    folder.send("ICE in town")
    error = folder.command("explain", *arguments).exception
    assert isinstance(error, UsageError)
    assert error.hint


@pytest.mark.parametrize(
    ("kind", "state", "told"),
    [
        ("text/html", "read", "its page was read"),
        (
            "application/pdf",
            "not read",
            "its page could not be read: Its link leads to no web page.",
        ),
    ],
)
def test_what_came_of_an_article_s_page_is_told(folder: Folder, kind: str, state: str, told: str):
    folder.send("Before")
    folder.world.reload(YAML.replace('rss"}', 'rss", fulltext: true}'))
    text = f"<p>{'The market opens. ' * 30}</p><p>ICE came.</p>"
    page = f"<html><body><article>{text}</article></body></html>"
    folder.world.fetcher.put("https://courier.example/market", page, kind)
    folder.send("Market")
    assert explained(folder, "Market")["article"]["page"]["state"] == state
    assert told in folder.command("explain", "Market").stdout
    assert explained(folder, "Before")["article"]["page"] is None
