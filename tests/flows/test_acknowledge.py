"""Their answers to an interchange of several documents, in a real journal: whose is which, late, double, overdue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.cli.status import picture
from d365edi.edi.acknowledgment import Answer, SetAnswer
from d365edi.edi.interchange import Verdict
from d365edi.flows import acknowledge
from d365edi.flows.messages import LogLine
from d365edi.journal import Delivery, Message, NumberedDocument, Tx
from tests.journal.conftest import fresh_tx
from tests.journal.rows import delivery, document, message


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with fresh_tx(tmp_path / "tables.db") as tx:
        yield tx


@pytest.fixture
def theirs(tx: Tx) -> Message:
    return message(tx, name="997_9.edi")


@pytest.fixture
def sent(tx: Tx) -> Delivery:
    """One ship notice in group 6, three invoices in group 7, all of interchange 42; delivered, an answer is awaited."""
    kinds = ("ShipNotice", "Invoice", "Invoice", "Invoice")
    rows = [
        document(tx, message(tx, name=f"r{n}"), kind=kind, number=f"{kind[:1]}-{n}") for n, kind in enumerate(kinds)
    ]
    numbers = (("SH", 6, "0001"), ("IN", 7, "0001"), ("IN", 7, "0002"), ("IN", 7, "0003"))
    made = delivery(
        tx,
        documents=[NumberedDocument(row.id, *number) for row, number in zip(rows, numbers, strict=True)],
        name="both_42.edi",
        kind="856+810",
        interchange=42,
        functional_id="SH",
        group=6,
        ack="awaited",
        ack_due=2000.0,
    )
    tx.deliveries.attempting(made.id)
    tx.deliveries.delivered(made.id, made.name)
    return tx.deliveries.get(made.id)


def answer(functional_id: str, control: str, verdict: Verdict, **sets: Verdict) -> Answer:
    reported = tuple(SetAnswer("810", number.removeprefix("s"), said) for number, said in sets.items())
    count = {"SH": 1, "IN": 3}.get(functional_id, 1)
    rejected = sum(one.verdict == "R" for one in reported)
    return Answer(functional_id, control, "", verdict, count, count, count - rejected, (), reported)


def acks(tx: Tx, sent: Delivery) -> list[str]:
    """The delivery's acknowledgment and those of its documents."""
    return [tx.deliveries.get(sent.id).ack, *[one.ack for one in tx.delivery_documents.of(sent.id)]]


def verbs(lines: list[LogLine]) -> list[str]:
    return [line.verb for line in lines]


def test_a_group_s_answer_is_for_its_documents_and_the_file_waits_for_the_other_group(
    tx: Tx, theirs: Message, sent: Delivery
) -> None:
    lines = acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "P", s0002="R"))
    assert acks(tx, sent) == ["awaited", "awaited", "accepted", "rejected", "accepted"]
    reported = "both_42.edi is partially accepted by acme: 1 of 3 documents not accepted"
    assert lines[0][:3] == ("WARNING", "partially", reported)
    assert verbs(lines) == ["partially", "acknowledged", "rejected", "acknowledged"]
    lines = acknowledge.apply(tx, "acme", theirs, answer("SH", "6", "A"))
    assert acks(tx, sent) == ["partially", "accepted", "accepted", "rejected", "accepted"]
    assert [sentence for _, _, sentence, *_ in lines] == [
        "both_42.edi: accepted by acme, 1 of its 4 documents",
        "shipment S-0 in both_42.edi is accepted by acme",
    ]


@pytest.mark.parametrize(
    ("verdict", "state", "says"),
    [
        ("A", "accepted", "855_4500123.edi: accepted by acme"),
        ("R", "rejected", "855_4500123.edi is rejected by acme: no reason given; correct the data or the map, then: d365edi"),
    ],
)  # fmt: skip
def test_one_set_of_several_documents_is_one_for_the_partner(
    tx: Tx, theirs: Message, verdict: Verdict, state: str, says: str
) -> None:
    """An answer to an order for three stores. Its acknowledgment was found to count 1 set of 3."""
    rows = [document(tx, message(tx, name=f"r{n}"), kind="OrderResponse", number="4500123", store=n) for n in "123"]
    numbered = [NumberedDocument(row.id, "PR", 8, "0001") for row in rows]
    made = delivery(
        tx, documents=numbered, name="855_4500123.edi", kind="855", functional_id="PR", group=8, ack="awaited"
    )
    tx.deliveries.attempting(made.id)
    tx.deliveries.delivered(made.id, made.name)
    [(_, _, sentence, *_)] = acknowledge.apply(tx, "acme", theirs, answer("PR", "8", verdict, s0001=verdict))
    assert acks(tx, made) == [state] * 4
    assert sentence.startswith(says)
    refused = [row["why"] for row in picture(tx).needs_a_person if row["state"] == "997 rejected"]
    again = "correct the data or the map, then: d365edi replay 4500123 --from render --go"
    assert [why.endswith(again) for why in refused] == [True] * (verdict == "R")


def test_what_is_said_of_each_document_stands_in_its_trail(tx: Tx, theirs: Message, sent: Delivery) -> None:
    acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "P", s0002="R"))
    refused = tx.delivery_documents.of(sent.id)[2]
    (line,) = tx.audit.query(document=refused.document, action="acknowledged")
    assert '"state":"rejected"' in line.detail.replace(" ", "")
    assert tx.audit.verify() is None


