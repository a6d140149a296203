"""A posted record of D365 read into a document by its table.

D365 says "empty" in its own ways, and each becomes None: `""`, a day in 1900, a zero where a number names something. A day
is noon UTC: the time is cut off, never shifted. A point in time (`moments` of the table) is read as local time.
Joined sets are matched to the lines by equal fields; a line without its row, or with two, is a finding, unless the tenant
does not let us read the set and the table says that it may be missing.

Knows: the layout of reading tables and of records. Does not know: entity names, how the record was fetched.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from itertools import starmap
from types import MappingProxyType
from typing import Any

from msgspec import ValidationError

from d365edi.documents import Invoice
from d365edi.edi.findings import Finding, Position
from d365edi.maps import unmapped
from d365edi.maps.d365.nested_rows import nest
from d365edi.maps.d365.schema import Section, header, joins, lines, model_of
from d365edi.maps.fields import Kind, Model, find
from d365edi.maps.reader import Reading
from d365edi.maps.table import Table
from d365edi.matching import prices
from d365edi.odata.plan import NO_SET, REFUSED

Row = Mapping[str, Any]
Values = dict[str, Any]

OPPOSITE = {"charge": "allowance", "allowance": "charge"}


def read(table: Table, content: Mapping[str, Any], zone: tzinfo = UTC) -> Reading:
    """The document of a record `{"header": {...}, "lines": [...], "<join>": [...]}`; findings of severity error hold
    it. `zone`: the time zone of points in time. What D365 did not show of it is all that is said of a record."""
    reading = _read(table, content, zone)
    refused = content.get(REFUSED)
    return replace(reading, findings=tuple(starmap(_not_shown, refused.items()))) if refused else reading


def _not_shown(entity_set: str, reason: str) -> Finding:
    remedy = "in D365, give the application's user a role that may read it, then release it: it is fetched again"
    if NO_SET in reason:
        remedy = f"if it has another one, name it under [partners.NAME.send.SET.d365]; else, {remedy}"
    return _error(f"D365 does not show its {entity_set} ({reason})", remedy)


def _read(table: Table, content: Mapping[str, Any], zone: tzinfo) -> Reading:
    model = model_of(table)
    if "lines" not in table.tree:
        return _read_row(table, content, zone)
    head, each = header(table), lines(table)
    content = {**content, "header": _here(head, content["header"], zone)}
    line_model = find(model, "lines")
    assert line_model is not None
    assert line_model.model is not None
    findings: list[Finding] = []
    document: Values = {}
    _put(document, table.tree.get("says", {}))
    _take(document, head, content["header"], model)
    rows = list(content.get("lines", ()))
    items = [_line(each, row, line_model.model) for row in rows]
    known: list[Values] = [{**content["header"], **row} for row in rows]
    empty_is = each.tree.get("empty_is", {})
    for join in joins(table):
        _join(join, head, content, known, document, items, (model, line_model.model), findings, empty_is)
    _totals(head, content["header"], rows, document)
    if not items:
        findings.append(_error("it has no lines in D365", "look at it there, then release it"))
    nest(document, items, [_filled(row, empty_is) for row in known], each.tree.get("levels", {}))
    return _finish(table, model, document, findings)


def _read_row(table: Table, content: Mapping[str, Any], zone: tzinfo) -> Reading:
    """A record without lines, as lists have them."""
    model, head = model_of(table), header(table)
    content = {**content, "header": _here(head, content["header"], zone)}
    findings, document = list[Finding](), Values()
    _put(document, table.tree.get("says", {}))
    _take(document, head, content["header"], model)
    for join in joins(table):
        _join(join, head, content, (), document, (), (model, model), findings)
    return _finish(table, model, document, findings)


def _finish(table: Table, model: Model, document: Values, findings: list[Finding]) -> Reading:
    try:
        made = model.of(document)
    except ValidationError as error:
        paths = {entry.sources[0]: entry.name for entry in header(table).rows if entry.sources}
        findings += unmapped.unbuilt(model, document, error, paths, table.document)
        return Reading(None, tuple(findings))
    if isinstance(made, Invoice):
        findings += arithmetic(made)
    return Reading(made, tuple(findings))


def _line(section: Section, row: Row, model: Model) -> Values:
    item: Values = {}
    _take(item, section, row, model)
    if "charges" in section.tree:
        item["charges"] = _charges(section, row, ())
    return item


def _take(target: Values, section: Section, row: Row, model: Model) -> None:
    """Put a row's values into the document; a join's value counts more than the one before it."""
    empty_zeros = section.tree.get("zero_is_empty", ())
    found: dict[str, Any] = {}
    for entry in section.rows:
        said = row.get(entry.name)
        if said is None or said == "":
            continue
        for source in entry.sources:
            field = find(model, source)
            value = plain(said, field.kind) if field is not None else None
            if value is not None and (value or entry.name not in empty_zeros):
                found[source] = value
    for name, source in section.tree.get("times", {}).items():
        if time := moment(row.get(name)):
            found[source] = time
    _put(target, found)


def _put(target: Values, found: Mapping[str, Any]) -> None:
    """Values by dotted names, put where these lead."""
    for source, value in found.items():
        if "." not in source:
            target[source] = value
            continue
        *way, last = source.split(".")
        inner = target
        for step in way:
            inner = inner.setdefault(step, {})
        inner[last] = value


def _here(head: Section, row: Row, zone: tzinfo) -> Row:
    """The header with its points in time in local time of the zone."""
    if not head.moments:
        return row
    moments = {name: str(row.get(name) or "") for name in head.moments}
    return {**row, **{name: _local(text, zone) for name, text in moments.items() if text}}


def _local(text: str, zone: tzinfo) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is None or at.year <= 1900 else at.astimezone(zone).isoformat()


def moment(value: Any) -> str:
    """The time of a point in time as HHMM, as it stands; "" where there is none."""
    text = str(value or "")
    return text[11:13] + text[14:16] if len(text) >= 16 and plain(text, "day") is not None else ""


def plain(value: Any, kind: Kind) -> Any:
    """A value of D365 as a document has it; None for each of its ways to say empty."""
    if value is None or value == "":
        return None
    if kind == "day":
        found = date.fromisoformat(str(value)[:10])
        return None if found.year <= 1900 else found
    if kind == "amount":
        return Decimal(value)
    if kind == "whole":
        return int(value) or None
    return str(value).strip(" ") or None


# -- joins ------------------------------------------------------------------------------------------------------------
def _join(
    join: Section,
    head: Section,
    content: Mapping[str, Any],
    rows: Sequence[Values],
    document: Values,
    items: Sequence[Values],
    models: tuple[Model, Model],
    findings: list[Finding],
    empty_is: Mapping[str, str] = MappingProxyType({}),
) -> None:
    found = _with_own(join, content)
    by_line = [(theirs, ours) for theirs, ours in join.on if ours not in head.known]
    optional = bool(join.tree.get("optional"))
    if "charge" in join.tree:
        findings += _charge_rows(join, found, [ours for _, ours in by_line], rows, document, items)
        return
    if not by_line:
        if (len(found) > 1 and not join.tree.get("first")) or (not found and not optional):
            findings.append(_odd(join, len(found), "it"))
        for row in found[:1]:
            _take(document, join, row, models[0])
        return
    known: dict[tuple[object, ...], list[Row]] = {}
    for row in found:
        known.setdefault(_key(row, [theirs for theirs, _ in by_line]), []).append(row)
    for number, (line, item) in enumerate(zip(rows, items, strict=True), 1):
        matched = known.get(_key(_filled(line, empty_is), [ours for _, ours in by_line]), [])
        if len(matched) == 1:
            line.update({name: value for name, value in matched[0].items() if name not in line})
            _take(item, join, matched[0], models[1])
        elif matched or (found and join.tree.get("among") is not True) or not optional:
            findings.append(_odd(join, len(matched), f"line {number}"))


def _with_own(join: Section, content: Mapping[str, Any]) -> Sequence[Row]:
    """The rows of a join, with the one that the header makes of what it says itself (`header` of the table)."""
    found: Sequence[Row] = content.get(join.name, ())
    said = join.tree.get("header")
    if not said:
        return found
    first, own = next(iter(said)), {theirs: content["header"].get(ours) for theirs, ours in said.items()}
    there = any(_key(row, [first]) == _key(own, [first]) for row in found)
    return found if there or not own[first] else [*found, own]


def _filled(row: Row, empty_is: Mapping[str, str]) -> Row:
    """A line in which another field stands for each that is empty."""
    empty = {name: row.get(instead) for name, instead in empty_is.items() if not row.get(name)}
    return {**row, **empty} if empty else row


def _charge_rows(
    join: Section,
    found: Sequence[Row],
    by_line: Sequence[str],
    rows: Sequence[Values],
    document: Values,
    items: Sequence[Values],
) -> Iterator[Finding]:
    """Each row of a set of charges is a charge of the document, or of the line that it belongs to."""
    table, theirs = join.tree["charge"], [their for their, ours in join.on if ours in by_line]
    lines = {_key(row, by_line): item for row, item in zip(rows, items, strict=True)}
    for row in found:
        target = lines.get(_key(row, theirs)) if by_line else document
        amount = Decimal(row.get(table["amount"]) or 0)
        if target is None or str(row.get(table["category"]) or "Fixed") != "Fixed":
            text = str(plain(row.get(table["description"]), "text") or plain(row.get(table["code"]), "text") or "")
            yield _error(f'its charge "{text}" in {join.set} is no amount of the order or a line', "send it by hand")
        elif amount:
            said = {name: table[name] for name in ("kind", "handling")}
            made = {**said, "kind": said["kind"] if amount > 0 else OPPOSITE[said["kind"]], "amount": abs(amount)}
            made["code"] = "freight" if "freight" in str(row.get(table["code"]) or "").casefold() else "other"
            made["description"] = plain(row.get(table["description"]), "text") or plain(row.get(table["code"]), "text")
            target.setdefault("charges", []).append(made)


def _key(row: Row, names: Sequence[str]) -> tuple[object, ...]:
    """What rows are matched by, alike where D365 calls the values equal (see `quoting.same_text`)."""
    return tuple(value.rstrip(" ").casefold() if isinstance(value := row.get(name), str) else value for name in names)


def _odd(join: Section, count: int, what: str) -> Finding:
    message = f"{join.set} has {f'{count} rows' if count else 'no row'} for {what}"
    severity, remedy = ("error", "look at it in D365, then release it") if count > 1 else ("warning", "")
    return Finding("document", severity, "", message, Position(segment=join.set), "", remedy, "join")  # type: ignore[arg-type]


# -- amounts ----------------------------------------------------------------------------------------------------------
def _totals(head: Section, row: Row, rows: Sequence[Row], document: Values) -> None:
    if "charges" in head.tree:
        document.setdefault("charges", []).extend(_charges(head, row, rows))
    if "taxes" in head.tree:
        amounts = [(tax["type"], Decimal(row.get(tax["field"]) or 0)) for tax in head.tree["taxes"].values()]
        document["taxes"] = [{"type": type, "amount": amount} for type, amount in amounts if amount]
    for name, words in head.tree.get("sign", {}).items():
        of_lines = head.tree.get("sign_of_zero", {}).get(name, "")
        document["sense"] = words[1] if _negative(Decimal(row.get(name) or 0), rows, of_lines) else words[0]


def _negative(amount: Decimal, rows: Sequence[Row], field: str) -> bool:
    """Whether an amount is below 0, or where it is 0 this field of every line that has one."""
    if amount or not field:
        return amount < 0
    figures = [figure for row in rows if (figure := Decimal(row.get(field) or 0))]
    return bool(figures) and max(figures) < 0


def _charges(section: Section, row: Row, lines: Sequence[Row]) -> list[Values]:
    """The amounts of a record that are charges or allowances of the document, where they are not zero."""
    found = []
    for charge in section.tree.get("charges", {}).values():
        amount = Decimal(row.get(charge["field"]) or 0)
        if "less" in charge:
            amount -= sum((Decimal(line.get(charge["less"]) or 0) for line in lines), Decimal(0))
        if amount:
            made = {name: value for name, value in charge.items() if name not in ("field", "less")}
            made["kind"] = charge["kind"] if amount > 0 else OPPOSITE[charge["kind"]]
            found.append({**made, "amount": abs(amount)})
    return found


def arithmetic(invoice: Invoice) -> list[Finding]:
    """A finding when the total is not lines, charges less allowances and taxes: a partner who adds it up pays
    something else."""
    if invoice.total is None:
        return []
    nothing = Decimal(0)
    computed = sum((prices.extended(line) or nothing for line in invoice.lines), nothing)
    for charge in (*invoice.charges, *(each for line in invoice.lines for each in line.charges)):
        sign = {"charge": 1, "allowance": -1}.get(charge.kind or "", 0)
        computed += sign * (charge.amount or nothing)
    computed += sum((tax.amount or nothing for tax in invoice.taxes), nothing)
    if computed == invoice.total:
        return []
    message = f"the total {invoice.total} is not what lines, charges and taxes come to: {computed}"
    remedy = "look whether a price is for more than one unit, or a charge stands nowhere"
    return [Finding("document", "warning", "", message, Position(), str(invoice.total), remedy, "arithmetic")]


def _error(message: str, remedy: str) -> Finding:
    return Finding("document", "error", "", message, remedy=remedy, rule="document")
