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
from d365edi.odata.plan import ETAG, ListPlan

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
    """Lines of the file, the versions of the rows that they are of, and the rows that could not be written, by their keys."""

    text: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    aside: dict[str, Passed] = field(default_factory=dict)


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
    send: SendFlow, plan: ListPlan, rows: Mapping[str, Row], joined: Mapping[str, Sequence[Row]], zone: tzinfo
) -> Written:
    """The lines of these rows. `joined` has the rows of each join for all of them. Never raises for what a row holds."""
    found, lines = Written(), list[str]()
    assert isinstance(send.writer, FlatWriter)
    matched = {join.name: _by_match(join.on, joined.get(join.name, ())) for join in plan.joins}
    for key, row in rows.items():
        content: dict[str, Any] = {"header": row}
        for join in plan.joins:
            content[join.name] = matched[join.name].get(_match(row, join.on.values()), [])
        reading = plans.read(send.read_table, content, zone)
        try:
            if reading.document is None or any(finding.severity == "error" for finding in reading.findings):
                raise DocumentError(first_errors(reading.findings))
            lines.append(send.writer.piece(reading.document))
            found.versions[key] = str(row.get(ETAG, ""))
        except DocumentError as error:
            number = str(row.get(plan.number))
            reason = f"{document_name(send.read_table.document, number)} is left out of the list: {error}"
            found.aside[key] = Passed(number, reason, key)
    found.text = "".join(lines)
    return found


def _by_match(on: Mapping[str, str], rows: Iterable[Row]) -> dict[tuple[object, ...], list[Row]]:
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(_match(row, on), []).append(row)
    return found


def _match(row: Row, fields: Iterable[str]) -> tuple[object, ...]:
    """What rows are matched by, alike where D365 calls the values equal (see `quoting.same_text`)."""
    values = (row.get(name) for name in fields)
    return tuple(value.rstrip(" ").casefold() if isinstance(value, str) else value for value in values)
