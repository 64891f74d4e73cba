"""docs/templates.md names every value that templates use, and none that is not there."""

from __future__ import annotations

import re

import pytest
from digest_cases import morning
from jinja2 import nodes
from jinja2.defaults import DEFAULT_FILTERS
from needs import ROOT

from alerts.digests import layout
from alerts.digests.mail import MailContext
from alerts.digests.phrases import Phrases
from alerts.digests.render import _environment, _Tongue
from alerts.digests.templates import PACKAGED, TEMPLATES

PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^\| `(.+?)` \|", PAGE, re.M)
VALUES = [cell for cell in TABLES if "|" not in cell and not cell.endswith(".j2")]
FILTERS = [cell.split("|")[1].strip().partition("(")[0] for cell in TABLES if "|" in cell]
#: Attributes that are no values of ours: the loop's, and the style sheet's at the template's top.
LOCAL = {"index", "first", "last"} | {"page", "small", "h1", "h2", "h3", "headline", "line", "link"}
LOCAL |= {"excerpt", "mark", "box"}


def values() -> dict[str, object]:
    digest = morning()
    page = layout.page(layout.rows(digest))
    row = page.groups[0].rows[0]
    return {
        "digest": digest,
        "page": page,
        "group": page.groups[0],
        "say": Phrases(digest),
        "mail": MailContext("ana@example.org"),
        "row": row,
        "story": row.story,
        "outlet": row.story.outlets[0],
        "piece": row.pieces[0],
    }


@pytest.mark.parametrize("value", VALUES)
def test_a_documented_value_is_there(value):
    source = f"{{% set found = {value} %}}{{{{ found is defined }}}}"
    assert _environment({}, "en").from_string(source).render(values()) == "True"


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_shipped_template_uses_is_documented(name):
    known = {part for value in VALUES for part in re.findall(r"\.(\w+)", value)}
    tree = _environment({}, "en").parse((PACKAGED / name).read_text(encoding="utf-8"))
    used = {node.attr for node in tree.find_all(nodes.Getattr)}
    assert used - known - LOCAL == set()
    filters = {node.name for node in tree.find_all(nodes.Filter)}
    assert filters - set(DEFAULT_FILTERS) <= set(FILTERS)


def test_every_filter_of_ours_is_documented_and_every_documented_one_is_there():
    assert set(FILTERS) == _tongue_filters()


def test_every_template_is_documented():
    assert [cell for cell in TABLES if cell.endswith(".j2")] == list(TEMPLATES)


def _tongue_filters() -> set[str]:
    tongue = _Tongue({}, "en")
    found = {*tongue.html.filters, *tongue.text.filters, *tongue.slack.filters}
    return found - set(DEFAULT_FILTERS)
