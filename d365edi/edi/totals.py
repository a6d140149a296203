"""Checks what a set says about itself, from a table of declarations: counts, sums, check digits, hierarchies.

Each standard lists what its sets are checked by (`x12/totals.py`, `edifact/totals.py`) as values of the classes here, and
functions where guides have several readings of one total. A check looks at the rows that it selects; it answers nothing
where the figures fit, else the finding with both figures.

Sums that do not fit are warnings: the standards leave arithmetic to the partners, and what they count differs. A hierarchy
that names a parent it does not have is an error: nobody can tell what is in which carton.

Knows: how figures are compared. Does not know: any one set, order of segments, what a partner agreed on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from d365edi.edi import checkdigit, release
from d365edi.edi.findings import Finding
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Place

ZERO, CENT = Decimal(0), Decimal("0.01")
_WHOLE = 40
"""Digits of a number that is added up."""

Row = list[str]
Found = tuple[int, Row]
"""A row with its index in the set."""


class Selection:
    """The rows of one set that its checks look at, by selector: `HL/SN1` (a path in the guide), `*/SAC` (an id, wherever
    it stands in the guide) or `any/PO1` (an id, whether or not it has a place there)."""

    def __init__(self, report: SetReport, place: Place, selectors: frozenset[str]) -> None:
        self.report, self.place = report, place
        self.component, self.commas = report.syntax.component, report.syntax.standard == "EDIFACT"
        self.rows: dict[str, list[Found]] = {selector: [] for selector in selectors}
        assert report.guide is not None
        wanted, nodes, found = _selectors(report.guide, selectors), report.nodes, self.rows
        element = report.syntax.element
        for index, node in enumerate(nodes):
            if node in wanted:
                row = report.segments[index].split(element)
                for selector in wanted[node]:
                    found[selector].append((index, row))
            elif node is None:
                row = report.segments[index].split(element)
                selector = (
                    f"any/{row[0][:3] if self.commas else row[0]}"  # of EDIFACT also what only begins as an id (LINX)
                )
                if selector in found:
                    found[selector].append((index, row))

    def all(self, *selectors: str) -> list[Found]:
        """The rows of some selectors, in their order in the set."""
        if len(selectors) == 1:
            return self.rows[selectors[0]]
        return sorted((found for selector in selectors for found in self.rows[selector]), key=lambda found: found[0])

    def text(self, row: Row, element: int, component: int = 0) -> str:
        """A value of a row, "" where there is none; component 0 is the element whole."""
        value = row[element] if element < len(row) else ""
        if component:
            parts = value.split(self.component)
            value = parts[component - 1] if component <= len(parts) else ""
        return release.data(value)

    def number(self, row: Row, element: int, component: int = 0) -> Decimal | None:
        """The number at a place, in EDIFACT with either decimal mark; None where there is none that can be read."""
        text = self.text(row, element, component)
        return number(text.replace(",", ".") if self.commas else text)

    def total(self, selector: str, element: int) -> Decimal:
        """The sum of an element over all rows of a selector; what is no number counts as nothing."""
        texts = [row[element] for _, row in self.rows[selector] if element < len(row)]
        if texts and max(map(len, texts)) < _WHOLE:
            try:
                return Decimal(sum(map(int, texts)))
            except ValueError:
                pass
        return sum((number(text) or ZERO for text in texts), ZERO)

    def finding(
        self,
        key: str,
        index: int,
        element: int,
        value: str,
        *,
        component: int = 0,
        reference: int = 0,
        **fields: object,
    ) -> Finding:
        """The finding of a rule at an element of row `index`."""
        standard = self.report.syntax.standard
        where = replace(self.place(index), element=element, component=component)
        node = self.report.nodes[index]
        described = node.segment.element(element) if node is not None and standard == "X12" else None
        if described is not None and described.number.isdigit():
            where = replace(where, reference=reference or int(described.number))
        return finding(key, where, standard, value[:40], **fields)


@lru_cache(maxsize=256)
def _selectors(guide: Guide, selectors: frozenset[str]) -> dict[Node | None, list[str]]:
    """The selectors that each node of a guide answers."""
    found: dict[Node | None, list[str]] = {}
    for node in guide.nodes:
        for selector in sorted(selectors & {node.path, f"*/{node.id}", f"any/{node.id}"}):
            found.setdefault(node, []).append(selector)
    return found


Check = Callable[[Selection], Iterable[Finding]]


@dataclass(frozen=True)
class Checks:
    """What a set is checked by, and the selectors that these checks look at."""

    selectors: frozenset[str]
    checks: tuple[Check, ...]


def checks(selectors: str, *checks: Check) -> Checks:
    """The checks of a set; `selectors` are those of all of them, with blanks between."""
    return Checks(frozenset(selectors.split()), checks)


def run(table: Mapping[str, Checks], report: SetReport, place: Place) -> list[Finding]:
    """All findings about a set's own figures; none for a set that the table does not have."""
    wanted = table.get(report.id)
    if wanted is None or report.guide is None:
        return []
    selection = Selection(report, place, wanted.selectors)
    return [finding for check in wanted.checks for finding in check(selection)]


