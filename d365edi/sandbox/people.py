"""The partners of the town: one that the sandbox made up, and those whose ids the samples carry.

Knows: names, accounts, identities. Does not know: files, servers.
"""

from __future__ import annotations

from .partner import Profile

COMPANY = "usmf"

ACME = Profile(
    name="acme",
    account="US-001",
    title="Acme Retail",
    them=("ZZ", "ACMERETAIL"),
    us=("ZZ", "NORTHBAYGOODS"),
    group_them="ACMERETAIL",
    group_us="NORTHBAYGOODS",
)

PROFILES: tuple[Profile, ...] = (
    ACME,
    Profile(
        "anvil",
        "US-002",
        "Anvil Works",
        ("ZZ", "THISISME"),
        ("14", "ANOTHERMERCH"),
        "MYAPPID",
        "ANOTAPPID",
        "005010",
        "T",
    ),
    Profile("solon", "US-003", "Solon Stores", ("12", "4405197800"), ("01", "999999999"), "4405197800", "999999999"),
    Profile(
        "petfood",
        "US-004",
        "Pet Supplies",
        ("ZZ", "PETSUPPLIES"),
        ("ZZ", "NORTHBAYGOODS"),
        "PETSUPPLIES",
        "NORTHBAYGOODS",
    ),
    Profile("media", "US-005", "Media Direct", ("ZZ", "COMPANY"), ("01", "043109560"), "COMPANY", "043109560"),
    Profile(
        *(
            "aero",
            "US-006",
            "Aerospace Parts",
            ("ZZ", "123456789012345"),
            ("ZZ", "123456789012346"),
            "1234567890",
            "1234567899",
        ),
        usage="T",
    ),
    Profile("widgets", "US-007", "Widget Sellers", ("ZZ", "SENDER"), ("ZZ", "RECEIVER"), "SENDER", "RECEIVER"),
    Profile("snacks", "US-008", "Snack Depot", ("ZZ", "SENDERISA"), ("14", "0073268795005"), "SENDERGS", "007326879"),
)
