"""Documents to EDIFACT messages: the one engine over the guide with the loops that messages imply.

Knows: the engine. Does not know: envelopes, partners.
"""

from collections.abc import Sequence
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
    made, answers = list[Segment](), list[Segment]()
    for segment in body:
        if segment[0] == loops.ANSWER:
            answers.append(segment)
            continue
        if answers:
            _answer(made, answers)
            answers = []
        if segment[0] not in around:
            made.append(segment)
    return made


def _answer(made: list[Segment], answers: Sequence[Segment]) -> None:
    """Put the answers of a line into its segments, which are the last that were made: the action behind LIN01, what comes
    instead behind the other numbers, quantities and then days at the end."""
    at = next(index for index in range(len(made) - 1, -1, -1) if made[index][0] == "LIN")
    actions, instead, days = list[str](), list[Segment](), list[Segment]()
    for segment in answers:
        said = [*map(str, segment[1 : loops.ITEMS]), *[""] * (loops.ITEMS - len(segment))]
        outcome, quantity, unit, kind, date = said
        items = segment[loops.ITEMS :]
        later = outcome == loops.LATER
        actions.append(loops.CHANGED if later else outcome)
        if quantity:
            parts = (loops.LATER if later else loops.GIVEN[0], quantity)
            made.append(["QTY", (*parts, unit) if unit else parts])
        days += [day(kind or loops.PROMISED[0], date)] if date else []
        instead += [["PIA", loops.INSTEAD, *items]] if items else []
    line = made[at]
    line += [""] * (loops.ACTION + 1 - len(line))
    line[loops.ACTION] = line[loops.ACTION] or (actions[0] if len(set(actions)) == 1 else loops.CHANGED)
    behind = next((index for index in range(at + 1, len(made)) if made[index][0] != "PIA"), len(made))
    made[behind:behind] = instead
    made += days
