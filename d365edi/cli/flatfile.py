"""Finds the map that matches a flat file, which has no identification of its own.

Knows: the partners' maps of flat files, and the shipped ones. Does not know: output.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from d365edi.edi import sniff
from d365edi.edi.findings import Finding
from d365edi.edi.flat import reader as rows
from d365edi.edi.flat.layout import Layout, fold
from d365edi.edi.flat.reader import FlatReport
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.maps import table
from d365edi.maps.csv.columns import flat
from d365edi.maps.csv.reader import FlatReader

UNKNOWN = "neither X12 nor EDIFACT nor a flat file with a known map"


NO_EDI = {"headless": "EDI without an envelope", "empty": "an empty file"}
"""What the file is called in which no interchange and no flat file was found, by the rule that it breaks."""


def unknown(data: bytes) -> tuple[str, Finding]:
    """What a file is that is neither an interchange nor a flat file with a known map, and the finding that says so."""
    finding = sniff.missing(data)
    if finding.rule in NO_EDI:
        return NO_EDI[finding.rule], finding
    return UNKNOWN, Finding(
        "file", "error", "", f"This is {UNKNOWN}", remedy="look at it in an editor", rule="standard"
    )


@dataclass(frozen=True, slots=True)
class Recognised:
    """The matching map: its name, its reader and layout, the field that each column of a record is read into, and the
    rows that were read. `flow` is the partner's flow where the map is a partner's."""

    name: str
    reader: FlatReader
    layout: Layout
    fields: Mapping[tuple[str, str], str]
    report: FlatReport
    flow: ReceiveFlow | None


def recognised(data: bytes, partners: Sequence[TradingPartner] = ()) -> Recognised | None:
    """The map that reads documents from a file with the fewest errors, then findings, a partner's before a shipped one;
    of several the one with the fewest columns. None where none does."""
    if sniff.missing(data).rule in NO_EDI:
        return None
    return _best(data, _own(partners)) or _best(data, _shipped())


Candidates = Iterator[tuple[str, FlatReader, ReceiveFlow | None]]


def _best(data: bytes, candidates: Candidates) -> Recognised | None:
    found = []
    for name, reader, flow in candidates:
        layout = flat(reader.table).layout
        report = rows.read(data, layout)
        if report.sets:
            every = [*report.findings, *(finding for one in report.sets for finding in one.findings)]
            errors = sum(finding.severity == "error" for finding in every)
            columns = sum(len(each) for each in layout.records.values())
            fields = _fields(reader.table, layout)
            known = Recognised(name, reader, layout, fields, report, flow)
            found.append((errors, len(every), columns, name, known))
    return min(found, key=lambda each: each[:4])[4] if found else None


def _own(partners: Sequence[TradingPartner]) -> Candidates:
    for partner in partners:
        for flow in partner.receives.values():
            if flow.flat is not None:
                yield f"{flow.set} of {partner.name}", flow.flat, flow


def _shipped() -> Candidates:
    for file in files("d365edi.maps").joinpath("csv").iterdir():
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            yield name, FlatReader(table.load("csv", name)), None


def _fields(known: table.Table, layout: Layout) -> dict[tuple[str, str], str]:
    """Record and column (folded) of every row of the map that reads. A list that stands in several others (cartons in orders
    and in none) is named by the shortest way."""
    found: dict[tuple[str, str], dict[str, str]] = {}

    def walk(rows: table.Scope, record: str, prefix: str) -> None:
        for row in rows.rows:
            if row.name.startswith(("order.", "line.order.")):
                continue
            for place in row.paths:
                before, colon, name = place.partition("[")[0].rpartition(":")
                ways = found.setdefault((before if colon else record, fold(name)), {})
                field = f"{rows.field}.{row.name}"
                ways[field] = min(ways.get(field, prefix + row.name), prefix + row.name, key=len)
        for inner in rows.scopes:
            walk(inner, inner.loop[0] if layout.opens else "", f"{prefix}{inner.field}.")

    walk(table.scope(known), layout.opens, "")
    return {key: ", ".join(ways.values()) for key, ways in found.items()}
