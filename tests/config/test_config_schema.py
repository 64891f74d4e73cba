"""What is published is made from the table, and the shipped file is right by both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from config_files import load, said

from alerts import config
from alerts.config import keys, reference, schema_document
from alerts.config.values import READERS
from alerts.settings import VARIABLES

ROOT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    """Reads dates as text, as YAML 1.2 and editors do."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(name="schema", scope="module")
def _schema() -> Any:
    return jsonschema.Draft202012Validator(schema_document.document())


def test_the_committed_schema_is_the_one_the_table_makes() -> None:
    committed = (ROOT / "docs" / "subscribers.schema.json").read_text()
    assert committed == schema_document.text()
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_the_committed_page_is_the_one_the_tables_make() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == reference.page()


def test_the_page_names_every_variable_of_the_settings() -> None:
    assert [variable.name for variable in reference.ENVIRONMENT] == list(VARIABLES)


def test_every_kind_of_value_has_a_reader_and_a_place_in_the_schema() -> None:
    kinds = {key.kind for rows in keys.TABLE.values() for key in rows}
    assert kinds <= set(READERS)
    own = {"choice", "words", "list", "mapping", "node"}
    assert kinds - own <= set(schema_document.KINDS)


def test_every_example_of_the_table_is_valid_by_the_schema(schema: Any) -> None:
    for where, rows in keys.TABLE.items():
        part = schema.schema["$defs"].get(where, schema.schema)
        for key in rows:
            if key.example:
                value = yaml.load(f"{key.name}: {key.example}", _Loader)[key.name]
                assert schema.evolve(schema=part["properties"][key.name]).is_valid(value), key


def test_the_shipped_file_has_no_mistake_and_nothing_to_warn_of() -> None:
    loaded = config.load(ROOT / "subscribers.yaml", {})
    assert loaded.mistakes == ()
    assert loaded.config is not None
    assert {"ice", "sanctuary", "madison", "here"} <= {rule.name for rule in loaded.config.rules}
    assert len(loaded.config.feeds) >= 12
    assert loaded.not_in_effect == ()


def test_the_shipped_file_is_valid_by_the_schema(schema: Any) -> None:
    schema.validate(yaml.safe_load((ROOT / "subscribers.yaml").read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rulez": {}},
        {"feeds": [{"name": "x"}]},
        {"feeds": [{"url": "https://x.example", "check": "sometimes"}]},
        {"rules": {"Big": "x"}},
        {"subscribers": [{"name": "a", "emial": "x"}]},
        {"subscribers": [{"name": "a", "webhook": {"url": "https://x.example"}}]},
        {"defaults": {"name": "x"}},
    ],
)
def test_the_schema_refuses_what_check_refuses(schema: Any, wrong: dict[str, Any]) -> None:
    assert list(schema.iter_errors({"version": 1, **wrong}))


_TOP = "version: 1\ndefaults: {timezone: UTC}\nfeeds: [https://e.example/f]\n"
_ONE = "rules: {ice: raid}\nsubscribers:\n- {name: A, email: a@e.example, rules: [ice]%s}\n"
_FOLLOWS = "rules: {ice: raid}\nsubscribers:\n- {name: A, email: a@e.example, rules: [%s]}\n"


@pytest.mark.parametrize(
    "text",
    [
        "admins: a@e.example\n",
        "admins: {email: a@e.example}\n",
        _ONE % ", id: 1",
        "rules: {x: 911}\n",
        "rules: {x: [911]}\n",
        "rules: {x: {query: a, weight: '2'}}\n",
        "rules: {x: {query: a, weight: '0'}}\n",
        _ONE % ", language: ES",
        _ONE % ", style: FULL",
        _ONE % ", style: FULLY",
        "rules: {x: {none: [a]}}\n",
        "rules: {x: {query: b, none: [a]}}\n",
        _FOLLOWS % "{rule: ice, query: x}",
        _FOLLOWS % "{rule: ice, title: x, when: hourly}",
        _FOLLOWS % "{query: ice, title: x, when: hourly}",
        _FOLLOWS % "{title: x, when: hourly}",
        "rules: {x: {query: a, caps: REJECT, lang: EN}}\n",
        "rules: {x: {near: {words: [a, b], within: '8'}}}\n",
        "rules: {x: {near: {words: [a, b], within: '101'}}}\n",
        "rules: {x: {query: a, in: TITLE}}\n",
        "rules: {x: {query: a, in: []}}\n",
        "rules: {x: {any: []}}\n",
        "rules: {x: {any: ''}}\n",
        _ONE % ", welcome: 'YES'",
        _ONE % ", nothing_new: weekly_note",
        "rules: {x: {query: a, title: 911}}\n",
        "rules: {x: {query: a, title: {fr: b}}}\n",
        "rules: {x: {query: a, title: {ES: b}}}\n",
        "rules: {x: {query: a, urgent: {query: a, note: {fr: x}}}}\n",
        "rules: {x: {query: a, urgent: 911}}\n",
        _ONE % ", spread: 0",
        _ONE % ", quiet: no",
        "rules: {x: {near: [a, 911]}}\n",
    ],
)
def test_the_schema_and_check_agree(schema: Any, text: str) -> None:
    loaded = load(_TOP + text)
    shown = schema.is_valid(yaml.load(_TOP + text, _Loader))
    assert shown == (not loaded.errors), said(loaded.errors)


@pytest.mark.parametrize("value", ["false", "no", "true", "system"])
def test_the_schema_and_check_agree_that_certificates_are_checked(schema: Any, value: str) -> None:
    text = _TOP.replace("https://e.example/f", f"{{url: 'https://e.example/f', verify: {value}}}")
    assert schema.is_valid(yaml.load(text, _Loader)) == (not load(text).errors)


@pytest.mark.parametrize("value", ["1", '"1"', "1.0", "2"])
def test_the_schema_and_check_agree_on_the_version(schema: Any, value: str) -> None:
    text = _TOP.replace("version: 1", f"version: {value}")
    assert schema.is_valid(yaml.load(text, _Loader)) == (not load(text).errors)
