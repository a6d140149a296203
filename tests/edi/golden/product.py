"""The product's code as the golden files see it: bytes and JSON in, plain values out.

This is the only module here that names a module of d365edi. Whoever changes the engine changes this file and nothing else
in this folder: what the functions return stays as it is, byte for byte. It imports nothing of the tests, so that `against`
can run it over another checkout.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from d365edi.documents import KINDS
from d365edi.edi import acknowledgment as edi_acknowledgment
from d365edi.edi import guides, reader
from d365edi.edi.edifact import acknowledgment as contrl
from d365edi.edi.edifact import writer as edifact_writer
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import acknowledgment as x12_acknowledgment
from d365edi.edi.x12 import writer as x12_writer
from d365edi.errors import DocumentError
from d365edi.maps.csv.reader import FlatReader
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans as d365
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.reader import Reader, Reading
from d365edi.maps.table import load
from d365edi.maps.writer import Writer
from d365edi.matching.dimensions import DimensionFormats, DimensionPolicy, answered
from d365edi.matching.resolution import Resolution, ResolvedReference

Plain = dict[str, Any]

LONGEST = 300
"""Offending values of more characters are kept as their length and digest."""
X12_VERSIONS = ("004010", "005010")
DIRECTORIES = {"D96A": "D:96A:UN:EAN008", "D01B": "D:01B:UN:EAN010"}
GROUPS = {"850": "PO", "855": "PR", "860": "PC", "865": "CA", "856": "SH", "810": "IN", "820": "RA", "824": "AG"}
JOURNAL = {"header": {"constants": {"JournalName": "CustPay"}}}
AT = datetime(2026, 1, 5, 9, 15)  # noqa: DTZ001
REPETITION = "^"


# -- reading ----------------------------------------------------------------------------------------------------------


def read(data: bytes, strictness: str = "lenient", *, documents: bool = True) -> Plain:
    """A file of X12 or EDIFACT: findings, verdicts, counts, digests, the answers to it and, if wanted, the documents."""
    report = reader.read(data, reader.ReadOptions(strictness=strictness))  # type: ignore[arg-type]
    return {
        "findings": findings(report.findings),
        "interchanges": [_interchange(each, documents=documents) for each in report.interchanges],
    }


def read_flat(data: bytes, name: str) -> Plain:
    """A flat file, read by a shipped CSV map."""
    found = _flat(name)[0].read(data)
    return {"findings": findings(found.findings), "readings": [reading(each) for each in found.readings]}


def findings(found: Iterable[Finding]) -> list[Plain]:
    """Findings without their sentences: rule, level, severity, code, value and the parts of the place that are said."""
    return [_finding(each) for each in found]


def _finding(finding: Finding) -> Plain:
    where, value = finding.where, finding.value
    if len(value) > LONGEST:
        value = f"{len(value)} characters, {sha256(value.encode('utf-8', 'surrogateescape')).hexdigest()}"
    place = {
        "offset": where.offset, "ordinal": where.ordinal, "segment": where.segment, "element": where.element,
        "component": where.component, "repetition": where.repetition, "loop": where.loop,
        "reference": where.reference, "line": where.line,
    }  # fmt: skip
    said = {"rule": finding.rule, "level": finding.level, "severity": finding.severity, "code": finding.code}
    return {**said, "value": value, "place": {name: part for name, part in place.items() if part not in (0, "", -1)}}


def _interchange(one: InterchangeReport, *, documents: bool) -> Plain:
    return {
        "standard": one.standard, "sender": str(one.sender), "receiver": str(one.receiver), "date": one.date,
        "time": one.time, "control": one.control, "version": one.version, "usage": one.usage,
        "answer_requested": one.answer_requested, "offset": one.offset, "length": one.length, "digest": one.digest,
        "routing": list(one.routing), "acknowledgments": [list(each) for each in one.acknowledgments],
        "verdict": one.verdict, "findings": findings(one.findings),
        "groups": [_group(each, one.standard, documents=documents) for each in one.groups],
        "answers": answers(one),
    }  # fmt: skip


def _group(group: GroupReport, standard: str, *, documents: bool) -> Plain:
    return {
        "functional_id": group.functional_id, "sender": group.sender, "receiver": group.receiver, "date": group.date,
        "time": group.time, "control": group.control, "version": group.version, "offset": group.offset,
        "included": group.included, "received": group.received, "accepted": group.accepted, "verdict": group.verdict,
        "findings": findings(group.findings),
        "sets": [_set(each, standard, documents=documents) for each in group.sets],
    }  # fmt: skip


def _set(one: SetReport, standard: str, *, documents: bool) -> Plain:
    found: Plain = {
        "id": one.id, "control": one.control, "version": one.version, "offset": one.offset,
        "guide": [one.guide.set, one.guide.version] if one.guide is not None else None,
        "segments": len(one.segments), "verdict": one.verdict, "findings": findings(one.findings),
    }  # fmt: skip
    if one.id in ("997", "999"):
        found["answer"] = _answers(x12_acknowledgment.answers(one))
    elif one.id == "CONTRL":
        found["answer"] = _answers(contrl.answers(one))
    if documents and one.guide is not None and one.id in maps(standard.lower()):
        found["mapped"] = reading(_mapper(standard, one.id, one.guide.version).read(one))
    return found


def _answers(found: Iterable[edi_acknowledgment.Answer]) -> Any:
    """The answer that an acknowledgment should be, a list where it is none or several."""
    answers = [_answer(each) for each in found]
    return answers[0] if len(answers) == 1 else answers


def _answer(answer: edi_acknowledgment.Answer) -> Plain:
    """What an acknowledgment of theirs says."""
    return {
        "functional_id": answer.functional_id, "control": answer.control, "version": answer.version,
        "verdict": answer.verdict, "counts": [answer.included, answer.received, answer.accepted],
        "codes": list(answer.codes), "receipt": answer.receipt,
        "sets": [[each.id, each.control, each.verdict, list(each.codes), findings(each.errors)] for each in answer.sets],
    }  # fmt: skip


def reading(found: Reading) -> Plain:
    """What a map made of a set or of rows."""
    return {
        "document": json.loads(found.document.to_json()) if found.document is not None else None,
        "findings": findings(found.findings),
        "unmapped": findings(found.unmapped),
    }


# -- answers ----------------------------------------------------------------------------------------------------------


def answers(report: InterchangeReport) -> Plain:
    """The answers to an interchange, whether they are due, and their bytes in a fixed envelope."""
    if report.standard == "EDIFACT":
        found: Plain = {"due": contrl.due(report), "asked": contrl.asked(report)}
        for loop in ("errors", "all", "none"):
            found[f"CONTRL {loop}"] = _tried(lambda loop=loop: _contrl(report, loop=loop))
        found["CONTRL receipt"] = _tried(lambda: _contrl(report, receipt=True))
        found["CONTRL duplicate"] = _tried(lambda: _contrl(report, duplicate=True))
        found["CONTRL UNOA"] = _tried(lambda: _contrl(report, charset="UNOA"))
        return found
    found = {"TA1 due": x12_acknowledgment.ta1_due(report)}
    found["due"] = [x12_acknowledgment.due(group) for group in report.groups]
    for duplicate in (False, True):
        found["TA1 duplicate" if duplicate else "TA1"] = _tried(
            lambda duplicate=duplicate: _receipt(report, duplicate=duplicate)
        )
    for form, version, loop in (
        ("997", "004010", "errors"),
        ("997", "004010", "all"),
        ("997", "004010", "none"),
        ("997", "005010", "errors"),
        ("999", x12_acknowledgment.IMPLEMENTATION, "errors"),
        ("999", x12_acknowledgment.IMPLEMENTATION, "all"),
    ):
        found[f"{form} {version} {loop}"] = _tried(
            lambda form=form, version=version, loop=loop: _functional(report.groups, form, version, loop)
        )
    return found


def _tried(make: Any) -> str:
    try:
        made: bytes = make()
    except DocumentError:
        return "DocumentError"
    return made.decode("latin-1")


def _contrl(report: InterchangeReport, **how: Any) -> bytes:
    body = contrl.interchange(report, **how)
    return _edifact_bytes("CONTRL", body, contrl.VERSION, how.get("charset", "UNOC"))


def _receipt(report: InterchangeReport, *, duplicate: bool) -> bytes:
    segment = x12_acknowledgment.interchange(report, duplicate=duplicate)
    return x12_writer.write(_x12_envelope("004010"), (), acknowledgments=[segment])


def _functional(groups: list[GroupReport], form: Any, version: str, loop: Any) -> bytes:
    convention = version if form == "999" else ""
    bodies = [
        x12_acknowledgment.functional(group, group.control, loop=loop, form=form, version=version) for group in groups
    ]
    sets = [x12_writer.OutgoingSet(form, f"{number:04d}", body, convention) for number, body in enumerate(bodies, 1)]
    outgoing = (x12_writer.Group("FA", 7, tuple(sets), version),) if sets else ()
    return x12_writer.write(_x12_envelope(version[:6]), outgoing)


def _x12_envelope(version: str) -> x12_writer.Envelope:
    parties = (Party("ZZ", "US"), Party("ZZ", "THEM"), "US", "THEM")
    return x12_writer.Envelope(*parties, version, "T", Syntax(repetition=REPETITION), 7, AT)


def _edifact_bytes(id: str, body: list[Any], version: str, charset: str = "UNOC") -> bytes:
    parties = Party("14", "5412345000013"), Party("14", "4012345500004")
    envelope = edifact_writer.Envelope(*parties, version, "P", edifact_writer.DEFAULT, 101, AT, charset=charset)
    return edifact_writer.write(
        envelope,
        [edifact_writer.Group("", 0, (edifact_writer.OutgoingSet(id, "1", body),))],
        uppercase=charset == "UNOA",
    )


# -- maps -------------------------------------------------------------------------------------------------------------


NEWER = frozenset({"PurchaseOrderStores", "Vendor", "Item", "JournalEntry"})
"""Maps that ship only since then: what they read was nobody's before."""


