"""The world of a case: the customer's addresses, the partner's usual settings, what was sent before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loguru import logger

from d365edi.journal import NumberedDocument, Tx
from tests.cases.table import Case, Sent, cases
from tests.journal.rows import delivery, document, message
from tests.journeys.world import ADDRESSES, World, world

CASES = cases()
LOCATIONS = {code: location for location, (code, *_) in ADDRESSES.items()}
"""The customer's addresses in D365: the code that an order names, and the location with it."""
PARTIES = {"x12": ("01:123456789", "08:6111250008"), "edifact": ("14:4012345000009", "14:4098765000010")}
"""We and the partner, as interchanges name us."""
UNITS = 'CT  = "cs"\nPCE = "ea"\n'
COLUMNS = """
[partners.acme.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/columns/*.csv" }}
holds = "PurchaseOrder"
every = "1s"
"""
ORDERS = '\n[partners.acme.receive.{set}]\ncreate  = "SalesOrder"\ncompany = "usmf"\n'
OTHERS = '\n[partners.acme.receive.{set}]\ncompany = "usmf"\nthen    = "{then}"\n'


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    """The case of this test."""
    return CASES[request.param]


@pytest.fixture
async def town(case: Case, tmp_path: Path) -> AsyncIterator[World]:
    """The world that the case needs, before its first file comes."""
    async with world(tmp_path) as made:
        (made.partner.outbound / "columns").mkdir()
        furnish(made, case)
        yield made


def furnish(made: World, case: Case) -> None:
    """Settings for what the partner of this case sends."""
    for item, unit in case.barcodes.items():
        for record in made.simulator.state.store.rows("ProductBarcodesV3", ItemNumber=item):
            made.simulator.state.store.update(record, {"ProductQuantityUnitSymbol": unit})
    us, them = (case.us, case.them) if case.us else PARTIES.get(case.language, ("", ""))
    made.knobs = {"apart": "0.01s"}
    if case.language == "x12":
        made.knobs |= {"us": us, "them": them}
    if case.language == "edifact":
        made.knobs["edifact"] = f'edifact = {{ us = "{us}", them = "{them}", association = "EAN008" }}'
    orders = {"x12": "", "edifact": ORDERS.format(set="ORDERS"), "csv": ORDERS.format(set="PurchaseOrder")}
    others = [OTHERS.format(set=set, then="hold" if set == "860" else "keep") for set in case.receive]
    columns = COLUMNS.format(root=made.prefix) if case.language == "csv" else ""
    made.extra = "".join([UNITS, columns, orders[case.language], *others])


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the log reports while the test runs: level and sentence."""
    reported: list[str] = []
    sink = logger.add(lambda line: reported.append(str(line)), format="{level} {message}", level="INFO")
    yield reported
    logger.remove(sink)


def sent_before(tx: Tx, sent: Sent, number: int) -> int:
    """A document of ours that reached the partner under these control numbers and waits for their acknowledgment."""
    record = message(tx, direction="out", name=f"record-{number}", flow="acme.send.810")
    tx.messages.set_state(record.id, "done")
    row = document(tx, record, kind="Invoice", number=f"INV-{number}", flow="acme.send.810")
    tx.documents.set_state(row.id, "delivering")
    tx.documents.set_state(row.id, "delivered")
    numbered = NumberedDocument(row.id, sent.functional_id, sent.group, sent.set)
    made = delivery(
        tx,
        documents=[numbered],
        name=f"{sent.kind}_{number}.edi",
        kind=sent.kind,
        interchange=sent.interchange,
        functional_id=sent.functional_id,
        group=sent.group,
        ack="awaited",
        ack_due=tx.now + 86_400,
    )
    tx.deliveries.attempting(made.id)
    tx.deliveries.delivered(made.id, made.name)
    return made.id
