"""An independent checker agrees with what we write: structure, types, lengths and counts of each set in both versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from d365edi.documents import Document
from d365edi.edi import guides, reader
from d365edi.edi.x12 import acknowledgment, writer
from d365edi.errors import DocumentError
from tests.edi import independent, make, see
from tests.edi.mutants import MUTANTS
from tests.maps.drawn import invoices, orders
from tests.maps.drawn_answers import advices, change_responses, changes, remittances, responses
from tests.maps.drawn_shipments import shipments
from tests.maps.wire import VERSIONS, plain

BODIES = {
    "850": ("PO", make.ORDER), "855": ("PR", make.ACKNOWLEDGED), "856": ("SH", make.SHIPMENT), "860": ("PC", make.CHANGE),
    "810": ("IN", make.INVOICE), "820": ("RA", make.PAYMENT), "997": ("FA", make.ACCEPTED),
}  # fmt: skip

BLIND = {
    "code not in list, right length (BEG01 QQ)", "paired P0607 (PO106 without PO107)", "conditional C0302 (PO103 without PO102)",
    "required R0203 (N1 with neither 02 nor 03)", "paired P0304 (N103 without N104)", "required R0203 REF (only REF01)",
    "control characters (BEL) in AN", "GS01/ST01 mismatch (GS IN, ST 850)",
}  # fmt: skip
"""The mutants that it cannot see: codes, relational notes, the character set, the group's kind."""


def written(version: str) -> dict[str, bytes]:
    """Each set in a version, by our writer; a 997 and a 999 for each mutant of an order.

    The 999s stand in a group of plain 005010: the checker has the set, but not under the name of its implementation.
    """
    files = {
        f"{set} {version}": writer.write(
            make.envelope(version), [writer.Group(group, 7, (writer.OutgoingSet(set, "0001", make.segments(body)),))]
        )
        for set, (group, body) in BODIES.items()
    }
    forms: list[acknowledgment.Form] = ["997"] if version < "005" else ["997", "999"]
    for form in forms:
        for mutant in MUTANTS:
            group = reader.read(mutant.data).interchanges[0].groups[0]
            body = acknowledgment.functional(group, group.control, loop="all", form=form, version=version)
            outgoing = (writer.OutgoingSet(form, "0001", body),)

            files[f"{form} {version} of {mutant.name}"] = writer.write(
                make.envelope(version), [writer.Group("FA", 7, outgoing)]
            )
    return files


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_it_finds_nothing_wrong_with_what_we_write_and_neither_do_we(version: str) -> None:
    files = written(version)
    answers = independent.judge(files)
    assert {name: said for name, said in answers.items() if said} == {}
    for name, data in files.items():
        assert [str(found) for found in see.findings(reader.read(data)) if found.severity == "error"] == [], name


DRAWN: dict[str, st.SearchStrategy[Any]] = {
    "850": orders(), "855": responses(), "856": shipments(), "860": changes(), "865": change_responses(), "810": invoices(),
    "820": remittances(), "824": advices(),
}  # fmt: skip


def documents(strategy: st.SearchStrategy[Any], size: int) -> list[Document]:
    """So many documents, drawn one by one."""
    found: list[Document] = []

    @settings(deadline=None, max_examples=size, phases=(Phase.generate,), database=None)
    @given(strategy)
    def collect(document: Document) -> None:
        found.append(document)

    collect()
    return found


def sent(set: str, version: str, document: Document) -> bytes:
    """A document as the map and the writer send it; nothing where a key of it cannot be written."""
    body = plain(set, version)[1].write(document)
    group = writer.Group(guides.group_of("X12", set), 7, (writer.OutgoingSet(set, "0001", body),))
    try:
        return writer.write(make.envelope(version), [group])
    except DocumentError:
        return b""


def test_it_agrees_on_what_the_maps_write() -> None:
    files: dict[str, bytes] = {}
    for set, strategy in DRAWN.items():
        for number, document in enumerate(documents(strategy, 3)):
            files |= {f"{set} {version} {number}": sent(set, version, document) for version in VERSIONS}
    files = {name: data for name, data in files.items() if data}
    assert {name.split(" ")[0] for name in files} == {*DRAWN}
    assert {name: said for name, said in independent.judge(files).items() if said} == {}
    for name, data in files.items():
        assert [str(found) for found in see.findings(reader.read(data)) if found.severity == "error"] == [], name


def test_it_refuses_the_mutants_that_it_can_see() -> None:
    answers = independent.judge({mutant.name: mutant.data for mutant in MUTANTS})
    assert {name for name, said in answers.items() if not said} == BLIND


def test_it_agrees_on_the_sets_of_the_corpus_written_again(corpus: Path) -> None:
    files = {}
    for file in sorted(corpus.glob("x12_8*_golden-*.x12")):
        report = see.sample(file.name)
        (group,) = report.interchanges[0].groups
        outgoing = tuple(make.again(one) for one in group.sets)
        envelope = make.envelope(group.version)
        files[file.name] = writer.write(envelope, [writer.Group(group.functional_id, 7, outgoing)])
    answers = independent.judge(files)
    assert len(files) == 12
    assert {name: said for name, said in answers.items() if said} == {}