@cache
def maps(language: str) -> tuple[str, ...]:
    """The names of the shipped maps of `x12`, `edifact` or `csv` that there were at d60af4b."""
    names = [each.name for each in (files("d365edi.maps") / language).iterdir()]
    return tuple(sorted({name.removesuffix(".toml") for name in names if name.endswith(".toml")} - NEWER))


def ways(language: str) -> tuple[str, ...]:
    """The versions, directories or spellings in which a shipped map is written."""
    return {"x12": X12_VERSIONS, "edifact": tuple(DIRECTORIES), "csv": ("comma", "semicolon")}[language]


@cache
def _mapper(standard: Any, id: str, version: str) -> Any:
    guide = guides.load(standard, id, version)
    assert guide is not None
    if standard == "X12":
        return Reader(load("x12", id), guide)
    others = [each for each in (guides.load(standard, id, one) for one in DIRECTORIES) if each is not None]
    return EdifactReader(load("edifact", id), guide, versions=others)


@cache
def _flat(name: str, way: str = "") -> tuple[FlatReader, FlatWriter]:
    spelling: Mapping[str, Any] | None = None
    if way == "semicolon" and not name.endswith("Records"):
        spelling = {"file": {"delimiter": ";", "decimal": ",", "dates": "DD.MM.YYYY"}}
    table = load("csv", name, spelling)
    return FlatReader(table), FlatWriter(table, partner="acme")


