"""Check digits of GS1 numbers: right ones are known by hand, and any one wrong digit is seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import checkdigit

RIGHT = [
    "614141000012",
    "4006381333931",
    "00614141000012",
    "96385074",
    "0614141000005",
    "006141410000000012",
    "000000000000000000",
]
WRONG = [
    "614141000013",
    "4006381333913",
    "96385075",
    "006141410000000013",
    "",
    "12345678901X",
    " 614141000012",
    "6" * 19,
    "٠٠٠٠٠٠٠٠",
]

bodies = st.integers(7, 17).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size))


@pytest.mark.parametrize("number", RIGHT)
def test_a_right_number_is_valid(number: str) -> None:
    assert checkdigit.valid(number)
    assert checkdigit.digit(number[:-1]) == number[-1]


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_number_is_not(number: str) -> None:
    assert not checkdigit.valid(number)


@settings(deadline=None)
@given(bodies, st.data())
def test_any_one_wrong_digit_is_seen(body: str, data: st.DataObject) -> None:
    number = body + checkdigit.digit(body)
    assert checkdigit.valid(number)
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not checkdigit.valid(number[:place] + other + number[place + 1 :])


@settings(deadline=None)
@given(st.sampled_from([8, 12, 13, 14]), st.data())
def test_a_column_of_numbers_is_right_when_each_of_them_is(size: int, data: st.DataObject) -> None:
    column = data.draw(st.lists(st.text("0123456789", min_size=size - 1, max_size=size - 1), min_size=1, max_size=40))
    numbers = [(body + checkdigit.digit(body)) for body in column]
    assert checkdigit.all_valid(numbers)
    wrong = data.draw(st.integers(0, len(numbers) - 1))
    numbers[wrong] = numbers[wrong][:-1] + str((int(numbers[wrong][-1]) + 1) % 10)
    assert not checkdigit.all_valid(numbers)


@pytest.mark.parametrize("body", ["", "12a", "1 2", "١٢"])
def test_what_is_no_number_has_no_check_digit(body: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        checkdigit.digit(body)
