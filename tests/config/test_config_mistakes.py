"""One mistake, one message: where it points and what it tells to write."""

from __future__ import annotations

import pytest
from config_files import HEAD, PEOPLE, RULES, feed, load, places, rules, said, subscriber

#: what a person wrote -> line:column, words of the message
ERRORS = {
    "a misspelt rule": (
        subscriber("rules: [ice, sanctury]"),
        "11:18",
        'no rule "sanctury". Did you mean "sanctuary"?  (A search written in place looks so: '
        '{query: "sanctury"})',
    ),
    "an empty list item that was a hashtag": (
        rules("x:", "  any:", "  - #AbolishICE", "  - ICE"),
        "8:5",
        'everything after " #" is a comment. Put hashtags in quotes: - "#AbolishICE"',
    ),
    "a name that was a hashtag": (
        f"{HEAD}{RULES}subscribers:\n  - name: #ice-watch\n    email: a@example.org\n",
        "9:5",
        'Put hashtags in quotes: name: "#ice-watch"',
    ),
    "a time without days": (
        subscriber("rules: [ice]", "when: 17:30"),
        "12:11",
        "daily at 5:30 pm · weekdays at 5:30 pm · weekly on Friday at 5:30 pm",
    ),
    "a rule defined twice": (
        rules("ice: ICE", "ice: [la migra]"),
        "7:3",
        'The rule "ice" is already defined at line 6; only one of them could count.',
    ),
    "a key written twice": (
        subscriber("rules: [ice]", "rules: [sanctuary]"),
        "12:5",
        '"rules" already stands at line 11',
    ),
    "a variable that is not set": (
        subscriber("rules: [ice]", "slack: ${SLACK_ICE_URL}"),
        "12:12",
        "SLACK_ICE_URL is not set. On this machine: add it to .env. On Heroku: heroku config:set",
    ),
    "curly quotes torn apart by a comma": (
        rules("x:", "  any: [“Madison, Wis.”, ICE]"),
        "7:11",
        'the comma tears them apart. Use straight ones: "Madison, Wis."',
    ),
    "a time zone by its nickname": (
        subscriber("rules: [ice]", "timezone: CST"),
        "12:15",
        "Did you mean America/Chicago?",
    ),
    "list items without blanks": (
        rules("x:", "  any:", "    -ICE", "    -raid"),
        "8:7",
        'A list item needs a blank after "-"',
    ),
    "a language by its name": (
        subscriber("rules: [ice]", "language: spanish"),
        "12:15",
        "Write es.",
    ),
    "a quiet time without a window": (
        subscriber("rules: [ice]", "quiet: 24h"),
        "12:12",
        "10 pm to 6 am",
    ),
    "a tag that no feed has": (
        rules("x: {any: [ICE], feeds: [locl]}"),
        "6:27",
        'No feed has the name, address or tag "locl". Did you mean "local"?',
    ),
    "a tag in a query that no feed has": (
        rules("x: ICE AND feed:locl"),
        "6:14",
        'Did you mean "local"?',
    ),
    "an unknown key": (
        rules("x: {anny: [ICE]}"),
        "6:7",
        'There is no key "anny" in a rule. Did you mean "any"?',
    ),
    "a key of another place": (
        feed("- {url: 'https://x.example/', email: a@example.org}"),
        "5:33",
        "It belongs to",
    ),
    "a word of everyday language for a key": (
        subscriber("rules: [ice]", "schedule: daily at 7 am"),
        "12:5",
        'Did you mean "when"?',
    ),
    "a bare yes where a query is due": (rules("x: yes"), "6:6", 'put it in quotes: "yes"'),
    "a bare null in a list of queries": (rules("x: [ICE, ~]"), "6:12", 'put it in quotes: "~"'),
    "a bare Off where a name is due": (
        subscriber("rules: [Off]"),
        "11:13",
        'put it in quotes: "Off"',
    ),
    "a rule named no": (rules("no: ICE"), "6:3", 'Put it in quotes: "no":'),
    "a rule with a blank in its name": (rules("Big ICE: ICE"), "6:3", "Write: big-ice:"),
    "an operator without operand": (rules("x: ICE AND"), "6:10", "`AND`"),
    "a wrong word in the middle of a quoted query": (
        rules("x: '\"it''s\" OR titel:ICE'"),
        "6:18",
        "titel",
    ),
    "a hashtag that a comment ate in a query": (
        rules("x: ICE OR #AbolishICE"),
        "6:6",
        "put the value in quotes: 'ICE OR #AbolishICE'",
    ),
    "an unknown rule in a query": (rules("x: rule:ise", "ice: ICE"), "6:6", "`ise`"),
    "rules in a circle": (rules("x: rule:y", "y: rule:x"), "7:6", "circle"),
    "an unknown rule in urgent": (
        rules(
            "x: {query: ICE, urgent: {query: 'raid AND rule:her'}, examples: {}}", "here: Madison"
        ),
        "6:45",
        "`her`",
    ),
    "a rule of negatives": (rules("x: {none: [hockey]}"), "6:3", "what to look for"),
    "a near of one word": (rules("x: {near: {words: [ICE]}}"), "6:13", "two words or more"),
    "a near that is too far": (
        rules("x: {near: {words: [ICE, raid], within: 900}}"),
        "6:42",
        "from 1 to 100",
    ),
    "an unknown field": (rules("x: {any: [ICE], in: [titel]}"), "6:24", '"title"'),
    "an empty list of queries": (rules("x: {any: []}"), "6:12", "at least one query"),
    "a list where text is due": (
        subscriber("rules: [ice]", "style: [full]"),
        "12:12",
        "takes one value, not a list",
    ),
    "a mapping where text is due": (
        subscriber("rules: [ice]", "timezone: {a: b}"),
        "12:15",
        "needs quotes",
    ),
    "an unknown choice": (subscriber("rules: [ice]", "style: ful"), "12:12", '"full"'),
    "a duration in words": (
        subscriber("rules: [ice]", "spread: 3 minutes"),
        "12:13",
        "Write 3m.",
    ),
    "a number without unit": (subscriber("rules: [ice]", "spread: 3"), "12:13", "3m, 3h or 3d"),
    "a flag that is none": (
        subscriber("rules: [ice]", "welcome: perhaps"),
        "12:14",
        "true or false",
    ),
    "a weight that is none": (rules("x: {query: ICE, weight: heavy}"), "6:27", "above 0"),
    "a wrong cron": (
        subscriber("rules: [ice]", 'when: {cron: "61 * * * *"}'),
        "12:19",
        '"61" is no minute',
    ),
    "a mapping that is no cron": (
        subscriber("rules: [ice]", "when: {at: 7 am}"),
        "12:11",
        "one key cron",
    ),
    "a pause without a date": (
        subscriber("rules: [ice]", "pause_until: soon"),
        "12:18",
        "2026-12-01",
    ),
    "a webhook without secret": (
        subscriber("rules: [ice]", "webhook: https://hook.example/x"),
        "12:14",
        "openssl rand -base64 32",
    ),
    "a webhook with a short secret": (
        subscriber("rules: [ice]", "webhook: {url: 'https://hook.example/x', secret: short}"),
        "12:54",
        "24 characters",
    ),
    "a Slack channel by its name": (
        subscriber("rules: [ice]", "slack: ice-watch"),
        "12:12",
        "incoming webhook",
    ),
    "an address without @": (
        subscriber("rules: [ice]", "people: [ben.example.org]"),
        "12:14",
        "no @",
    ),
    "an unknown key of a webhook": (
        subscriber("rules: [ice]", "webhook: {url: 'https://h.example/', secert: x}"),
        "12:42",
        '"secret"',
    ),
    "a subscriber without address": (
        f"{HEAD}{RULES}subscribers:\n  - name: Ana\n    rules: [ice]\n",
        "9:11",
        "nothing can be sent",
    ),
    "a subscriber without name": (
        f"{HEAD}{RULES}subscribers:\n  - email: a@example.org\n    rules: [ice]\n",
        "9:5",
        "needs a name",
    ),
    "two subscribers of one name": (
        f"{HEAD}{RULES}{PEOPLE}  - name: ana\n    email: b@example.org\n    rules: [ice]\n",
        "12:11",
        'The id "ana" is already taken at line 9',
    ),
    "an id with capitals": (subscriber("rules: [ice]", "id: Ana F"), "12:9", "Write: ana-f"),
    "the reserved id": (subscriber("rules: [ice]", "id: admin"), "12:9", "cannot be an id"),
    "a name that leaves no id": (
        f"{HEAD}{RULES}subscribers:\n  - {{name: 李, email: a@example.org, rules: [ice]}}\n",
        "9:12",
        "Write an id of its own",
    ),
    "keys beside a named rule": (
        subscriber("rules: [{rule: ice, feeds: [local]}]"),
        "11:25",
        "cannot stand beside rule:",
    ),
    "a list inside the list of rules": (
        subscriber("rules: [[ice]]"),
        "11:13",
        "A list stands inside the list",
    ),
    "a feed by another protocol": (feed("- ftp://x.example/"), "5:5", "https"),
    "a feed's browser address": (feed("- feed://x.example/a"), "5:5", "Write: https://x.example/a"),
    "a feed without https": (feed("- x.example/feed"), "5:5", "Write: https://x.example/feed"),
    "a feed with blanks": (feed("- https://x.example/ a"), "5:5", "no blanks"),
    "a feed with a password in it": (
        feed("- https://me:secret@x.example/"),
        "5:5",
        "Write them under auth:",
    ),
    "a feed without host": (feed("- https:///feed"), "5:5", "names no host"),
    "a feed without url": (feed("- {name: X}"), "5:5", 'needs the key "url"'),
    "a feed that is a list": (feed("- [a, b]"), "5:5", "an address or a mapping"),
    "a feed listed twice with other keys": (
        feed("- https://courier.example/rss"),
        "5:5",
        "already listed at line 4 with other keys",
    ),
    "a certificate that is not there": (
        feed("- {url: 'https://x.example/', verify: none.pem}"),
        "5:41",
        'no file "none.pem"',
    ),
    "a certificate that shall not be checked": (
        feed("- {url: 'https://x.example/', verify: false}"),
        "5:41",
        "always checked",
    ),
    "auth without a colon": (
        feed("- {url: 'https://x.example/', auth: me}"),
        "5:39",
        "joined by a colon",
    ),
    "a feed's language by its name": (
        feed("- {url: 'https://x.example/', lang: Spanish}"),
        "5:39",
        "Write es.",
    ),
    "a title in an unknown language": (
        rules("x: {query: ICE, title: {english: ICE}}"),
        "6:27",
        "Write en:",
    ),
    "defaults with a name": (
        f"version: 1\ndefaults: {{name: All, timezone: UTC}}\n{RULES}{PEOPLE}",
        "2:12",
        "belongs to one subscriber",
    ),
    "defaults that are a list": (
        f"version: 1\ndefaults: [UTC]\n{RULES}{PEOPLE}",
        "2:11",
        "is a mapping of a subscriber's keys",
    ),
    "feeds that are a mapping": (
        f"version: 1\nfeeds: {{a: b}}\n{RULES}{PEOPLE}",
        "2:8",
        "feeds is a list",
    ),
    "rules that are a list": (f"{HEAD}rules: [ICE]\n", "5:8", "rules is a mapping"),
    "subscribers that are a word": (f"{HEAD}{RULES}subscribers: Ana\n", "8:14", "is a list"),
    "a subscriber that is a word": (
        f"{HEAD}{RULES}subscribers: [Ana]\n",
        "8:15",
        "a mapping of keys",
    ),
    "no version": (f"{RULES}{PEOPLE}", "1:1", "Begin it with: version: 1"),
    "a version of the future": (f"version: 2\n{RULES}{PEOPLE}", "1:10", "version 1 of the format"),
    "a file that is a list": ("- a\n- b\n", "1:1", "a mapping of keys"),
    "an empty file": ("# nothing\n", "1:1", "The file is empty"),
    "a file of bytes": (b"version: 1\nname: \xff\n", "2:1", "no UTF-8"),
    "a file in UTF-16": (b"\xff\xfev\x00", "1:1", "UTF-16"),
    "an invisible character": ("version: 1\nrules:\n  a: b\x01\n", "3:7", "U+0001"),
    "an unknown key at the top": (f"{HEAD}{RULES}{PEOPLE}Rules: {{}}\n", "12:1", '"rules"'),
    "a key that is a list": (f"{HEAD}{RULES}{PEOPLE}? [a]\n: b\n", "12:3", "A key is one word"),
    "an empty merge": (f"{HEAD}{RULES}{PEOPLE}    <<: ice\n", "12:9", "<<"),
    "a comma inside a name": (
        f"{HEAD}{RULES}subscribers:\n  - {{name: Flores, Ana, email: a@example.org, rules: [ice]}}\n",
        "9:20",
        'The comma ends the value "Flores". If it is one value, write "Flores, Ana"',
    ),
    "a key without a name": (rules("x: {query: ICE, ? : 2}"), "6:19", "A key is missing"),
    "a variable for a key": (rules("x: ICE", "{A}: ICE"), "7:3", "a key is one word"),
    "a merge of a number": (f"{HEAD}{RULES}{PEOPLE}    <<: [ice]\n", "12:10", "and this is none"),
    "one rule in two files": (
        rules("jail: jail") + "include: [more.yaml]\n",
        "1:9",
        "already defined at line 6 of subscribers.yaml",
    ),
    "a rule that is nothing": (rules("x:"), "6:3", '"query" is empty'),
    "a mapping for a list of queries": (rules("x: {any: {a: b}}"), "6:12", "takes one value"),
    "an empty text in quotes": (rules('x: ""'), "6:6", "is empty"),
    "a near that is a word": (rules("x: {near: ICE}"), "6:13", "near is due"),
    "a near of something without a place": (
        rules("x: {near: {words: [ICE, 'place:madison']}}"),
        "6:27",
        "NEAR",
    ),
    "an except that is no phrase": (
        rules("x: {any: [ICE], except: ['a AND b']}"),
        "6:28",
        "phrase",
    ),
    "an urgent without query": (
        rules("x: {query: ICE, urgent: {newer_than: 6h}}"),
        "6:27",
        'needs the key "query"',
    ),
    "an urgent that is wrong": (rules("x: {query: ICE, urgent: raid AND}"), "6:32", "`AND`"),
    "examples that are a list": (
        rules("x: {query: ICE, examples: [a]}"),
        "6:29",
        "examples is due",
    ),
    "a rule of too many alternatives": (
        rules(
            f"x: ({' | '.join(f'a{n}' for n in range(9))}) AND ({' | '.join(f'b{n}' for n in range(9))})"
        ),
        "6:3",
        "81 alternatives",
    ),
    "a flag that is a list": (subscriber("rules: [ice]", "welcome: [yes]"), "12:14", "not a list"),
    "a choice without a value": (subscriber("rules: [ice]", "style:"), "12:5", "is empty"),
    "a number that is a list": (rules("x: {query: ICE, weight: [1]}"), "6:27", "not a list"),
    "a distance that is a list": (
        rules("x: {near: {words: [ICE, raid], within: [8]}}"),
        "6:42",
        "not a list",
    ),
    "a certificate that is a list": (
        feed("- {url: 'https://x.example/', verify: [a]}"),
        "5:41",
        "not a list",
    ),
    "a version that is a list": (f"version: [1]\n{RULES}{PEOPLE}", "1:10", "not a list"),
    "an unknown language of a feed": (
        feed("- {url: 'https://x.example/', lang: 42}"),
        "5:39",
        "a code like en, es or hmn",
    ),
    "an empty title": (rules("x: {query: ICE, title: {es: ''}}"), "6:31", "is empty"),
    "an unknown rule that resembles none": (
        subscriber("rules: [qqqq]"),
        "11:13",
        "Known rules: ice, sanctuary.",
    ),
    "a pause that is empty": (subscriber("rules: [ice]", "pause_until:"), "12:5", "is empty"),
    "an address that is a list of addresses in quotes": (
        subscriber("rules: [ice]", "people: 'a@example.org, b@example.org'"),
        "12:14",
        "several addresses",
    ),
    "an example that does not match": (
        rules("x: {query: ICE, examples: {match: [Ice storm]}}"),
        "6:38",
        'The rule "x" must match this example, and does not: ICE in capitals: only "Ice" (title), in'
        " other letters. Mend the rule or the example",
    ),
    "an example that matches": (
        rules("x: {query: storm, examples: {skip: [Ice storm]}}"),
        "6:39",
        'must skip this example, but it matches: "storm"',
    ),
}

