"""Break the product in one place after the other: the oracle must see each of them.

    .venv/bin/python tests/simulation/mutate.py          all, in `make soak` too
    .venv/bin/python tests/simulation/mutate.py zone     those whose name holds the word

Works on a copy of the package; prints what the oracle said of each, and exits 1 if one got away.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    """A fault: `old` stands once in the file at `path`, below the package, and becomes `new`."""

    name: str
    path: str
    old: str
    new: str

    def fits(self) -> bool:
        return (ROOT / "alerts" / self.path).read_text().count(self.old) == 1


MUTATIONS = (
    Mutation("quiet hours do not matter", "digests/slots.py",
             "    if quiet is None:\n        return at\n    local",
             "    if quiet is not quiet or True:\n        return at\n    local"),
    Mutation("every zone is UTC", "digests/slots.py",
             "    zone = ZoneInfo(subscriber.timezone)\n    if last_name",
             '    zone = ZoneInfo("UTC")\n    if last_name'),
    Mutation("what is told right away wakes nobody", "pipeline/judge.py",
             "        self._wake(owed)\n", ""),
    Mutation("an edited article is not looked at", "pipeline/record.py",
             "judge.put(judged + again)", "judge.put(judged)"),
    Mutation("the same article of two feeds is two", "pipeline/record.py",
             'shared = {key for key in wanted if not key.startswith("1:")}', "shared = set[str]()"),
    Mutation("a renumbered article is new", "pipeline/record.py",
             "for row in entries.known_keys(connection, feed_id, wanted)",
             'for row in entries.known_keys(connection, feed_id, wanted) if row.key[:2] == "1:"'),
    Mutation("a new feed tells all it has", "pipeline/record.py",
             "look_back_s=self._feed.look_back_s,", "look_back_s=1e9,"),
    Mutation("a digest counts more than it tells", "pipeline/assemble.py",
             "owed = [*draft.owed(rows), *again]", "owed = [*draft.owed(rows[:2]), *again]"),
    Mutation("a mail that was under way at a kill is given up", "store/deliveries.py",
             '.values(state="delayed", result_kind="ambiguous", due_at=now)',
             '.values(state="failed", result_kind="ambiguous", due_at=None)'),
    Mutation("a late result counts as a fresh one", "store/deliveries.py",
             "ours = [one for one in tries if leases.get(one.id) == one.lease]", "ours = [*tries]"),
    Mutation("who stopped gets mails on", "store/deliveries.py",
             "if connection.execute(_ANY_STOP).scalar() is None:", "if _ANY_STOP is not None:"),
    Mutation("Retry-After is a matter of taste", "delivery/retry.py",
             "min(now + result.retry_after_s, end_at)", "min(now + 90.0, end_at)"),
    Mutation("a night is no time to wait for", "pipeline/rests.py",
             "    if late:\n", "    if late and not late:\n"),
    Mutation("a new rule is told old news", "pipeline/judge.py",
             "if since is not None and since <= seen_at:", "if since is not None:"),
    Mutation("urgent stories need no consent", "digests/slots.py",
             '    if not isinstance(subscriber.urgent, Window):\n        return at if subscriber.urgent =='
             ' "always" else None\n',
             "    if not isinstance(subscriber.urgent, Window) or True:\n        return at\n"),
    Mutation("a try of an urgent mail needs no consent", "pipeline/rests.py",
             "if (at := consent if is_urgent else quiet)", "if (at := None if is_urgent else quiet)"),
    Mutation("any number of urgent stories wakes", "pipeline/urgent.py",
             "MOST_AN_HOUR = 3\n", "MOST_AN_HOUR = 300\n"),
    Mutation("an address of two gets two mails", "pipeline/shared.py",
             "if place.target not in self.draft.in_force.sharers:", "if place.target:"),
    Mutation("a flood's bundles never come", "pipeline/assemble.py",
             "following = (None, slowed.due_at)",
             "following = (None, slowed.due_at and slowed.due_at + 9e6)"),
    Mutation("a flood is told message by message", "pipeline/flood.py",
             "is_flood = hour.messages > BUNDLES_AN_HOUR and", "is_flood = hour.messages > 100 and"),
)  # fmt: skip


def said_of(mutation: Mutation) -> dict[str, int]:
    """Return what the oracle counted in a world that lives with this fault."""
    assert mutation.fits(), f"mutate.py: {mutation.name}: {mutation.path} reads otherwise now"
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "alerts")
        shutil.copytree(ROOT / "alerts", package, ignore=shutil.ignore_patterns("__pycache__"))
        file = package / mutation.path
        file.write_text(file.read_text().replace(mutation.old, mutation.new))
        command = [sys.executable, __file__, "--live", folder]
        paths = os.pathsep.join((folder, str(Path(__file__).parent), str(ROOT / "tests")))
        environment = {**os.environ, "PYTHONPATH": paths}  # noqa: TID251 - no setting
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines, f"{mutation.name}: the world broke: {done.stderr[-2_000:]}"
    counts: dict[str, int] = json.loads(lines[-1])
    return {what: count for what, count in counts.items() if what.startswith("wrong")}


def _live(folder: Path) -> None:
    from test_simulation import SEED, SMALL, live

    import alerts

    assert Path(alerts.__file__).parent.parent == folder, alerts.__file__
    sys.stdout.write(f"{json.dumps(live(SMALL, SEED, folder, None).counts)}\n")


def main(words: list[str]) -> int:
    """Try all, or those whose name holds one of the words."""
    chosen = [m for m in MUTATIONS if not words or any(word in m.name for word in words)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(zip(chosen, pool.map(said_of, chosen), strict=True))
    for mutation, wrong in found:
        told = ", ".join(f"{what.removeprefix('wrong: ')} {n}" for what, n in wrong.items())
        sys.stdout.write(f"{mutation.name}: {told or 'GOT AWAY'}\n")
    return int(not all(wrong for _, wrong in found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--live"]:
        _live(Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
