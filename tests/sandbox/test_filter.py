"""`$filter` as F&O takes it, and what it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.sandbox.d365 import filter as filters
from d365edi.sandbox.d365.catalog import load
from d365edi.sandbox.d365.refusals import Refusal
from d365edi.sandbox.d365.store import RowStore

HEADERS = load().sets["SalesOrderHeadersV4"]
STATUS = "Microsoft.Dynamics.DataEntities.SalesStatus"
ROW = {
    **RowStore(load()).tables["SalesOrderHeadersV4"].blank,
    "dataAreaId": "usmf",
    "SalesOrderNumber": "SO-000007",
    "CustomersOrderReference": "O'Brien 4500",
    "SalesOrderStatus": "Backorder",
    "TotalDiscountPercentage": Decimal("2.5"),
    "RequestedShippingDate": "2026-01-12T12:00:00Z",
    "RetailChannelTable": 5637144576,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SalesOrderNumber eq 'SO-000007'", True),
        ("SalesOrderNumber eq 'so-000007'", True),
        ("'SO-000007' eq SalesOrderNumber", True),
        ("SalesOrderNumber ne 'SO-000007'", False),
        ("SalesOrderNumber gt 'SO-000006' and SalesOrderNumber le 'SO-000007'", True),
        ("CustomersOrderReference eq 'O''Brien 4500'", True),
        ("CustomersOrderReference eq '*brien*'", True),
        ("CustomersOrderReference ne '*brien*'", False),
        ("CustomersOrderReference eq 'brien*'", False),
        ("CustomersOrderReference eq ''", False),
        ("Email eq ''", True),
        (f"SalesOrderStatus eq {STATUS}'Backorder'", True),
        (f"SalesOrderStatus ne {STATUS}'Backorder'", False),
        (f"not (SalesOrderStatus eq {STATUS}'Invoiced')", True),
        ("TotalDiscountPercentage eq 2.5", True),
        ("TotalDiscountPercentage ge 2.50 and TotalDiscountPercentage lt 3", True),
        ("TotalDiscountPercentage gt -1", True),
        ("RetailChannelTable eq 5637144576", True),
        ("RequestedShippingDate ge 2026-01-12T00:00:00Z", True),
        ("RequestedShippingDate gt 2026-01-12T13:00:00+01:00", False),
        ("RequestedShippingDate lt 2026-01-12T13:00:00Z", True),
        ("ConfirmedShippingDate eq 1900-01-01T12:00:00Z", True),
        ("TransportationDocumentLineId eq 00000000-0000-0000-0000-000000000000", True),
        ("DeliveryAddressTimeZone eq null", True),
        ("SalesOrderNumber eq 'x' or SalesOrderNumber eq 'SO-000007' and dataAreaId eq 'usmf'", True),
        ("(SalesOrderNumber eq 'SO-000007' or SalesOrderNumber eq 'x') and dataAreaId eq 'demf'", False),
        ("  SalesOrderNumber   eq 'SO-000007'  ", True),
    ],
)
def test_a_filter_says_of_a_row_whether_it_matches(text: str, expected: bool) -> None:
    assert filters.compile(text, HEADERS).matches(ROW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SalesOrderNumber",
        "SalesOrderNumber eq",
        "SalesOrderNumber eq 'open",
        "SalesOrderNumber eq 'a' extra",
        "(SalesOrderNumber eq 'a'",
        "SalesOrderNumber eq 'O'Brien'",
        "SalesOrderNumber = 'a'",
        "CustomerReference eq 'a'",
        "salesordernumber eq 'a'",
        "SalesOrderNumber in ('a','b')",
        f"SalesOrderStatus has {STATUS}'Backorder'",
        "contains(SalesOrderNumber,'a')",
        "startswith(SalesOrderNumber,'a') eq true",
        "TotalDiscountPercentage add 1 eq 2",
        "SalesOrderStatus eq 'Backorder'",
        "SalesOrderStatus eq 1",
        f"SalesOrderStatus eq {STATUS}'Open'",
        "SalesOrderStatus eq SalesStatus'Backorder'",
        "SalesOrderStatus eq Microsoft.Dynamics.DataEntities.NoYes'Yes'",
        f"SalesOrderStatus gt {STATUS}'Backorder'",
        "SalesOrderNumber eq 7",
        "TotalDiscountPercentage eq '2.5'",
        "RequestedShippingDate ge 2026-01-12",
        "RequestedShippingDate ge '2026-01-12T00:00:00Z'",
        "RetailChannelTable eq '5637144576'",
    ],
)
def test_a_filter_that_f_and_o_does_not_take_is_refused_with_400(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        filters.compile(text, HEADERS)
    assert refusal.value.status == 400


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(blacklist_characters="*", blacklist_categories=["Cs"]), max_size=12))
def test_a_quoted_value_is_found_whatever_is_in_it(value: str) -> None:
    text = f"CustomersOrderReference eq '{value.replace(chr(39), chr(39) * 2)}'"
    assert filters.compile(text, HEADERS).matches({**ROW, "CustomersOrderReference": value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dataAreaId eq 'usmf' and Email eq 'a'", {"dataAreaId": "usmf", "Email": "a"}),
        ("dataAreaId eq 'usmf' or Email eq 'a'", {}),
        ("not (Email eq 'a')", {}),
        ("Email eq 'a*' and TotalDiscountPercentage eq 1", {}),
    ],
)
def test_only_equalities_that_every_match_must_have_narrow_the_search(text: str, expected: dict[str, str]) -> None:
    assert filters.compile(text, HEADERS).equalities == expected
