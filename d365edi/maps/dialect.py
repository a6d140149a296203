"""What the languages do not share: where the right side of a row leads, and how a value is spelled there.

Knows: which language has which. Does not know: how either is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from d365edi.edi.guide import Element
from d365edi.maps import check, spelling
from d365edi.maps.check import Target
from d365edi.maps.csv import numbers
from d365edi.maps.csv import paths as columns
from d365edi.maps.edifact import paths as edifact
from d365edi.maps.fields import Kind
from d365edi.maps.spelling import Format, Parse


@dataclass(frozen=True, slots=True)
class Dialect:
    """`resolve` follows a row's right side (see `check.resolve`), `spelling` says how an element holds a kind of
    field.
    """

    resolve: Callable[..., Target]
    spelling: Callable[[Element, Kind], tuple[Parse | None, Format] | None]


_PATHS = Dialect(check.resolve, spelling.spelling)
_OTHERS = {
    "csv": Dialect(columns.resolve, numbers.spelling),
    "edifact": Dialect(edifact.resolve, edifact.spelling),
}


def of(language: str) -> Dialect:
    """The dialect of a language; the path language where it has none of its own."""
    return _OTHERS.get(language, _PATHS)
