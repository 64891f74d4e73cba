"""`alerts check` and `alerts schema` as they are called."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.cli.check import check, schema
from alerts.feeds import articles

GOOD = """\
version: 1
defaults: {timezone: America/Chicago}
feeds: [https://courier.example/rss]
rules:
  ice: {any: [ICE], except: [ICE Arena]}
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice, {query: rule:ice AND jail, title: Jail}]}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(text: str, *arguments: str) -> Result:
    Path("subscribers.yaml").write_text(text)
    return CliRunner().invoke(check, arguments, catch_exceptions=False)


def test_a_good_file_is_one_calm_line() -> None:
    result = run(GOOD)
    assert result.exit_code == 0
    assert result.output == (
        "subscribers.yaml is fine: 1 feed, 1 rule and 1 written in place, 1 subscriber.\n"
    )


def test_errors_exit_2_with_their_lines_and_the_count_last() -> None:
    result = run(GOOD.replace("[ice,", "[icy,").replace("ICE Arena", "'x' y"))
    assert result.exit_code == 2
    assert "subscribers.yaml:5:" in result.output
    assert "subscribers.yaml:7:" in result.output
    assert result.output.splitlines()[-1] == "2 errors. Nothing was changed."


def test_warnings_exit_0_and_1_when_strict() -> None:
    doubtful = GOOD.replace("rules: [ice,", "rules: [ice, ice,")
    assert run(doubtful).exit_code == 0
    strict = run(doubtful, "--strict")
    assert strict.exit_code == 1
    assert "1 warning. Nothing was changed." in strict.output
    assert run(GOOD, "--strict").exit_code == 0


def test_json_is_one_object_with_errors_and_warnings() -> None:
    result = run(GOOD.replace("rules: [ice,", "rules: [ise, ise,"), "--json")
    assert result.exit_code == 2
    shown = json.loads(result.stdout)
    assert set(shown) == {"errors", "warnings", "not_in_effect"}
    assert shown["errors"][0] == {
        "file": "subscribers.yaml",
        "line": 7,
        "column": 49,
        "message": 'There is no rule "ise".',
        "suggestion": 'Did you mean "ice"?  (A search written in place looks so: {query: "ise"})',
    }


def test_github_gets_a_command_for_each_line() -> None:
    result = run(GOOD.replace("[ice,", "[ise,"), "--format", "github")
    assert result.exit_code == 2
    assert result.output.startswith("::error file=subscribers.yaml,line=7,col=49::There is no rule")


def test_unset_variables_are_errors_unless_allowed() -> None:
    text = GOOD.replace("email: ana@example.org", "slack: '${SLACK_OF_A_TEST}'")
    assert run(text).exit_code == 2
    assert run(text, "--allow-unset").exit_code == 0


def test_variables_of_the_env_file_beside_the_configuration_count() -> None:
    Path(".env").write_text("SLACK_OF_A_TEST=https://hooks.slack.com/services/T/B/x\n")
    assert run(GOOD.replace("email: ana@example.org", "slack: '${SLACK_OF_A_TEST}'")).exit_code == 0


def test_explain_says_each_rule_and_subscriber_in_plain_words() -> None:
    result = run(GOOD, "--explain")
    assert 'ice: ICE in capitals, but not inside "ICE Arena".' in result.output
    assert "ana: Ana follows ICE and Jail, daily at 7:30 am (America/Chicago)" in result.output


def test_among_others_a_long_explanation_is_cut_and_alone_it_is_whole() -> None:
    words = " | ".join(f"wordnumber{n}" for n in range(60))
    text = GOOD.replace("rules:\n", f"rules:\n  long: {words}\n", 1)
    assert text != GOOD
    told = run(text, "--explain").output
    assert "… (all of it: alerts check --explain long)" in told
    assert "wordnumber59" not in told
    assert "wordnumber59" in run(text, "--explain", "long").output


def test_explain_takes_one_name() -> None:
    result = run(GOOD, "--explain", "ice", "--json")
    assert list(json.loads(result.stdout)["explanations"]) == ["ice"]


def test_explain_before_the_file_explains_everything_in_it() -> None:
    result = run(GOOD, "--explain", "subscribers.yaml")
    assert result.exit_code == 0
    assert "ana: Ana follows" in result.output


def test_an_unknown_name_to_explain_gets_the_nearest() -> None:
    from alerts.errors import UsageError

    with pytest.raises(UsageError) as caught:
        run(GOOD, "--explain", "icee")
    assert caught.value.hint == 'Did you mean "ice"?'


def test_another_file_is_checked_by_argument_or_option() -> None:
    Path("other.yaml").write_text(GOOD)
    assert "other.yaml is fine" in run("", "other.yaml").output
    assert "other.yaml is fine" in run("", "--config", "other.yaml").output


def test_a_missing_file_is_an_error_that_says_what_to_do() -> None:
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 2
    assert 'There is no file "subscribers.yaml"' in result.output


def test_keys_still_to_come_are_listed() -> None:
    result = run(GOOD.replace("{any: [ICE],", "{weight: 2, any: [ICE],"))
    assert "Not yet in effect: rule weight (ice)" in result.output


def test_fulltext_without_its_extra_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = GOOD.replace(
        "[https://courier.example/rss]", "[{url: https://courier.example/rss, fulltext: true}]"
    )
    assert run(text).exit_code == 0
    monkeypatch.setitem(articles.LOADERS, "trafilatura", (lambda: False, lambda: None))
    result = run(text)
    assert result.exit_code == 2
    assert "`fulltext` needs trafilatura, which is not installed here." in result.output
    assert f"{sys.executable} -m pip install trafilatura" in " ".join(result.output.split())


def test_schema_prints_the_document_or_the_page() -> None:
    assert json.loads(CliRunner().invoke(schema, []).stdout)["title"] == "subscribers.yaml"
    assert CliRunner().invoke(schema, ["--markdown"]).stdout.startswith("# Configuration")
