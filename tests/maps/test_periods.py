"""X12's dates in the form that DTM05 names: a day, a period, or what is no day."""

from __future__ import annotations

import pytest

from tests.unread import X12, changed, holds, inspected, x12

FIRST = {
    "RD8*20261118-20261120": ("2026-11-18", "20261120"), "RD8*2026111820261120": ("2026-11-18", "20261120"),
    "RD6*261118-261120": ("2026-11-18", "261120"), "D8*20261118": ("2026-11-18", None), "D6*261118": ("2026-11-18", None),
    "DB*11182026": ("2026-11-18", None), "DT*202611181530": ("2026-11-18", "1530"),
}  # fmt: skip
NO_DAY = ("CM*202611", "RD8*20261118-20261199", "CY*2026", "DB*18112026", "RMY*112026-122026")


def document(segment: str) -> dict[str, object]:
    """The order of a set with this date in place of its DTM*002, or beside it."""
    change = f"DTM*002 => {segment}" if segment.startswith("DTM*002") else f"DTM*002 + {segment}"
    (part,) = [part for part in inspected(x12(changed(X12, change))).parts if part.kind == "set"]
    assert part.document is not None
    return dict(part.document)


@pytest.mark.parametrize("written", FIRST)
def test_a_period_is_read_by_its_first_day_and_a_day_in_any_form(written: str) -> None:
    day, rest = FIRST[written]
    assert document(f"DTM*002****{written}")["deliver_by"] == day
    assert holds(x12(changed(X12, f"DTM*002 => DTM*002****{written}"))) == []
    kept = {"qualifier": "150", "date": day, "time": rest}
    assert document(f"DTM*150****{written}")["dates"] == [{key: value for key, value in kept.items() if value}]


@pytest.mark.parametrize("written", NO_DAY)
def test_what_is_no_day_holds_where_it_is_delivered_by_and_is_kept_elsewhere(written: str) -> None:
    form, text = written.split("*")
    (held,) = holds(x12(changed(X12, f"DTM*002 => DTM*002****{written}")))
    assert held.startswith("DTM[002]06 says a month, not a day, or another period")
    assert document(f"DTM*150****{written}")["dates"] == [{"qualifier": "150", "text": text, "form": form}]
    assert holds(x12(changed(X12, f"DTM*002 + DTM*150****{written}"))) == []


def test_before_004010_the_century_stands_behind_the_date() -> None:
    old = changed(X12, "DTM*002 => DTM*002*991118***20")
    (part,) = [part for part in inspected(x12(old, version="003040")).parts if part.kind == "set"]
    assert part.document is not None
    assert part.document["deliver_by"] == "2099-11-18"
