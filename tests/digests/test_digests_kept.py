"""What is made once for many readers is, for each of them, what would have been made for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from digest_cases import ANA, HOSTILE, MORNING, NOW, RULES, alert, at, morning
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.digests import stories
from alerts.digests.below import Before, already_sent, corrected
from alerts.digests.mail import MailContext
from alerts.digests.render import Renderer
from alerts.digests.templates import PACKAGED, TEMPLATES
from alerts.kept import Kept
from alerts.model import Alert, Digest, Outlet

#: Keeps from one example to the next, as it does from one reader to the next.
RENDERER = Renderer()
#: The same templates as an admin's own: nothing is kept, and all runs in the sandbox.
SLOW = Renderer({name: (PACKAGED / name).read_text(encoding="utf-8") for name in TEMPLATES})

TITLES = ("ICE seen on Park Street", "El condado vota sobre los datos de las placas", *HOSTILE[:4])
LANGUAGES = st.sampled_from([None, "en", "es-MX"])
MOMENTS = st.sampled_from([at("24 6:12"), at("23 23:50"), at("3 6:12"), NOW - 400 * 86_400])


@st.composite
def outlets(draw: st.DrawFn) -> Outlet:
    name = draw(st.sampled_from(["Courier", "Radio", "<b>Wire</b>"]))
    link = draw(st.sampled_from([None, "https://a.example/1", "javascript:alert(1)"]))
    return Outlet(name, link, draw(MOMENTS), draw(st.booleans()), draw(LANGUAGES))


@st.composite
def alerts(draw: st.DrawFn, number: int = 1) -> Alert:
    """Alerts that differ in little, so that what is kept of one could be taken for another."""
    summary = "ICE agents were seen near Madison, two witnesses said."
    made = alert(
        number,
        draw(st.sampled_from(TITLES)),
        "24 6:12",
        rules=draw(st.sampled_from([("ice",), ("ice", "madison"), ("madison", "ice")])),
        summary=draw(st.sampled_from(["", summary])) and summary,
        link=draw(st.sampled_from([None, "https://a.example/1", "https://a.example/2"])),
        late=draw(st.booleans()),
        urgent_at=draw(st.sampled_from([None, at("24 5:00"), at("23 5:00")])),
        changed_at=draw(st.sampled_from([None, at("24 5:30")])),
    )
    marks = ("ICE", "Madison", "ICE agents") if made.entry.summary else ()
    if marks:
        marked = alert(1, "x", "24 6:12", summary=summary, marks=[draw(st.sampled_from(marks))])
        made = replace(made, matches=(replace(made.matches[0], spans=marked.matches[0].spans),))
    caps = draw(st.booleans())
    return replace(
        made,
        entry=replace(made.entry, lang=draw(LANGUAGES)),
        outlets=tuple(draw(st.lists(outlets(), max_size=14))),
        matches=tuple(replace(match, caps_only=caps) for match in made.matches),
    )


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    found = [draw(alerts(number)) for number in range(1, draw(st.integers(1, 4)))]
    reader = replace(
        ANA,
        timezone=draw(st.sampled_from(["America/Chicago", "America/Lima", "Asia/Tokyo"])),
        language=draw(st.sampled_from(["en", "es"])),
        style=draw(st.sampled_from(["full", "brief"])),
    )
    changes: dict[str, Any] = {
        "created_at": draw(st.sampled_from([NOW, NOW + 7 * 3600, NOW + 9e5]))
    }
    if draw(st.booleans()):
        titles = {"en": draw(st.sampled_from(["ICE", "Ice & raids"]))}
        changes["rules"] = (replace(RULES[1], titles=titles), RULES[0])
    made = morning(found, subscriber=reader, **changes)
    told = Before(draw(alerts(9)), draw(MOMENTS), draw(st.sampled_from(TITLES)))
    lines = (*already_sent([replace(told, was="")], reader.language),)
    return replace(made, below=(*lines, *corrected([told], reader.language)))


@given(digests(), st.sampled_from([None, "https://alerts.example.org/u/T"]))
@settings(max_examples=150, deadline=None)
def test_a_digest_of_kept_stories_is_the_one_made_anew_by_the_same_templates_of_an_admin(
    digest, link
):
    context = MailContext("ana@example.org", admin="desk@example.org", stop_link=link)
    assert RENDERER.mails(digest, context) == SLOW.mails(digest, context)
    assert RENDERER.slack(digest) == SLOW.slack(digest)


def test_one_story_has_the_titles_of_its_rules_and_all_its_outlets_for_whoever_reads_it():
    also = [(f"Outlet {number}", "24 6:31") for number in range(40)]
    found = [alert(1, "ICE seen", "24 6:12", rules=("ice", "madison"), also=also)]
    for title in ("Madison", "Our town"):
        rules = (RULES[1], replace(RULES[0], titles={"en": title}))
        digest, context = morning(found, rules=rules), MailContext("ana@example.org")
        assert RENDERER.mails(digest, context) == SLOW.mails(digest, context)


def test_a_story_stands_in_the_text_by_its_own_number_however_long():
    title, context = "ICE seen on Park Street, witnesses say " * 4, MailContext("ana@example.org")
    found = [alert(number, f"{title}{number}", f"24 6:{50 - number}") for number in range(12)]
    for some in (found[11:], found):
        assert RENDERER.mails(morning(some), context) == SLOW.mails(morning(some), context)


@given(alerts(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_a_story_shows_is_what_its_own_article_says(found, madison_first):
    made = stories.story(found, {"madison": 0} if madison_first else {})
    fresh = stories._shown(found, made.rules[0] if made.rules else None)
    assert (made.title, made.link, made.outlets, made.excerpt) == fresh


def test_an_admins_macro_may_read_what_it_likes_of_the_reader():
    source = "{% macro hello(row) %}{{ digest.subscriber.name }}{% endmacro %}"
    source += "{% for row in page.groups[0].rows %}{{ row | once(hello) }}{% endfor %}"
    renderer = Renderer({"digest.txt.j2": source})
    for name in ("Ana", "Ben"):
        digest = morning(MORNING[:1], subscriber=replace(ANA, name=name))
        assert renderer.mails(digest, MailContext("a@example.org"))[0].text == f"{name}\n"


def test_who_changes_the_subject_alone_has_the_stories_kept_all_the_same():
    renderer, context = (
        Renderer({"subject.txt.j2": "{{ say.count }}"}),
        MailContext("a@example.org"),
    )
    (ours,), (shipped,) = renderer.mails(morning(), context), SLOW.mails(morning(), context)
    assert ours == replace(shipped, subject="7 stories")
    assert renderer._kept._young


@given(st.lists(st.integers(0, 30), max_size=200))
@settings(deadline=None)
def test_what_is_kept_is_right_and_within_its_room(wanted):
    kept: Kept[str] = Kept(20_000)
    for number in wanted:
        assert kept.get(number, lambda n=number: "x" * n) == "x" * number
        assert len(kept._young) + len(kept._old) <= 20


def test_what_is_used_again_and_again_is_made_once():
    made = []
    kept: Kept[str] = Kept(40_000)
    for number in range(1_000):
        kept.get("every day", lambda: made.append(1) or "kept")
        kept.get(number, lambda: "once")
    assert made == [1]
