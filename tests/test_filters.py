"""Every `$filter` that goes to D365 is one that a parser of OData reads, and says what was meant, whatever the values are.

The parser is that of the `odata-query` package. It has no literals of enums: a qualified name with a text right behind it is
taken for the text here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from d365edi.documents import Invoice, PurchaseOrder, Remittance
from d365edi.endpoints.d365 import catalog
from d365edi.maps.d365 import plans
from d365edi.maps.d365.schema import Section, charges, header, joins, lines
from d365edi.maps.table import Language, load
from d365edi.matching import dimensions, order_match, payments, posted
from d365edi.matching.lookup import Profile, tables
from d365edi.matching.references import find_references, of_invoice
from d365edi.matching.their_numbers import vendor_numbers
from d365edi.odata import together
from d365edi.odata.plan import Query
from d365edi.odata.quoting import NAMESPACE, address, any_row

Comparison = tuple[str, str, str]
"""Field, operator, and the value as the parser has read it."""

VALUES = st.one_of(
    st.sampled_from(
        [
            "O'Brien",
            "''",
            "' or 'a' eq 'a",
            "A/1",
            "*",
            "12*",
            "a and b",
            "(x)",
            "%27",
            "größe 漢字",
            "x" * 60,
            "'" * 60,
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
)
SOME = st.lists(VALUES, min_size=1, max_size=4, unique=True)
DRAWN = settings(deadline=None, max_examples=15)
AT = date(2026, 1, 5)


def parsed(query: Query) -> list[Comparison]:
    """The comparisons of a query's filter, as its address carries them."""
    (text,) = parse_qs(urlsplit(address(query)).query)["$filter"]
    return sorted(_comparisons(ODataParser().parse(_tokens(text))))


def _tokens(text: str) -> Iterator[Any]:
    enum = None
    for token in ODataLexer().tokenize(text):
        if (
            enum is not None
            and token.type == "STRING"
            and token.index == enum.index + len(NAMESPACE + "." + enum.value.name)
        ):
            enum = None
        elif enum is not None:
            yield enum
            enum = None
        if isinstance(token.value, ast.Identifier) and ".".join(token.value.namespace) == NAMESPACE:
            enum = token
        else:
            yield token
    if enum is not None:
        yield enum


def _comparisons(node: Any) -> Iterator[Comparison]:
    if isinstance(node, ast.BoolOp):
        yield from _comparisons(node.left)
        yield from _comparisons(node.right)
    else:
        assert isinstance(node, ast.Compare)
        assert isinstance(node.left, ast.Identifier)
        right: Any = node.right
        yield node.left.name, type(node.comparator).__name__, "null" if isinstance(right, ast.Null) else str(right.val)


def named(language: Language) -> list[str]:
    return sorted(each.name.removesuffix(".toml") for each in (files("d365edi.maps") / language).iterdir())


def sections(language: Language, name: str) -> list[Section]:
    table = load(language, name)
    own = [header(table), *([lines(table)] if "lines" in table.tree else [])]
    return [*own, *joins(table), *charges(table).values()]


# ------------------------------------------------------------------------------------------------------- records out
ACCOUNTS = [name for name in named("d365/read") if "account" in load("d365/read", name).tree["header"]]
LISTS = [name for name in named("d365/read") if name not in ACCOUNTS]


@pytest.mark.parametrize("name", ACCOUNTS)
@DRAWN
@given(accounts=SOME, company=VALUES)
def test_what_is_new_is_asked_for_by_company_accounts_and_date(name: str, accounts: list[str], company: str) -> None:
    table = load("d365/read", name)
    plan = plans.read_plan(table, company=company, accounts=accounts, since=AT)
    head = header(table).tree
    found = parsed(plan.header)
    assert [value for field, _, value in found if field == head["account"]] == sorted(accounts)
    assert ("dataAreaId", "Eq", company) in found
    assert [operator for field, operator, _ in found if field == head["since"]] == ["GtE"]
    others = {field for field, _, _ in found} - {"dataAreaId", head["account"], head["since"]}
    assert others == set(head.get("only", {})) - {head["account"], head["since"]}


@pytest.mark.parametrize("name", LISTS)
@DRAWN
@given(account=VALUES, company=VALUES)
def test_a_list_and_its_joins_are_asked_for_by_company_and_account(name: str, account: str, company: str) -> None:
    accounts = {"customer": account, "vendor": account}
    plan = plans.list_plan(load("d365/read", name), company=company, accounts=accounts, since=AT)
    assert ("dataAreaId", "Eq", company) in parsed(plan.rows)
    for join in plan.joins:
        by_account = [value for field, _, value in parsed(join.query) if field.endswith("AccountNumber")]
        assert by_account in ([], [account])


