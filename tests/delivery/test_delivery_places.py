"""What may stand as a destination in subscribers.yaml, and what is said about the rest."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.transport import read_destination
from alerts.errors import GrammarError

SLACK = "https://hooks.slack.com/services/T0/B0/canary-path"


@pytest.mark.parametrize(
    ("value", "place", "name"),
    [
        ("ana@example.org", "ana@example.org", ""),
        ("Ana <ana@example.org>", "ana@example.org", "Ana"),
        ('"Flores, Ana" <ana@example.org>', "ana@example.org", "Flores, Ana"),
        ("Ana+Ice@Example.ORG", "Ana+Ice@example.org", ""),
        ("ana@münchen.example", "ana@xn--mnchen-3ya.example", ""),
        ("josé@example.org", "josé@example.org", ""),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v", ""),
        ("root@localhost", "root@localhost", ""),
        ("desk@paper.local", "desk@paper.local", ""),
        ("ana@host.test", "ana@host.test", ""),
        ("  ana@example.org ", "ana@example.org", ""),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_an_ascii_domain(
    value: str, place: str, name: str
) -> None:
    found = read_destination("email", value, "ana")
    assert (found.place, found.name, found.key) == (place, name, f"ana/email/{place}")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "missing"),
        ("ana", "no @"),
        ("mailto:ana@example.org", "a link"),
        ("ana@example.org, ben@example.org", "several addresses"),
        ("ana flores@example.org", "SPACE"),
        ("ana@example.org\nBcc: eve@example.org", "U+000A"),
        ("ana\r@example.org", "U+000D"),
        ("ana\x00@example.org", "U+0000"),
        ("ana@example.org\n", "U+000A"),
        ("\u202eana@example.org", "U+202E"),
        ("ana@ex ample.org", "no mail address"),
        ("ana@example", "period"),
        ("ana@exam..ple.org", "periods"),
        ("ana@-example.org", "no mail address"),
        ("ana@[127.0.0.1]", "no mail address"),
        ('"a b"@example.org', "Quoting"),
        ("ana@me@example.org", "'@'"),
        ("a" * 65 + "@example.org", "too long"),
        ("ana.@localhost", "period"),
        ("Ana <ana@example.org", "no mail address"),
        ("ana@a_b.local", "mail domain"),
    ],
)
def test_a_bad_address_is_refused_with_what_to_write(value: str, words: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_destination("people", value, "ana")
    assert words in caught.value.message
    assert caught.value.hint
    assert 0 <= caught.value.start < caught.value.end


@given(st.text(max_size=40) | st.from_regex(r"[^@]{1,9}@[^@]{1,12}", fullmatch=True))
def test_no_text_becomes_an_address_that_could_end_a_line(value: str) -> None:
    try:
        place = read_destination("email", value, "ana").place
    except GrammarError:
        return
    assert not any(c.isspace() or ord(c) < 32 or c in "<>\x7f\u2028\x85" for c in place)


@given(st.text(max_size=40), st.sampled_from(["slack", "webhook", "ntfy", "telegram", "notify"]))
def test_no_text_at_all_makes_the_reader_of_urls_fall_over(value: str, kind: str) -> None:
    with contextlib.suppress(GrammarError):
        assert read_destination(kind, value, "room").url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (SLACK, "hooks.slack.com"),
        ("https://Mattermost.Example.org:8443/hooks/x", "mattermost.example.org"),
        ("http://127.0.0.1:9000/x", "127.0.0.1"),
        ("http://[::1]:9000/x", "::1"),
        ("http://localhost:9000/x", "localhost"),
        ("http://mattermost:8065/hooks/x", "mattermost"),
        ("http://chat.lan/hooks/x", "chat.lan"),
        ("https://münchen.example/x", "xn--mnchen-3ya.example"),
    ],
)
def test_a_webhook_is_known_by_its_host_alone(url: str, place: str) -> None:
    found = read_destination("slack", url, "room")
    assert found.place == place
    assert found.url is not None
    assert found.url.reveal() == url
    assert "canary" not in repr(found)


def test_a_second_and_third_webhook_on_one_host_get_a_number() -> None:
    taken: list[str] = []
    for _ in range(3):
        taken.append(read_destination("slack", SLACK, "room", taken).place)
    assert taken == ["hooks.slack.com", "hooks.slack.com#2", "hooks.slack.com#3"]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("slack", "#ice-watch", "not the name of a channel"),
        ("slack", "https://app.slack.com/client/T0/C0", "Slack page"),
        ("slack", "hooks.slack.com/services/x y", "begins with https://"),
        ("webhook", "http://example.org/canary", "encrypted"),
        ("webhook", "https://user:canary@example.org/", "user name"),
        ("webhook", "ftp://example.org/canary", "begins with https://"),
        ("webhook", "https:///canary", "no host"),
        ("webhook", "https://exa mple.org/canary", "space"),
        ("webhook", "https://example.org/canary\r\nX: y", "U+000D"),
        ("webhook", "https://example.org:99999/canary", "no valid web address"),
        ("webhook", "https://[::1/canary", "no valid web address"),
        ("webhook", "https://ex_ample.org/canary", "no host"),
        ("webhook", "", "begins with https://"),
        ("telegram", "canary", "token"),
        ("notify", "canary", "Apprise"),
        ("ntfy", "two words", "begins with https://"),
        ("fax", "1234", "no kind"),
    ],
)
def test_a_bad_url_is_refused_without_repeating_it(kind: str, value: str, words: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_destination(kind, value, "room")
    said = f"{caught.value.message} {caught.value.hint}"
    assert words in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        ("ntfy", "madison-news", "ntfy.sh"),
        ("ntfy", "https://ntfy.example.org/topic", "ntfy.example.org"),
        ("telegram", "123456:ABCDEFGHIJKLMNOPQRSTUVWX/-1001234", "api.telegram.org"),
        ("discord", "https://discord.com/api/webhooks/1/x", "discord.com"),
        ("notify", "gotify://host/token", "gotify"),
    ],
)
def test_the_other_kinds_are_checked_for_syntax(kind: str, value: str, place: str) -> None:
    assert read_destination(kind, value, "room").place == place