def number(text: str) -> Decimal | None:
    """A number with a point; None for anything else."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 40 else None


def slack(lines: int) -> Decimal:
    """What rounding line by line may make of a total: half a cent a line."""
    return CENT * (1 + (lines + 1) // 2)


def rounding(units: Decimal) -> Decimal:
    """What a price rounded to cents may make of the total of a line, for so many of what the price is for."""
    return slack(1) + abs(units) * CENT / 2


# -- declarations -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Count:
    """An element says how many rows there are of a selector; `or_of` is another reading, of the rows whose element
    `or_of[1]` has the value `or_of[2]`."""

    segment: str
    element: int
    of: str
    or_of: tuple[str, int, str] | None = None

    def __call__(self, selection: Selection) -> Iterator[Finding]:
        """The first row that counts is compared."""
        for index, row in selection.all(self.segment)[:1]:
            said = selection.number(row, self.element)
            counts = [len(selection.all(self.of))]
            names = [f"{counts[0]} {self.of}"]
            if self.or_of is not None:
                selector, element, value = self.or_of
                counts.append(sum(selection.text(each, element) == value for _, each in selection.all(selector)))
                names.append(f"{counts[1]} items")
            if said is not None and said not in counts:
                text, counted = selection.text(row, self.element), f"the set has {' and '.join(names)}"
                yield selection.finding("element.total", index, self.element, text, said=text, counted=counted)


@dataclass(frozen=True)
class HashTotal:
    """An element is the sum of another over all rows of a selector. Of more than ten digits the first are cut off (X12
    data element 347); some partners leave the point out."""

    segment: str
    element: int
    of: str
    quantity: int

    def __call__(self, selection: Selection) -> Iterator[Finding]:
        """The first row that sums up is compared."""
        for index, row in selection.all(self.segment)[:1]:
            said = selection.number(row, self.element)
            if said is None:
                continue
            total = selection.total(self.of, self.quantity)
            digits = f"{total:f}".replace(".", "").lstrip("-")[-10:]
            if said != total and f"{said:f}".replace(".", "").lstrip("-0") != digits.lstrip("0"):
                text, name = selection.text(row, self.element), self.of.rpartition("/")[2]
                counted = f"the quantities of {name} add up to {total}"
                yield selection.finding("element.total", index, self.element, text, said=said, counted=counted)


@dataclass(frozen=True)
class Hierarchy:
    """Rows number themselves and name the row above: each number once, each parent an earlier number. Only the first, and
    more of its `level`, have no row above. Where rows may stand side by side (`flat`) that counts as soon as one names a
    parent."""

    segment: str
    own: int
    parent: int
    level: int
    component: int = 0
    flat: bool = False

    def __call__(self, selection: Selection) -> Iterator[Finding]:
        """All faults are errors: nobody can tell what is in which carton."""
        rows, seen = selection.all(self.segment), set[str]()
        flat = self.flat and not any(selection.text(row, self.parent, self.component) for _, row in rows)
        top = selection.text(rows[0][1], self.level) if rows else ""
        for index, row in rows:
            own = selection.text(row, self.own, self.component)
            parent = selection.text(row, self.parent, self.component)
            if own in seen:
                yield selection.finding("element.hierarchy.twice", index, self.own, own)
            if parent and parent not in seen:
                yield selection.finding("element.hierarchy.parent", index, self.parent, parent)
            elif not parent and seen and not flat and (not top or selection.text(row, self.level) != top):
                yield selection.finding("element.hierarchy.orphan", index, self.parent, "", level=own)
            seen.add(own)


Numbered = tuple[int, int, int, str, Collection[int], str]
"""A number of GS1: its row, element and component, its digits, the lengths that it may have, what it is called."""


@dataclass(frozen=True)
class CheckDigits:
    """Numbers of GS1 have their length and their check digit. `numbers` finds them, `reference` is the data element
    that they are reported as (X12)."""

    numbers: Callable[[Selection], list[Numbered]]
    reference: int = 0

    def __call__(self, selection: Selection) -> Iterator[Finding]:
        """All numbers at once; only where one is wrong each by itself."""
        found = self.numbers(selection)
        digits, odd = [one[3] for one in found], [one for one in found if len(one[3]) not in one[4]]
        if not odd and checkdigit.all_valid(digits):
            return
        for index, element, component, number, sizes, name in sorted(found, key=lambda one: one[:3]):
            if len(number) not in sizes or not checkdigit.valid(number):
                yield selection.finding(
                    "element.check-digit", index, element, number, component=component, reference=self.reference,
                    number=number[:40], kind=name,
                )  # fmt: skip
