"""Claims about `alerts init`: what it asks, writes, refuses and sends."""

from __future__ import annotations

import os
import pty
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import needs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from alerts import config, settings
from alerts.cli import cli
from alerts.cli.starting import Answers, env_text, yaml_text
from alerts.demo.loopback import Answer
from alerts.demo.servers import FeedServer, MailSink
from alerts.errors import AlertsError, ConfigError, UsageError

ALLOW = {"ALERTS_ALLOW_NETS": "127.0.0.0/8"}
RSS = "<rss version='2.0'><channel><title>Courier: news</title><item><title>A</title></item></channel></rss>"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli, ["init", *arguments], env=ALLOW | (env or {}))


def made(folder: str = ".", *, whole: bool = False):
    env = settings.load(Path(folder) / "subscribers.yaml")
    loaded = config.load(env.config, env.environment, with_examples=whole)
    assert not loaded.errors
    assert loaded.config is not None
    return env, loaded


def test_an_address_alone_makes_an_installation_that_check_takes() -> None:
    assert (
        run("--yes", "--email", "Ana <ana@example.org>", "--timezone", "america/chicago").exit_code
        == 0
    )
    env, loaded = made(whole=True)
    assert loaded.config.admin == "ana@example.org"
    assert loaded.config.subscribers[0].timezone == "America/Chicago"
    assert loaded.warnings == ()
    shipped = config.require(needs.ROOT / "subscribers.yaml", {})
    assert [f.url for f in loaded.config.feeds] == [f.url for f in shipped.feeds]
    assert [r.query for r in loaded.config.rules] == [
        rule.query for rule in shipped.rules if "/" not in rule.name
    ]
    followed = [s.rule for s in loaded.config.subscribers[0].subscriptions]
    assert followed == ["ice", "sanctuary", "madison"]
    assert env.smtp_url is None
    assert env.mail_from == "ana@example.org"


def test_secrets_are_for_their_owner_alone_and_kept_out_of_git() -> None:
    run("--yes", "--email", "ana@example.org")
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    assert Path(".gitignore").read_text().splitlines() == [".env", "alerts.db*", "outbox/"]
    key = made()[0].secret_key
    assert key is not None
    assert len(key.reveal()) == 64


def test_a_gitignore_keeps_what_it_says() -> None:
    Path(".gitignore").write_text("*.log\n.env")
    run("--yes", "--email", "ana@example.org")
    assert Path(".gitignore").read_text() == "*.log\n.env\nalerts.db*\noutbox/\n"


@pytest.mark.parametrize("name", ["subscribers.yaml", ".env"])
def test_nothing_is_overwritten(name: str) -> None:
    Path(name).write_text("# mine\n")
    error = run("--yes", "--email", "ana@example.org").exception
    assert isinstance(error, UsageError)
    assert "nothing is overwritten" in error.message
    assert Path(name).read_text() == "# mine\n"
    assert sorted(p.name for p in Path().iterdir()) == [name]


def test_without_a_terminal_the_address_is_asked_for_as_an_option() -> None:
    error = run().exception
    assert isinstance(error, UsageError)
    assert "--email" in error.hint
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--email", "nobody"),
        ("--timezone", "Central"),
        ("--feed", "https://"),
        ("--smtp-url", "http://x"),
        ("--smtp-url", "smtp://u@x"),
    ],
)
def test_an_answer_that_cannot_be_used_writes_nothing(option: str, value: str) -> None:
    error = run("--yes", "--email", "ana@example.org", option, value).exception
    assert isinstance(error, AlertsError)
    assert error.exit_code == 2
    assert not list(Path().iterdir())


def test_words_that_are_no_query_are_told_with_their_line_and_nothing_is_written() -> None:
    error = run("--yes", "--email", "ana@example.org", "--words", "ICE AND (raid").exception
    assert isinstance(error, ConfigError)
    assert not list(Path().iterdir())