def test_a_second_answer_to_one_group_is_double_while_the_other_is_awaited(
    tx: Tx, theirs: Message, sent: Delivery
) -> None:
    acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "A"))
    assert verbs(acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "A"))) == ["acknowledged"]
    assert verbs(acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "R"))) == ["contradicted", *["rejected"] * 4]
    assert acks(tx, sent) == ["awaited", "awaited", "rejected", "rejected", "rejected"]
    acknowledge.apply(tx, "acme", theirs, answer("SH", "6", "E"))
    assert acks(tx, sent)[0] == "partially"
    assert verbs(acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "A"))) == ["contradicted"]
    assert acks(tx, sent) == ["partially", "accepted_with_errors", *["rejected"] * 3]
    matches = [found.match for found in tx.acknowledgments.for_delivery(sent.id)]
    assert matches == ["matched", "double", "double", "matched", "double"]


def test_a_worse_answer_after_all_were_accepted_counts_and_a_better_one_does_not(
    tx: Tx, theirs: Message, sent: Delivery
) -> None:
    for group in ("SH", "6", "A"), ("IN", "7", "A"):
        acknowledge.apply(tx, "acme", theirs, answer(*group))
    assert acks(tx, sent) == ["accepted"] * 5
    told, *_ = acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "P", s0002="R"))
    assert told[1:3] == (
        "contradicted",
        "both_42.edi was accepted before, 997_9.edi reports rejected; the worse counts, ask the partner which one is right",
    )
    assert acks(tx, sent) == ["partially", "accepted", "accepted", "rejected", "accepted"]
    assert [row["state"] for row in picture(tx).needs_a_person] == ["997 rejected"]
    assert "it was accepted before" in tx.deliveries.get(sent.id).ack_detail
    assert verbs(acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "A"))) == ["contradicted"]
    assert acks(tx, sent) == ["partially", "accepted", "accepted", "rejected", "accepted"]


def test_an_answer_to_a_file_that_a_person_cancelled_changes_nothing(tx: Tx, theirs: Message) -> None:
    rows = [document(tx, message(tx, name=f"r{n}"), kind="Invoice", number=f"I-{n}") for n in "12"]
    numbered = [NumberedDocument(row.id, "IN", 9, f"000{n}") for n, row in enumerate(rows, 1)]
    made = delivery(tx, documents=numbered, name="810_9.edi", kind="810", functional_id="IN", group=9, ack="awaited")
    partial = Answer("IN", "9", "", None, -1, -1, -1, (), (SetAnswer("810", "0001", "A"),))
    acknowledge.apply(tx, "acme", theirs, partial)
    tx.deliveries.cancelled(made.id, "no")
    assert verbs(acknowledge.apply(tx, "acme", theirs, answer("IN", "9", "R"))) == ["acknowledged"]
    assert acks(tx, made) == ["none", "accepted", "none"]


def test_a_file_of_which_one_group_is_not_answered_becomes_overdue_and_a_late_answer_closes_it(
    tx: Tx, theirs: Message, sent: Delivery
) -> None:
    acknowledge.apply(tx, "acme", theirs, answer("IN", "7", "A"))
    tx.unit.now = 3000.0
    assert verbs(acknowledge.overdue(tx)) == ["overdue"]
    assert acks(tx, sent) == ["overdue", "awaited", "accepted", "accepted", "accepted"]
    (reported, *_) = acknowledge.apply(tx, "acme", theirs, answer("SH", "6", "A"))
    assert reported[2] == "both_42.edi: accepted by acme (late), 1 of its 4 documents"
    assert acks(tx, sent) == ["accepted"] * 5
    assert [found.match for found in tx.acknowledgments.for_delivery(sent.id)] == ["matched", "late"]


@pytest.mark.parametrize(
    ("before", "contradicted"),
    [((), 0), ((answer("IN", "7", "A"),), 1), ((answer("SH", "6", "A"), answer("IN", "7", "A")), 1)],
    ids=["first", "after one group", "after all"],
)
def test_a_ta1_that_rejects_the_interchange_rejects_all_in_it_whatever_was_answered_before(
    before: tuple[Answer, ...], contradicted: int, tx: Tx, theirs: Message, sent: Delivery
) -> None:
    for one in before:
        acknowledge.apply(tx, "acme", theirs, one)
    lines = acknowledge.apply_receipt(tx, "acme", theirs, ["TA1", "000000042", "261103", "0900", "R", "024"])
    assert verbs(lines) == [*["contradicted"] * contradicted, *["rejected"] * 5]
    assert acks(tx, sent) == ["rejected"] * 5
    again = acknowledge.apply_receipt(tx, "acme", theirs, ["TA1", "000000042", "261103", "0900", "A", "000"])
    assert verbs(again) == ["acknowledged"]


def test_an_answer_to_a_group_that_was_never_sent_is_unmatched(tx: Tx, theirs: Message, sent: Delivery) -> None:
    for other in (answer("IN", "6", "A"), answer("SH", "7", "A"), answer("IN", "x", "A"), answer("PO", "7", "A")):
        assert verbs(acknowledge.apply(tx, "acme", theirs, other)) == ["unmatched"]
    assert verbs(acknowledge.apply(tx, "bolt", theirs, answer("IN", "7", "A"))) == ["unmatched"]
    assert acks(tx, sent) == ["awaited"] * 5
