"""Runs two checkouts over the same inputs and prints every difference: `python -m tests.edi.golden.against OLD [FILES ...]`.

OLD is another checkout, as d60af4b. Both read all golden inputs and the further files (folders are gone through), and
both write all golden documents; the old code runs in a process of its own, by the `product.py` of its checkout, or, where
it has none, by `product_d60af4b.txt`. The exit code is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from tests.edi.golden import compute, store

Row = tuple[str, Any]


def rows(module: Any, files: list[Path]) -> Iterator[Row]:
    """What a product makes of every golden input, of further files and of every golden document."""
    for row in store.rows("read.jsonl.gz"):
        yield row["name"], compute.read(module, row["name"], store.load(row["name"], row["digest"]))
    for path in files:
        yield str(path), compute.read(module, path.name, path.read_bytes())
    documents = list(store.rows("written.jsonl.gz"))
    for row in documents:
        yield f"{row['map']} {row['number']}", compute.written(module, row)
    yield "files", compute.files(module, documents)
    yield "plans", compute.plans(module, documents)


def below(paths: list[str]) -> list[Path]:
    """These files, and those in these folders."""
    found: list[Path] = []
    for path in map(Path, paths):
        found += sorted(path.rglob("*")) if path.is_dir() else [path]
    return [path.resolve() for path in found if path.is_file()]


def old(checkout: Path, files: list[Path]) -> Iterator[Row]:
    """The rows of another checkout's code."""
    theirs = checkout / "tests" / "edi" / "golden" / "product.py"
    with tempfile.TemporaryDirectory() as folder:
        adapter = theirs if theirs.exists() else store.HERE / "product_d60af4b.txt"
        shutil.copy(adapter, Path(folder) / "old_product.py")
        golden = Path(folder) / "tests" / "edi" / "golden"
        golden.parent.mkdir(parents=True)
        golden.symlink_to(store.HERE)  # this folder's, whatever the other checkout has of that name
        command = [sys.executable, "-m", "tests.edi.golden.against", "--serve", str(checkout), *map(str, files)]
        paths = os.pathsep.join([folder, str(checkout)])
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONSAFEPATH": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                name, value = json.loads(line)
                yield name, value
        if process.returncode:
            raise SystemExit(f"the code of {checkout} ended with {process.returncode}")


def serve(checkout: Path, files: list[Path]) -> None:
    """Print the rows of the code at hand as JSON lines: the part that runs with the other checkout's code."""
    import d365edi  # noqa: PLC0415

    module = cast(Any, __import__("old_product"))
    assert Path(d365edi.__file__).is_relative_to(checkout), d365edi.__file__
    for row in rows(module, files):
        print(json.dumps(row))


def main(arguments: list[str] | None = None) -> int:
    """Compare; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    files, checkout = below(given.files), given.old.resolve()
    if given.serve:
        serve(checkout, files)
        return 0
    from tests.edi.golden import product  # noqa: PLC0415  # only for the code at hand: the other one may not have its names

    differing = count = 0
    for one, other in zip_longest(old(checkout, files), rows(product, files), fillvalue=("nothing", None)):
        name = other[0].partition(" ")[0].rpartition("/")[2]
        found = list(compute.differences([one[0], compute.today(product, one[1], name)], [*other]))
        count += 1
        differing += bool(found)
        for each in found:
            print(f"{other[0]}{each.removeprefix('[1]')}")
    print(f"{differing} of {count} differ")
    return int(bool(differing))


if __name__ == "__main__":
    raise SystemExit(main())
