"""Makes the golden files. They were made once, by d60af4b: `python -m tests.edi.golden.make` in a checkout of it.

A later commit runs this again only where a change of behaviour is meant, and shows in its message what differs.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.edi import hostile, mutants
from tests.edi.edifact import hostile as edifact_hostile
from tests.edi.edifact import mutants as edifact_mutants
from tests.edi.golden import compute, product, store

COMMIT = "d60af4b"
"""The commit whose code made the files."""
FREE = ("own work", "MIT", "Apache", "BSD", "ISC", "public domain")
"""How the licences of samples begin that the repository may ship."""


def inputs(cases: Path) -> Iterator[tuple[str, bytes]]:
    """The inputs that are kept here: mutants and hostile inputs of both standards, and the files of a folder of cases."""
    for each in mutants.MUTANTS:
        yield f"mutants/x12/{each.name}", each.data
    for one in edifact_mutants.MUTANTS:
        yield f"mutants/edifact/{one.name}", one.data
    for bad in hostile.inputs():
        yield f"hostile/x12/{bad.name}", bad.data
    for worse in edifact_hostile.inputs():
        yield f"hostile/edifact/{worse.name}", worse.data
    for path in sorted(cases.iterdir()):
        if path.suffix in (".edi", ".csv", ".x12", ".txt") and path.name not in ("INDEX.csv", "INSTRUCTIONS.md"):
            yield f"cases/{path.name}", path.read_bytes()


def samples(corpus: Path) -> Iterator[tuple[str, bytes]]:
    """The samples that may be shipped, by the licence in the index of the corpus, and those of the sandbox."""
    with (corpus / "INDEX.csv").open(newline="") as file:
        free = [row["file"] for row in csv.DictReader(file) if row["licence"].startswith(FREE)]
    sandbox = store.ROOT / "d365edi" / "sandbox" / "samples"
    ours = [path.name for path in sandbox.iterdir() if path.suffix in (".x12", ".edi")]
    for name in sorted({*free, *ours}):
        yield f"samples/{name}", store.load(f"samples/{name}")


def main(shared: Path) -> None:
    """Make the files of what is read, then those of what is written."""
    kept = list(inputs(shared / "cases"))
    store.dump("inputs.jsonl.gz", ({"name": name, "pieces": store.pieces(data)} for name, data in kept))
    found: list[dict[str, Any]] = []
    for name, data in [*samples(shared / "corpus"), *kept]:
        digest = sha256(data).hexdigest()
        found.append({"name": name, "digest": digest, "made": compute.read(product, name, data)})
    store.dump("read.jsonl.gz", found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
