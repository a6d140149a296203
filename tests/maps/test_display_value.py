"""Accounts and dimensions as D365 displays them, taken apart."""

from __future__ import annotations

import pytest

from d365edi.errors import DocumentError
from d365edi.maps.d365.display_value import DisplayFormat
from d365edi.matching import dimensions

SHOWN = DisplayFormat("-", ("MainAccount", "Unit", "Department"), ("Department", "CostCenter"))


@pytest.mark.parametrize(
    ("text", "kind", "beside", "expected"),
    [
        ("600100-001-022", "Ledger", "", ("600100", {"Unit": "001", "Department": "022"})),
        ("600100--022", "Ledger", "", ("600100", {"Department": "022"})),
        ("600100", "Ledger", "022-014", ("600100", {"Department": "022", "CostCenter": "014"})),
        (r"600100-0\-1", "Ledger", "", ("600100", {"Unit": "0-1"})),
        ("600100-001-022--", "Ledger", "", ("600100", {"Unit": "001", "Department": "022"})),
        (r"US\-101", "Vend", "022", ("US-101", {"Department": "022"})),
        ("US_101", "Cust", "", ("US_101", {})),
    ],
)
def test_an_account_is_taken_apart(text: str, kind: str, beside: str, expected: tuple[str, dict[str, str]]) -> None:
    assert SHOWN.account(text, kind, beside) == expected


def test_more_segments_than_the_format_names_are_refused() -> None:
    with pytest.raises(DocumentError, match="4 segments, and the active format names 3"):
        SHOWN.account("600100-001-022-1", "Ledger")


@pytest.mark.parametrize(
    ("text", "sign", "expected"), [("US-003~01", "~", ["US-003", "01"]), (r"a\--b--c", "--", ["a--b", "c"])]
)
def test_the_sign_may_be_any(text: str, sign: str, expected: list[str]) -> None:
    assert dimensions.segments(text, sign) == expected
