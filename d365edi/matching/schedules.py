"""Lines that are to come at several dates, as a line for each date.

Quantities must add up to the line's, in its unit, and a date must be one that a sales line has: to ship from, to ship by,
to deliver from, to deliver by. What is not firm, goes to another party or says no such date holds the order.

Knows: the kinds of dates and quantities of X12 and EDIFACT. Does not know: how a schedule is written, settings.
"""

from collections.abc import Iterator
from decimal import Decimal

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import DeliverySchedule, Moment, ScheduledQuantity
from d365edi.edi.findings import Finding
from d365edi.matching import parts
from d365edi.matching.numbers import plain
from d365edi.matching.parts import PartsPolicy, held

DAYS = ("ship_from", "ship_by", "deliver_by")
"""The days of a line that a part of it may have of its own."""
DATED = (*DAYS, "deliver_from")
"""The same of a part that has a schedule."""
FIELDS = {
    **dict.fromkeys(("064", "071", "64", "71", "358"), "deliver_from"),
    **dict.fromkeys(("002", "063", "106", "074", "2", "63", "74", "359"), "deliver_by"),
    **dict.fromkeys(("038", "084", "10", "11", "38", "84", "200", "235"), "ship_by"),
    **dict.fromkeys(("010", "037", "081", "118", "37", "81", "234"), "ship_from"),
}
"""Which day of a line a kind of date is (X12 data element 374 has three digits, EDIFACT 2005 no zeros in front)."""
QUANTITIES = (None, "1", "21", "113")
"""Kinds of quantities that are to be delivered (EDIFACT 6063): discrete, ordered, to be delivered."""
FIRM = (None, "1", "10")
"""What a schedule says when it is firm (EDIFACT 4017): firm, immediate."""
SEGMENTS = ("SCH", "SCC")


def split(order: PurchaseOrder, policy: PartsPolicy) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order with a line for each date of a schedule, and what holds it."""
    if not order.schedules and not any(line.schedules for line in order.lines):
        return order, ()
    order = parts.placed(order)
    if policy.ignores(*SEGMENTS):
        return order.replace(schedules=(), lines=tuple(line.replace(schedules=()) for line in order.lines)), ()
    if whole := _whole(order):
        remedy = f"ask the partner for the dates of each line, or {policy.unread(*SEGMENTS)}"
        return order, (held(whole, remedy, order),)
    order = order.replace(schedules=())
    if not any(line.schedules for line in order.lines):
        return order, ()
    if policy.schedules == "hold":
        names = [parts.name(line, place) for place, line in enumerate(order.lines, 1) if line.schedules]
        message = f"{', '.join(names)}: to be delivered at dates of {'its' if len(names) == 1 else 'their'} own"
        setting = f'write schedules = "lines" in [{policy.place}] for a sales line for each date'
        return order, (held(message, f"{setting}, or {policy.unread(*SEGMENTS)}", order),)
    made, findings = list[PurchaseOrderLine](), list[Finding]()
    for place, line in enumerate(order.lines, 1):
        wrong = list(_wrong(line)) if line.schedules else []
        remedy = f"ask the partner for a correct one, or {policy.unread(*SEGMENTS)}"
        findings += [held(f"{parts.name(line, place)} {each}", remedy, order) for each in wrong]
        made += [line] if wrong or not line.schedules else _dated(line)
    return order.replace(lines=tuple(made)), tuple(findings)


def _whole(order: PurchaseOrder) -> str:
    """Why what the order says of its deliveries as a whole cannot be written to D365; "" where it only says that it is firm."""
    loose = [each.status or each.frequency for each in order.schedules if each.status not in FIRM or each.frequency]
    if loose:
        return f"the order as a whole is no firm delivery (its schedule says {', '.join(map(str, loose))})"
    if dated := [each for schedule in order.schedules for each in schedule.quantities]:
        said = ", ".join(f"{plain(each.quantity)} on {each.date or 'no day'}" for each in dated)
        return f"the order as a whole is to come at dates of its own ({said}), and does not say how much of which line"
    return ""


def _each(line: PurchaseOrderLine) -> Iterator[tuple[DeliverySchedule, ScheduledQuantity]]:
    for schedule in line.schedules:
        for quantity in schedule.quantities or (schedule,):
            yield schedule, quantity


def _wrong(line: PurchaseOrderLine) -> Iterator[str]:
    """Why the schedules of a line cannot be sales lines."""
    if line.stores:
        yield "has dates and stores, and does not say which store gets what when"
    total = Decimal(0)
    for schedule, each in _each(line):
        total += each.quantity or Decimal(0)
        if each.quantity is None or each.quantity <= 0:
            yield f"has a date ({each.date or 'none'}) without a quantity"
        if each.unit not in (None, line.unit):
            yield f"is ordered in {line.unit}, and comes in {each.unit}"
        if schedule.place_kind or schedule.place:
            place = " ".join(filter(None, (schedule.place_kind, schedule.place)))
            yield f"is to come to another party ({place})"
        if schedule.status not in FIRM or schedule.frequency or each.quantity_kind not in QUANTITIES:
            said = schedule.frequency or each.quantity_kind if schedule.status in FIRM else schedule.status
            yield f"has a schedule that is no firm delivery (it says {said})"
        yield from _dates_wrong(each)
    if line.quantity is None or total != line.quantity:
        yield f"is {plain(line.quantity)} {line.unit or ''}".rstrip(" ") + f", and its dates come to {plain(total)}"


def _dates_wrong(each: ScheduledQuantity) -> Iterator[str]:
    days = [(each.date_kind, each.date), (each.second_kind, each.second)]
    fields = [FIELDS.get(kind or "") for kind, day in days if day is not None]
    if each.date is None:
        yield "has a quantity without a date"
    if None in fields:
        kinds = ", ".join(kind or "none" for kind, day in days if day is not None and kind not in FIELDS)
        yield f"has a date of a kind ({kinds}) that a sales line does not have"
    elif len(set(fields)) < len(fields):
        yield "has two dates for one delivery"
    found = {field: day for field, (_, day) in zip(fields, (each for each in days if each[1]), strict=True) if day}
    if "deliver_from" in found and "deliver_by" in found and found["deliver_from"] > found["deliver_by"]:
        yield f"has a window that ends before it begins ({found['deliver_from']} to {found['deliver_by']})"


def _dated(line: PurchaseOrderLine) -> Iterator[PurchaseOrderLine]:
    """A line for each date; a time is kept beside it."""
    for _, each in _each(line):
        days = {FIELDS[each.date_kind or ""]: each.date}
        if each.second is not None:
            days[FIELDS[each.second_kind or ""]] = each.second
        times = [(each.date_kind, each.date, each.time), (each.second_kind, each.second, each.second_time)]
        moments = tuple(Moment(qualifier=kind, date=day, time=time) for kind, day, time in times if time)
        own: dict[str, object] = {**dict.fromkeys(DATED), **days}
        yield line.replace(**own, schedules=(), quantity=each.quantity, dates=(*line.dates, *moments))
