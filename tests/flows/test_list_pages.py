"""Rows that are there all the time are read, whatever is added and deleted between two pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.flows.list_pages import AGAIN, each_page

SIZE = 5


def read_all(rows: list[int], changes: Sequence[int], size: int = SIZE) -> tuple[set[int], bool, int]:
    """What is read of sorted rows, whether that is all, and in how many pages. Before each page but the first one number of
    `changes` is taken out, or put in where it is not there."""
    found, left, pages = set[int](), list(changes), 0

    async def read(skip: int, top: int) -> list[dict[str, Any]]:
        nonlocal pages
        if pages and left:
            number = left.pop(0)
            if number in rows:
                rows.remove(number)
            else:
                rows.append(number)
                rows.sort()
        pages += 1
        return [{"key": number} for number in rows[skip : skip + top]]

    async def work(page: Sequence[Any]) -> None:
        found.update(row["key"] for row in page)

    whole = anyio.run(each_page, read, size, ("key",), work)
    return found, whole, pages


@pytest.mark.parametrize(
    ("count", "changes", "pages"),
    [
        (0, [], 1),
        (5, [], 2),
        (9, [], 3),
        (12, [0], 5),  # the second page begins one row too late: the first is read again
        (12, [-1], 4),
        (5, [4], 3),
    ],
)
def test_a_page_is_read_again_where_rows_moved_past_it(count: int, changes: list[int], pages: int) -> None:
    rows = list(range(count))
    found, whole, read = read_all(rows, changes)
    assert found >= set(rows) - set(changes)
    assert (whole, read) == (True, pages)


@given(st.sets(st.integers(0, 60)), st.lists(st.integers(0, 60), max_size=AGAIN))
def test_rows_that_are_there_all_the_time_are_read(rows: set[int], changes: list[int]) -> None:
    found, whole, _ = read_all(sorted(rows), changes)
    assert whole
    assert found >= rows - set(changes)


def test_rows_that_move_all_the_time_are_no_endless_list() -> None:
    """Each page is read after its predecessor is gone."""
    _, whole, _ = read_all(list(range(400)), range(400), 2)
    assert not whole
