"""Documents: their ladder, and the business key that one of them holds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from d365edi.errors import JournalError
from d365edi.journal import NumberedDocument, Tx, documents
from tests.journal.rows import document, message

MOVES = {
    "ready": "ready held delivering delivered rejected",
    "held": "held ready delivering rejected",
    "delivering": "delivering delivered held ready rejected",
    "delivered": "delivering ready",
    "rejected": "",
}


def test_a_document_is_kept_with_where_it_stood(tx: Tx) -> None:
    source = message(tx)
    kept = document(tx, source, interchange="000000042", group="7", set="0001", release="R1", store="0033")
    assert tx.documents.get(kept.id) == kept
    assert (kept.interchange, kept.group, kept.set, kept.release, kept.store) == (
        "000000042",
        "7",
        "0001",
        "R1",
        "0033",
    )
    assert (kept.state, kept.answers, kept.claimed, kept.created_at) == ("ready", "", False, 1000.0)
    assert tx.documents.for_message(source.id) == [kept]


@pytest.mark.parametrize(("before", "after"), list(itertools.product(MOVES, [*MOVES, "lost"])))
def test_only_the_steps_of_the_ladder_can_be_gone(tx: Tx, before: str, after: str) -> None:
    id = document(tx, message(tx), state=before).id
    if after in MOVES[before].split():
        tx.documents.set_state(id, after, "because")  # type: ignore[arg-type]
        moved = tx.documents.get(id)
        assert (moved.state, moved.reason) == (after, "because")
    else:
        with pytest.raises(JournalError, match=rf"document 1 .*cannot become '?{after}"):
            tx.documents.set_state(id, after)  # type: ignore[arg-type]
        assert tx.documents.get(id).state == before


@pytest.mark.parametrize(("state", "may"), [(state, state in ("ready", "held")) for state in MOVES])
def test_a_document_is_amended_only_before_it_is_delivered(tx: Tx, state: str, may: bool) -> None:
    kept = document(tx, message(tx), state=state)
    if may:
        tx.documents.amend(kept.id, answers='{"customer":"US-003"}')
        tx.documents.amend(kept.id, body='{"number":"9"}')
    else:
        with pytest.raises(JournalError, match=f"document 1 is {state} and cannot be amended"):
            tx.documents.amend(kept.id, answers="{}", body="{}")
    after = tx.documents.get(kept.id)
    expected = ('{"customer":"US-003"}', '{"number":"9"}') if may else (kept.answers, kept.body)
    assert (after.answers, after.body) == expected


def test_a_business_key_has_one_holder(tx: Tx) -> None:
    source = message(tx)
    first, second = document(tx, source), document(tx, source)
    assert tx.documents.claim_key(first.id) is None
    assert tx.documents.claim_key(first.id) is None
    holder = tx.documents.claim_key(second.id)
    assert holder is not None
    assert (holder.id, holder.claimed, tx.documents.get(second.id).claimed) == (first.id, True, False)


SPACED = ["45 00123", " 45 00123", "45 00123 ", "  45   00123\t", "\u00a045\u00a000123"]


@pytest.mark.parametrize("again", SPACED)
@pytest.mark.parametrize("before", SPACED)
def test_blanks_make_no_number_another_one(tx: Tx, before: str, again: str) -> None:
    """A blank before the number of an order made a second sales order of it."""
    source = message(tx)
    first, second = document(tx, source, number=before), document(tx, source, number=again)
    assert [tx.documents.claim_key(first.id), tx.documents.claim_key(first.id)] == [None, None]
    holder = tx.documents.claim_key(second.id)
    assert holder is not None
    assert (holder.id, holder.number, tx.documents.get(second.id).number) == (first.id, before, again)
    tx.documents.set_state(first.id, "rejected")
    assert tx.documents.claim_key(second.id) is None


def test_a_blank_inside_a_number_is_a_part_of_it(tx: Tx) -> None:
    source = message(tx)
    numbers = ["45 00123", "4500123", "4 500123"]
    assert [tx.documents.claim_key(document(tx, source, number=each).id) for each in numbers] == [None, None, None]


def test_a_document_that_claimed_before_blanks_were_set_aside_still_holds_its_key(tx: Tx) -> None:
    source = message(tx)
    first, second = document(tx, source), document(tx, source, number=" 4500123")
    tx.unit.connection.execute("UPDATE documents SET claimed_at = 1000.0")
    assert [tx.documents.claim_key(first.id), tx.documents.claim_key(second.id)] == [None, None]


def test_the_holder_of_a_key_is_looked_up_by_an_index(tx: Tx) -> None:
    plan = tx.unit.connection.execute(f"EXPLAIN QUERY PLAN {documents._HOLDER}", ("acme",) * 7).fetchall()
    assert any("documents_spaced" in row[3] for row in plan)


OTHER_KEYS: list[dict[str, Any]] = [
    {"company": "demf"},
    {"kind": "Invoice"},
    {"number": "4500124"},
    {"release": "2"},
    {"store": "0044"},
]


@pytest.mark.parametrize("difference", OTHER_KEYS, ids=lambda difference: next(iter(difference)))
def test_every_part_of_the_business_key_tells_documents_apart(tx: Tx, difference: dict[str, Any]) -> None:
    source = message(tx)
    first, other = document(tx, source), document(tx, source, **difference)
    assert [tx.documents.claim_key(first.id), tx.documents.claim_key(other.id)] == [None, None]
    theirs = document(tx, message(tx, partner="bolt"))
    assert tx.documents.claim_key(theirs.id) is None


def test_the_key_is_unique_in_the_database_itself(tx: Tx) -> None:
    source = message(tx)
    for _ in range(2):
        document(tx, source)
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        tx.unit.connection.execute("UPDATE documents SET claimed_at = 1")


def test_a_rejected_document_lets_go_of_its_key_and_a_delivered_one_never_does(tx: Tx) -> None:
    source = message(tx)
    wrong, right, again = (document(tx, source) for _ in range(3))
    tx.documents.claim_key(wrong.id)
    tx.documents.set_state(wrong.id, "rejected", "wrong price")
    assert tx.documents.claim_key(right.id) is None
    with pytest.raises(JournalError, match="document 1 is rejected and claims no key"):
        tx.documents.claim_key(wrong.id)
    for state in ("delivering", "delivered"):
        tx.documents.set_state(right.id, state)
    holder = tx.documents.claim_key(again.id)
    assert holder is not None
    assert (holder.id, holder.state) == (right.id, "delivered")


def test_an_invoice_finds_the_order_it_answers(tx: Tx) -> None:
    source = message(tx)
    assert tx.documents.orders("acme", "4500123") == []
    first, repeated, newer, rejected = (document(tx, source, release=release) for release in ("1", "1", "2", "3"))
    document(tx, source, kind="Invoice")
    for claimed in (first, newer, rejected):
        tx.documents.claim_key(claimed.id)
    tx.documents.set_state(rejected.id, "rejected")
    found = [each.id for each in tx.documents.orders("acme", "4500123")]
    assert found == [newer.id, first.id, repeated.id, rejected.id]
    assert tx.documents.orders("bolt", "4500123") == []


def test_an_order_is_found_by_the_sales_order_that_it_became(tx: Tx) -> None:
    source = message(tx)
    first, second = (document(tx, source, release=release) for release in ("1", "2"))
    for row, receipt in ((first, "SO-1"), (second, "SO-2")):
        made = tx.deliveries.add(
            partner="acme", flow="acme.receive.850", endpoint="d365", path="usmf", name="PO", kind="SalesOrder",
            payload=b"", order_key="", documents=[NumberedDocument(row.id)],
        )  # fmt: skip
        tx.deliveries.attempting(made.id)
        tx.deliveries.delivered(made.id, receipt)
    found = [tx.documents.made_as("acme", "usmf", number) for number in ("SO-1", "so-2", "SO-3")]
    assert [row and row.release for row in found] == ["1", "2", None]
    assert tx.documents.made_as("bolt", "usmf", "SO-1") is None
    assert tx.documents.made_as("acme", "demf", "SO-1") is None


def test_documents_are_listed_by_state_and_found_by_number(tx: Tx) -> None:
    source = message(tx)
    first = document(tx, source, number="PO-a1", state="held")
    second = document(tx, source, number="PO-A1")
    theirs = document(tx, message(tx, partner="bolt"), state="held")
    assert tx.documents.in_state("held") == [first, theirs]
    assert tx.documents.in_state("held", "bolt") == [theirs]
    assert tx.documents.search("po-a1") == [second, first]
    assert tx.documents.search("po-a") == []
    with pytest.raises(JournalError, match="there is no document 9"):
        tx.documents.get(9)
    with pytest.raises(JournalError, match="there is no document 9"):
        tx.documents.set_state(9, "held")


def test_what_went_out_is_found_by_what_it_names_and_not_by_itself_or_after_a_rejection(tx: Tx) -> None:
    source = message(tx)
    first, second, third = (document(tx, source, kind="Invoice", number=number) for number in ("1", "2", "3"))
    for sent in (first, second, third):
        tx.documents.mention(sent.id, [("order_number", "4500123"), ("packing_slip", f"PS-{sent.number}")])
    tx.documents.set_state(second.id, "rejected")

    def numbers(what: str, value: str, kind: str = "Invoice") -> list[str]:
        return [found.number for found in tx.documents.mentioning(what, value, kind, but=first.id)]

    assert numbers("order_number", "4500123") == ["3"]
    assert numbers("packing_slip", "PS-3") == ["3"]
    assert numbers("packing_slip", "PS-1") == []
    assert numbers("order_number", "PS-3") == []
    assert numbers("order_number", "4500123", kind="ShipNotice") == []


def test_a_document_rendered_anew_names_what_it_names_now(tx: Tx) -> None:
    kept = document(tx, message(tx), kind="Invoice")
    tx.documents.mention(kept.id, [("order_number", "4500123"), ("order_number", "4500123")])
    tx.documents.mention(kept.id, [("order_number", "4500124")])
    found = {
        value: [one.id for one in tx.documents.mentioning("order_number", value, "Invoice", but=0)]
        for value in ("4500123", "4500124")
    }
    assert found == {"4500123": [], "4500124": [kept.id]}
