"""The documents of ../shared, real ones and odd ones."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Iterator

import needs


def bodies() -> Iterator[tuple[str, bool, bytes]]:
    """Yield (name, whether a site really published it, body)."""
    with needs.shared("feeds_manifest_dev.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        is_real = {row["file"]: row["origin"] == "real" for row in rows}
    with tarfile.open(needs.shared("feeds_dev.tar.gz")) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and name in is_real:
                yield name.rpartition("/")[2], is_real[name], file.read()
