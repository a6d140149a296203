"""Acknowledgments as partners really write them, from bytes to the state of our invoice: used as far as they can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from d365edi.cli import why as why_command
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.flows.interchange import UNB
from d365edi.journal import NumberedDocument, Tx
from tests.flows.test_damaged_envelopes import unb
from tests.flows.translating import Desk, Read, desk
from tests.journal.rows import delivery, document, message


def sent(tx: Tx) -> None:
    """Invoices in group 3 (one) and group 4 (two), and an INVOIC of interchange 2; delivered, an answer is awaited."""
    for name, numbers in (
        ("810_3.edi", [("IN", 3, "0001")]),
        ("810_4.edi", [("IN", 4, "0001"), ("IN", 4, "0002")]),
        ("INVOIC_2.edi", [(UNB, 2, "1")]),
    ):
        rows = [
            document(tx, message(tx, name=f"{name} {each}"), kind="Invoice", number=f"{name} {each}")
            for each in range(len(numbers))
        ]
        numbered = [NumberedDocument(row.id, *number) for row, number in zip(rows, numbers, strict=True)]
        functional, group, _ = numbers[0]
        about: dict[str, Any] = {
            "interchange": group,
            "functional_id": functional,
            "group": group,
            "ack": "awaited",
            "ack_due": tx.now + 9e9,
        }
        made = delivery(tx, documents=numbered, name=name, kind="810", **about)
        tx.deliveries.attempting(made.id)
        tx.deliveries.delivered(made.id, name)


def x12(body: str, id: str = "997", *, included: int = 0, version: str = "004010") -> bytes:
    segments = [segment.strip() for segment in body.split("~") if segment.strip()]
    ids = "*08*6111250008     *01*123456789      *"
    whole = [
        f"ISA*00*          *00*          {ids}261103*0900*U*00{version[2:5]}*000000501*0*P*>",
        f"GS*FA*6111250008*123456789*20261103*0900*501*X*{version}", f"ST*{id}*0001", *segments,
        f"SE*{included or len(segments) + 2}*0001", "GE*1*501", "IEA*1*000000501",
    ]  # fmt: skip
    return "".join(f"{segment}~" for segment in whole).encode()


def contrl(*body: str) -> bytes:
    whole = [unb(901), "UNH+1+CONTRL:D:3:UN", *body, f"UNT+{len(body) + 2}+1", "UNZ+1+901"]
    return "".join(f"{segment}'" for segment in whole).encode()


@dataclass(frozen=True)
class Case:
    """Their file; the states of the deliveries with groups 3 and 4 and of the INVOIC; words of the log; the file's state."""

    name: str
    data: bytes
    acks: str
    says: tuple[str, ...] = ()
    state: str = "done"


