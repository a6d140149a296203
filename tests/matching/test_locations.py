"""Where the goods of an order go: the partner's table, the customer's addresses, the address in the order, or nowhere yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder, PurchaseOrderLine
from d365edi.documents.values import Parties, TradeParty
from d365edi.edi.findings import Finding
from d365edi.matching.addresses import Address, address_of, same_place
from d365edi.matching.locations import ordering
from d365edi.matching.lookup import PartnerLocation, Profile, Row, UnresolvedReference, tables
from d365edi.matching.references import find_references, resolve
from d365edi.matching.resolution import DeliveryPlace, Resolution, ResolvedReference

DC7 = TradeParty(name="ACME DC 7", id_kind="92", id="0007", street="700 DISTRIBUTION WAY", city="AUSTIN", zip="78701")
CONSUMER = TradeParty(
    name="JANE DOE", street="1 HIGH ST", second_street="APT 4", city="AUSTIN", zip="78701", country="US"
)
ROWS: tuple[Row, ...] = (
    {
        "AddressLocationId": "LOC-7",
        "AddressDescription": "0007",
        "AddressStreet": "700 Distribution Way",
        "AddressZipCode": "78701-0700",
    },
    {
        "AddressLocationId": "LOC-8",
        "AddressDescription": "0008",
        "AddressStreet": "8 N. Main Street",
        "AddressZipCode": "78702",
    },
)


def order(ship_to: TradeParty = DC7, *lines: TradeParty, **fields: Any) -> PurchaseOrder:
    """An order for a place with a line for each further one."""
    made = [PurchaseOrderLine(quantity=Decimal(1), ship_to=place) for place in lines or (TradeParty(),)]
    parties = fields.pop("parties", Parties(ship_to=ship_to))
    return PurchaseOrder(number="P1", parties=parties, lines=tuple(made), **fields)


def profile(**fields: Any) -> Profile:
    return Profile("acme", "usmf", "US-003", flow="partners.acme.receive.850", **fields)


def answered(reference: UnresolvedReference, rows: tuple[Row, ...] = ROWS) -> ResolvedReference | Finding | None:
    """What D365 with these addresses makes of a reference: each query finds the rows that it asks for."""
    asked: list[tuple[Row, ...]] = []
    verdict = resolve(reference, asked)
    while verdict is None:
        choice = reference.queries[len(asked)].choice
        asked.append(tuple(row for row in rows if choice is None or row.get(choice[0]) in choice[1]))
        verdict = resolve(reference, asked)
    return verdict


def places(
    asked: PurchaseOrder, known: Profile, rows: tuple[Row, ...] = ROWS
) -> tuple[dict[int, DeliveryPlace], list[str]]:
    """The places of an order by line (0: all of it), and the sentences that hold it."""
    found = find_references(asked, known)
    verdicts = [answered(each, rows) for each in found.unresolved if each.kind == "location"]
    resolution = found.resolution.plus(*(each for each in verdicts if isinstance(each, ResolvedReference)))
    return dict(resolution.places), [str(each) for each in verdicts if isinstance(each, Finding)]


def at(location: str) -> DeliveryPlace:
    return DeliveryPlace(location)


@pytest.mark.parametrize(
    ("ship_to", "location"),
    [
        (DC7, "LOC-7"),
        (TradeParty(id="LOC-8"), "LOC-8"),
        (TradeParty(name="ACME", id="9999", street="700 Distribution Way.", zip="78701"), "LOC-7"),
        (TradeParty(name="ACME", street="8 North Main St", zip="78702"), "LOC-8"),
    ],
)
def test_a_place_is_found_among_the_customers_addresses_by_code_then_by_street_and_zip(
    ship_to: TradeParty, location: str
) -> None:
    assert places(order(ship_to), profile()) == ({0: at(location)}, [])


def test_a_code_counts_more_than_the_street_beside_it() -> None:
    ship_to = TradeParty(id="0008", street="700 DISTRIBUTION WAY", zip="78701")
    assert places(order(ship_to), profile()) == ({0: at("LOC-8")}, [])


def test_an_address_that_matches_nothing_holds_with_code_name_street_and_three_remedies() -> None:
    ship_to = TradeParty(
        name="ACME STORE", id="1234", street="9 FAR AWAY ROAD", city="NOME", state="AK", zip="99762", country="US"
    )
    assert places(order(ship_to), profile(ship_to_place="N104")) == (
        {},
        [
            'ship-to "1234" (N104, ACME STORE, 9 FAR AWAY ROAD, NOME AK 99762 US) is no address of customer US-003; add "1234" '
            "under [partners.acme.locations], or enter it as an address of the customer in D365 (description 1234), or set "
            'ship_to = "order" under [partners.acme.receive.850], then: d365edi release P1'
        ],
    )


def test_an_order_that_names_no_place_goes_to_the_customers_default_address() -> None:
    for ship_to in ("match", "order", "default"):
        assert places(order(TradeParty(role="ST")), profile(ship_to=ship_to)) == ({}, [])


def test_a_code_on_two_addresses_holds_unless_one_is_for_deliveries() -> None:
    twice: tuple[Row, ...] = (*ROWS, {"AddressLocationId": "LOC-9", "AddressDescription": "0007"})
    found, (sentence,) = places(order(), profile(), twice)
    assert found == {}
    assert "is several addresses of customer US-003: LOC-7, LOC-9" in sentence
    marked = tuple({**row, "IsRoleDelivery": "Yes" if row["AddressLocationId"] == "LOC-9" else "No"} for row in twice)
    assert places(order(), profile(), marked) == ({0: at("LOC-9")}, [])


def test_two_times_of_one_address_are_one_place() -> None:
    assert places(order(), profile(), (*ROWS, ROWS[0])) == ({0: at("LOC-7")}, [])


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (PartnerLocation(location="ACME-DC7"), at("ACME-DC7")),
        (PartnerLocation(location="ACME-DC7", warehouse="11"), DeliveryPlace("ACME-DC7", None, "11")),
        (PartnerLocation(site="1", warehouse="11"), DeliveryPlace("LOC-7", "1", "11")),
    ],
)
def test_the_partners_table_comes_first(row: PartnerLocation, place: DeliveryPlace) -> None:
    for ship_to in ("match", "order"):
        known = profile(locations={"0007": row}, ship_to=ship_to)
        assert places(order(), known) == ({0: place}, [])


def test_a_place_with_site_and_warehouse_alone_need_not_be_an_address() -> None:
    known = profile(locations={"0007": PartnerLocation(site="1", warehouse="11")})
    assert places(order(), known, ()) == ({0: DeliveryPlace(None, "1", "11")}, [])


def test_goods_go_to_the_address_in_the_order_where_that_is_agreed_or_for_a_consumer() -> None:
    for asked, known in ((order(CONSUMER, type="DS"), profile()), (order(CONSUMER), profile(ship_to="order"))):
        assert places(asked, known) == ({0: DeliveryPlace(address="order")}, [])
    assert places(order(CONSUMER, type="DS"), profile(ship_to="default")) == ({0: DeliveryPlace(address="order")}, [])
    assert places(order(CONSUMER), profile(ship_to="default")) == ({}, [])


def test_a_new_order_for_an_address_without_a_code_that_is_none_of_the_customers_is_for_a_consumer() -> None:
    assert places(order(CONSUMER, type="NE"), profile()) == ({0: DeliveryPlace(address="order")}, [])
    theirs = TradeParty(name="ACME", street="8 North Main St", zip="78702", country="US")
    assert places(order(theirs, type="NE"), profile()) == ({0: at("LOC-8")}, [])
    for held in (CONSUMER.replace(id="1234"), CONSUMER.replace(country=None)):
        assert places(order(held, type="NE"), profile())[0] == {}


def test_such_an_address_in_any_other_order_is_held_and_the_setting_named() -> None:
    found, (sentence,) = places(order(CONSUMER, type="SA"), profile())
    assert found == {}
    assert sentence.startswith(
        'ship-to "JANE DOE" (1 HIGH ST, APT 4, AUSTIN 78701 US) is no address of customer US-003; give'
    )
    assert 'set ship_to = "order" under [partners.acme.receive.850]' in sentence


def test_an_address_in_the_order_that_is_not_whole_is_held_unless_its_code_is_known() -> None:
    found, (sentence,) = places(order(CONSUMER.replace(street=None, country=None)), profile(ship_to="order"))
    assert found == {}
    assert "has no street and no country" in sentence
    assert places(order(TradeParty(id="0008")), profile(ship_to="order")) == ({0: at("LOC-8")}, [])


def test_goods_for_a_consumer_without_any_ship_to_are_held() -> None:
    assert places(order(TradeParty(), type="DS"), profile()) == (
        {},
        [
            "its goods go to a consumer, and it names no ship-to; ask the partner to send it with an address, then: d365edi "
            "release P1"
        ],
    )


def test_a_line_with_a_place_of_its_own_goes_there_and_one_that_repeats_the_orders_does_not() -> None:
    eight = TradeParty(id="0008")
    asked = order(DC7, eight, TradeParty(id="0007"), DC7.replace(id=None), eight)
    assert places(asked, profile()) == ({0: at("LOC-7"), 1: at("LOC-8"), 4: at("LOC-8")}, [])
    assert places(order(TradeParty(), eight), profile()) == ({1: at("LOC-8")}, [])


def test_a_line_for_a_place_that_is_not_known_holds_and_names_its_lines() -> None:
    nowhere = TradeParty(id="9999")
    _, (sentence,) = places(order(DC7, nowhere, DC7, nowhere), profile())
    assert sentence.startswith('ship-to of lines 1, 3 "9999" is no address of customer US-003; add "9999" under')
    assert 'set ship_to = "default"' in sentence


def test_a_place_of_another_account_is_ordered_by_that_account() -> None:
    known = profile(locations={"0007": PartnerLocation(account="US-004"), "0008": PartnerLocation(account="US-005")})
    assert ordering(order(), known).customer == "US-004"
    assert places(order(), known) == ({}, [])
    buyer = order(parties=Parties(buyer=TradeParty(id="0008")))
    assert ordering(buyer, known).customer == "US-005"
    found = find_references(order(), known)
    assert [(each.kind, each.subject) for each in found.unresolved if each.kind == "customer"] == [
        ("customer", "US-004")
    ]


def test_an_account_counts_in_its_own_company_only() -> None:
    known = profile(locations={"0007": PartnerLocation(account="DE-004", company="demf")})
    assert ordering(order(), known).customer == "US-003"
    assert places(order(), known) == ({0: at("LOC-7")}, [])


def test_lines_for_another_account_than_the_orders_are_held() -> None:
    known = profile(locations={"0008": PartnerLocation(account="US-004")})
    _, (sentence,) = places(order(DC7, TradeParty(id="0008")), known)
    assert sentence.startswith(
        'ship-to of line 1 "0008" is customer US-004, and the order is customer US-003\'s; enter'
    )


def test_items_are_looked_up_by_the_account_that_orders() -> None:
    known = profile(locations={"0007": PartnerLocation(account="US-004")})
    asked = order().replace(lines=(PurchaseOrderLine.of({"quantity": Decimal(1), "item": {"buyer": "A-1"}}),))
    (item,) = (each for each in find_references(asked, known).unresolved if each.kind == "item")
    assert "CustomerAccountNumber eq 'US-004'" in item.queries[0].filters


def test_a_resolution_with_places_reads_back_as_it_was() -> None:
    made = Resolution().plus(
        ResolvedReference("location", "LOC-7", (0,)),
        ResolvedReference("warehouse", "11", (0, 2)),
        ResolvedReference("location", "", (3,)),
    )
    assert Resolution.from_json(made.to_json()) == made
    assert [made.of("location", 0, None), made.of("warehouse", 2, None), made.of("location", 2, None)] == [
        "LOC-7",
        "11",
        None,
    ]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (("700 Distribution St.", "78701"), ("700 DISTRIBUTION STREET", "78701-1234"), True),
        (("P.O. Box 12", "78701"), ("PO BOX 12", "787011234"), True),
        (("Hauptstr. 5", "80331"), ("Hauptstraße 5", "80331"), True),
        (("12 Rue de l'Église", "75001"), ("12 rue de l eglise", "75001"), True),
        (("1 High St\nApt 4", "78701"), ("1 High St Apt. 4", "78701"), True),
        (("1 High St", "78701"), ("1 High St Apt 4", "78701"), False),
        (("1 High St", "78701"), ("1 High St", "78702"), False),
        (("1 High St", ""), ("1 High St", "78702"), False),
        (("", "78701"), ("", "78701"), False),
    ],
)
def test_addresses_are_the_same_however_they_are_spelled(
    left: tuple[str, str], right: tuple[str, str], same: bool
) -> None:
    words = tables()["location"]["words"]
    assert same_place(Address(*left, "", ""), Address(*right, "", ""), words) is same
    assert same_place(Address(*right, "", ""), Address(*left, "", ""), words) is same


def test_an_address_in_another_country_is_another_and_one_without_zip_goes_by_its_city() -> None:
    words = tables()["location"]["words"]
    assert not same_place(Address("1 High St", "1000", "", "US"), Address("1 High St", "1000", "", "GB"), words)
    assert same_place(Address("1 High St", "", "Cork", "IE"), Address("1 High Street", "", "CORK", "IE"), words)


def test_the_street_of_a_party_is_all_of_its_lines() -> None:
    assert address_of(CONSUMER) == Address("1 HIGH ST APT 4", "78701", "AUSTIN", "US")


@pytest.mark.parametrize("role", ["CN", "SN", "DA", "UC"])
def test_an_order_without_a_ship_to_does_not_go_past_its_consignee_to_the_default_address(role: str) -> None:
    parties = Parties(others=(TradeParty(role=role, id="0008"),))
    assert places(order(parties=parties), profile()) == ({}, [
        f"it names no ship-to, and its goods may go to {role} 0008; map that one as ship-to, or set ship_to = \"default\" "
        "under [partners.acme.receive.850] for the customer's address, then: d365edi release P1"
    ])  # fmt: skip
    assert places(order(parties=parties), profile(ship_to="default")) == ({}, [])
    assert places(order(parties=parties.replace(ship_to=DC7)), profile()) == ({0: at("LOC-7")}, [])
    own = order(TradeParty(), DC7, parties=parties)
    assert places(own, profile()) == ({1: at("LOC-7")}, [])
    assert places(order(parties=Parties(others=(TradeParty(role="BY", id="0008"),))), profile()) == ({}, [])
