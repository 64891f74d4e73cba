"""Claims about what the command line says of itself: help, examples, suggestions, completion."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator

import click
import needs
import pytest
from click.testing import CliRunner

from alerts.cli import COMMANDS, EVERYDAY, MORE, cli

_EXAMPLE = re.compile(r"^ +(alerts .*?)(?:  .*)?$", re.MULTILINE)


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand with its full name."""
    top = click.Context(cli, info_name="alerts")
    waiting = [(name, cli.get_command(top, name)) for name in COMMANDS]
    while waiting:
        name, command = waiting.pop(0)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=name, parent=top)
            waiting += [
                (f"{name} {sub}", command.get_command(context, sub))
                for sub in command.list_commands(context)
            ]


ALL = dict(_commands())


def examples(command: click.Command) -> list[str]:
    _, _, after = (command.help or "").partition("Example")
    return _EXAMPLE.findall(after)


def parses(line: str) -> None:
    """Parse a command line as the shell hands it over, without running it."""
    words = shlex.split(line, comments=True)
    ends = (n for n, word in enumerate(words) if word in (">", ">>", "|", "<"))
    context = cli.make_context("alerts", words[1 : next(ends, len(words))])
    command: click.Command = cli
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, found, left = command.resolve_command(context, rest)
        assert found is not None
        context, command = found.make_context(name, left, parent=context), found


def test_help_begins_with_eight_everyday_commands() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert len(EVERYDAY) == 8
    everyday, _, more = shown.partition("Everyday:")[2].partition("More:")
    assert [line.split()[0] for line in everyday.split("\n") if line.strip()] == list(EVERYDAY)
    assert set(re.findall(r"^  ([\w-]+)  ", more, re.MULTILINE)) == set(MORE)
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("name", ALL)
def test_each_command_has_examples_and_they_parse(name: str) -> None:
    found = examples(ALL[name])
    assert found, f"alerts {name} --help has no examples"
    for line in found:
        parses(line)
    assert any(line.startswith(f"alerts {name}") for line in found)


def test_an_unknown_option_in_an_example_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        parses("alerts check --onlin")
    with pytest.raises(click.UsageError):
        parses("alerts feeds chek https://example.org")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stauts", "status"),
        ("chekc", "check"),
        ("feed", "feeds"),
        ("send_test", "send-test"),
        ("deliverys", "deliveries"),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest(typed: str, meant: str) -> None:
    result = CliRunner().invoke(cli, [typed])
    assert result.exit_code == 2
    assert f'Did you mean "{meant}"?' in result.output


def test_subcommands_are_suggested_too() -> None:
    result = CliRunner().invoke(cli, ["feeds", "resum", "x"])
    assert result.exit_code == 2
    assert 'Did you mean "resume"?' in result.output


def test_a_command_like_no_other_leads_to_help() -> None:
    assert "See: alerts --help" in CliRunner().invoke(cli, ["xyzzyx"], prog_name="alerts").output


def test_tab_completes_commands_and_subcommands() -> None:
    def completed(words: str, at: int) -> list[str]:
        env = {"_ALERTS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        shown = CliRunner().invoke(cli, [], prog_name="alerts", env=env).output
        return [line.partition(",")[2] for line in shown.splitlines()]

    assert sorted(completed("alerts de", 1)) == ["deliveries", "demo", "destinations"]
    assert completed("alerts feeds m", 2) == ["move"]
    assert "--online" in completed("alerts check --o", 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_one_the_shell_takes(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert "_ALERTS_COMPLETE" in result.stdout
    if shell == "bash":
        script = result.stdout.encode()
        subprocess.run([needs.program("bash"), "-n"], input=script, check=True, timeout=90)
