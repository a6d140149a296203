"""What the languages of maps do not share: how an address is written, how a value is spelled, how an element is split.

Knows: what there is to say. Does not know: any language but that of X12, which is the plain one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from d365edi.edi.guide import Element, Segment
from d365edi.maps import check, periods, spelling
from d365edi.maps.address import Address
from d365edi.maps.check import Target
from d365edi.maps.fields import Kind
from d365edi.maps.spelling import Format, Parse

Normalise = Callable[[list[str]], list[str]]
"""Makes plain values of the components of an element."""
Plain = Callable[[list[str]], list[str]]
"""Makes a segment of one: the same list, or another."""
Compose = Callable[[list[str]], list[str]]
"""Makes the components of an element of plain values; it may change the list that it is given."""


@dataclass(frozen=True, slots=True)
class Notation:
    """`resolve` follows a row's right side (see `check.resolve`), `spelling` says how an element holds a kind of field.

    `addresses` are all that a segment has, in order; `composite`: every element is read as a composite, `normalise` gives
    how its components become plain values (None: they are), `compose` how plain values are written as its components. `plain`
    gives how a whole segment becomes one that says the same in its plain elements (None: it is one).
    """

    resolve: Callable[..., Target]
    spelling: Callable[[Element, Kind], tuple[Parse | None, Format] | None]
    addresses: Callable[[Segment], Iterable[Address]]
    normalise: Callable[[Element], Normalise | None] = lambda _: None
    compose: Callable[[Element], Compose | None] = lambda _: None
    composite: bool = False
    plain: Callable[[Segment], Plain | None] = lambda _: None


def elements(segment: Segment) -> Iterable[Address]:
    """The addresses of elements, and of the components of composites."""
    for each in segment.elements:
        yield from (
            ((each.position, part.position) for part in each.components) if each.components else [(each.position, 0)]
        )


X12 = Notation(check.resolve, spelling.spelling, elements, plain=periods.plain)