@cache
def _writer(language: Any, name: str, way: str) -> Any:
    if language == "csv":
        return _flat(name, way)[1]
    guide = guides.load("X12" if language == "x12" else "EDIFACT", name, way)
    assert guide is not None
    if language == "x12":
        return Writer(load("x12", name), guide, partner="acme")
    others = [each for each in (guides.load("EDIFACT", name, one) for one in DIRECTORIES) if each is not None]
    return EdifactWriter(load("edifact", name), guide, partner="acme", versions=others)


def write(language: str, name: str, way: str, document: Plain, order: Plain | None = None) -> str:
    """The bytes of a whole file with the document by a shipped map, as Latin-1 text, a character a byte.

    With an order the document answers that: its lines are those of the order in turn, every third is matched with none.
    """
    writer = _writer(language, name, way)
    made = KINDS[kind(language, name)].from_json(json.dumps(document))
    answered: dict[str, Any] = {}
    if order is not None:
        whole = KINDS["PurchaseOrder"].from_json(json.dumps(order))
        lines = [each for line in whole.lines for each in (line, line, None)]  # type: ignore[attr-defined]
        answered = {"order": whole, "line_orders": lines * 20, "orders": [whole] * 20}
    try:
        body = writer.write(made, **answered)
        return _file(language, name, way, body).decode("latin-1")
    except DocumentError:
        return "DocumentError"


