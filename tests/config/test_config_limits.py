"""Whatever the bytes are: an answer in time, mistakes with places, never an exception."""

from __future__ import annotations

import gc

import pytest
from config_files import HEAD, RULES, load, said
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.config import diagnostics
from alerts.config.nodes import MAX_BYTES

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{n}: &{n} [{','.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdef", "bcdefg", strict=True)
)
_PIECES = st.sampled_from(
    [
        "[",
        "]",
        "{",
        "}",
        ":",
        "-",
        "?",
        ",",
        "#",
        "@",
        "&",
        "*",
        "!",
        "|",
        ">",
        "'",
        '"',
        "%",
        "`",
        "~",
        "<<",
        "\t",
        "\n",
        "\r",
        "\u2028",
        "“",
        "”",
        "$",
        "${X}",
        "null",
        "yes",
        "---",
        "...",
        "\\",
        "\x00",
        "\x07",
        "rule:",
        "AND",
        "(",
        ")",
        "NEAR/",
        "=",
        "ICE",
        "&a",
        "*a",
    ]
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested more than 60 deep"),
        ("- " * 100_000, "nested more than 60 deep"),
        ("? " * 100_000, "nested more than 60 deep"),
        ("{a: " * 5_000, "nested more than 60 deep"),
        (_BOMB, "multiply into more than a million"),
        ("a: &a [*a]\n", "contains itself"),
        ("a: &a {b: {c: *a}}\n", "contains itself"),
        ("x: " + "y" * MAX_BYTES, "at most 5,000,000 bytes are read"),
    ],
)
def test_a_file_that_would_exhaust_us_is_refused(text: str, words: str) -> None:
    loaded = load(text)
    assert loaded.config is None
    assert words in said(loaded.errors)


def test_an_alias_used_often_is_fine() -> None:
    text = f"{HEAD}{RULES}subscribers:\n  - &s {{name: A, email: a@example.org, rules: &r [ice]}}\n"
    text += "".join(f"  - {{name: S{n}, email: s{n}@example.org, rules: *r}}\n" for n in range(200))
    loaded = load(text)
    assert loaded.config is not None
    assert len(loaded.config.subscribers) == 201


def test_the_cycle_collector_works_again_afterwards() -> None:
    load("[")
    assert gc.isenabled()


def _check(data: bytes) -> None:
    loaded = load(data)
    assert (loaded.config is None) == bool(loaded.errors)
    for mistake in loaded.mistakes:
        assert mistake.message
        assert mistake.line >= 1
        assert mistake.column >= 1
        assert "\n" not in diagnostics.for_github(mistake)
    if loaded.mistakes:
        assert "Nothing was changed." in diagnostics.report(loaded.errors, loaded.warnings)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore")))
@example(b"\xef\xbb\xbf")
@example(b"\x85")
@example("version: 1\u2028rules: [".encode())
@settings(max_examples=150)
def test_any_bytes_give_a_configuration_or_mistakes(data: bytes) -> None:
    _check(data)


@given(st.data())
@settings(max_examples=250)
def test_a_mutated_file_gives_a_configuration_or_mistakes(data: st.DataObject) -> None:
    text = _SAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from((0, 0, 1, 2, 8, 40))))
        text = text[:start] + data.draw(_PIECES) + text[end:]
    _check(text.encode())


_SAMPLE = """\
version: 1
admins: [{email: a@example.org}]
defaults: {timezone: America/Chicago, when: weekdays at 7:30 am}
feeds:
  - https://example.org/feed.xml
  - {name: Courier, url: 'https://courier.example/rss', tags: [local], place: madison, look_back: 24h}
rules:
  ice:
    title: {en: ICE, es: la migra}
    any:
      - ICE
      - '="Ice agents"'
    except: [ICE Arena, "ICE trains"]
    urgent: {query: ICE NEAR/8 (raid | checkpoint) AND rule:here, newer_than: 6h}
    examples: {match: [ICE agents], skip: [Ice storm]}
  here: rule:madison OR place:madison
  madison: |
    Madison AND
    (Wisconsin | =Wis)
subscribers:
  - name: Ana Flores
    email: &mail ana@example.org
    rules: [ice, {rule: here, when: daily at 5 pm}, {query: 'rule:ice AND jail', title: Jail}]
    quiet: 10 pm to 6 am
  - {name: "#x", id: x, email: *mail, rules: ice, when: {cron: "0 8 * * mon"}}
include: [more/*.yaml]
"""


def test_the_sample_that_is_mutated_is_right() -> None:
    assert load(_SAMPLE).config is not None
