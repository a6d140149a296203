"""What becomes of the files of a case: the verdict of `check`, and how a pass of the daemon ends, in comparable form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from d365edi.app import App
from d365edi.cli.inspect_file import FileInspection, inspect_file
from d365edi.flows.partner import TradingPartner
from d365edi.journal import Document, Message, MessageState, Tx
from tests.cases.table import Case
from tests.journeys.world import World

PER = re.compile(r"(?P<line>\S+ \S+ \S+) at (?P<price>\S+)(?: per (?P<per>\S+))?")
"""A line as the cases write it: `500 ea D0001 at 125 per 100`, or by one where the price quantity is not laid down."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A sales order in D365: its lines as text, and where it is delivered (a location, or the name and street on the order)."""

    lines: tuple[str, ...]
    ship_to: str
    currency: str
    deliver_by: str


@dataclass(slots=True)
class Outcome:
    """How a case ends.

    `check` is the verdict on each file, `remarks` what `check` finds in it. `messages` and `documents` are states, the latter by
    number. `orders` are by the customer's reference, `answers` the segments that we sent as acknowledgments, `acks` the states of
    deliveries that were sent before, `said` every reason and line of the log, `invoice` the segments of the 810 that went out."""

    check: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    documents: dict[str, list[str]] = field(default_factory=dict)
    orders: dict[str, Ordered] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    invoice: list[str] = field(default_factory=list)


def verdict(inspection: FileInspection) -> str:
    """good, held or rejected: the worst of the file's parts; `good` is what the command's exit code says."""
    if inspection.good:
        return "good"
    unread = any(remark.severity == "error" for remark in inspection.remarks) or not inspection.parts
    return "rejected" if unread or any(part.verdict in "PR" for part in inspection.parts) else "held"


def sales_orders(world: World) -> dict[str, Ordered]:
    """The sales orders of the tenant; of two with one reference the second is named with its release."""
    found = {}
    for header in world.simulator.state.rows("SalesOrderHeadersV4"):
        reference, release = header["CustomersOrderReference"], header["CustomerRequisitionNumber"]
        lines = world.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header["SalesOrderNumber"])
        own = header["IsDeliveryAddressOrderSpecific"] == "Yes"
        address = f"{header['DeliveryAddressName']}, {header['DeliveryAddressStreet']}" if own else ""
        found[f"{reference}-{release}" if release else str(reference)] = Ordered(
            tuple(_line(line) for line in lines),
            address.replace("\n", ", ") or str(header["DeliveryAddressLocationId"] or ""),
            str(header["CurrencyCode"]),
            str(header["RequestedReceiptDate"])[:10],
        )
    return found


def _line(row: Mapping[str, Any]) -> str:
    quantity, price, per = (_number(row[name]) for name in ("OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity"))
    beside = f" per {per}" if per not in ("0", "1") else ""
    return f"{quantity} {row['SalesUnitSymbol']} {row['ItemNumber']} at {price}{beside}"


def _number(value: Any) -> str:
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def same_line(expected: str, found: str) -> bool:
    """Whether a line in D365 is the one that is expected; without `per` the price of one is compared, exactly."""
    wanted, there = PER.fullmatch(expected), PER.fullmatch(found)
    if wanted is None or there is None or wanted["line"] != there["line"]:
        return False
    if wanted["per"] is not None and wanted["per"] != there["per"]:
        return False
    return _each(wanted) == _each(there)


def _each(line: re.Match[str]) -> Fraction:
    return Fraction(line["price"]) / Fraction(line["per"] or 1)


async def walked(app: App, world: World, case: Case, lines: list[str]) -> Outcome:
    """Leave the files one after the other, look for each until it is taken, post what is to be posted; see what came of it."""
    outcome = Outcome()
    before = await app.journal.read(_deliveries)
    for name in case.files:
        _check(outcome, case.bytes_of(name), list(app.ctx.partners.values()))
        await _left(app, world, case, name)
    for record in case.posted:
        orders = world.simulator.state.rows("SalesOrderHeadersV4")
        getattr(world.simulator, f"post_{record}")(str(orders[0]["SalesOrderNumber"]))
        await app.once()
    messages, documents, acks = await app.journal.read(lambda tx: (*_rows(tx), _acks(tx, before)))
    outcome.messages = [message.state for message in messages]
    for document in documents:
        outcome.documents.setdefault(document.number, []).append(document.state)
    outcome.orders = sales_orders(world)
    outcome.answers = [segment for data in _answered(world) for segment in segments(data)]
    outcome.said = [*(m.reason for m in messages), *(d.reason for d in documents), *lines]
    outcome.acks = acks
    outcome.invoice = [segment for data in world.partner.received().values() for segment in segments(data)]
    return outcome


def _check(outcome: Outcome, data: bytes, partners: list[TradingPartner]) -> None:
    found = inspect_file(data, datetime.now(UTC), partners)
    outcome.check.append(verdict(found))
    outcome.remarks += [remark.sentence for remark in found.remarks]
    outcome.remarks += [remark.sentence for part in found.parts for remark in part.remarks]
    outcome.remarks += [text for part in found.parts for text in (part.title, *part.holds)]


async def _left(app: App, world: World, case: Case, name: str) -> None:
    folder = world.partner.outbound / ("columns" if case.language == "csv" else "")
    (folder / name).write_bytes(case.bytes_of(name))
    for _ in range(case.looks):
        await app.once()
        if not (folder / name).exists():
            return


def _deliveries(tx: Tx) -> list[int]:
    return [delivery.id for delivery in tx.deliveries.in_state("delivered")]


def _acks(tx: Tx, ids: list[int]) -> list[str]:
    return [tx.deliveries.get(id).ack for id in ids]


def _rows(tx: Tx) -> tuple[list[Message], list[Document]]:
    states: tuple[MessageState, ...] = ("received", "translated", "done", "duplicate", "quarantined")
    messages = sorted((m for state in states for m in tx.messages.in_state(state)), key=lambda message: message.id)
    theirs = [message for message in messages if message.direction == "in"]
    return theirs, [document for message in theirs for document in tx.documents.for_message(message.id)]


def segments(data: bytes) -> Iterator[str]:
    """The segments of a file of ours."""
    text = data.decode()
    end = text[105] if text.startswith("ISA") else "'"
    yield from (segment for segment in text.split(end) if segment)


def _answered(world: World) -> list[bytes]:
    folder = world.partner.inbound / "acks"
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []
