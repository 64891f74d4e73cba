"""Assembling: every alert is told once, in the reader's order, with safe words and links."""

from __future__ import annotations

from dataclasses import replace

from digest_cases import ANA, MORNING, RADIO, alert, at, is_harmless, morning, rule
from hypothesis import given
from hypothesis import strategies as st

from alerts.digests import stories
from alerts.digests.when import parse_when
from alerts.model import Alert, Entry, FeedHealth, Match, Outlet, Span, Subscription


def test_sections_stand_in_the_order_of_the_subscribers_rules():
    assert [s.title for s in morning().sections] == ["ICE", "Sanctuary", "Madison"]


def test_each_article_stands_once_under_its_first_rule_and_names_the_others():
    digest = morning()
    assert sorted(s.entry_id for s in digest.stories) == [1, 2, 3, 4, 5, 6, 7]
    assert digest.sections[0].stories[0].rules == ("ice", "madison")


def test_within_a_section_the_newest_article_comes_first():
    assert [s.entry_id for s in morning().sections[0].stories] == [1, 3, 2]


def test_an_alert_whose_rule_was_removed_is_told_all_the_same():
    gone = alert(8, "Something owed", "24 7:00", rules=("gone",))
    ruleless = replace(alert(9, "Something else owed", "24 7:00"), matches=())
    digest = morning([*MORNING, gone, ruleless])
    assert [(s.title, len(s.stories)) for s in digest.sections[-2:]] == [("gone", 1), ("", 1)]


def test_titles_of_all_followed_rules_are_known_to_the_digest():
    digest = morning([])
    assert digest.titles == {"ice": "ICE", "sanctuary": "Sanctuary", "madison": "Madison"}
    assert digest.stories == ()


def test_the_excerpt_marks_the_matched_words_of_the_text():
    story = morning().stories[0]
    marked = [piece.text for piece in story.excerpt if piece.marked]
    assert marked == ["ICE", "detained"]
    assert "’" in "".join(piece.text for piece in story.excerpt)


def test_marked_words_side_by_side_are_one_mark():
    summary = "A sanctuary policy for UW-Madison, Wisconsin, and ICE."
    words = ("sanctuary", "policy", "UW", "Madison", "Wisconsin", "ICE")
    story = morning([alert(1, "A title", "24 7:00", summary=summary, marks=words)]).stories[0]
    marked = [piece.text for piece in story.excerpt if piece.marked]
    assert marked == ["sanctuary policy", "UW-Madison", "Wisconsin", "ICE"]
    assert "".join(piece.text for piece in story.excerpt) == summary


def test_words_matched_in_the_title_alone_leave_the_excerpt_unmarked():
    one = alert(1, "ICE in the title", "24 7:00", summary="Nothing of it here.")
    one = replace(one, matches=(Match("ice", (Span("title", 0, 3),)),))
    (piece,) = morning([one]).stories[0].excerpt
    assert (piece.text, piece.marked) == ("Nothing of it here.", False)


def test_the_content_is_quoted_when_the_words_stand_there():
    one = alert(1, "A title", "24 7:00", summary="A summary.")
    entry = replace(one.entry, content="<p>Far more text about ICE agents.</p>")
    one = replace(one, entry=entry, matches=(Match("ice", (Span("content", 24, 27),)),))
    assert "".join(p.text for p in morning([one]).stories[0].excerpt) == (
        "Far more text about ICE agents."
    )


def test_the_excerpt_shows_the_words_of_the_rule_below_which_the_story_stands():
    first = "Nurses at clinics in Madison, Wisconsin, would no longer ask where a patient was born."
    then = "Alders called the plan a sanctuary policy in all but name; the vote is set for the"
    then += " second Tuesday of next month, and the room will be too small in Madison."
    summary = f"{first} {then}"

    def words(*names: str) -> tuple[Span, ...]:
        places = [(summary.index(name), len(name)) for name in names]
        return tuple(Span("summary", start, start + size) for start, size in places)

    one = alert(1, "A title", "24 7:00", summary=summary)
    matches = (Match("madison", words("Madison", "Wisconsin")), Match("sanctuary", words("policy")))
    one = replace(one, matches=matches)
    for rules, marked in ((("sanctuary",), ["policy"]), (("madison",), ["Madison", "Wisconsin"])):
        order = {name: place for place, name in enumerate(rules)}
        pieces = stories.story(one, order).excerpt
        assert [piece.text for piece in pieces if piece.marked] == marked


def test_the_excerpt_is_of_the_field_where_the_rule_found_its_words():
    one = alert(1, "A title", "24 7:00", summary="ICE came.")
    one = replace(one, entry=replace(one.entry, content="More of Madison."))
    found = (Match("ice", (Span("summary", 0, 3),)), Match("madison", (Span("content", 8, 15),)))
    one = replace(one, matches=found)
    for name, marked in (("ice", "ICE"), ("madison", "Madison")):
        pieces = stories.story(one, {name: 0}).excerpt
        assert [piece.text for piece in pieces if piece.marked] == [marked]


