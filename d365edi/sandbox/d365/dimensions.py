"""Display values as the application takes them: parted by the tenant's delimiter, in the order of the active format.

A missing segment at the end is blank, one too many at the end is dropped, a delimiter that is part of a value has a backslash
before it.

Knows: delimiters, formats, which fields are display values. Does not know: OData, HTTP, accounts (`payments`).
"""

from typing import Any

from .refusals import infolog
from .tenant import CHART, Tenant

SIGNS = {"Hyphen": "-", "Period": ".", "Underscore": "_", "Bar": "|", "Tilde": "~"}
DEFAULT = (
    "DefaultLedgerDimensionDisplayValue",
    "DefaultDimensionDisplayValue",
    "DimensionDisplayValue",
    "DefaultDimensionsForAccountDisplayValue",
    "DefaultDimensionsForOffsetAccountDisplayValue",
)
LEDGER = ("MainAccountDisplayValue", "MainAccountIdDisplayValue")
NONE_ACTIVE = "Error: No active format for data entities has been set up."
NOT_ACTIVATED = "Error: Only active dimensions can be used"


def delimiter(tenant: Tenant) -> str:
    """What parts the segments of display values in this tenant."""
    name = tenant.rows("DimensionParameters")[0]["DimensionSegmentDelimiter"]
    return SIGNS.get(name) or SIGNS[name.removeprefix("Double")] * 2


def parted(text: str, sign: str) -> list[str]:
    """The segments of a display value, without backslashes before delimiters."""
    return [segment.replace("\0", sign) for segment in text.replace(f"\\{sign}", "\0").split(sign)]


def by_name(tenant: Tenant, kind: str, text: str) -> dict[str, str]:
    """What a display value says by dimension, by the active format of a kind ("Default", "Ledger"). Empty where there is none."""
    active = tenant.rows(
        "DimensionIntegrationFormats", DimensionFormatType=f"DataEntity{kind}DimensionFormat", IsActive="Yes"
    )
    if not active:
        return {}
    sign = delimiter(tenant)
    names = active[0]["FinancialDimensionFormat"].split(sign)
    each = parted(text, sign)
    return {name: each[place] if place < len(each) else "" for place, name in enumerate(names)}


def built(tenant: Tenant, names: list[str], values: list[str]) -> str:
    """The display value that the action `getSetDisplayValue` makes; a name that the active format lacks is left out."""
    sign, given = delimiter(tenant), dict(zip(names, values, strict=False))
    each = [given.get(name, "").replace(sign, f"\\{sign}") for name in by_name(tenant, "Default", "")]
    while each and not each[-1]:
        each.pop()
    return sign.join(each)


def check_account(tenant: Tenant, entity: str, text: str) -> None:
    """Refuse a ledger account whose main account the chart does not have, or has suspended."""
    account = by_name(tenant, "Ledger", text).get("MainAccount", "")
    found = tenant.rows("MainAccounts", ChartOfAccounts=CHART, MainAccountId=account)
    if not found:
        raise infolog(entity, f"Error: The value {account} is not valid for dimension MainAccount.")
    if found[0]["IsSuspended"] == "Yes":
        raise infolog(entity, f"Error: Main account {account} is suspended.")


def check(tenant: Tenant, entity: str, given: dict[str, Any]) -> None:
    """Refuse display values that the active format does not let in, and values that a dimension with a list does not have."""
    for name, text in given.items():
        kind = "Default" if name in DEFAULT else "Ledger" if name in LEDGER else ""
        if not kind or not text:
            continue
        values = by_name(tenant, kind, text)
        if not values:
            raise infolog(entity, NONE_ACTIVE)
        for dimension, value in values.items():
            if dimension in tenant.inactive_dimensions:
                raise infolog(entity, NOT_ACTIVATED)
            listed = tenant.dimension_values.get(dimension)
            if value and listed is not None and value not in listed:
                raise infolog(entity, f"Error: The value {value} is not valid for dimension {dimension}.")