def test_own_feeds_alone_get_the_shipped_rules_that_fit_any_feed(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed", RSS)
    run("--yes", "--email", "ana@example.org", "--timezone", "UTC", "--feed", url)
    loaded = made(whole=True)[1]
    assert loaded.warnings == ()
    assert [feed.url for feed in loaded.config.feeds] == [url]
    assert [s.rule for s in loaded.config.subscribers[0].subscriptions] == ["ice", "sanctuary"]
    assert "Ice storm closes Madison schools" in loaded.config.rule("ice").skip_examples


def test_own_words_become_rules_that_are_followed() -> None:
    run(
        "--yes",
        "--email",
        "ana@example.org",
        "--words",
        '"Dane County"',
        "--words",
        "Dane: County's",
    )
    found = made()[1].config
    assert [rule.name for rule in found.rules] == ["dane-county", "dane-county-s"]
    assert found.subscribers[0].rules_of(found.subscribers[0].when.text) == {
        "dane-county",
        "dane-county-s",
    }


def test_words_with_commas_between_them_are_several_topics_and_said_to_be() -> None:
    options = ("--words", "ICE, sanctuary", "--words", '"Madison, Wis."')
    out = run("--yes", "--email", "ana@example.org", *options).output
    assert "Read as 2 topics: ICE; sanctuary." in out
    assert [rule.query for rule in made()[1].config.rules] == [
        "ICE", "sanctuary", '"Madison, Wis."',
    ]  # fmt: skip


def test_a_site_gives_the_feed_that_it_names_and_a_moved_feed_its_new_address(
    feed_server: FeedServer,
) -> None:
    feed_server.put("/feed", RSS)
    feed_server.put("/", '<link rel="alternate" type="application/rss+xml" href="/feed">', "html")
    feed_server.put("/other", RSS)
    feed_server.answer("/old", Answer(308, headers={"Location": "/other"}))
    urls = [feed_server.url(path) for path in ("/", "/old", "/nothing")]
    result = run("--yes", "--email", "a@example.org", *(x for url in urls for x in ("--feed", url)))
    assert result.exit_code == 0
    assert [(f.url, f.name) for f in made()[1].config.feeds] == [
        (feed_server.url("/feed"), None),
        (feed_server.url("/other"), "Courier: news"),
        (feed_server.url("/nothing"), None),
    ]
    assert "is written as it is" in result.stdout


def test_it_ends_with_a_test_mail_and_the_server_s_reply(mail_sink: MailSink) -> None:
    url = f"smtp://127.0.0.1:{mail_sink.port}?tls=none"
    result = run("new", "--yes", "--email", "ana@example.org", "--smtp-url", url)
    assert result.exit_code == 0
    (mail,) = mail_sink.mails
    assert mail.recipients == ("ana@example.org",)
    assert "Test mail: email ana@example.org: accepted by 127.0.0.1: 250" in result.stdout
    smtp_url = made("new")[0].smtp_url
    assert smtp_url is not None
    assert smtp_url.reveal() == url


def test_the_mail_server_of_the_environment_is_taken_too(mail_sink: MailSink) -> None:
    url = f"smtp://127.0.0.1:{mail_sink.port}?tls=none"
    assert run("--yes", "--email", "ana@example.org", env={"SMTP_URL": url}).exit_code == 0
    assert len(mail_sink.mails) == 1


def test_a_refused_test_mail_keeps_the_files_and_exits_1(mail_sink: MailSink) -> None:
    mail_sink.script("rcpt", "550 5.1.1 no such mailbox")
    url = f"smtp://127.0.0.1:{mail_sink.port}?tls=none"
    result = run("--yes", "--email", "ana@example.org", "--smtp-url", url)
    assert result.exit_code == 1
    assert "no such mailbox" in result.stdout
    assert made()[1].config.admin == "ana@example.org"


def test_the_sender_is_the_mail_account_if_that_is_an_address() -> None:
    answers = Answers(
        "ana@example.org", "UTC", smtp_url="smtp://news%40site.example:pw@mail.site.example"
    )
    assert "MAIL_FROM=news@site.example\n" in env_text(answers, "k" * 64)
    plain = Answers("ana@example.org", "UTC", smtp_url="smtp://apikey:pw@mail.site.example")
    assert "MAIL_FROM=ana@example.org\n" in env_text(plain, "k" * 64)


def test_a_terminal_is_asked_and_asked_again(feed_server: FeedServer) -> None:
    feed_server.put("/feed", RSS)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(ALLOW)  # noqa: TID251 - of the new process
        os.execv(sys.executable, [sys.executable, "-m", "alerts", "init", "here"])
    talk = _Talk(terminal)
    talk.answer("mail address", "nobody")
    talk.answer("no @", "ana@example.org")
    talk.answer("Time zone", "central")
    talk.answer("America/Chicago?", "America/Chicago")
    talk.answer("Address", feed_server.url("/feed"))
    talk.answer("Address", "")
    talk.answer("Words", "Dane County")
    talk.answer("Words", "")
    talk.answer("Mail server", "")
    talk.until("alerts run")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    found = made("here")[1].config
    assert [f.url for f in found.feeds] == [feed_server.url("/feed")]
    assert found.subscribers[0].timezone == "America/Chicago"


class _Talk:
    """The other end of a terminal."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._seen = b""

    def until(self, words: str) -> None:
        while words.encode() not in self._seen:
            assert select.select([self._terminal], [], [], 30)[0], self._seen
            self._seen += os.read(self._terminal, 4096)
        self._seen = self._seen.partition(words.encode())[2]

    def answer(self, words: str, line: str) -> None:
        self.until(words)
        os.write(self._terminal, line.encode() + b"\n")


passwords = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f"), max_size=20
)


@given(passwords)
def test_whatever_a_value_holds_dotenv_reads_it_back(
    text: str,
) -> None:
    value = f"smtp://127.0.0.1?{text}".strip()
    assert (
        _read_back(lambda: env_text(Answers("a@example.org", "UTC", mail_from=value), "k" * 64))
        == value
    )


def _read_back(text: Callable[[], str]) -> str | None:
    Path(".env").write_text(text(), encoding="utf-8")
    return settings.load(Path("subscribers.yaml")).mail_from


def test_the_shipped_words_and_own_words_need_no_other_file() -> None:
    for answers in (
        Answers("a@example.org", "UTC"),
        Answers("a@example.org", "UTC", words=["x", "x"]),
    ):
        path = Path("x.yaml")
        text = yaml_text(answers).encode()
        loaded = config.load(path, {}, contents={path: text}, with_examples=False)
        assert not loaded.errors