ERRORS |= {
    "a spread beyond all time": (
        subscriber("rules: [ice]", "spread: 99999999999d"), "12:13", "at most 3h"
    ),
    "a spread of a month": (subscriber("rules: [ice]", "spread: 30d"), "12:13", "at most 3h"),
    "a look back beyond all time": (
        feed("- {url: 'https://x.example/', look_back: 99999999999d}"), "5:44", "at most 36500d"
    ),
    "an age beyond all time": (
        rules("x: {query: ICE, urgent: {query: raid, newer_than: 99999999d}}"), "6:53", "at most 36500d"
    ),
    "an urgent window that is a yes": (
        subscriber("rules: [ice]", "urgent: yes"), "12:13", "Write always."
    ),
    "an urgent window that is a no": (
        subscriber("rules: [ice]", "urgent: off"), "12:13", "Write never."
    ),
    "an urgent window that is none": (
        subscriber("rules: [ice]", "urgent: sometimes"), "12:13", "always or never"
    ),
    "an urgent rule that is a yes": (
        rules("x: {query: ICE, urgent: true}"), "6:27", "urgent: raid OR checkpoint"
    ),
    "a time that is a yes": (subscriber("rules: [ice]", "when: yes"), "12:11", "Write one of"),
    "a misspelt day without am or pm": (
        subscriber("rules: [ice]", "when: dayly at 7"), "12:11", "Write: daily at 7 am"
    ),
    "a weekday without am or pm": (
        subscriber("rules: [ice]", "when: every friday at 7 and 18"),
        "12:11",
        "Write: weekly on Friday at 7:30 am",
    ),
    "a zone that is a no": (subscriber("rules: [ice]", "timezone: no"), "12:15", "America/Chicago"),
    "a feed with a port that is none": (
        feed("- https://x.example:99999/f"), "5:5", "no port. Write a number from 1 to 65535"
    ),
    "a feed with a port in letters": (feed("- https://x.example:abc/f"), "5:5", "no port"),
    "defaults with an unknown rule": (
        f"version: 1\ndefaults: {{timezone: UTC, rules: [nope]}}\nfeeds: [https://x.example/]\n"
        f"{RULES}{PEOPLE}",
        "2:35",
        'no rule "nope"',
    ),
    "a title in a language we do not write": (
        rules("x: {query: ICE, title: {fr: B}}"), "6:27", "Write en: or es:"
    ),
    "a note in a language we do not write": (
        rules("x: {query: ICE, urgent: {query: raid, note: {fr: B}}}"), "6:48", "Write en: or es:"
    ),
    "an empty list of fields": (rules("x: {query: ICE, in: []}"), "6:23", "an empty list"),
    "a rule that is a mapping of its time": (
        subscriber("rules: [{ice: hourly}]"), "11:14", "Write: {rule: ice, when: hourly}"
    ),
    "a misspelt rule that is a mapping of its time": (
        subscriber("rules: [{icy: hourly}]"), "11:14", "Write: {rule: ice, when: hourly}"
    ),
    "an unknown key alone in a rule": (
        subscriber("rules: [ice, {qqqq: raid}]"), "11:19", 'no key "qqqq"'
    ),
    "a lone item torn by its comma": (
        rules("x:", "  any: [“Madison, Wis.”]"), "7:11", "the comma tears them apart"
    ),
}  # fmt: skip