def _file(language: str, name: str, way: str, body: Any) -> bytes:
    if language == "csv":
        return bytes(body)
    if language == "edifact":
        return _edifact_bytes(name, body, DIRECTORIES[way])
    group = x12_writer.Group(GROUPS[name], 7, (x12_writer.OutgoingSet(name, "0001", body),))
    return x12_writer.write(_x12_envelope(way), [group])


def write_all(name: str, way: str, documents: list[Plain]) -> str:
    """A flat file of several documents, as `write` gives it."""
    made = [KINDS[kind("csv", name)].from_json(json.dumps(each)) for each in documents]
    try:
        return _flat(name, way)[1].write_all(made).decode("latin-1")
    except DocumentError:
        return "DocumentError"


def read_back(language: str, name: str, way: str, text: str) -> list[Plain]:
    """What is read of a file that `write` made: a reading for each document."""
    data = text.encode("latin-1")
    if language == "csv":
        return [reading(each) for each in _flat(name, way)[0].read(data).readings]
    found = [one for each in read(data)["interchanges"] for group in each["groups"] for one in group["sets"]]
    return [one.get("mapped", {}) for one in found]


def kind(language: Any, name: str) -> str:
    """The kind of document of a shipped map."""
    return load(language, name).document


def today(name: str, document: Plain) -> Plain:
    """A document that an older version read by the shipped map of this name, as it is read from the journal today."""
    language = next(each for each in ("x12", "edifact", "csv") if name in maps(each))
    found: Plain = json.loads(KINDS[kind(language, name)].from_json(json.dumps(document)).to_json())
    return found


def writing_tables() -> dict[str, str]:
    """The shipped D365 tables that write, with the kind of document that each writes."""
    tables = [load("d365/write", name) for name in ("CustomerPayment", "SalesOrder")]  # those of d60af4b
    return {table.name: table.document for table in tables}


def plan(name: str, document: Plain) -> Plain:
    """What a shipped D365 table writes of a document: the plan, and what it cannot take over."""
    pays = name in ("CustomerPayment", "VendorPayment")
    table = load("d365/write", name, JOURNAL if pays else None)
    made: Any = KINDS[table.document].from_json(json.dumps(document))
    lines = list(getattr(made, "lines", ()))
    units = sorted({each.unit for each in lines if getattr(each, "unit", None)})
    known = Resolution().plus(
        ResolvedReference("customer", "US-003", extra="US-004"),
        ResolvedReference("location", "L-7"),
        *([ResolvedReference("vendor_account", "US-101", more=(("vendor_currency", "EUR"),))] if pays else []),
        *([ResolvedReference("address", "order")] if getattr(made, "type", None) == "DS" else []),
        *(ResolvedReference("item", f"NB-{line:03d}", (line,)) for line in range(1, len(lines) + 1)),
        *(ResolvedReference("unit", f"U-{unit}", subject=unit) for unit in units),
    )
    known = answered(known, DimensionPolicy(), DimensionFormats("-"))
    try:
        text = d365.write_plan(table, made, known, company="usmf").to_bytes().decode()
    except DocumentError:
        text = "DocumentError"
    return {"plan": text, "unwritten": findings(d365.unwritten(table, made))}
