"""Whether a vendor's invoice was posted before.

Knows: rows of posted invoices. Does not know: HTTP, the set and its fields (they stand in `lookups.toml`).
"""

from collections.abc import Iterable
from typing import Any

from d365edi.matching.lookup import Row, tables
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq, same_text


def query(company: str, account: str, number: str) -> Query:
    """The query for a vendor's posted invoices of one number."""
    table = tables()["posted"]["VendorInvoice"]
    filters = (eq("dataAreaId", company), eq(table["account"], account), eq(table["number"], number))
    return Query(
        table["set"], filters, ("dataAreaId", *(table[name] for name in ("account", "number", "date", "voucher")))
    )


def any_posted(company: str) -> Query:
    """One posted invoice of any vendor: whether they may be read at all."""
    table = tables()["posted"]["VendorInvoice"]
    return Query(table["set"], (eq("dataAreaId", company),), ("dataAreaId", table["voucher"]), top=1)


def check(account: str, number: str) -> dict[str, Any]:
    """What the writer looks up once more before it writes: the set, what finds the record, and the fields that say which it is
    and when."""
    table = tables()["posted"]["VendorInvoice"]
    lookup = {table["account"]: account, table["number"]: number}
    return {"set": table["set"], "lookup": lookup, "date": table["date"], "voucher": table["voucher"]}


def found(rows: Iterable[Row], account: str, number: str, year: str) -> str:
    """That an invoice of an account was posted, with voucher and date; "" where none of the rows is it (D365 finds more for a
    text with an asterisk). `year`: within which its number counts once, "" for ever."""
    table = tables()["posted"]["VendorInvoice"]
    for row in rows:
        when = str(row.get(table["date"]) or "")[:10]
        same = same_text(row.get(table["account"]), account) and same_text(row.get(table["number"]), number)
        if same and when.startswith(year):
            return f"it was posted before: voucher {row.get(table['voucher'])} of {when}"
    return ""
