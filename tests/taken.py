"""An order from its segments to what is written to D365 of it: the shipped map of its standard, then a flow's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from d365edi.documents import PurchaseOrder
from d365edi.edi import guides, reader
from d365edi.edi.interchange import SetReport
from d365edi.edi.syntax import Standard
from d365edi.flows import intake
from d365edi.flows.reparse import problems, read_set
from d365edi.maps import meaning, table
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.reader import Reader
from d365edi.matching.agreements import agreement
from d365edi.matching.intake import IntakePolicy
from d365edi.matching.parts import PartsPolicy
from tests.unread import edifact, x12

SETS: dict[Standard, tuple[table.Language, str]] = {"X12": ("x12", "850"), "EDIFACT": ("edifact", "ORDERS")}


@dataclass(frozen=True)
class Taken:
    """The order as written and as it is written to D365 (None where it could not be read), and every sentence that holds it."""

    said: PurchaseOrder | None
    for_d365: PurchaseOrder | None
    holds: tuple[str, ...]


def policy(standard: Standard, *, agreed: dict[str, str] | None = None, **parts: object) -> IntakePolicy:
    """The policy of a flow: what it agreed about allowances, and what it makes of lines with parts."""
    language, set = SETS[standard]
    place, shipped = f"partners.acme.receive.{set}", table.load(language, set)
    made = IntakePolicy(place=place, said=meaning.segments(shipped), places=intake.places(shipped))
    agreements = {code: known for code, text in (agreed or {}).items() if (known := agreement(text)) is not None}
    return replace(made, agreed=agreements, parts=PartsPolicy(place, **parts))  # type: ignore[arg-type]


def take(body: Sequence[str], wanted: IntakePolicy | None = None, version: str = "004010") -> Taken:
    """Read an order and take it; `version` is that of an 850."""
    standard: Standard = "X12" if body[0].startswith("BEG") else "EDIFACT"
    (found,) = (
        reader.read(x12(body, version=version) if standard == "X12" else edifact(body)).interchanges[0].groups[0].sets
    )
    wanted = wanted or policy(standard)
    reading = read_set(_reader(standard, _version(found)), found)
    wrong = [*problems(reading, wanted.ignore)]
    order = reading.document
    if order is None:
        return Taken(None, None, tuple(map(str, wrong)))
    judged = intake.judge(order, wanted, "")
    for_d365, more = intake.take(order, wanted, table.load("d365/write", "SalesOrder"))
    return Taken(order, for_d365, tuple(map(str, (*wrong, *judged.findings, *more))))


def _version(report: SetReport) -> str:
    assert report.guide is not None
    return report.guide.version


@cache
def _reader(standard: Standard, version: str) -> Reader | EdifactReader:
    language, set = SETS[standard]
    known = [each for one in guides.FORMS[standard] if (each := guides.load(standard, set, one)) is not None]
    guide = guides.load(standard, set, version)
    assert guide is not None
    made = EdifactReader if standard == "EDIFACT" else Reader
    return made(table.load(language, set), guide, versions=known)
