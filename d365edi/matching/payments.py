"""What holds a payment before it becomes lines of a payment journal, and which of its invoices D365 knows as posted.

A line settles one invoice of ours, or of the vendor, and D365 marks an invoice once in a journal. What is no payment of an
invoice (a credit memo of the payer, a deduction) belongs to an account that only a person knows.

Knows: remittances, queries as values. Does not know: HTTP, settings files, entity names (they stand in `lookups.toml`), journals.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from d365edi.documents import Remittance
from d365edi.documents.remittance import RemittanceLine
from d365edi.edi.findings import Finding
from d365edi.matching.lookup import Profile, tables, unmet
from d365edi.odata.batch import LIMIT
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq, same_text

INVOICES = (None, "IV", "380")
"""What calls an item an invoice (data elements 128 and 1001); a flat file need not say it."""
PAYS = (None, "C", "D", "I", "U", "X")
"""Transaction handling codes (data element 305, BPR01) of a payment that is made, I by another way than this message: what a
remittance advice (BGM 1001 481) says."""
PAYS_NOT = {"H": "a notification only", "P": "the prenotification of a future transfer"}
"""What other codes say."""
TRIED = "it is left to D365, which may post it or not"
"""What is said of an invoice that is unknown where the flow tries it."""
NEW = "original"
"""The purpose of a new payment."""
Placed = tuple[int, RemittanceLine]
"""An item with its place in the payment (1 is the first)."""


def findings(payment: Remittance) -> Iterator[Finding]:
    """What holds a payment whoever is paid, with rule `payment`; items of one kind are reported once, with how many there are."""
    lines = list(enumerate(payment.lines, 1))
    if payment.purpose not in (None, NEW):
        yield _held(payment, f"its purpose is {payment.purpose}: it is no new payment", payment.purpose)
    if payment.handling not in PAYS:
        word = PAYS_NOT.get(payment.handling or "", "no payment that is made")
        said = f"its code (BPR01, BGM 1001) is {payment.handling}: it is {word}"
        yield _held(payment, said, payment.handling or "")
    if payment.sense == "D":
        yield _held(payment, "it takes money from us (BPR03 D), and a payment gives it", "D")
    if len(lines) > LIMIT:
        yield _held(payment, f"it has {len(lines):,} items; D365 takes {LIMIT:,} at once", str(len(lines)))
    for wrong, words in _WRONG:
        found = [placed for placed in lines if wrong(placed[1])]
        if found:
            yield _held(payment, _first(found, words), found[0][1].number or "")
    if twice := list(_twice(lines)):
        place, line = twice[0]
        more = f"; so are {len(twice) - 1} more" if len(twice) > 1 else ""
        message = (
            f"invoice {line.number} is paid twice, again in item {place}{more}: D365 marks an invoice once in a journal"
        )
        yield _held(payment, message, line.number or "")


_WRONG: tuple[tuple[Callable[[RemittanceLine], bool], Callable[[RemittanceLine], str]], ...] = (
    (lambda line: line.kind not in INVOICES, lambda line: f"{line.number} is no invoice (its kind is {line.kind})"),
    (lambda line: line.kind in INVOICES and line.number is None, lambda _: "it names no invoice"),
    (
        lambda line: line.kind in INVOICES and (line.paid is None or line.paid <= 0),
        lambda line: f"invoice {line.number} is paid with {'nothing' if line.paid is None else line.paid}",
    ),
    (
        lambda line: bool(line.adjusted),
        lambda line: (
            f"invoice {line.number} is paid with a deduction or another adjustment of {line.adjusted}"
            + (f" (reason {line.reason})" if line.reason else "")
        ),
    ),
)
"""What is wrong with a single item, and how it is said."""


def short(payment: Remittance) -> Iterator[Finding]:
    """The first invoice that is paid with another amount than it asks for, or less a discount, and how many more; rule
    `payment`. What is less by a deduction is among the `findings`."""
    found = [(place, line) for place, line in enumerate(payment.lines, 1) if _is_short(line)]
    if found:
        message = _first(found, _short)
        remedy = (
            'post it by hand, or write short_paid = "try" in the flow: what is paid is written, and D365 takes a cash discount '
            f"where the invoice has one, or leaves the rest open; then: d365edi release {payment.number}"
        )
        yield Finding("document", "error", "", message, value=found[0][1].number or "", remedy=remedy, rule="payment")


def _is_short(line: RemittanceLine) -> bool:
    if line.kind not in INVOICES or line.paid is None or line.adjusted:
        return False
    return bool(line.discount) or (line.gross is not None and line.gross != line.paid)


def _short(line: RemittanceLine) -> str:
    asked = f" of {line.gross}" if line.gross is not None else ""
    less = f" less a discount of {line.discount}" if line.discount else ""
    return (
        f"invoice {line.number}{asked} is paid with {line.paid}{less}; a line in D365 has no field for the difference"
    )


def _first(found: Sequence[Placed], words: Callable[[RemittanceLine], str]) -> str:
    place, line = found[0]
    more = f", and so {len(found) - 1} more" if len(found) > 1 else ""
    return f"item {place}: {words(line)}{more}"


def _twice(lines: Sequence[Placed]) -> Iterator[Placed]:
    """The items whose invoice an earlier one pays, as D365 compares numbers."""
    seen = set[str]()
    for place, line in lines:
        if line.number is None or line.kind not in INVOICES:
            continue
        number = line.number.rstrip(" ").casefold()
        if number in seen:
            yield place, line
        seen.add(number)


def _held(payment: Remittance, message: str, value: str) -> Finding:
    remedy = f'post it by hand, or ask the partner for another; then: d365edi reject {payment.number} --why "..."'
    return Finding("document", "error", "", message, value=value, remedy=remedy, rule="payment")


def posted(payment: Remittance, creates: str, profile: Profile) -> Iterator[Query]:
    """The queries that find its invoices among the posted ones, one for each; they may be asked together."""
    table = tables()["posted"][creates]
    fields = ("dataAreaId", table["number"], table["account"])
    for line in payment.lines:
        if line.number is not None:
            choice = (table["number"], (line.number,))
            yield Query(table["set"], (eq("dataAreaId", profile.company),), fields, choice=choice)


def unknown(
    payment: Remittance,
    creates: str,
    company: str,
    account: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    tried: bool = False,
) -> Iterator[Finding]:
    """The first invoice that is not among these posted ones of the account, and how many more; rule `invoice`. `tried`: it is
    left to D365."""
    table = tables()["posted"][creates]
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(_folded(row.get(table["number"])), set()).add(str(row.get(table["account"]) or ""))
    found = [
        (place, line)
        for place, line in enumerate(payment.lines, 1)
        if not any(same_text(owner, account) for owner in owners.get(_folded(line.number), ()))
    ]
    if not found:
        return
    number, noun = found[0][1].number or "", table["noun"]
    others = ", ".join(sorted(owners.get(_folded(number), ())))
    who = f"is one of {noun} {others}, not of {account}" if others else f"is no posted invoice of {noun} {account}"
    message = _first(found, lambda line: f"invoice {line.number} {who} in {company}")
    remedy = (
        f"ask the partner which one is meant, or post it in D365, then: d365edi release {payment.number}; "
        'unknown_invoice = "try" in the flow leaves it to D365'
    )
    yield unmet("invoice", number, message, TRIED if tried else remedy)


def _folded(text: object) -> str:
    return str(text or "").rstrip(" ").casefold()