def test_a_summary_that_repeats_the_title_is_no_excerpt():
    for summary in ("Council votes today", "Council votes today - Courier", "<p> </p>"):
        one = alert(1, "Council votes today", "24 7:00", summary=summary)
        assert morning([one]).stories[0].excerpt == ()


def test_a_summary_that_repeats_the_title_with_other_quotes_is_no_excerpt():
    one = alert(
        1, 'Mayor\'s "plan" - first look', "24 7:00", summary="Mayor’s “plan” – first look."
    )
    assert morning([one]).stories[0].excerpt == ()


def test_links_that_are_not_of_the_web_are_left_out():
    for link in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc", None):
        one = replace(alert(1, "A title", "24 7:00", link=link), outlets=())
        assert morning([one]).stories[0].link is None


def test_a_story_without_a_link_of_its_own_takes_an_outlets():
    one = alert(1, "A title", "24 7:00", link="javascript:1", also=((RADIO, "24 7:00"),))
    assert morning([one]).stories[0].link == "https://capitol.example/1"


def test_a_missing_title_is_made_of_the_first_words_or_the_place():
    words = alert(1, "", "24 7:00", summary="Only a <b>summary</b> was given.")
    place = alert(2, " <i></i> ", "24 7:00", link="https://courier.example/x")
    nothing = alert(3, "", "24 7:00", link=None)
    titles = {s.entry_id: s.title for s in morning([words, place, nothing]).stories}
    assert titles == {1: "Only a summary was given.", 2: "courier.example", 3: "—"}


def test_an_outlet_without_a_name_is_named_by_its_host_and_none_comes_twice():
    one = alert(1, "A title", "24 7:00")
    twice = Outlet("", "https://courier.example/a", at("24 7:00"))
    one = replace(one, outlets=(twice, twice, Outlet("", None, at("24 7:00"))))
    assert [o.name for o in morning([one]).stories[0].outlets] == ["courier.example"]


def test_names_of_sources_are_made_safe():
    hostile = FeedHealth("Ledger\u202e\r\n<b>x</b>", reason="a\nb")
    (one,) = morning(missing=[hostile]).missing
    assert "\u202e" not in one.name
    assert "\n" not in one.name + one.reason


def test_explanations_may_be_keyed_by_name_or_title():
    assert morning(explanations={"ice": "words"}).explanations == {"ICE": "words"}
    assert morning(explanations={"ICE": "words"}).explanations == {"ICE": "words"}


def test_all_caps_and_late_stories_are_known_as_such():
    caps = replace(alert(1, "ICE RAIDS MADISON", "24 7:00"), matches=(Match("ice", (), True),))
    late = replace(alert(2, "Late", "24 6:00"), late=True)
    first, second = morning([caps, late]).stories
    assert (first.caps_only, first.late, second.caps_only, second.late) == (
        True,
        False,
        False,
        True,
    )


def test_rules_of_other_cadences_keep_their_place():
    person = replace(
        ANA,
        subscriptions=(Subscription("madison", parse_when("daily at 5 pm")), Subscription("ice")),
    )
    digest = morning(subscriber=person)
    assert [s.title for s in digest.sections] == ["Madison", "Sanctuary"]


@given(
    alerts=st.lists(
        st.builds(
            Alert,
            entry_id=st.integers(1, 10**9),
            entry=st.builds(
                Entry,
                title=st.text(max_size=200),
                link=st.none() | st.text(max_size=80),
                summary=st.text(max_size=200),
                content=st.text(max_size=200),
            ),
            seen_at=st.floats(0, 4e9),
            outlets=st.lists(
                st.builds(
                    Outlet,
                    name=st.text(max_size=40),
                    link=st.none() | st.text(),
                    at=st.floats(0, 4e9),
                ),
                max_size=3,
            ).map(tuple),
            matches=st.lists(
                st.builds(
                    Match,
                    rule=st.sampled_from(["ice", "madison", "gone"]),
                    spans=st.lists(
                        st.builds(
                            Span,
                            field=st.sampled_from(["title", "summary", "content", "tag"]),
                            start=st.integers(0, 300),
                            end=st.integers(0, 300),
                        ),
                        max_size=3,
                    ).map(tuple),
                ),
                max_size=3,
            ).map(tuple),
        ),
        max_size=6,
        unique_by=lambda a: a.entry_id,
    )
)
def test_whatever_feeds_write_each_alert_is_one_story(alerts):
    digest = morning(alerts)
    assert sorted(s.entry_id for s in digest.stories) == sorted(a.entry_id for a in alerts)
    for story in digest.stories:
        assert story.title
        assert is_harmless(story.title)
        assert story.link is None or story.link.startswith(("http://", "https://"))


def test_a_rule_without_a_title_is_called_by_its_name():
    bare = replace(rule("ice", "x"), titles={})
    assert morning(rules=[bare]).sections[0].title == "Ice"
