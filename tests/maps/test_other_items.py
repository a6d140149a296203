"""PIA says by 4347 what its numbers are of: 1 and 5 are of the line's item, the others name another item beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from d365edi.cli.inspect_file import InspectedPart, inspect_file
from tests.edi.edifact.make import DESPATCH, INVOICE, data, interchange, numbered

CHANGE = (
    "BGM+230+C1+4", "DTM+137:20260106:102", "RFF+ON:4500012345", "LIN+1+3+4000862141404:EN", "QTY+21:5:EA", "UNS+S",
)  # fmt: skip
ANSWER = (
    "BGM+231+SO1+29", "DTM+137:20260106:102", "RFF+ON:4500012345", "LIN+1+5+4000862141404:EN", "QTY+21:5:EA",
    "QTY+113:5:EA", "UNS+S",
)  # fmt: skip
BODIES: dict[str, Sequence[str]] = {"INVOIC": INVOICE, "DESADV": DESPATCH, "ORDCHG": CHANGE, "ORDRSP": ANSWER}
OTHERS = [("2", "possible"), ("4", "replaced"), ("6", "successor"), ("8", "withdrawn")]


def read(type: str, *pia: str) -> InspectedPart:
    """A message whose first line has these PIAs behind it."""
    body = list(BODIES[type])
    at = next(index for index, segment in enumerate(body) if segment.startswith("LIN+1+"))
    body[at + 1 : at + 1] = pia
    found = inspect_file(data(interchange(numbered(body, type, "1"))), datetime(2026, 1, 6, tzinfo=UTC))
    (part,) = (part for part in found.parts if part.kind == "set")
    return part


def first_line(document: Any) -> dict[str, Any]:
    """The first item, on whatever level."""
    for level in ("lines", "packs", "orders", "pallets"):
        for each in document.get(level, ()):
            return each if level == "lines" else first_line(each)
    raise AssertionError(document)


@pytest.mark.parametrize("type", BODIES)
@pytest.mark.parametrize(("function", "relation"), OTHERS, ids=[relation for _, relation in OTHERS])
def test_numbers_of_another_item_are_kept_beside_the_lines_own(type: str, function: str, relation: str) -> None:
    """They were read as numbers of what was shipped or billed; an item is matched by these."""
    part = read(type, f"PIA+{function}+OTHER:IN+OLD:SA")
    line = first_line(part.document)
    assert line["item"] == {"gtin": "4000862141404"}
    (other,) = line["alternatives"]
    assert (other["relation"], other["item"]) == (relation, {"buyer": "OTHER", "vendor": "OLD"})
    said = [each.sentence for each in part.remarks if each.severity == "note"]
    assert f"line 1 names another item ({relation}): OTHER, OLD; it is kept beside the line's own" in said


@pytest.mark.parametrize("type", BODIES)
@pytest.mark.parametrize("function", ["1", "5"])
def test_numbers_that_identify_the_item_are_the_lines(type: str, function: str) -> None:
    line = first_line(read(type, f"PIA+{function}+ACME-4711:IN", "PIA+2+OTHER:IN").document)
    assert line["item"] == {"gtin": "4000862141404", "buyer": "ACME-4711"}
    assert [each["item"] for each in line["alternatives"]] == [{"buyer": "OTHER"}]
