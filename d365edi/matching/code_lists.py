"""Codes of which D365 has a list: currencies, terms of payment, modes and terms of delivery, and main accounts of a chart.

What a partner says is ours by its own table (`[partners.X.codes.delivery_mode]`), else it is asked of D365, and is written as
D365 has it. A currency and a main account are always asked for, the others where the partner has a table for them: without one
D365 takes those that it has for the vendor. What D365 does not have holds the document, and what it does not show is left to it.

Knows: documents, profiles, queries as values, the tables of `lookups.toml`. Does not know: HTTP, settings files, entity names.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, get_args

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.matching.lookup import Lookup, Profile, Rows, UnresolvedReference, tables, unmet
from d365edi.matching.resolution import CODES, ReferenceKind, ResolvedReference
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq

CURRENCY = "currency"
"""What the map has translated already, and D365 must have whether there is a table for it or not."""
MAIN_ACCOUNT: ReferenceKind = "main_account"


def of_document(document: PurchaseOrder | Invoice, profile: Profile) -> Iterator[UnresolvedReference]:
    """The codes that a document says of itself as a whole."""
    kinds: tuple[ReferenceKind, ...] = get_args(ReferenceKind)
    for kind in kinds:
        if kind not in CODES or kind not in tables()["codes"]:
            continue
        table, own = tables()["codes"][kind], profile.codes.get(kind)
        said = [word for path in table["said_by"] if (word := attrgetter(path)(document))]
        if said and kind == CURRENCY:
            yield _code(kind, table, said[:1], profile, document.number)
        elif said and own is not None:
            known = [own[word] for word in said if word in own]
            yield _code(kind, table, known[:1] or said, profile, document.number)


def _code(
    kind: ReferenceKind, table: Mapping[str, Any], words: list[str], profile: Profile, number: str
) -> UnresolvedReference:
    where = f" of {profile.company}" if "company" in table else ""
    message = f'{table["noun"]} "{words[0]}" is none that D365 has{where}'
    remedy = "enter it in D365" if kind == CURRENCY else _translate(kind, words[0], profile)
    miss = unmet(kind, words[0], message, f"{remedy}, then: d365edi release {number}")
    filters = (eq(table["company"], profile.company),) if "company" in table else ()
    query = Query(table["set"], filters, (table["code"],))
    lookups = tuple(
        Lookup(query.among(table["code"], (word,)), table["code"], (word,), table["code"]) for word in words
    )
    unread = ResolvedReference(kind, words[0], (), words[0])
    return UnresolvedReference(kind, words[0], (), lookups, miss, refused=unread)


def _translate(kind: str, word: str, profile: Profile) -> str:
    return f'write "{word}" = "..." (ours) under [partners.{profile.partner}.codes.{kind}], or enter it in D365'


# -- main accounts ----------------------------------------------------------------------------------------------------
def accounted(invoice: Invoice) -> dict[str, tuple[int, ...]]:
    """The main accounts that lines say which are for no order and no item, each with its lines (1 is the first)."""
    found: dict[str, list[int]] = {}
    for place, line in enumerate(invoice.lines, 1):
        if line.main_account is not None and line.order_line is None and line.item.own is None:
            found.setdefault(line.main_account, []).append(place)
    return {account: tuple(lines) for account, lines in found.items()}


def chart_query(company: str) -> Query:
    """The query for the ledger of a company."""
    table = tables()["ledger"]
    return Query(table["set"], (), (table["company"], table["chart"])).among(table["company"], (company,))


def say_chart(rows: Rows) -> str:
    """The chart of accounts of a company as a sentence."""
    charts = ", ".join(str(row.get(tables()["ledger"]["chart"])) for row in rows)
    return f"main accounts are those of chart {charts}" if charts else "D365 shows no ledger"


def chart(profile: Profile, number: str) -> UnresolvedReference:
    """Which chart of accounts the company has: as the settings say, else as D365 does."""
    table, company = tables()["ledger"], profile.company
    place = f'charts = {{ {company} = "..." }} under [d365]'
    message = f"D365 shows no ledger of {company}, so that its chart of accounts is not known"
    miss = unmet("chart", company, message, f"write {place}, then: d365edi release {number}")
    lookup = Lookup(chart_query(company), table["company"], (company,), table["chart"])
    return UnresolvedReference("chart", company, (), (lookup,), miss, refused=miss)


def main_accounts(
    accounts: Mapping[str, tuple[int, ...]], chart: str, profile: Profile, number: str
) -> Iterator[UnresolvedReference]:
    """The main accounts of a chart that lines are for."""
    table = tables()[MAIN_ACCOUNT]
    fields = (table["chart"], table["account"], table["suspended"])
    asked = Query(table["set"], (eq(table["chart"], chart),), fields)
    for account, lines in accounts.items():
        message = f'main account "{account}" (line {lines[0]}) is not in chart {chart} of {profile.company}'
        remedy = f"{_translate(MAIN_ACCOUNT, account, profile)}, then: d365edi release {number}"
        miss: Finding = unmet(MAIN_ACCOUNT, account, message, remedy)
        lookup = Lookup(asked.among(table["account"], (account,)), table["account"], (account,), table["account"])
        unread = ResolvedReference(MAIN_ACCOUNT, account, lines, account)
        suspended = (table["suspended"], ("Yes",))
        yield UnresolvedReference(MAIN_ACCOUNT, account, lines, (lookup,), miss, refused=unread, hold=suspended)
