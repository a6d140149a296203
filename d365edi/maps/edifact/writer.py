"""Documents to EDIFACT messages: the one engine over the guide with the loops that messages imply.

Knows: the engine. Does not know: envelopes, partners.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Unpack

from d365edi.documents import Document
from d365edi.edi.guide import Guide
from d365edi.maps.compile import Codes
from d365edi.maps.edifact import packaging_writer
from d365edi.maps.edifact import virtual_loops as loops
from d365edi.maps.edifact.paths import EDIFACT
from d365edi.maps.edifact.values import day
from d365edi.maps.table import Table
from d365edi.maps.writer import AnsweredOrders, Segment, Writer

SHIPMENT = ("", "4", "5")
"""What a map may say as the packaging level (7075) of a consignment as a whole: nothing, no hierarchy, shipment (D.01B)."""


class EdifactWriter(Writer):
    """A map compiled for writing messages of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Codes | None = None,
        *,
        partner: str = "",
        versions: Sequence[Guide] = (),
    ) -> None:
        """Compile, as `Writer` does. Raises SettingsError."""
        others = [*map(loops.extended, versions)]
        super().__init__(table, loops.extended(guide), codes, partner=partner, versions=others, notation=EDIFACT)
        self._shipment = str(table.tree.get("shipment_level", ""))
        if self._shipment not in SHIPMENT:
            message = f'"{self._shipment}" is no level of a consignment as a whole'
            raise table.mistake(
                ("shipment_level",), message, remedy='write "5", or "4" for no hierarchy, or leave it out'
            )

    def write(self, document: Document, **answered: Unpack[AnsweredOrders]) -> list[Segment]:
        """The body of the message, without UNH and UNT, numbers with a decimal point. Raises DocumentError."""
        return without_loops(super().write(document, **answered), self._shipment)


def without_loops(body: Sequence[Segment], shipment: str = "") -> list[Segment]:
    """The segments of a message: implied loops gone, answers as quantities, days and the action of their line. `shipment` as
    in `packaging_writer.write`."""
    if any(segment[0] == "CPS" for segment in body):
        return packaging_writer.write(body, shipment)
    around = {id for id, _ in loops.AROUND.values()}
    made, answers, parts = list[Segment](), list[Segment](), list[Segment]()
    for segment in body:
        if segment[0] == loops.ANSWER:
            answers.append(segment)
            continue
        if answers:
            parts = _answer(made, answers)
            answers = []
        if segment[0] in _AFTER_PARTS:
            made += parts
            parts = []
        if segment[0] not in around:
            made.append(segment)
    return made


_AFTER_PARTS = frozenset({"LIN", "UNS", "RCS", "STG"})
"""What stands behind the parts of a line."""


def _answer(made: list[Segment], answers: Sequence[Segment]) -> list[Segment]:
    """Put the answers of a line into its segments, which are the last that were made: the action behind LIN01, what comes
    instead behind the other numbers, quantities and then days at the end. Returns the parts of the line, each with its day,
    where these have different ones: they stand behind all else that is said of the line, which has their sum."""
    at = next(index for index in range(len(made) - 1, -1, -1) if made[index][0] == "LIN")
    actions, instead, days = list[str](), list[Segment](), list[Segment]()
    given = list[_Given]()
    for segment in answers:
        said = [*map(str, segment[1 : loops.ITEMS]), *[""] * (loops.ITEMS - len(segment))]
        outcome, quantity, unit, kind, date = said
        items = segment[loops.ITEMS :]
        later = outcome == loops.LATER
        actions.append(loops.CHANGED if later else outcome)
        promised = day(kind or loops.PROMISED[0], date) if date else None
        if quantity:
            given.append((loops.LATER if later else loops.GIVEN[0], quantity, unit, promised))
        days += [promised] if promised else []
        instead += [["PIA", loops.INSTEAD, *items]] if items else []
    line = made[at]
    line += [""] * (loops.ACTION + 1 - len(line))
    line[loops.ACTION] = line[loops.ACTION] or (actions[0] if len(set(actions)) == 1 else loops.CHANGED)
    behind = next((index for index in range(at + 1, len(made)) if made[index][0] != "PIA"), len(made))
    made[behind:behind] = instead
    if len({str(promised) for *_, promised in given}) > 1:
        made += [_quantity(*each) for each in _sums(given)]
        opened: Segment = [loops.PART, _FIRM]
        parts = [(opened, _quantity(*each[:3]), each[3]) for each in given]
        return [list(segment) for part in parts for segment in part if segment]
    made += [_quantity(*each[:3]) for each in given]
    same = given and len(days) == len(given) and all(kind != loops.LATER for kind, *_ in given)
    made += days[:1] if same else days
    return []


_Given = tuple[str, str, str, "Segment | None"]
"""The qualifier of a quantity, the quantity, its unit and its day."""
_FIRM = "1"
"""What SCC01 (4017) says of a part that is promised."""


def _quantity(kind: str, quantity: str, unit: str) -> Segment:
    return ["QTY", (kind, quantity, unit) if unit else (kind, quantity)]


def _sums(given: Sequence[_Given]) -> Iterator[tuple[str, str, str]]:
    """The quantities of parts added up, by qualifier and unit."""
    for kind, unit in dict.fromkeys((kind, unit) for kind, _, unit, _ in given):
        total = sum((Decimal(each[1]) for each in given if (each[0], each[2]) == (kind, unit)), Decimal(0))
        yield kind, f"{total:f}", unit
