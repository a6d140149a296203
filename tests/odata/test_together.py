"""Queries that differ only in what a field may be are asked together, and each gets the rows that it alone would have got."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.odata import together
from d365edi.odata.plan import Query
from d365edi.odata.quoting import address, eq, same_text


def item(*numbers: str, company: str = "usmf") -> Query:
    return Query("Items", (eq("dataAreaId", company),), ("Number", "Item"), choice=("Number", numbers))


def test_the_choice_is_the_last_term_of_the_filter() -> None:
    assert address(item("A")).startswith(
        "Items?cross-company=true&$filter=dataAreaId%20eq%20'usmf'%20and%20Number%20eq%20'A'"
    )
    assert "and%20(Number%20eq%20'A'%20or%20Number%20eq%20'B')" in address(item("A", "B"))


def test_forty_five_numbers_are_three_requests_and_a_lone_query_stays_as_it_is() -> None:
    queries = [item(f"N{number}") for number in range(45)]
    unit = Query("Units", (eq("Symbol", "ea"),))
    asked = [*together.merged([*queries, unit, unit])]
    assert [len(request.choice[1]) if request.choice else 0 for request, _ in asked] == [20, 20, 5, 0]
    assert [query for _, parts in asked for query in parts] == [*queries, unit]
    assert asked[-1] == (unit, [unit])
    assert [*together.merged([item("A", "B")])] == [(item("A", "B"), [item("A", "B")])]


def test_long_texts_make_shorter_requests() -> None:
    sizes = [len(address(request)) for request, _ in together.merged(item(f"{number:0100d}") for number in range(20))]
    assert len(sizes) == 5
    assert max(sizes) < 2048


def test_queries_of_other_sets_companies_or_first_rows_are_not_asked_together() -> None:
    first = Query("Items", (), top=1, choice=("Number", ("A",)))
    queries = [item("A"), item("B", company="ussi"), first, Query("Items", (), top=1, choice=("Number", ("B",)))]
    assert [request for request, _ in together.merged(queries)] == queries


def alone(table: list[dict[str, str]], query: Query) -> list[dict[str, str]]:
    """What D365 answers to one query."""
    assert query.choice is not None
    field, texts = query.choice
    return [row for row in table if any(same_text(row[field], text) for text in texts)]


NUMBERS = st.text(st.sampled_from("aAbB 0"), min_size=1, max_size=3)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4).map(tuple), max_size=30), st.lists(NUMBERS, max_size=30))
@settings(deadline=None)
def test_each_query_gets_from_the_merged_answer_what_it_would_have_got_alone(
    choices: list[tuple[str, ...]], stored: list[str]
) -> None:
    table = [{"Number": number, "Item": str(place)} for place, number in enumerate(stored)]
    queries = [item(*numbers) for numbers in choices]
    found = dict[Query, list[dict[str, str]]]()
    for request, parts in together.merged(queries):
        found |= together.shares(alone(table, request), parts)
    assert found == {query: alone(table, query) for query in queries}