UCI = "UCI+2+4012345000009:14+4098765000010:14"
CASES = [
    Case("plain", x12("AK1*IN*3~AK9*A*1*1*1"), "accepted awaited awaited"),
    Case("AK5 R under AK9 A", x12("AK1*IN*3~AK2*810*0001~AK5*R*5~AK9*A*1*1*1"), "rejected awaited awaited",
         ("contradicts itself: AK9 is A, but AK5 of 810 0001 is R; the worse counts", "810_3.edi is rejected by acme")),
    Case("A of none", x12("AK1*IN*3~AK9*A*1*1*0"), "rejected awaited awaited",
         ("contradicts itself: AK9 is A, but it counts 0 of 1 as accepted",)),
    Case("P of none", x12("AK1*IN*4~AK9*P*2*2*0"), "awaited rejected awaited", ("810_4.edi is rejected by acme",)),
    Case("two AK1", x12("AK1*IN*3~AK9*A*1*1*1~AK1*IN*4~AK9*R*2*2*0"), "accepted rejected awaited",
         ("their 997 0001 is used as far as it can be read",)),
    Case("no AK5", x12("AK1*IN*4~AK2*810*0001~AK3*TDS*9**3~AK2*810*0002~AK5*A~AK9*P*2*2*1"), "awaited partially awaited",
         ("TDS (segment 9) is missing", "AK5 is missing")),
    Case("no AK9", x12("AK1*IN*4~AK2*810*0001~AK5*R*5"), "awaited awaited awaited", ("is rejected by acme: 810 0001: segments",)),
    Case("nothing but AK1", x12("AK1*IN*3"), "awaited awaited awaited", ("without a verdict; it stays awaited",), "quarantined"),
    Case("nothing", x12("AK9*A*1*1*1"), "awaited awaited awaited", ("their 997 0001 cannot be read",), "quarantined"),
    Case("SE counts wrong", x12("AK1*IN*3~AK9*A*1*1*1", included=9), "accepted awaited awaited",
         ("their 997 0001 is used as far as it can be read: SE01 says 9",), "quarantined"),
    Case("a composite in CTX06",
         x12("AK1*IN*3*004010~AK2*810*0001~IK3*TDS*15**I6~CTX*SITUATIONAL TRIGGER*IT1*9**5>3*C023>1325~IK5*R*I5~AK9*R*1*1*0",
             "999", version="005010X231A1"), "rejected awaited awaited", ("TDS (segment 15)",)),
    Case("a word in a number", x12("AK1*IN*3~AK2*810*0001~AK3*BIG*two**8~AK4*2*76*5*X~AK5*R*5~AK9*R*1*1*0"),
         "rejected awaited awaited", ("used as far as it can be read: AK302",)),
    Case("UCI 7 with every UCM rejected", contrl(f"{UCI}+7", "UCM+1+INVOIC:D:96A:UN+4+12"), "awaited awaited rejected",
         ("INVOIC_2.edi is rejected by acme",)),
    Case("UCI 4 with an accepted UCM", contrl(f"{UCI}+4", "UCM+1+INVOIC:D:96A:UN+7"), "awaited awaited rejected",
         ("contradicts itself: UCI rejects all, but UCM accepts INVOIC 1",)),
    Case("UCI 8", contrl(f"{UCI}+8"), "awaited awaited awaited", ("interchange received by acme",)),
    Case("UCI 8 by message", contrl(f"{UCI}+8", "UCM+1+INVOIC:D:96A:UN+7"), "awaited awaited accepted"),
    Case("two UCI", contrl(f"{UCI}+7", "UCI+77+A+B+4"), "awaited awaited accepted",
         ("their CONTRL 1 is used as far as it can be read", "answers interchange 77, which we never sent")),
    Case("UCI 8 with a rejected group", contrl(f"{UCI}+8", "UCF+1+A+B+4+12"), "awaited awaited partially",
         ("INVOIC_2.edi is partially accepted by acme: group 1 (UCF) is rejected: invalid value",)),
    Case("a set that was never sent", x12("AK1*IN*4~AK2*810*0009~AK5*R*5~AK9*P*2*2*1"), "awaited partially awaited",
         ("AK5 is of 810 0009, which we did not send there",)),
    Case("a verdict in small letters", x12("AK1*IN*4~AK2*810*0002~AK5*r*5~AK9*p*2*2*1"), "awaited partially awaited",
         ("1 of 2 documents not accepted",)),
    Case("an unknown code of AK9", x12("AK1*IN*4~AK2*810*0001~AK5*A~AK2*810*0002~AK5*R*5~AK9*Z*2*2*1"),
         "awaited partially awaited",
         ('used as far as it can be read: AK901 (Functional group acknowledge code) has no code "Z"',)),
    Case("no code of AK9", x12("AK1*IN*3~AK2*810*0001~AK5*A~AK9**1*1*1"), "accepted awaited awaited",
         ("used as far as it can be read: AK901 (Functional group acknowledge code) is mandatory and empty",)),
    Case("an unknown code of AK9 alone", x12("AK1*IN*3~AK9*Z*1*1*1"), "awaited awaited awaited",
         ('AK901 (Functional group acknowledge code) has no code "Z"', "it stays awaited"), "quarantined"),
    Case("no code of AK9 and none accepted", x12("AK1*IN*3~AK9**1*1*0"), "rejected awaited awaited",
         ("AK9 has no verdict, but it counts 0 of 1 as accepted",), "quarantined"),
    Case("an unknown code of AK5", x12("AK1*IN*4~AK2*810*0001~AK5*Q~AK2*810*0002~AK5*R*5~AK9*P*2*2*1"),
         "awaited partially awaited",
         ('AK501 (Transaction set acknowledgment code) has no code "Q"', "1 of 2 documents not accepted")),
    Case("unknown codes of AK5 and AK9", x12("AK1*IN*3~AK2*810*0001~AK5*Q~AK9*Z*1*1*1"), "awaited awaited awaited",
         ("without a verdict; it stays awaited",), "quarantined"),
    Case("an unknown code of AK9 in a 999",
         x12("AK1*IN*3*004010~AK2*810*0001~IK5*R*I5~AK9*Z*1*1*0", "999", version="005010X231A1"), "rejected awaited awaited",
         ('AK901 (Functional group acknowledge code) has no code "Z"',)),
    Case("AK9 says why", x12("AK1*IN*3~AK9*R*1*1*0*2"), "rejected awaited awaited",
         ("810_3.edi is rejected by acme: IN group 3: the version is not supported",)),
    Case("an unknown action of UCI", contrl(f"{UCI}+9", "UCM+1+INVOIC:D:96A:UN+7"), "awaited awaited accepted",
         ('UCI04 (Action) has no code "9"',)),
    Case("an unknown action of UCI alone", contrl(f"{UCI}+9"), "awaited awaited awaited",
         ('UCI04 (Action) has no code "9"', "it stays awaited"), "quarantined"),
    Case("an unknown action of UCM", contrl(f"{UCI}+8", "UCM+1+INVOIC:D:96A:UN+Z"), "awaited awaited awaited",
         ('UCM03 (Action) has no code "Z"',), "quarantined"),
    Case("UCI says why", contrl(f"{UCI}+4+7"), "awaited awaited rejected",
         ("INVOIC_2.edi is rejected by acme: interchange 2: recipient is not the actual one",)),
    Case("UCF says why", contrl(f"{UCI}+7", "UCF+1+A+B+4+29"), "awaited awaited partially",
         ("INVOIC_2.edi is partially accepted by acme: group 1 (UCF) is rejected: control count does not match",)),
    Case("no action", contrl(UCI), "awaited awaited awaited", ("without a verdict; it stays awaited",), "quarantined"),
]  # fmt: skip


