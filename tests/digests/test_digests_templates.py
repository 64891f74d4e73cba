"""Templates: their page names every value there is and no other; an admin's own win if they work."""

from __future__ import annotations

import re

import pytest
from digest_cases import MORNING, morning
from jinja2 import nodes
from jinja2.defaults import DEFAULT_FILTERS
from needs import ROOT

from alerts.digests import layout
from alerts.digests.mail import MailContext
from alerts.digests.phrases import Phrases
from alerts.digests.render import Renderer
from alerts.digests.sample import SAMPLE_URGENCY
from alerts.digests.templates import PACKAGED, TEMPLATES
from alerts.digests.tongue import Tongue, environment_in
from alerts.digests.urgent import UrgentWords
from alerts.errors import TemplateError
from alerts.kept import Kept

TO_ANA = MailContext("ana@example.org")
PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^\| `(.+?)` \|", PAGE, re.M)
VALUES = [cell for cell in TABLES if "|" not in cell and not cell.endswith(".j2")]
FILTERS = [cell.split("|")[1].strip().partition("(")[0] for cell in TABLES if "|" in cell]
#: Attributes that are no values of ours: the loop's, and the style sheet's at the template's top.
LOCAL = {"index", "first", "last", "previtem"} | {
    "page",
    "small",
    "h1",
    "h2",
    "h3",
    "headline",
    "line",
    "link",
}
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
        "urgent": UrgentWords(digest, SAMPLE_URGENCY),
        "mail": MailContext("ana@example.org"),
        "row": row,
        "story": row.story,
        "outlet": row.story.outlets[0],
        "piece": row.pieces[0],
    }


@pytest.mark.parametrize("value", VALUES)
def test_a_documented_value_is_there(value):
    source = f"{{% set found = {value} %}}{{{{ found is defined }}}}"
    assert environment_in({}, "en").from_string(source).render(values()) == "True"


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_shipped_template_uses_is_documented(name):
    known = {part for value in VALUES for part in re.findall(r"\.(\w+)", value)}
    tree = environment_in({}, "en").parse((PACKAGED / name).read_text(encoding="utf-8"))
    used = {node.attr for node in tree.find_all(nodes.Getattr)}
    assert used - known - LOCAL == set()
    filters = {node.name for node in tree.find_all(nodes.Filter)}
    assert filters - set(DEFAULT_FILTERS) <= set(FILTERS)


def test_every_filter_of_ours_is_documented_and_every_documented_one_is_there():
    assert set(FILTERS) == _tongue_filters()


def test_what_is_put_into_a_message_is_escaped_in_html_alone():
    tongue, source = Tongue({}, "es", Kept(0)), '{{ _("Was: %(headline)s", headline="<b> 5 %") }}'
    assert tongue.html.from_string(source).render() == "Antes: &lt;b&gt; 5 %"
    assert tongue.text.from_string(source).render() == "Antes: <b> 5 %"
    assert tongue.html.from_string('{{ _("100 %%") }}').render() == "100 %"


def test_every_template_is_documented():
    assert [cell for cell in TABLES if cell.endswith(".j2")] == list(TEMPLATES)


def _tongue_filters() -> set[str]:
    tongue = Tongue({}, "en", Kept(0))
    found = {*tongue.html.filters, *tongue.text.filters, *tongue.slack.filters}
    return found - set(DEFAULT_FILTERS)


# --- an admin's own ------------------------------------------------------------------------------


def test_an_admins_template_wins_and_the_others_are_the_shipped_ones():
    mail = Renderer({"subject.txt.j2": "Ours: {{ say.count }}\n"}).mails(morning(), TO_ANA)[0]
    assert mail.subject == "Ours: 7 stories"
    assert mail.text == Renderer().mails(morning(), TO_ANA)[0].text


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ digest.nothing }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 1 / 0 }}",
        "{{ range(10**9) }}",
        "{{ digest.stories.append(1) }}",
    ],
)
def test_a_template_that_goes_wrong_is_refused_at_the_start_and_named(source):
    with pytest.raises(TemplateError, match=r"subject\.txt\.j2") as caught:
        Renderer({"subject.txt.j2": source})
    assert "shipped one" in caught.value.hint


@pytest.mark.parametrize("source", ["{% if %}", "{{ say.cuont }}", "{% include 'no.j2' %}"])
def test_a_broken_template_is_refused_with_its_file_and_line(source):
    with pytest.raises(TemplateError, match=r"templates/digest\.html\.j2, line 2") as caught:
        Renderer({"digest.html.j2": f"<p>\n{source}"})
    assert (caught.value.file, caught.value.line) == ("templates/digest.html.j2", 2)


def test_a_value_that_is_not_there_is_named_in_words():
    with pytest.raises(TemplateError) as caught:
        Renderer({"subject.txt.j2": "{{ say.cuont }}"})
    assert caught.value.message == (
        "The template templates/subject.txt.j2, line 1 cannot be used: "
        'there is no "cuont" (docs/templates.md names what there is).'
    )


def test_a_template_that_fails_on_a_real_digest_alone_gives_way_to_the_shipped_ones():
    source = "{{ say.count }} {{ 1 / (page.parts - 1) if say.others > 4 }}"
    renderer = Renderer({"subject.txt.j2": source}, is_lenient=True)
    assert renderer.mails(morning(MORNING[:2]), TO_ANA)[0].subject == "2 stories"
    assert renderer.failure is None
    assert renderer.mails(morning(), TO_ANA) == Renderer().mails(morning(), TO_ANA)
    assert renderer.failure.line == 1


def test_the_shipped_templates_are_found_from_the_package():
    assert {p.name for p in PACKAGED.iterdir()} >= {
        *("digest.html.j2", "digest.txt.j2", "subject.txt.j2", "slack.j2")
    }