@DRAWN
@given(rows=st.lists(st.fixed_dictionaries({"A": VALUES, "B": VALUES}), min_size=1, max_size=5))
def test_rows_are_asked_for_by_all_their_fields(rows: list[dict[str, str]]) -> None:
    wanted = sorted((field, "Eq", value) for row in rows for field, value in row.items())
    assert parsed(Query("Set", (any_row(rows),))) == wanted


# ------------------------------------------------------------------------------- by key, by natural key, by what joins
FIELDS = sorted(
    {
        (section.set, field)
        for language in ("d365/read", "d365/write")
        for name in named(language)
        for section in sections(language, name)
        for field in (
            *section.key_fields,
            *(theirs for theirs, _ in section.on),
            *section.compare,
            *section.tree.get("link", {}),
        )
    }
)


@pytest.mark.parametrize(("set", "field"), FIELDS)
@DRAWN
@given(data=st.data())
def test_a_field_equals_a_value_of_its_type(set: str, field: str, data: st.DataObject) -> None:
    known = catalog.entity_set(set)
    assert known is not None
    value = data.draw(_of_type(known.fields[field]))
    ((name, operator, read),) = parsed(Query(set, catalog.where(set, {field: value})))
    assert (name, operator) == (field, "Eq")
    assert read == (f"{value}T12:00:00Z" if known.fields[field] == "DateTimeOffset" else str(value))


def _of_type(kind: str) -> st.SearchStrategy[Any]:
    members = catalog.members(kind)
    if members is not None:
        return st.sampled_from(sorted(members))
    whole = st.integers(min_value=0, max_value=2**53)
    decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
    types: dict[str, st.SearchStrategy[Any]] = {
        "DateTimeOffset": st.dates(min_value=AT).map(date.isoformat),
        "Decimal": decimals,
        "Int32": whole,
        "Int64": whole,
        "Guid": st.uuids().map(str),
    }
    return types.get(kind, VALUES)


# ------------------------------------------------------------------------------------------------------------ lookups
def _order(value: str, **more: Any) -> PurchaseOrder:
    party = {"id": value, "id_kind": "92", "name": value, "street": value, "city": value, "zip": value}
    line = {"number": "1", "unit": value, "item": {"buyer": value, "gtin": value, "vendor": value, "own": value}}
    return PurchaseOrder.of({"number": value, "parties": {"ship_to": party}, "lines": [line], **more})


def _asked(value: str) -> Iterator[Query]:
    """What is looked up for an order, an invoice and a payment in which every text is this one."""
    customer, vendor = Profile("acme", value, value), Profile("acme", value, vendor=value, buys=True)
    line = {"number": "1", "unit": value, "item": {"buyer": value, "gtin": value, "vendor": value, "own": value}}
    invoice = Invoice.of({"number": value, "order_number": value, "lines": [line]})
    payment = Remittance.of({"number": value, "entities": [{"lines": [{"kind": "IV", "number": value}]}]})
    order = _order(value)
    found = [find_references(order, profile) for profile in (customer, vendor)]
    found += [find_references(each, customer) for each in (payment, invoice)]
    found += [of_invoice(invoice, vendor), vendor_numbers(invoice, vendor), vendor_numbers(order, vendor)]
    for references in found:
        for reference in references.unresolved:
            yield from reference.queries
    yield posted.query(value, value, value)
    yield from order_match.queries(invoice, value) or ()
    for creates in tables()["posted"]:
        if creates != "VendorInvoice":
            yield from payments.posted(payment, creates, customer)


@settings(deadline=None, max_examples=60)
@given(value=VALUES)
def test_what_is_looked_up_is_what_the_document_says(value: str) -> None:
    queries = list(dict.fromkeys(_asked(value)))
    sets = {query.set for query in queries}
    assert {"CustomersV3", "VendorsV3", "ReleasedProductsV2", "ProductBarcodesV3", "UnitsOfMeasure"} <= sets
    for query in queries:
        assert {operator for _, operator, _ in parsed(query)} == {"Eq"}
        assert {field for field, _, _ in parsed(query)} <= _fields(query.set)


@DRAWN
@given(values=st.lists(VALUES, min_size=2, max_size=6, unique=True))
def test_what_is_asked_together_names_each_value_once(values: list[str]) -> None:
    queries = [query for value in values for query in _asked_alike(value)]
    for query, _ in together.merged(queries):
        field, texts = query.choice or ("", ())
        assert [value for name, _, value in parsed(query) if name == field] == sorted(texts)


def _asked_alike(value: str) -> Iterable[Query]:
    payment = Remittance.of({"number": "P", "entities": [{"lines": [{"kind": "IV", "number": value}]}]})
    return payments.posted(payment, "VendorPayment", Profile("acme", "usmf", "US-003"))


def _fields(set: str) -> set[str]:
    known = catalog.entity_set(set)
    assert known is not None
    return {*known.fields}


def test_the_active_formats_of_dimensions_are_asked_for() -> None:
    assert [read for _, _, read in parsed(dimensions.formats_query())] == ["Yes"]
