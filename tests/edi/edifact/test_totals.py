"""What a message says about itself fits, or is told as a warning."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from d365edi.edi import reader
from tests.edi import see
from tests.edi.edifact.make import DESPATCH, INVOICE, ORDER, REMITTANCE, data, interchange, numbered

BODIES = {"ORDERS": ORDER, "INVOIC": INVOICE, "DESADV": DESPATCH, "REMADV": REMITTANCE}


def told(type: str, *changes: tuple[str, str], body: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """What is found in a message in which lines were changed: severity, rule, sentence."""
    lines = "\n".join(body or BODIES[type])
    for old, new in changes:
        assert lines.count(old) >= 1, old
        lines = lines.replace(old, new)
    report = reader.read(data(interchange(numbered(lines.split("\n"), type))))
    return [(one.severity, one.rule, one.message) for one in see.findings(report) if one.severity != "note"]


@pytest.mark.parametrize("type", list(BODIES))
def test_figures_that_fit_are_not_told(type: str) -> None:
    assert told(type) == []


@pytest.mark.parametrize(
    ("type", "old", "new", "sentence"),
    [
        ("ORDERS", "CNT+2:2", "CNT+2:3", "CNT01-2 says 3, the message has 2 lines"),
        ("ORDERS", "CNT+1:168", "CNT+1:169", "CNT01-2 says 169, the quantities add up to 168 (21)"),
        ("INVOIC", "MOA+79:1789", "MOA+79:1700", "MOA01-2 says 1700 (MOA 79), the lines add up to 1789"),
        (
            "INVOIC",
            "MOA+77:2164.69",
            "MOA+77:2164.59",
            "MOA01-2 says 2164.59 (MOA 77), goods, charges and taxes come to 1789, 2164.69",
        ),
        (
            "REMADV",
            "UNS+S\nMOA+12:2196.40",
            "UNS+S\nMOA+12:2196.41",
            "MOA01-2 says 2196.41 (MOA 12), the documents add up to 2196.40",
        ),
    ],
)
def test_figures_that_do_not_fit_are_warnings(type: str, old: str, new: str, sentence: str) -> None:
    assert told(type, (old, new)) == [("warning", "total", sentence)]


@pytest.mark.parametrize(
    ("type", "changes"),
    [
        ("ORDERS", [("CNT+1:168", "CNT+1:168.00")]),
        ("ORDERS", [("QTY+21:48", "QTY+21:48.5"), ("CNT+1:168", "CNT+1:168.5")]),
        ("ORDERS", [("CNT+2:2", "CNT+3:2")]),
        ("ORDERS", [("QTY+21:48", "QTY+21:48'QTY+59:6")]),
        ("ORDERS", [("CNT+2:2", "CNT+2:3"), ("LIN+2++5410738000152:EN", "LIN+2++5410738000152:EN+1:1'LIN+3")]),
        ("INVOIC", [("MOA+77:2164.69", "MOA+131:-89'MOA+77:2075.69")]),
        ("INVOIC", [("MOA+77:2164.69", "MOA+86:2164.69")]),
        ("INVOIC", [("MOA+77:2164.69", "MOA+77:2164.70")]),
    ],
)
def test_readings_that_guides_have(type: str, changes: list[tuple[str, str]]) -> None:
    broken = [(old, new.replace("'", "\n")) for old, new in changes]
    assert [one for one in told(type, *broken) if one[1] == "total"] == []


@pytest.mark.parametrize(
    ("type", "old", "new", "sentence"),
    [
        (
            "ORDERS",
            "4000862141404:EN",
            "4000862141405:EN",
            "4000862141405 is not a valid GTIN: its length or its check digit is wrong",
        ),
        (
            "ORDERS",
            "4000862141404:EN",
            "400086214140:EN",
            "400086214140 is not a valid GTIN: its length or its check digit is wrong",
        ),
        ("ORDERS", "4000862141404:EN", "ABC:SRV", "ABC is not a valid GTIN: its length or its check digit is wrong"),
        ("ORDERS", "900001:IN", "900001:EN", "900001 is not a valid GTIN: its length or its check digit is wrong"),
        (
            "ORDERS",
            "NAD+SU+4012345500004",
            "NAD+SU+4012345500005",
            "4012345500005 is not a valid GLN: its length or its check digit is wrong",
        ),
        (
            "ORDERS",
            "NAD+SU+4012345500004",
            "NAD+SU+401",
            "401 is not a valid GLN: its length or its check digit is wrong",
        ),
        (
            "DESADV",
            "GIN+BJ+354107380000001051",
            "GIN+BJ+354107380000001052",
            "354107380000001052 is not a valid SSCC: its length or its check digit is wrong",
        ),
    ],
)
def test_numbers_of_gs1_have_their_check_digit(type: str, old: str, new: str, sentence: str) -> None:
    assert told(type, (old, new)) == [("warning", "check-digit", sentence)]


@pytest.mark.parametrize("number", ["96385074:EN", "614141000012:UP", "00614141000012:SRV", "NB-1:SA"])
def test_numbers_that_are_right_or_no_gtins_are_left_alone(number: str) -> None:
    assert told("ORDERS", ("4000862141404:EN", number)) == []


def test_the_same_sscc_on_two_packages_is_a_warning() -> None:
    found = told("DESADV", ("354107380000001068", "354107380000001051"))
    assert found == [("warning", "duplicate-sscc", "SSCC 354107380000001051 is on two packages")]


def test_a_package_in_a_package_that_is_not_there_is_an_error() -> None:
    assert told("DESADV", ("CPS+3+1+3", "CPS+3+9+3")) == [
        ("error", "hierarchy", "CPS02 names 9, which is not a level before it")
    ]
    assert told("DESADV", ("CPS+3+1+3", "CPS+2+1+3")) == [("error", "hierarchy", "CPS01 2 is used twice")]


def test_a_package_below_nothing_is_an_error_where_others_are_below_something() -> None:
    lost = ("error", "hierarchy", "CPS02 is empty, and level 3 is not the first: it hangs below nothing")
    assert told("DESADV", ("CPS+3+1+3", "CPS+3++3")) == [lost]
    assert told("DESADV", ("CPS+3+1+3", "CPS+3")) == [lost]
    assert told("DESADV", ("CPS+1\n", "CPS+1++4\n"), ("CPS+3+1+3", "CPS+3++4")) == []
    assert told("DESADV", ("CPS+2+1+3", "CPS+2++3"), ("CPS+3+1+3", "CPS+3++3")) == []  # side by side


def test_a_decimal_mark_that_was_not_announced_is_told_once() -> None:
    found = told("ORDERS", ("12.5", "12,5"), ("7.225", "7,225"))
    assert found == [("warning", "decimal-mark", 'PRI writes "12,5" where . is the decimal mark')]
    report = reader.read(data(interchange(), una="UNA:+,? '"))
    assert [one.message for one in see.findings(report)] == ['PRI writes "12.5" where , is the decimal mark']


def test_a_comma_in_text_is_no_decimal_mark() -> None:
    assert told("ORDERS", ("CALL DOCK 7", "CALL 1,5 TIMES")) == []