async def acks(at_desk: Desk) -> str:
    names = ("810_3.edi", "810_4.edi", "INVOIC_2.edi")
    found = await at_desk.ctx.journal.read(lambda tx: [tx.deliveries.search(name)[0].ack for name in names])
    return " ".join(found)


AGAIN = [
    ("a named set, then all", [x12("AK1*IN*4~AK2*810*0001~AK5*A"), x12("AK1*IN*4~AK9*A*2*2*2").replace(b"501", b"502")],
     "awaited accepted awaited", ""),
    ("two AK1 in one set", [x12("AK1*IN*4~AK2*810*0001~AK5*A~AK1*IN*4~AK9*R*2*2*0")], "awaited rejected awaited",
     "810_4.edi was accepted before"),
    ("AK9 A and AK9 R in one set", [x12("AK1*IN*3~AK9*A*1*1*1~AK1*IN*3~AK9*R*1*1*0")], "rejected awaited awaited",
     "810_3.edi was accepted before"),
    ("AK9 R and AK9 A in one set", [x12("AK1*IN*3~AK9*R*1*1*0~AK1*IN*3~AK9*A*1*1*1")], "rejected awaited awaited",
     "810_3.edi was rejected before"),
    ("UCI 7 and UCI 4 in one set", [contrl(f"{UCI}+7", f"{UCI}+4+12")], "awaited awaited rejected",
     "INVOIC_2.edi was accepted before"),
    ("a message of UCI 8, then UCI 7",
     [contrl(f"{UCI}+8", "UCM+1+INVOIC:D:96A:UN+7"), contrl(f"{UCI}+7").replace(b"901", b"902")],
     "awaited awaited accepted", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "files", "states", "says"), AGAIN, ids=[one[0] for one in AGAIN])
