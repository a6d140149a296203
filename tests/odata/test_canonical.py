"""JSON with Decimal, the same bytes for the same value."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.odata import canonical
from d365edi.odata.plan import WritePlan

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(deadline=None, max_examples=150)
def test_what_was_written_is_read_again(value: Any) -> None:
    assert canonical.loads(canonical.dumps(value)) == value
    assert canonical.loads(canonical.compact(value)) == value


@given(st.dictionaries(st.text(max_size=8), st.integers(), max_size=6))
@settings(deadline=None, max_examples=80)
def test_the_order_of_keys_does_not_change_the_bytes(value: dict[str, int]) -> None:
    assert canonical.dumps(dict(reversed(list(value.items())))) == canonical.dumps(value)


def test_the_other_writing_keeps_the_order_of_keys() -> None:
    assert canonical.compact({"b": 1, "a": [Decimal("1.50"), None]}) == b'{"b":1,"a":[1.50,null]}'
    assert canonical.dumps({"b": 1, "a": "ä"}) == '{"a":"ä","b":1}'.encode()


def test_numbers_keep_their_digits_and_days_stand_at_noon() -> None:
    day, moment = date(2026, 7, 23), datetime(2026, 7, 23, 9, tzinfo=UTC)
    value = [Decimal("0.10"), Decimal("1E+2"), Decimal("-0.00"), day, moment]
    assert canonical.dumps(value) == b'[0.10,100,-0.00,"2026-07-23T12:00:00Z","2026-07-23T09:00:00Z"]'


def test_broken_numbers_are_read_as_decimal() -> None:
    read = canonical.loads(b'{"price": 12.340, "count": 3}')
    assert (str(read["price"]), type(read["price"]), read["count"]) == ("12.340", Decimal, 3)


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": {3}}, Decimal("NaN"), datetime(2026, 1, 1), b""])  # noqa: DTZ001
def test_what_json_cannot_say_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical.dumps(value)


@pytest.mark.parametrize("text", [b"", b"<html>", b'{"a": NaN}', b"[Infinity]", b'{"a"', b"\xff"])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        canonical.loads(text)


PLANS = st.builds(
    WritePlan,
    what=st.just("SalesOrder"),
    company=st.text(max_size=4),
    header_set=st.just("SalesOrderHeadersV4"),
    lookup=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    header=st.dictionaries(
        st.text(max_size=8), st.text(max_size=8) | st.decimals(places=2, allow_nan=False, allow_infinity=False)
    ),
    number_field=st.just("SalesOrderNumber"),
    line_set=st.text(max_size=5),
    lines=st.lists(st.dictionaries(st.text(max_size=8), st.integers(), max_size=3), max_size=3).map(tuple),
    compare=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    label=st.text(max_size=9),
)


@given(PLANS)
@settings(deadline=None, max_examples=80)
def test_a_plan_travels_as_json_and_comes_back(plan: WritePlan) -> None:
    assert WritePlan.from_bytes(plan.to_bytes()) == plan
    assert WritePlan.from_bytes(plan.to_bytes()).to_bytes() == plan.to_bytes()


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b'{"what": "x"}', b'{"surprise": 1}', b"null"])
def test_bytes_that_are_no_plan_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="no plan"):
        WritePlan.from_bytes(data)


SHAPES: dict[str, Callable[[int], bytes]] = {
    "lists": lambda size: b"[" + b"[]," * (size // 3) + b"1]",
    "objects": lambda size: b"[" + b"{}," * (size // 3) + b"1]",
    "objects of one": lambda size: b"[" + b'{"":0},' * (size // 7) + b"1]",
    "nested": lambda size: b"[" + b"[[[[]]]]," * (size // 9) + b"1]",
    "numbers": lambda size: b"[" + b"0.1," * (size // 4) + b"1]",
    "large numbers": lambda size: b"[" + b"9e999," * (size // 6) + b"1]",
    "texts": lambda size: b"[" + b'"ab",' * (size // 5) + b"1]",
    "keys": lambda size: b"{" + b",".join(b'"%x":%d.1' % (each, each) for each in range(size // 14)) + b"}",
    "rows": lambda size: (
        b"[" + b",".join(b'{"Number":"SO-%06d","Quantity":%d.5}' % (n, n) for n in range(size // 40)) + b"]"
    ),
    "one text": lambda size: b'["' + b"a" * size + b'"]',
    "one wide text": lambda size: b'["' + "\u20ac".encode() + b"a" * size + b'"]',
    "one wider text": lambda size: b'["' + "\U0001f600".encode() + b"a" * size + b'"]',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_takes_more_memory_than_it_weighs(shape: str) -> None:
    data = SHAPES[shape](600_000)
    tracemalloc.start()
    try:
        canonical.loads(data)
        assert tracemalloc.get_traced_memory()[1] < canonical.weight(data) + 4096
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", ["lists", "objects", "numbers", "texts", "one wider text"])
def test_what_is_too_heavy_is_not_read(shape: str) -> None:
    data = SHAPES[shape](48 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(canonical.TooHeavyError, match="of memory, and 256 MB are allowed"):
            canonical.loads_bounded(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_full_page_of_rows_is_not_too_heavy() -> None:
    row = {f"Field{number}": f"value {number}" for number in range(40)}
    assert canonical.weight(canonical.dumps([row] * 10_000)) < canonical.MOST
