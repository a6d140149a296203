"""A service's description of itself: sets with the fields that they inherit, enums with their members, and what is none."""

from __future__ import annotations

import pytest

from d365edi.odata import metadata
from d365edi.sandbox.d365 import metadata as writer
from d365edi.sandbox.d365.catalog import load
from d365edi.sandbox.d365.tenant import Tenant

XML = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="N.Data" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Base"><Property Name="Id" Type="Edm.String"/></EntityType>
<EntityType Name="Order" BaseType="N.Data.Base"><Key><PropertyRef Name="Id"/></Key>
<Property Name="State" Type="N.Data.State"><Annotation Term="X"/></Property>
<NavigationProperty Name="Lines" Type="Collection(N.Data.Line)"/></EntityType>
<EnumType Name="State"><Member Name="Open" Value="0"/><Member Name="Closed" Value="1"/></EnumType>
<EnumType Name="Order"><Member Name="First" Value="0"/></EnumType>
<EntityContainer Name="Resources"><EntitySet Name="Orders" EntityType="N.Data.Order"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""


def test_sets_have_the_fields_of_their_type_and_of_its_base() -> None:
    model = metadata.read(XML)
    assert model.fields("Orders") == {"Id": "String", "State": "State"}
    assert model.fields("orders") is None
    assert model.enums == {"State": ("Open", "Closed"), "Order": ("First",)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is no XML"),
        (b"<html><body>Sign in</body></html>", "it names no entity set"),
        (XML[:400], "it is no XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "it declares a document type"),
    ],
)
def test_what_is_no_description_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        metadata.read(data)


def test_types_that_are_their_own_base_end() -> None:
    model = metadata.read(XML.replace(b'Name="Base"', b'Name="Base" BaseType="N.Data.Order"'))
    assert model.fields("Orders") == {"Id": "String", "State": "State"}


def test_the_sandbox_describes_what_it_has() -> None:
    tenant = Tenant(without={"PurchStatus.Invoiced", "VendorsV3.CurrencyCode"})
    model, catalog = metadata.read(writer.write(tenant)), load()
    assert set(model.sets) == set(catalog.sets) - tenant.hidden
    assert set(catalog.sets["VendorsV3"].fields) - set(model.fields("VendorsV3") or ()) == {"CurrencyCode"}
    assert set(catalog.enums["PurchStatus"]) - set(model.enums["PurchStatus"]) == {"Invoiced"}
