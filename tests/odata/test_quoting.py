"""How values, conditions and addresses are spelt for D365."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.odata.plan import Query
from d365edi.odata.quoting import (
    Member,
    Value,
    address,
    all_of,
    any_of,
    compare,
    eq,
    key,
    literal,
    same_text,
    verbatim,
)

GUID = UUID("cf444f2d-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("PO-77", "'PO-77'"),
        ("", "''"),
        ("O'Brien's", "'O''Brien''s'"),
        (" leading", "' leading'"),
        ("äöü/&+%", "'äöü/&+%'"),
        (0, "0"),
        (5637144589, "5637144589"),
        (-3, "-3"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (True, "true"),
        (None, "null"),
        (date(2026, 1, 2), "2026-01-02T12:00:00Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05Z"),
        (GUID, str(GUID)),
        (Member("SalesStatus", "Backorder"), "Microsoft.Dynamics.DataEntities.SalesStatus'Backorder'"),
    ],
)
def test_every_kind_of_value_has_its_literal(value: Value, spelt: str) -> None:
    assert literal(value) == spelt


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1), 1.5, b"x"])  # noqa: DTZ001
def test_what_has_no_literal_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        literal(value)  # type: ignore[arg-type]


@given(st.text())
@settings(deadline=None, max_examples=200)
def test_any_text_stays_inside_its_quotes(text: str) -> None:
    spelt = literal(text)
    assert (spelt[0], spelt[-1], spelt[1:-1].replace("''", "")) == ("'", "'", text.replace("'", ""))
    assert spelt[1:-1].replace("''", "'") == text


def test_terms_name_a_field_and_an_operator() -> None:
    assert eq("CustomersOrderReference", "4500123") == "CustomersOrderReference eq '4500123'"
    assert compare("InvoiceDate", "ge", date(2026, 1, 1)) == "InvoiceDate ge 2026-01-01T12:00:00Z"


def test_enums_are_only_compared_for_equality() -> None:
    assert compare("Status", "ne", Member("NoYes", "Yes")) == "Status ne Microsoft.Dynamics.DataEntities.NoYes'Yes'"
    with pytest.raises(TypeError, match="eq and ne"):
        compare("Status", "gt", Member("NoYes", "Yes"))


@pytest.mark.parametrize("name", ["", "A B", "A eq 'x' or B", "1A", "A/B/C", "A)", "A\n"])
def test_a_field_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        eq(name, "x")


def test_verbatim_takes_points_in_time_and_guids_only() -> None:
    assert verbatim("D", "2026-01-01T12:00:00Z") == "D eq 2026-01-01T12:00:00Z"
    assert verbatim("G", str(GUID)) == f"G eq {GUID}"
    for text in ("1 or 1 eq 1", "2026-01-01T12:00:00Z or true", "x", "2026-01-01\n"):
        with pytest.raises(ValueError, match="neither"):
            verbatim("D", text)


def test_a_choice_is_a_chain_of_or() -> None:
    assert any_of("Item", ["a"]) == "Item eq 'a'"
    assert any_of("Item", ["a", "b"]) == "(Item eq 'a' or Item eq 'b')"
    with pytest.raises(ValueError, match="no values"):
        any_of("Item", [])


def test_terms_are_joined_by_and_with_choices_in_parentheses() -> None:
    assert all_of(["A eq 1"]) == "A eq 1"
    assert all_of(["A eq 1", "", any_of("B", [1, 2])]) == "A eq 1 and (B eq 1 or B eq 2)"
    assert all_of(["A eq 1", "B eq 1 or B eq 2"]) == "A eq 1 and (B eq 1 or B eq 2)"
    assert all_of(["A eq 1", "(B eq 1) or (B eq 2)"]) == "A eq 1 and ((B eq 1) or (B eq 2))"


@pytest.mark.parametrize(
    ("parts", "spelt"),
    [
        ({"dataAreaId": "usmf", "SalesOrderNumber": "SO-1"}, "S(dataAreaId='usmf',SalesOrderNumber='SO-1')"),
        ({"InvoiceIdentifier": 5637144589}, "S(InvoiceIdentifier=5637144589)"),
        ({"ItemNumber": " RFI-1"}, "S(ItemNumber='%20RFI-1')"),
        ({"Number": "A/B'C"}, "S(Number='A%2FB''C')"),
        ({"Day": date(2026, 1, 1)}, "S(Day=2026-01-01T12%3A00%3A00Z)"),
    ],
)
def test_a_key_names_every_part(parts: dict[str, Value], spelt: str) -> None:
    assert key("S", parts) == spelt


def test_a_key_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="none was given"):
        key("S", {})


def test_a_read_is_always_cross_company() -> None:
    assert address(Query("SalesOrderHeadersV4")) == "SalesOrderHeadersV4?cross-company=true"


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_any_values_survive_the_query_string(one: str, two: str) -> None:
    query = Query("S", (eq("A", one), eq("B", two)), ("A", "B"), ("A desc", "B"), 7)
    read = parse_qs(urlsplit(f"https://h/data/{address(query)}").query, strict_parsing=True)
    assert read == {
        "cross-company": ["true"],
        "$filter": [f"A eq {literal(one)} and B eq {literal(two)}"],
        "$select": ["A,B"],
        "$orderby": ["A desc,B"],
        "$top": ["7"],
    }


@given(st.text(min_size=1, max_size=30))
@settings(deadline=None, max_examples=200)
def test_any_text_survives_a_key(text: str) -> None:
    spelt = key("S", {"K": text})
    assert unquote(spelt) == f"S(K={literal(text)})"
    assert not set("/?#&+ ") & set(spelt)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("usmf", "USMF", True),
        ("PO-1 ", "PO-1", True),
        (" PO-1", "PO-1", False),
        ("4*5", "435", False),
        (1, Decimal("1.0"), True),
        ("1", 1, False),
        (None, "", False),
    ],
)
def test_text_is_the_same_without_regard_to_case_and_trailing_blanks(left: object, right: object, same: bool) -> None:
    assert same_text(left, right) == same
