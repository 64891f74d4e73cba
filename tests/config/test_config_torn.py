"""Broken YAML hides no mistake outside the smallest part around it."""

from __future__ import annotations

from config_files import HEAD, PEOPLE, RULES, load, places, rules, said, subscriber

ICY = PEOPLE.replace("[ice]", "[icy]")


def test_names_of_rules_are_checked_while_the_feeds_are_unreadable() -> None:
    loaded = load(f"version: 1\ndefaults: {{timezone: UTC}}\nfeeds: [@x]\n{RULES}{ICY}")
    assert places(loaded.errors) == ["3:9", "10:13"]
    assert 'Did you mean "ice"?' in said(loaded.errors)


def test_a_broken_rule_hides_no_other_rule_and_counts_as_defined() -> None:
    text = rules("a: @b", "b: ICE AND", "c: {anny: ICE}", "d: 'x' y", "e: rule:a OR rule:x")
    loaded = load(text.replace("rules: []", "rules: [a, d, z]"))
    assert places(loaded.errors) == ["6:6", "7:10", "8:7", "9:10", "10:16", "14:19"]
    assert loaded.warnings == ()


def test_a_broken_feed_hides_no_other_feed() -> None:
    text = "version: 1\nfeeds:\n- https://a.example/f\n- {name: [}\n- ftp://x.example/\n"
    loaded = load(f"{text}{RULES}{PEOPLE}")
    assert places(loaded.errors) == ["4:11", "5:3"]


def test_a_broken_subscriber_hides_no_other_subscriber() -> None:
    text = f"{HEAD}{RULES}{PEOPLE.replace('Ana', '@ana')}  - {{name: Bo, emial: b@e.example}}\n"
    assert places(load(text).errors) == ["9:11", "12:16"]


def test_an_alias_of_what_is_unreadable_is_no_second_mistake() -> None:
    text = rules("a: {any: &words [ICE, @b]}", "b: *words")
    assert places(load(text).errors) == ["6:25"]


def test_an_alias_before_its_anchor_is_a_mistake() -> None:
    assert places(load(rules("a: *words", "b: &words [ICE]")).errors) == ["6:6"]


def test_names_that_may_stand_in_a_missing_file_are_told_in_one_line() -> None:
    main = subscriber("rules: [ice, other, {rule: third}, {query: 'rule:fourth'}]")
    loaded = load(f"{main}include: [nofile.yaml]\n")
    assert places(loaded.errors) == ["12:11"]
    assert places(loaded.warnings) == ["11:18"]
    assert "not known yet: a part of rules: is unreadable" in said(loaded.warnings)


def test_names_of_feeds_are_checked_while_rules_are_unreadable() -> None:
    loaded = load(rules("a: {query: ICE, feeds: [locl]}", "b: @c"))
    assert places(loaded.errors) == ["6:27", "7:6"]


def test_a_line_that_is_no_key_at_the_top_leaves_all_names_open() -> None:
    loaded = load(f"{HEAD}rules\n  ice: ICE\n{PEOPLE}")
    assert places(loaded.errors) == ["5:1"]


def test_a_file_with_endless_broken_parts_is_given_up() -> None:
    loaded = load(rules(*(f"r{n}: @x" for n in range(100))))
    assert 20 <= len(loaded.errors) <= 21