WARNINGS = {
    "a pause that is over": (
        subscriber("rules: [ice]", "pause_until: 2020-01-01"),
        "12:18",
        "is over",
    ),
    "a file that includes itself": (
        f"{HEAD}{RULES}{PEOPLE}include: [subscribers.yaml]\n",
        "12:11",
        "includes itself",
    ),
    "a rule beside one that finds all it finds": (
        subscriber("rules: [ice, {query: ICE AND jail}]"),
        "11:18",
        "Everything that",
    ),
    "two feeds of one name": (
        feed("- {url: 'https://x.example/', name: courier}"),
        "5:39",
        "also the name of the feed",
    ),
    "a place where no feed has one": (
        rules("x: {query: ICE, place: madison}").replace(", place: madison}\n", "}\n", 1),
        "6:26",
        "No feed has the place",
    ),
    "a comma that splits a name": (
        rules("x:", "  any: [Madison, Wis., Dane County]"),
        "7:20",
        'splits this into 3 terms, "Madison", "Wis." and "Dane County". '
        'For one term write "Madison, Wis."',
    ),
    "rules without brackets": (
        subscriber("rules: ice, sanctuary"),
        "11:12",
        "Write: rules: [ice, sanctuary]",
    ),
    "addresses without brackets": (
        subscriber("rules: [ice]", "people: ben@example.org, eve@example.org"),
        "12:13",
        "Write: people: [ben@example.org, eve@example.org]",
    ),
    "one address twice": (
        subscriber("rules: [ice]", "people: [Ana <ANA@example.org>]"),
        "12:14",
        "stands here twice; it gets one mail",
    ),
    "an address of another subscriber": (
        subscriber("rules: [ice]", "  ").rstrip()
        + "\n  - {name: B, email: ana@example.org, rules: [ice]}\n",
        "12:22",
        'also stands at "ana" (line 10)',
    ),
    "a rule followed twice": (subscriber("rules: [ice, ice]"), "11:18", "stands twice"),
    "nothing followed": (subscriber("style: full"), "9:11", "follows no rule"),
    "two rules that ask the same": (rules("a: ICE", "b: ICE"), "7:6", "`a` and `b` ask the same"),
    "an operator in small letters": (rules("x: raid and jail"), "6:11", "AND"),
    "urgent stories nobody hears of": (
        rules("x: {query: ICE, urgent: raid}"),
        "6:3",
        'Nobody follows "x"',
    ),
    "lower-case ice": (rules("x: {any: [ice]}"), "6:13", "frozen water"),
    "a place that no feed has": (
        rules("x: {query: ICE, place: madisn}"),
        "6:26",
        'Did you mean "madison"?',
    ),
    "a feed listed twice": (
        feed("- https://x.example/a", "- https://x.example/a"),
        "6:5",
        "it is polled once",
    ),
    "no time zone anywhere": (
        f"version: 1\nfeeds: [https://x.example/]\n{RULES}{PEOPLE}",
        "7:11",
        "its times are UTC",
    ),
    "no feeds": (
        f"version: 1\nfeeds:\ndefaults: {{timezone: UTC}}\n{RULES}{PEOPLE}",
        "2:1",
        "no feeds",
    ),
    "no rules": (f"{HEAD}subscribers: []\n", "1:1", "no rules"),
    "a pattern that matches no file": (
        f"{HEAD}{RULES}{PEOPLE}include: [more/*.yaml]\n",
        "12:11",
        'No file matches "more/*.yaml"',
    ),
    "a comment that may have eaten a hashtag": (
        f"{HEAD}{RULES}{PEOPLE.replace('name: Ana', 'name: Ana #ice')}",
        "9:11",
        "is a comment",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_each_mistake_is_one_error_at_its_place_that_says_what_to_write(name: str) -> None:
    text, place, words = ERRORS[name]
    loaded = load(text, more="rules: {jail: prison}\n")
    assert loaded.config is None
    assert places(loaded.errors) == [place], said(loaded.errors)
    assert words in said(loaded.errors)


@pytest.mark.parametrize("name", WARNINGS)
def test_each_doubt_is_a_warning_at_its_place_and_the_file_is_taken(name: str) -> None:
    text, place, words = WARNINGS[name]
    loaded = load(text, now=1_800_000_000.0)
    assert loaded.config is not None, said(loaded.errors)
    found = [m for m in loaded.warnings if words in f"{m.message} {m.suggestion}"]
    assert places(tuple(found)) == [place], said(loaded.warnings)


def test_a_rule_inside_another_is_no_mistake_at_another_time() -> None:
    text = subscriber("rules: [ice, {query: ICE AND jail, when: right away}]")
    assert load(text).mistakes == ()


def test_all_mistakes_of_all_files_are_told_in_one_run() -> None:
    main = rules("a: ICE AND", "b: {anny: x}") + "include: [one.yaml, two.yaml]\n"
    loaded = load(main, one="rules: [x]\n", two="feeds: [nope]\nsubscribers: [{name: 'Bo]\n")
    assert [(m.file, m.line) for m in loaded.errors] == [
        ("subscribers.yaml", 6),
        ("subscribers.yaml", 7),
        ("one.yaml", 1),
        ("two.yaml", 1),
        ("two.yaml", 2),
    ]


def test_a_broken_rule_is_no_unknown_rule_elsewhere() -> None:
    loaded = load(
        subscriber("rules: [bad, ice]").replace("  ice: ICE\n", "  ice: ICE\n  bad: ICE AND\n")
    )
    assert places(loaded.errors) == ["7:12"]


def test_a_rule_whose_name_cannot_be_used_is_no_unknown_rule_elsewhere() -> None:
    loaded = load(f"{HEAD}rules:\n  ICE: ICE\n{PEOPLE.replace('[ice]', '[ICE]')}")
    assert places(loaded.errors) == ["6:3"], said(loaded.errors)


def test_a_mistake_in_defaults_is_told_once_for_all_subscribers() -> None:
    text = f"version: 1\ndefaults: {{when: dayly at 7 am, timezone: UTC}}\n{RULES}subscribers:\n"
    text += "".join(
        f"  - {{name: S{n}, email: s{n}@example.org, rules: [ice]}}\n" for n in range(3)
    )
    assert places(load(text).errors) == ["2:18"]


def test_a_broken_block_hides_no_mistake_of_the_other_blocks() -> None:
    text = f"{HEAD}rules:\n  a: 'x\nsubscribers:\n  - name: A\n    emial: a@example.org\n    rules: [a]\n"
    loaded = load(text.replace("a: 'x", 'a: "x" y'))
    assert places(loaded.errors) == ["6:10", "9:5"]


def test_a_certificate_with_an_impossible_name_is_no_crash() -> None:
    long = feed(f"- {{url: 'https://x.example/', verify: {'x' * 5000}}}")
    assert places(load(long).errors) == ["5:41"]


def test_a_bomb_in_another_block_of_a_broken_file_is_told_too() -> None:
    loaded = load("version: 1\nfeeds: [@x]\nrules: &r {x: *r}\n")
    assert places(loaded.errors) == ["2:9", "3:8"]


def test_a_misspelt_key_is_no_missing_key_as_well() -> None:
    text = f"{HEAD}{RULES}subscribers:\n  - {{name: A, emial: a@example.org, ruls: [ice]}}\n"
    loaded = load(text)
    assert places(loaded.errors) == ["9:15", "9:37"]
    assert not loaded.warnings


def test_unknown_names_are_not_told_while_a_part_of_the_files_is_unreadable() -> None:
    main = subscriber("rules: [ice, other, {rule: third}, {query: 'rule:fourth'}]")
    loaded = load(f"{main}include: [more.yaml]\n", more="rules: [\n")
    assert {mistake.file for mistake in loaded.errors} == {"more.yaml"}


def test_a_rule_that_looks_for_another_one_runs_its_examples_with_it() -> None:
    text = rules(
        "x: {query: rule:y AND jail, examples: {match: [ICE jail], skip: [jail]}}",
        "y: {query: rule:z, feeds: [local]}",
        "z: ICE",
    )
    assert load(text).errors == ()


def test_examples_and_advice_can_be_left_out() -> None:
    text = rules("x: {any: [ice], examples: {match: [raid]}}")
    loaded = load(text, with_examples=False)
    assert loaded.config is not None
    assert "frozen" not in said(loaded.warnings)


def test_an_unreadable_address_of_a_webhook_and_its_secret_are_two_mistakes() -> None:
    text = subscriber("rules: [ice]", "webhook: {url: '${HOOK}', secret: '${KEY}'}")
    assert places(load(text).errors) == ["12:21", "12:40"]
