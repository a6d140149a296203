"""The partners of the sandbox: one that the sandbox made up, and those whose ids the samples carry.

Knows: names, accounts, identities. Does not know: files, servers.
"""

from .partner import PartnerProfile

COMPANY = "usmf"

ACME = PartnerProfile(
    name="acme",
    account="US-001",
    title="Acme Retail",
    them=("ZZ", "ACMERETAIL"),
    us=("ZZ", "NORTHBAYGOODS"),
    group_them="ACMERETAIL",
    group_us="NORTHBAYGOODS",
)

PROFILES: tuple[PartnerProfile, ...] = (
    ACME,
    PartnerProfile(
        name="anvil",
        account="US-002",
        title="Anvil Works",
        them=("ZZ", "THISISME"),
        us=("14", "ANOTHERMERCH"),
        group_them="MYAPPID",
        group_us="ANOTAPPID",
        version="005010",
        usage="T",
    ),
    PartnerProfile(
        name="solon",
        account="US-003",
        title="Solon Stores",
        them=("12", "4405197800"),
        us=("01", "999999999"),
        group_them="4405197800",
        group_us="999999999",
    ),
    PartnerProfile(
        name="petfood",
        account="US-004",
        title="Pet Supplies",
        them=("ZZ", "PETSUPPLIES"),
        us=("ZZ", "NORTHBAYGOODS"),
        group_them="PETSUPPLIES",
        group_us="NORTHBAYGOODS",
    ),
    PartnerProfile(
        name="media",
        account="US-005",
        title="Media Direct",
        them=("ZZ", "COMPANY"),
        us=("01", "043109560"),
        group_them="COMPANY",
        group_us="043109560",
    ),
    PartnerProfile(
        name="aero",
        account="US-006",
        title="Aerospace Parts",
        them=("ZZ", "123456789012345"),
        us=("ZZ", "123456789012346"),
        group_them="1234567890",
        group_us="1234567899",
        usage="T",
        rows=(("item.buyer", "PO1[MG]"),),
        ignore=("SCH",),
    ),
    PartnerProfile(
        name="widgets",
        account="US-007",
        title="Widget Sellers",
        them=("ZZ", "SENDER"),
        us=("ZZ", "RECEIVER"),
        group_them="BUYERAPP",
        group_us="VENDORAPP",
    ),
    PartnerProfile(
        name="snacks",
        account="US-008",
        title="Snack Depot",
        them=("ZZ", "SENDERISA"),
        us=("14", "0073268795005"),
        group_them="SENDERGS",
        group_us="007326879",
        usage="T",
    ),
    PartnerProfile(
        name="skus",
        account="US-009",
        title="Sku Sellers",
        them=("ZZ", "SKUSELLERS"),
        us=("ZZ", "NORTHBAYGOODS"),
        group_them="SKUSELLERS",
        group_us="NORTHBAYGOODS",
        rows=(("item.buyer", "PO106"),),
    ),
)
