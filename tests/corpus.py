"""Where the samples are that tests read: all of the corpus where it lies beside the checkout, or else those in tests/samples.

Every sample that ships is in the corpus too, under the same name. A test of a file that does not ship carries the marker
`shared` and is deselected where there is no corpus; a test that walks over all samples walks over those that are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
BESIDE = ROOT.parent / "shared" / "corpus"
FOLDER = BESIDE if BESIDE.is_dir() else SAMPLES
SHIPPED = frozenset(path.name for path in SAMPLES.iterdir())


def cases(table: Iterable[T], file: Callable[[T], str]) -> list[Any]:
    """Parameters for a test that runs for each row of a table; rows whose file does not ship are marked `shared`."""
    return [pytest.param(row, id=file(row), marks=() if file(row) in SHIPPED else pytest.mark.shared) for row in table]
