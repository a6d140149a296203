"""What tables name of D365, and what a tenant lacks of it: each once, with the place and the nearest right name."""

from __future__ import annotations

from importlib import resources

import pytest

from d365edi.maps.d365 import named
from d365edi.maps.table import load
from d365edi.matching import lookup
from d365edi.odata import metadata
from d365edi.sandbox.d365 import metadata as writer
from d365edi.sandbox.d365.tenant import Tenant

TABLES = [
    (mode, each.name.removesuffix(".toml"))
    for mode in ("read", "write")
    for each in resources.files("d365edi.maps.d365").joinpath(mode).iterdir()
    if each.name.endswith(".toml")
]


def lacks(found: list[named.NamedField], *, hidden: str = "", without: str = "") -> list[str]:
    tenant = Tenant(without={without} if without else set())
    tenant.hidden |= {hidden} if hidden else set()
    return [each.sentence for each in named.lacking(found, metadata.read(writer.write(tenant)))]


@pytest.mark.parametrize(("mode", "name"), TABLES)
def test_a_shipped_table_names_nothing_that_a_tenant_lacks(mode: str, name: str) -> None:
    found = list(named.of_table(load(f"d365/{mode}", name), "partners.acme"))  # type: ignore[arg-type]
    assert {each.set for each in found if each.field} == {each.set for each in found}
    assert lacks(found) == []


def test_the_lookups_name_nothing_that_a_tenant_lacks() -> None:
    found = list(named.of_lookups(lookup.tables()))
    assert {"VendorsV3", "ProductBarcodesV3", "DimensionParameters", "UnitsOfMeasure"} <= {each.set for each in found}
    assert lacks(found) == []


PLACE = "[partners.acme.receive.850]"
MISSING = [
    ({"hidden": "PurchaseOrderLinesV2"}, "the tenant has no entity set PurchaseOrderLinesV2; did you mean "),
    ({"without": "PurchaseOrderLinesV2.CustomerReference"}, "PurchaseOrderLinesV2 has no field CustomerReference; "),
    (
        {"without": "PurchaseOrderHeadersV2.VendorOrderReference"},
        "PurchaseOrderHeadersV2 has no field VendorOrderReference",
    ),
    (
        {"without": "PurchStatus.Backorder"},
        "PurchStatus (PurchaseOrderStatus of PurchaseOrderHeadersV2) has no member Back",
    ),
    ({"without": "NoYes.Yes"}, "NoYes (IsDeliveryAddressOrderSpecific of PurchaseOrderHeadersV2) has no member Yes"),
]


@pytest.mark.parametrize(("change", "said"), MISSING)
def test_what_is_missing_is_named_once_with_its_place(change: dict[str, str], said: str) -> None:
    found = list(named.of_table(load("d365/write", "PurchaseOrder"), "partners.acme.receive.850"))
    (sentence,) = lacks(found, **change)
    assert sentence.startswith(said)
    assert PLACE in sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": "VendorsV3.OnHoldStatus"}, "VendorsV3 has no field OnHoldStatus"),
        ({"without": "CustVendorBlocked.PurchOrder"}, "has no member PurchOrder"),
        ({"without": "ProductBarcodesV3.ProductColorId"}, "ProductBarcodesV3 has no field ProductColorId"),
        ({"hidden": "DimensionParameters"}, "the tenant has no entity set DimensionParameters"),
    ],
)
def test_a_lookup_that_is_missing_is_named(change: dict[str, str], said: str) -> None:
    assert any(said in each for each in lacks(list(named.of_lookups(lookup.tables())), **change))


def test_a_set_that_may_be_missing_is_told_apart() -> None:
    found = list(named.of_table(load("d365/read", "PurchaseOrder"), "partners.acme.send.850"))
    tenant = Tenant()
    tenant.hidden.add("PurchaseOrderHeaderCharges")
    (lack,) = named.lacking(found, metadata.read(writer.write(tenant)))
    assert lack.optional
