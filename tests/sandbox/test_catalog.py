"""The simulator's catalog, and values on their way in and out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.endpoints.d365 import catalog as client
from d365edi.maps.d365.schema import header, joins, lines
from d365edi.maps.table import Language
from d365edi.maps.table import load as load_table
from d365edi.matching import lookup
from d365edi.sandbox.d365 import values
from d365edi.sandbox.d365.catalog import load
from d365edi.sandbox.d365.refusals import Refusal
from d365edi.sandbox.d365.tenant import Tenant

ORDER = load().sets["SalesOrderHeadersV4"]


@pytest.mark.parametrize("name", sorted(load().sets))
def test_a_set_has_every_key_and_required_field_and_every_type_is_known(name: str) -> None:
    entity_set = load().sets[name]
    assert set(entity_set.keys) | set(entity_set.required) <= entity_set.fields.keys()
    plain = {
        "Edm.String",
        "Edm.Decimal",
        "Edm.Int32",
        "Edm.Int64",
        "Edm.DateTimeOffset",
        "Edm.Guid",
        "Edm.Boolean",
        "Edm.Binary",
    }
    assert {type for type in entity_set.fields.values() if type not in plain} <= load().enums.keys()


def test_the_shapes_that_bite_are_as_the_tenant_has_them() -> None:
    sets = load().sets
    assert sets["SalesInvoiceHeadersV4"].keys == ("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher")
    assert sets["SalesInvoiceHeadersV4"].fields["TotalDiscountCustomerGroupCode"] == "Edm.Decimal"
    assert sets["SalesOrderLinesV3"].keys == ("dataAreaId", "InventoryLotId")
    assert "FormattedDelveryAddress" in sets["SalesOrderLinesV3"].fields
    assert "DevileryReason" in sets["BusinessDocumentSalesInvoiceBases"].fields
    assert [sets[name].of_company for name in ("LegalEntities", "UnitsOfMeasure", "CustomersV3")] == [
        False,
        False,
        True,
    ]


def test_only_points_in_time_are_no_dates() -> None:
    instants = {n for n, t in ORDER.fields.items() if t == "Edm.DateTimeOffset"} - ORDER.dates
    assert instants == {"OrderCreationDateTime"}


@pytest.mark.parametrize("name", sorted(load().sets.keys() - Tenant().hidden))
def test_the_catalog_agrees_with_the_one_that_the_client_carries(name: str) -> None:
    theirs, ours = client.entity_set(name), load().sets[name]
    assert theirs is not None
    assert theirs.keys == ours.keys
    assert theirs.fields == {field: type.removeprefix("Edm.") for field, type in ours.fields.items()}


def test_every_set_that_a_table_or_a_look_up_names_is_in_the_sandbox() -> None:
    tables = [
        load_table(language, each.name[:-5])
        for language in get_args(Language)
        if language.startswith("d365/")
        for each in (files("d365edi.maps") / language).iterdir()
        if each.name.endswith(".toml")
    ]
    named = {
        section.set
        for table in tables
        for section in (header(table), *([lines(table)] if "lines" in table.tree else []), *joins(table))
    }
    named |= {row["set"] for table in tables for row in _with_sets(table.tree.get("formats", {}))}
    named |= {row["set"] for row in _with_sets(lookup.tables())}
    assert named - load().sets.keys() == set()


def _with_sets(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if "set" in tree:
            yield tree
        for inner in tree.values():
            yield from _with_sets(inner)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.50"), "12.5"),
        (Decimal("100.00"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000000"), "0"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-7.225"), "-7.225"),
        (5637144576, "5637144576"),
        (True, "true"),
        (None, "null"),
        ({"a": ['x"\n', "ü"]}, '{"a":["x\\"\\n","ü"]}'),
    ],
)
def test_values_are_written_as_plain_json(value: Any, text: str) -> None:
    assert values.dumps(value) == text


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | DECIMALS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@settings(deadline=None, max_examples=80)
@given(JSON)
def test_what_is_written_reads_back_as_the_same_value(value: Any) -> None:
    assert values.loads(values.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("name", "given_value", "kept"),
    [
        ("Email", None, ""),
        ("TotalDiscountPercentage", 3, Decimal(3)),
        ("TotalDiscountPercentage", None, Decimal(0)),
        ("RequestedShippingDate", "2026-07-23", "2026-07-23T12:00:00Z"),
        ("RequestedShippingDate", None, "1900-01-01T12:00:00Z"),
        ("OrderCreationDateTime", "2026-07-23T10:00:00+02:00", "2026-07-23T08:00:00Z"),
        ("OrderCreationDateTime", None, "1900-01-01T00:00:00Z"),
        ("SalesOrderStatus", "Invoiced", "Invoiced"),
        ("SalesOrderStatus", None, "None"),
        (
            "TransportationDocumentLineId",
            "CF444F2D-0000-4000-8000-000000000001",
            "cf444f2d-0000-4000-8000-000000000001",
        ),
    ],
)
def test_a_bodys_value_is_kept_in_the_columns_own_form(name: str, given_value: Any, kept: Any) -> None:
    assert values.from_json(ORDER, name, given_value) == kept


@pytest.mark.parametrize("value", [[], {}, 1.5, True])
def test_a_value_of_another_json_type_is_refused(value: Any) -> None:
    with pytest.raises(Refusal):
        values.from_json(ORDER, "Email", value)
