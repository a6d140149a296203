"""Takes today's behaviour over into the golden files and says what changed: `python -m tests.edi.golden.accept TOPIC`.

Computes everything that is kept again, and prints each kind of difference once: its place without list positions, old and
new value, how often, and an input that shows it. With a TOPIC it also writes this list to `changes/TOPIC.txt` and rewrites
the files; without one nothing is written. What differs in nothing stays as it was kept, in the words of
its time. For a change of behaviour that is meant, in a commit that explains it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.edi.golden import compute, product, store

SHOWN = 400
"""So many kinds of difference are listed; beyond that a change needs another way of showing it."""


@dataclass
class Differences:
    """The kinds of difference so far: text to count and the first input that shows it."""

    kinds: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, name: str, old: Any, new: Any) -> None:
        """Compare what is kept of an input with what is computed of it."""
        for each in compute.differences(old, new):
            kind = self.kinds.setdefault(re.sub(r"\[\d+]", "[]", each), [0, name])
            kind[0] += 1

    def lines(self) -> list[str]:
        """Each kind in a line, the most frequent first."""
        ranked = sorted(self.kinds.items(), key=lambda kind: -kind[1][0])
        found = [f"{count:5} {text}  ({name})" for text, (count, name) in ranked[:SHOWN]]
        return found + [f"      ... and {len(ranked) - SHOWN} kinds more"] * (len(ranked) > SHOWN)


def kept(name: str) -> list[Any]:
    """The rows of a golden file."""
    return list(store.rows(name))


def _each(found: Differences, rows: list[Any], made: Iterable[Any]) -> list[Any]:
    renewed = []
    for row, new in zip(rows, made, strict=True):
        before = compute.today(product, row["made"], row.get("map", "").rpartition("/")[2])
        found.note(row.get("name") or f"{row['map']} {row['number']}", before, new)
        renewed.append({**row, "made": new} if before != new else row)
    return renewed


def _whole(found: Differences, name: str, old: list[Any], new: list[Any]) -> list[Any]:
    found.note(name, old, new)
    return new


def main(arguments: list[str] | None = None) -> None:
    """Print the differences; with a topic, take them over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topic", nargs="?", help="a short name for the change, as code-lists")
    topic = parser.parse_args(arguments).topic
    found, read, written = Differences(), kept("read.jsonl.gz"), kept("written.jsonl.gz")
    renewed = {
        "read.jsonl.gz": _each(
            found, read, (compute.read(product, row["name"], store.load(row["name"], row["digest"])) for row in read)
        ),
        "written.jsonl.gz": _each(found, written, (compute.written(product, row) for row in written)),
        "files.jsonl.gz": _whole(found, "files", kept("files.jsonl.gz"), compute.files(product, written)),
        "plans.jsonl.gz": _whole(found, "plans", kept("plans.jsonl.gz"), compute.plans(product, written)),
    }
    lines = found.lines()
    print("\n".join(lines) or "nothing differs")
    if topic and lines:
        changes = store.HERE / "changes"
        changes.mkdir(exist_ok=True)
        (changes / f"{topic}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, rows in renewed.items():
            store.dump(name, rows)


if __name__ == "__main__":
    main()
