"""Answers to orders, changes, remittances and advice in EDIFACT: what a message only implies is read and written."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from d365edi.documents import ApplicationAdvice, OrderChange, OrderResponse, Remittance
from tests.maps.test_round_trip import compact
from tests.maps.wire_edifact import DIRECTORIES, interchange, plain, report, sets


def read(set: str, *lines: str) -> Any:
    reading = plain(set, "D96A")[0].read(report(set, lines))
    assert [str(each) for each in reading.findings] == []
    return reading.document


def written(set: str, document: Any) -> list[str]:
    body = plain(set, "D96A")[1].write(document)
    return ["+".join(":".join(each) if isinstance(each, tuple) else each for each in segment) for segment in body]


HEAD = ["BGM+231+SO1+4", "DTM+137:20260106:102", "RFF+ON:4711", "DTM+171:20260105:102"]

ANSWERS = {
    ("LIN+1+5",): [("accepted", None, None)],
    ("LIN+1+7", "QTY+21:48"): [("rejected", None, None)],
    ("LIN+1+3", "QTY+113:40", "QTY+21:48"): [("changed", "40", None)],
    ("LIN+1+3", "QTY+21:48", "QTY+113:40", "QTY+83:8", "DTM+69:20260119:102", "DTM+67:20260301:102"): [
        ("changed", "40", "arrives 2026-01-19"),
        ("backordered", "8", "arrives 2026-03-01"),
    ],
    ("LIN+1", "QTY+12:48:PCE"): [(None, "48", None)],
    ("LIN+1", "QTY+21:48"): [],
}


@pytest.mark.parametrize("lines", ANSWERS)
def test_what_becomes_of_a_line_is_read_from_its_action_quantities_and_days(lines: tuple[str, ...]) -> None:
    line = read("ORDRSP", *HEAD, *lines, "UNS+S").lines[0]
    found = [
        (each.outcome, each.quantity and str(each.quantity), f"{each.date_kind} {each.date}" if each.date else None)
        for each in line.answers
    ]
    assert found == ANSWERS[lines]


OUTCOMES = [
    (["accepted"], "LIN+1+5", []),
    (["shipped"], "LIN+1+5", []),
    (["quantity changed"], "LIN+1+3", []),
    (["not available"], "LIN+1+7", []),
    (["backordered"], "LIN+1+3", []),
    (["changed 40", "backordered 8"], "LIN+1+3", ["QTY+113:40", "QTY+83:8"]),
]


@pytest.mark.parametrize(("answers", "line", "quantities"), OUTCOMES)
def test_every_outcome_has_an_action(answers: list[str], line: str, quantities: list[str]) -> None:
    given = []
    for each in answers:
        outcome, _, quantity = each.rpartition(" ") if each[-1].isdigit() else (each, "", "")
        given.append({"outcome": outcome, "quantity": Decimal(quantity) if quantity else None})
    document = OrderResponse.of(
        {"number": "4711", "sales_order": "SO1", "responded": _day(), "lines": [{"number": "1", "answers": given}]}
    )
    found = written("ORDRSP", document)
    assert [each for each in found if each[:3] == "LIN"] == [line]
    assert [each for each in found if each[:3] == "QTY"] == quantities


def _day() -> Any:
    return OrderResponse.from_json('{"number":"1","date":"2026-01-06"}').date


DOCUMENTS = [
    ("ORDRSP", OrderResponse, '{"number":"4711","type":"231","sales_order":"SO1","responded":"2026-01-06","date":"2026-01-05",'
        '"kept":{"date":"171"},"acknowledgment":"changed","lines":[{"number":"1","quantity":"48","answers":'
        '[{"outcome":"changed","quantity":"40","date_kind":"69","date":"2026-01-19"},{"outcome":"backordered","quantity":"8"}]},'
        '{"number":"2","answers":[{"outcome":"rejected"}]}]}'),
    ("ORDCHG", OrderChange, '{"number":"4711","type":"230","purpose":"04","reference":"C-1","changed":"2026-01-06","lines":'
        '[{"number":"1","change":"deleted"},{"number":"2","change":"changed","quantity":"5","unit":"pcs"}]}'),
    ("REMADV", Remittance, '{"number":"EFT1","purpose":"original","handling":"I","created":"2026-02-10","date":"2026-02-11",'
     '"kept":{"date":"138","total":"12"},'
        '"total":"70","currency":"EUR","entities":[{"lines":[{"kind":"380","number":"I1","gross":"100","paid":"70","discount":"2",'
        '"kept":{"gross":"9","paid":"12"},"adjustments":[{"reason":"4","amount":"-28"}]},'
        '{"kind":"381","number":"I2","paid":"5","kept":{"paid":"12"}}]}]}'),
    ("APERAK", ApplicationAdvice, '{"number":"A1","type":"313","date":"2026-01-06","advices":[{"kind":"ON","reference":"4711",'
        '"troubles":[{"code":"12","text":"NO SUCH ITEM"},{"code":"13"}]}]}'),
]  # fmt: skip


@pytest.mark.parametrize("handling", ["C", "D", "I", "U", "X", None])
def test_a_payment_that_is_made_is_advised_in_the_words_of_the_standard(handling: str | None) -> None:
    document = Remittance.of(
        {"number": "EFT1", "handling": handling, "date": _day(), "currency": "EUR", "total": Decimal(1)}
    )
    assert next(each for each in written("REMADV", document) if each[:3] == "BGM").startswith("BGM+481+EFT1")


@pytest.mark.parametrize("directory", DIRECTORIES)
@pytest.mark.parametrize(("set", "kind", "text"), DOCUMENTS)
def test_a_document_comes_back_as_it_was_written(set: str, kind: Any, text: str, directory: str) -> None:
    reader, writer = plain(set, directory)
    document = kind.from_json(text)
    message = sets(interchange(set, writer.write(document), directory))[0]
    assert [str(each) for each in message.findings if each.severity == "error"] == []
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    assert compact(reading.document) == compact(document)


@pytest.mark.parametrize("directory", DIRECTORIES)
@pytest.mark.parametrize("set", ["ORDRSP", "REMADV"])
def test_a_right_sample_is_written_as_it_was(corpus: Path, set: str, directory: str) -> None:
    reader, writer = plain(set, directory)
    data = (corpus / f"edifact_{set}_golden-{directory}.edi").read_bytes()
    document = reader.read(sets(data)[0]).document
    theirs = {line.decode().replace("2096.40", "2096.4") for line in data.replace(b"\n", b"").split(b"'")}
    ours = interchange(set, writer.write(document), directory).decode().split("'")
    allowed = {"CNT+1:168", "MOA+165:-25"}
    assert [each for each in ours[2:-3] if each not in theirs | allowed] == []


DEDUCTIONS = {
    ("MOA+9:100", "MOA+12:70", "MOA+52:2", "AJT+4", "MOA+165:28"): "-28",
    ("MOA+9:100", "MOA+12:70", "MOA+52:2", "AJT+4", "MOA+165:-28"): "-28",
    ("MOA+9:100", "MOA+12:110", "AJT+4", "MOA+165:10"): "10",
    ("MOA+9:100", "MOA+12:50", "AJT+4", "MOA+165:10"): "10",
}


@pytest.mark.parametrize("item", DEDUCTIONS)
def test_a_deduction_has_the_sign_with_which_the_item_adds_up(item: tuple[str, ...]) -> None:
    head = ["BGM+481+EFT1+9", "DTM+137:20260210:102", "DOC+380+I1"]
    line = read("REMADV", *head, *item, "UNS+S", "MOA+12:1").lines[0]
    assert [str(each.amount) for each in line.adjustments] == [DEDUCTIONS[item]]


ADVICES = {
    "edifact_APERAK_pydifact-aperak": [("ACW", "PO123456", [("1", "Message accepted without errors")])],
    "edifact_APERAK_pydifact-aperak-rejected": [
        ("ACW", "PO123456", [("12", "Order rejected due to invalid product code")])
    ],
    "edifact_APERAK_EDI-Net-Apperak-edi-out-issue235": [("ON", "4506701767", [])],
}


@pytest.mark.parametrize("name", ADVICES)
def test_advice_names_what_it_is_about_and_what_is_wrong(corpus: Path, name: str) -> None:
    (message,) = sets((corpus / f"{name}.edi").read_bytes())
    advice = plain("APERAK", "D96A")[0].read(message).document
    found = [(a.kind, a.reference, [(t.code, t.text) for t in a.troubles]) for a in advice.advices]
    assert found == ADVICES[name]


A, B = ["QTY+113:40", "DTM+69:20260119:102"], ["QTY+113:8", "DTM+69:20260202:102"]
PARTED: dict[tuple[str, ...], tuple[list[str], list[str]]] = {
    ("40 on 69 2026-01-19", "8 on 69 2026-02-02"): (["QTY+113:48"], [*A, *B]),
    ("40 on 69 2026-01-19", "8"): (["QTY+113:48"], [*A, "QTY+113:8"]),
    ("40", "8 later on 11 2026-02-02"): (["QTY+113:40", "QTY+83:8"], ["QTY+113:40", "QTY+83:8", "DTM+11:20260202:102"]),
    ("40 on 69 2026-01-19", "8 on 69 2026-01-19"): (["QTY+113:40", "QTY+113:8", "DTM+69:20260119:102"], []),
}  # fmt: skip
"""Parts of a line: what the line says, and what stands under its SCCs."""


@pytest.mark.parametrize("directory", DIRECTORIES)
@pytest.mark.parametrize("parts", PARTED)
def test_parts_on_different_days_say_each_its_own(parts: tuple[str, ...], directory: str) -> None:
    """They were quantities in a row and days in a row, which nobody could bring together."""
    answers = []
    for part in parts:
        quantity, *words = part.replace(" on", "").split(" ")
        later, days = "later" in words, [word for word in words if word != "later"]
        answer = {"outcome": "backordered" if later else "changed", "quantity": quantity}
        answers.append(answer | (dict(zip(("date_kind", "date"), days, strict=True)) if days else {}))
    line = {"number": "1", "quantity": "48", "price": "7", "answers": answers}
    head = {
        "number": "4711",
        "type": "231",
        "sales_order": "SO1",
        "responded": "2026-01-06",
        "acknowledgment": "changed",
    }
    document = OrderResponse.from_json(json.dumps({**head, "lines": [line]}))
    reader, writer = plain("ORDRSP", directory)
    body = writer.write(document)
    found = ["+".join(":".join(each) if isinstance(each, tuple) else each for each in segment) for segment in body]
    first = found.index("SCC+1") if "SCC+1" in found else found.index("UNS+S")
    of_line = [each for each in found[:first] if each[:6] in ("QTY+11", "QTY+83") or each[:6] in ("DTM+69", "DTM+11")]
    below = [each for each in found[first:] if each[:3] in ("QTY", "DTM")]
    assert (of_line, below) == PARTED[parts]
    assert found.index("PRI+AAA:7") < first
    message = sets(interchange("ORDRSP", body, directory))[0]
    assert [str(each) for each in message.findings] == []
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []

    again = [(each.quantity, each.date) for each in reading.document.lines[0].answers]
    assert again == [(each.quantity, each.date) for each in document.lines[0].answers]


def test_a_schedule_that_promises_nothing_is_no_answer() -> None:
    line = read("ORDRSP", *HEAD, "LIN+1+5", "QTY+21:48", "SCC+1", "QTY+11:40", "DTM+2:20260119:102", "UNS+S").lines[0]
    assert [(each.outcome, each.quantity, each.date) for each in line.answers] == [("accepted", None, None)]
