"""Tables of demands, each of which a marked test holds: `politeness 28 of 28` after a run of all.

    @pytest.mark.politeness("H1")     @pytest.mark.fault("12")

A demand is met when every test that carries its mark passed. What comes from workers of xdist
counts alike: the marks travel with the reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pytest

#: The mark, the word of the summary, and the names of the demands.
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "politeness": ("politeness", tuple(f"H{number}" for number in range(1, 29))),
    "fault": ("faults", tuple(str(number) for number in range(1, 73))),
}


def register(config: pytest.Config) -> None:
    """Make the marks known."""
    for mark, (word, names) in TABLES.items():
        line = f"{mark}(name, ...): holds these of the {word} {names[0]} to {names[-1]}"
        config.addinivalue_line("markers", line)


def note(items: Iterable[pytest.Item]) -> None:
    """Have the reports of marked tests say which demands they hold."""
    for item in items:
        for mark, (_, names) in TABLES.items():
            held = [str(name) for found in item.iter_markers(mark) for name in found.args]
            unknown = set(held).difference(names)
            assert not unknown, f"{item.nodeid}: no {mark} {unknown}"
            item.user_properties.extend((mark, name) for name in held)


def is_whole(config: pytest.Config) -> bool:
    """Whether a run is of all tests, so that a demand without a test is worth a word."""
    option = config.option
    return config.args_source is not pytest.Config.ArgsSource.ARGS and not any(
        getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "deselect")
    )


def lines(reports: Mapping[str, Iterable[object]], *, whole: bool) -> Iterator[str]:
    """Yield a line for each table of which a test ran, in part only after a `whole` run.

    `reports` are the terminal's, by outcome.
    """
    outcomes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reports.get(outcome, ()):
            for mark, name in getattr(report, "user_properties", ()):
                outcomes[mark, name].add(outcome)
    for mark, (word, names) in TABLES.items():
        found = {name: outcomes[mark, name] for name in names if (mark, name) in outcomes}
        if not found:
            continue
        met = [name for name in names if found.get(name) == {"passed"}]
        failed = [name for name in names if found.get(name, set()) & {"failed", "error"}]
        rest = [name for name in names if name not in met and name not in failed]
        if rest and not whole:
            continue
        told = [f"{word} {len(met)} of {len(names)}"]
        told += [f"failed: {' '.join(failed)}"] if failed else []
        told += [f"not run: {' '.join(rest)}"] if rest else []
        yield "; ".join(told)
