"""`check FILE` says what the daemon would do, no more and no less: held against a pass of the daemon, file by file.

The daemon has a journal of its own for each file and a D365 that knows no item; what it finds in D365 alone, `check` cannot
say. Every other sentence must be the same, and each file ends as `check` has told: done, or with a person.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from d365edi.app import App
from d365edi.cli.inspect_file import FileInspection, InspectedPart, inspect_file
from d365edi.edi import reader, sniff
from d365edi.edi.verdicts import Strictness
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.partner import TradingPartner
from d365edi.flows.render import render
from d365edi.flows.translate import translate
from d365edi.journal import Document, Journal, Message, Tx
from d365edi.settings.envelope import X12, Edifact
from tests.cases.table import INPUTS
from tests.corpus import ROOT
from tests.edi.golden import store
from tests.journeys.world import World, world

SETS = ("810", "820", "824", "855", "856", "860", "865", "APERAK", "DESADV", "INVOIC", "ORDCHG", "ORDRSP", "REMADV")
FLAT = ("PurchaseOrder", "OrderChange", "Remittance")
ASKED = re.compile(
    r"is no (item|unit|customer|address|place)|different items of ours|has no number that we could look up|is several items"
    r"|is the barcode of"
)
"""What only D365 can say of an order."""
AGAIN = re.compile(r"(\S+ \S+) was received before \(message 1, \w+\)")
"""What the daemon says of a document that stands in the file twice: it knows it from the journal."""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A daemon whose one partner may send every set that there is a map for."""
    async with world(tmp_path) as made:
        made.knobs["edifact"] = 'edifact = { us = "us", them = "them" }'
        made.extra = "".join(_flows(made))
        async with made.app() as opened:
            yield opened


def _flows(made: World) -> Iterator[str]:
    for name in SETS:
        yield f'\n[partners.acme.receive.{name}]\ncompany = "usmf"\n'
    for name in ("ORDERS", "PurchaseOrder"):
        yield f'\n[partners.acme.receive.{name}]\ncreate = "SalesOrder"\ncompany = "usmf"\n'
    for name in FLAT[1:]:
        yield f'\n[partners.acme.receive.{name}]\ncompany = "usmf"\nthen = "keep"\n'
    for name in FLAT:
        place = f'{{ endpoint = "acme", path = "{made.prefix}/outbound/{name}/*" }}'
        yield f'\n[partners.acme.pickup.{name}]\nfrom = {place}\nholds = "{name}"\nevery = "1h"\n'


def files() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The inputs in four parts: name and bytes. Of the mutants each breaks one rule of its standard."""
    yield "cases", [(path.name, path.read_bytes()) for path in sorted(INPUTS.iterdir())]
    samples = sorted(path for path in (ROOT / "tests/samples").iterdir() if path.suffix in (".edi", ".x12", ".csv"))
    yield "samples", [(path.name, path.read_bytes()) for path in samples]
    kept = {row["name"]: store.joined(row["pieces"]) for row in store.rows("inputs.jsonl.gz")}
    for part in ("mutants", "hostile"):
        yield part, [(name, data) for name, data in kept.items() if name.startswith(part) and len(data) < LARGE]


LARGE = 100_000
PARTS = dict(files())


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a file in the daemon."""

    message: Message
    documents: list[Document]


@pytest.mark.parametrize(
    ("part", "strictness"),
    [*((part, "lenient") for part in PARTS), ("mutants", "strict"), ("hostile", "strict")],
)
async def test_check_says_what_the_daemon_does(part: str, strictness: Strictness, app: App, tmp_path: Path) -> None:
    different = {}
    for number, (name, data) in enumerate(PARTS[part]):
        partner = agreed(app.ctx.partners["acme"], data)
        partner = replace(partner, options=replace(partner.options, strictness=strictness))
        found = inspect_file(data, datetime.now(UTC), [partner])
        async with await Journal.open(tmp_path / f"{number}.db") as journal:
            ended = await passed(replace(app.ctx, journal=journal, partners={"acme": partner}, answers={}), data, found)
        if problems := list(differences(found, ended)):
            different[name] = problems
    assert not different, "\n".join(f"{name}: {said}" for name, said in different.items())


def agreed(partner: TradingPartner, data: bytes) -> TradingPartner:
    """The partner with the ids that the file's first interchange has, whatever they are."""
    report = reader.read(data) if sniff.sniff(data) else None
    if report is None or not report.interchanges:
        return partner
    first = report.interchanges[0]
    us, them = first.receiver, first.sender
    if not (us.id and them.id):
        return partner
    envelopes = {
        "x12": X12.model_construct(us=us, them=them) if first.standard == "X12" else None,
        "edifact": Edifact.model_construct(us=us, them=them) if first.standard == "EDIFACT" else None,
    }
    return replace(partner, settings=partner.settings.model_copy(update=envelopes))


async def passed(ctx: FlowContext, data: bytes, found: FileInspection) -> Ended:
    """Take the file from the pickup that `check` took it for, as the daemon does, up to what D365 is asked."""
    flat = found.what.removeprefix("flat file (").partition(" ")[0]
    flow = f"acme.pickup.{flat}" if flat in FLAT else "acme.pickup.edi"

    def received(tx: Tx) -> int:
        message = tx.messages.add(
            direction="in",
            partner="acme",
            flow=flow,
            endpoint="acme",
            path="/outbound",
            name="in.edi",
            size=len(data),
            modified=None,
            payload=data,
        )
        return message.id

    id = await ctx.journal.write(received)
    for ready in (await translate(ctx, id, Counters())).documents:
        await render(ctx, ready, Counters())
    return await ctx.journal.read(lambda tx: Ended(tx.messages.get(id), tx.documents.for_message(id)))


def differences(found: FileInspection, ended: Ended) -> Iterator[str]:
    """Where the two do not say the same, a sentence for each."""
    if person(found) != (ended.message.state == "quarantined"):
        yield f"check: {person(found)}, daemon: {ended.message.state} {ended.message.reason}"
    told = [part for part in found.parts if read_by_a_map(part)]
    if blocked(found):
        return
    if len(told) != len(ended.documents):
        yield f"check: {len(told)} documents, daemon: {[document.number for document in ended.documents]}"
        return
    for part, document in zip(told, ended.documents, strict=True):
        reason = AGAIN.sub(r"\1 stands in this file before", document.reason)
        if unsaid := [why for why in part.holds if why not in reason]:
            yield f"check alone of {document.number}: {unsaid}; daemon: {document.state} {document.reason}"
        if document.state == "held" and not part.holds and not ASKED.search(document.reason):
            yield f"daemon alone of {document.number}: {document.reason}"
        if bool(part.closes) != (document.state == "rejected"):
            yield f"check closes {document.number}: {part.closes}; daemon: {document.state} {document.reason}"
        if document.state != "held" and part.holds:
            yield f"check holds {document.number}: {part.holds}; daemon: {document.state}"


def person(found: FileInspection) -> bool:
    """Whether `check` says that the file as such waits for a person."""
    outside = any(remark.severity == "error" for remark in found.remarks) or not found.parts
    return outside or any(part.verdict == "R" or (part.holds and not read_by_a_map(part)) for part in found.parts)


def read_by_a_map(part: InspectedPart) -> bool:
    """Whether it is a set or record of which a document was made, or would have been."""
    return part.verdict != "R" and part.document is not None


def blocked(found: FileInspection) -> bool:
    """Whether nothing of an interchange in the file is processed, so that its documents are none."""
    return any(
        part.kind == "interchange" and part.holds and "may not have been read" not in part.holds[0]
        for part in found.parts
    )
