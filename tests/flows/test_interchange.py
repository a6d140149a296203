"""Interchanges of ours: the reported numbers are those in the bytes, and numbers are used only with bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from d365edi import settings
from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from d365edi.errors import DocumentError
from d365edi.flows.interchange import UNB, Body, SetNumber, WrittenInterchange, check_writable, write_interchange
from d365edi.journal import Tx
from d365edi.settings.envelope import Envelope
from tests.journal.conftest import fresh_tx

X12 = settings.X12.model_validate({"us": "01:123456789", "them": "08:6111250008"})
EDIFACT = settings.Edifact.model_validate({"us": "14:4012345000009", "them": "14:4098765000010"})
AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LEVELS = ("ISA", "GS", UNB)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh_tx(tmp_path / "tables.db") as tx:
        yield tx


def invoice(number: str) -> Body:
    return "810", [["BIG", "20261102", number], ["IT1", "1", "1", "EA", "5"], ["TDS", "500"], ["CTT", "1"]]


def notice(number: str) -> Body:
    return "856", [["BSN", "00", number, "20261102", "1200"], ["HL", "1", "", "S"], ["CTT", "1"]]


def peeked(tx: Tx) -> list[int]:
    """The numbers that would be taken next."""
    return [tx.counters.peek("acme", level) for level in LEVELS]


def numbers_in(sent: WrittenInterchange) -> tuple[int, list[SetNumber]]:
    """Control number of the interchange and those of its sets, as the bytes have them."""
    (found,) = reader.read(sent.payload, ReadOptions()).interchanges
    assert not [finding for finding in found.findings if finding.severity == "error"]
    sets = []
    for group in found.groups:
        x12 = found.standard == "X12"
        key = (group.functional_id, int(group.control)) if x12 else (UNB, int(found.control))
        sets += [SetNumber(*key, one.control) for one in group.sets]
    return int(found.control), sets


@examples(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(invoices=st.integers(0, 4), notices=st.integers(0, 4), edifact=st.booleans())
def test_the_reported_numbers_are_those_in_the_bytes(invoices: int, notices: int, edifact: bool, tx: Tx) -> None:
    groups = {"SH": [notice(f"S{n}") for n in range(notices)], "IN": [invoice(f"I{n}") for n in range(invoices)]}
    groups = {functional_id: bodies for functional_id, bodies in groups.items() if bodies}
    if not groups:
        return
    before = peeked(tx)
    if edifact:
        orders: list[Body] = [("ORDERS", [["BGM", "220", id]]) for bodies in groups.values() for id, _ in bodies]
        sent = write_interchange(tx, "acme", EDIFACT, {"": orders}, AT)
    else:
        sent = write_interchange(tx, "acme", X12, groups, AT)
    assert numbers_in(sent) == (sent.control, list(sent.sets))
    assert (sent.functional_id, sent.group) == (sent.sets[0].functional_id, sent.sets[0].group)
    assert len(set(sent.sets)) == invoices + notices
    taken = [after - was for after, was in zip(peeked(tx), before, strict=True)]
    assert taken == ([0, 0, 1] if edifact else [1, len(groups), 0])


def test_receipts_alone_have_no_group(tx: Tx) -> None:
    receipt = ["TA1", "000000007", "261102", "1200", "A", "000"]
    sent = write_interchange(tx, "acme", X12, {}, AT, receipts=[receipt])
    assert (sent.functional_id, sent.group, sent.sets) == ("", None, ())
    assert peeked(tx) == [2, 1, 1]
    assert b"TA1*000000007*261102*1200*A*000~IEA*0*000000001~" in sent.payload


@pytest.mark.parametrize(
    ("envelope", "body"),
    [(X12, invoice("CIV*1")), (EDIFACT, ("INVOIC", [["BGM", "380", "12\x0034"]]))],
    ids=["a delimiter in a number", "a character that is none"],
)
def test_a_set_that_cannot_be_written_is_reported_before_any_number_is_taken(
    envelope: Envelope, body: Body, tx: Tx
) -> None:
    before = peeked(tx)
    with pytest.raises(DocumentError):
        check_writable(envelope, body, AT)
    assert peeked(tx) == before


@pytest.mark.parametrize(("envelope", "body"), [(X12, invoice("CIV-1")), (EDIFACT, ("ORDERS", [["BGM", "220", "1"]]))])
def test_a_set_that_can_be_written_is_sound_and_takes_no_number(envelope: Envelope, body: Body, tx: Tx) -> None:
    before = peeked(tx)
    check_writable(envelope, body, AT)
    assert peeked(tx) == before
