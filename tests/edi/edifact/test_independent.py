"""An independent reader finds in what we write the segments and elements that we wrote, and in the corpus those that we read.

Where the two disagree, `DISAGREEMENTS` says what each does and which clause decides.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from d365edi.edi import reader, release, values
from d365edi.edi.batch import Batch
from d365edi.edi.edifact import acknowledgment, writer
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import Opening, tokenize
from tests.edi.edifact import independent, make
from tests.edi.edifact.mutants import MUTANTS

TRICKY = ("O'NEIL", "A+B", "C:D", "50?", "??", "?'", "'", "+", ":", "A?+B", "X" * 35, "0", " inner  blanks ", "Ü")
SYNTAXES = {
    "default": writer.DEFAULT,
    "una": Syntax("EDIFACT", "|", "@", "~", "", "\\", ",", "\r\n"),
    "lines": replace(writer.DEFAULT, suffix="\n"),
}

_UNB = "reads messages without UNB; ISO 9735: an interchange begins with UNB"
DISAGREEMENTS = {
    "edifact_APERAK_EDI-Net-Apperak-edi-out-issue235": "fails at the empty elements of the first UNB, which may be left out",
    "edifact_INVOIC_EDI-Net-edifact-Issue203": "takes the byte order mark for a part of UNA; it belongs to no interchange",
    "edifact_INVOIC_edifact-rs-d01b-invoic-malformed": _UNB,
    "edifact_ORDERS_edifact-rs-d01b-orders-conforming": _UNB,
    "edifact_ORDERS_edifact-parser-llms-reading": "takes blanks before a segment for a part of its id, which has three letters",
    "edifact_ORDERS_underware-Edif-D93A-ORDERS": "takes a line break for data; ISO 9735: no character set has one",
}
"""Files that the two read differently: why, and the clause that decides for us."""


def ours(data: bytes) -> list[list[independent.Element]]:
    """The segments of a file as our tokenizer has them, in the other's shape."""
    found: list[list[independent.Element]] = []
    syntax = writer.DEFAULT
    for event in tokenize(data):
        if isinstance(event, Opening):
            syntax = event.syntax
            found.append(shaped(event.elements, syntax))
        elif isinstance(event, Batch):
            found += [shaped(text.split(syntax.element), syntax) for text in event.segments]
    return found


def shaped(row: list[str], syntax: Syntax) -> list[independent.Element]:
    """One segment: elements as text, composites as lists."""
    return [parts[0] if len(parts) == 1 else parts for parts in (values.components(value, syntax) for value in row)]


def written() -> dict[str, bytes]:
    """Messages and values by our writer, under several service characters; and the CONTRL of each mutant."""
    files = {}
    for name, syntax in SYNTAXES.items():
        for number, text in enumerate(TRICKY):
            body: list[writer.OutgoingSegment] = [
                ["RFF", ("ON", text.strip(" "))],
                ["ZZZ", text, (text, "", text), "x"],
            ]
            outgoing = writer.OutgoingSet("ORDERS", "1", body)
            files[f"{name} {number}"] = writer.write(make.envelope(syntax), [writer.Group("", 0, (outgoing,))])
    for mutant in MUTANTS:
        body = acknowledgment.interchange(reader.read(mutant.data).interchanges[0], loop="all")
        outgoing = writer.OutgoingSet("CONTRL", "1", body)
        envelope = make.envelope(version=acknowledgment.VERSION)
        files[f"CONTRL of {mutant.name}"] = writer.write(envelope, [writer.Group("", 0, (outgoing,))])
    return files


def test_it_reads_what_we_write_as_we_wrote_it() -> None:
    files = written()
    answers = independent.read(files)
    assert {name: answers[name] for name in files} == {name: ours(data) for name, data in files.items()}


def test_it_reads_the_corpus_as_we_do_but_for_the_disagreements_that_are_listed(corpus: Path) -> None:
    files = {path.stem: path.read_bytes() for path in sorted(corpus.glob("*.edi"))}
    answers = independent.read(files)
    assert {name for name, data in files.items() if answers[name] != ours(data)} == DISAGREEMENTS.keys() & files


@pytest.mark.parametrize("text", TRICKY)
def test_splitting_at_released_separators_is_what_the_standard_says(text: str) -> None:
    escaped = text.replace("?", "??").replace("+", "?+")
    row = release.hide(f"A+{escaped}+B", "?").split("+")
    assert [release.sent(value, "?") for value in row] == ["A", escaped, "B"]
    assert release.data(row[1]) == text
