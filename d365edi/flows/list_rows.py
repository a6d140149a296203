"""Rows of a list of D365 as rows of the file: each that can be written, and why the others cannot.

Knows: plans of lists, maps. Does not know: the journal, connections, which rows are due.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from d365edi.errors import DocumentError
from d365edi.flows.messages import document_name, first_errors
from d365edi.flows.partner import SendFlow
from d365edi.journal import Passed
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans
from d365edi.maps.d365.display_value import DisplayFormat
from d365edi.odata.plan import ETAG, ListJoin, ListPlan

Row = Mapping[str, Any]


@dataclass(slots=True)
class Keyed:
    """Rows by their whole keys, in their order, and those that no key tells from others."""

    rows: dict[str, Row] = field(default_factory=dict)
    passed: list[Passed] = field(default_factory=list)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each row."""
        return {key: str(row.get(ETAG, "")) for key, row in self.rows.items()}


@dataclass(slots=True)
class Written:
    """Lines of the file, the versions of the rows that they are of, and the keys of rows that are in no line: those that could
    not be written (`aside`, reported in `passed`) and those that are not in the list after all (`outside`)."""

    text: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def keyed(plan: ListPlan, rows: Iterable[Row]) -> Keyed:
    """Rows of one answer by their keys. Of several with one key the first counts, and the others are passed over."""
    found = Keyed()
    for row in rows:
        if empty := [part for part in plan.key if row.get(part) in (None, "")]:
            reason = f"{' and '.join(empty)} of its key ({', '.join(plan.key)}) is empty; correct the record in D365"
            found.passed.append(Passed(str(row.get(plan.number) or "a record without a number"), reason))
        elif (key := plan.key_of(row)) in found.rows:
            reason = f"{plan.rows.set} has several rows with its key; the first is sent"
            found.passed.append(Passed(str(row[plan.number]), reason, f"{key} again"))
        else:
            found.rows[key] = row
    return found


def write(
    send: SendFlow,
    plan: ListPlan,
    rows: Mapping[str, Row],
    joined: Mapping[str, Sequence[Row]],
    shown: DisplayFormat | None,
    zone: tzinfo,
) -> Written:
    """The lines of these rows, document by document. `joined` has the rows of each join for all of them; with `shown` accounts
    are taken apart. Never raises for what a row holds."""
    found, lines = Written(), list[str]()
    assert isinstance(send.writer, FlatWriter)
    matched = {join.name: _by_match(join, joined.get(join.name, ())) for join in plan.joins}
    for keys in _documents(plan, rows):
        own = [rows[key] for key in keys]
        content: dict[str, Any] = {"header": own[0], "lines": own}
        content |= {join.name: matched[join.name].get(_match(own[0], join.on.values()), []) for join in plan.joins}
        if any(join.required and not content[join.name] for join in plan.joins):
            found.outside += keys
            continue
        try:
            if shown is not None:
                content["lines"] = [plans.taken_apart(send.read_table, row, shown) for row in own]
            reading = plans.read(send.read_table, content, zone)
            if reading.document is None or any(finding.severity == "error" for finding in reading.findings):
                raise DocumentError(first_errors(reading.findings))
            lines.append(send.writer.piece(reading.document))
            for key in keys:
                found.versions[key] = str(rows[key].get(ETAG, ""))
        except DocumentError as error:
            number = str(own[0].get(plan.number))
            reason = f"{document_name(send.read_table.document, number)} is left out of the list: {error}"
            found.passed.append(Passed(number, reason, keys[0]))
            found.aside += keys
    found.text = "".join(lines)
    return found


def document_of(plan: ListPlan, key: str, row: Row) -> object:
    """What rows of one document have in common: its `whole` fields; without any, each row is one."""
    return _match(row, plan.whole) if plan.whole else key


def _documents(plan: ListPlan, rows: Mapping[str, Row]) -> Iterable[list[str]]:
    """The keys of each document, in the order of its first row; inside it in the order of the key."""
    found: dict[object, list[str]] = {}
    for key, row in rows.items():
        found.setdefault(document_of(plan, key, row), []).append(key)
    for keys in found.values():
        yield sorted(keys, key=lambda each: tuple(rows[each][part] for part in plan.key)) if len(keys) > 1 else keys


def _by_match(join: ListJoin, rows: Iterable[Row]) -> dict[tuple[object, ...], list[Row]]:
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in sorted(rows, key=lambda each: [each.get(name) != value for name, value in join.prefer.items()]):
        found.setdefault(_match(row, join.on), []).append(row)
    return found


def _match(row: Row, fields: Iterable[str]) -> tuple[object, ...]:
    """What rows are matched by, alike where D365 calls the values equal (see `quoting.same_text`)."""
    values = (row.get(name) for name in fields)
    return tuple(value.rstrip(" ").casefold() if isinstance(value, str) else value for value in values)