async def test_what_was_answered_before_is_no_obstacle_and_the_worse_counts(
    name: str, files: list[bytes], states: str, says: str, tmp_path: Path
) -> None:
    """It was found that an answer to a set with an answer ended each pass in an error, its message was never done."""
    async with desk(tmp_path) as at_desk:
        await at_desk.ctx.journal.write(sent)
        reads = [await at_desk.read(data) for data in files]
        assert await acks(at_desk) == states
    told = [line.sentence for read in reads for line in read.lines if line.verb == "contradicted"]
    assert [read.message.state for read in reads] == ["done"] * len(files)
    assert (len(told), says in "".join(told)) == (1 if says else 0, True)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_what_they_say_reaches_our_documents_and_what_is_wrong_with_it_is_told(
    case: Case, tmp_path: Path
) -> None:
    async with desk(tmp_path) as at_desk:
        await at_desk.ctx.journal.write(sent)
        read = await at_desk.read(case.data)
        assert await acks(at_desk) == case.acks
    said = "\n".join(sentence for _, _, sentence, *_ in read.lines)
    assert [words for words in case.says if words not in said] == []
    assert (read.message.state, read.answers) == (case.state, [])
    assert case.says or {level for level, *_ in read.lines} == {"INFO"}


async def test_a_contradiction_stands_with_the_delivery_and_is_shown_by_why(tmp_path: Path) -> None:
    """It was accepted, and nothing was told."""
    async with desk(tmp_path) as at_desk:
        await at_desk.ctx.journal.write(sent)
        read: Read = await at_desk.read(CASES[1].data)
        known = await at_desk.ctx.journal.read(lambda tx: look_up(tx, "810_3.edi"))
        (made,) = await at_desk.ctx.journal.read(lambda tx: tx.deliveries.search("810_3.edi"))
    assert read.said("contradicted")
    shown = "\n".join(line for history in known.histories for line in why_command.lines(history))
    contradiction = "it contradicts itself: AK9 is A, but AK5 of 810 0001 is R"
    assert made.ack_detail == f"810 0001: segments are in error; {contradiction}"
    assert shown.count(contradiction) == 2


@pytest.mark.parametrize("overdue", [False, True])
async def test_a_document_that_is_rejected_needs_a_person_while_others_of_its_file_are_awaited(
    overdue: bool, tmp_path: Path
) -> None:
    async with desk(tmp_path) as at_desk:
        await at_desk.ctx.journal.write(sent)
        if overdue:
            (late,) = await at_desk.ctx.journal.read(lambda tx: tx.deliveries.search("810_4.edi"))
            await at_desk.ctx.journal.write(lambda tx: tx.deliveries.set_ack(late.id, "overdue"))
        await at_desk.read(x12("AK1*IN*4~AK2*810*0002~AK5*R*5"))
        rows = await at_desk.ctx.journal.read(lambda tx: picture(tx).needs_a_person)
    refused = [(row["name"], row["why"]) for row in rows if row["state"] == "997 rejected"]
    [(name, why)] = refused
    assert (name, why.partition("; ")[0]) == ("810_4.edi 1", "in 810_4.edi: 810 0002: segments are in error")
    assert why.endswith("; correct the data or the map, then: d365edi replay '810_4.edi 1' --from render --go")
