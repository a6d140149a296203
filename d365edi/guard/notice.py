"""Errors of a ship notice that do not depend on the order: sent twice, too late, cartons with the same SSCC.

Knows: ship notices, serial shipping container codes. Does not know: orders, levels, costs.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from d365edi.documents import ShipNotice
from d365edi.guard.case import Case
from d365edi.guard.echo import gs1

CORRECTIONS = frozenset({"cancellation", "change", "replace"})
"""Purposes under which the same number may come again: it cancels, changes or replaces what was sent."""


def duplicate(case: Case) -> Iterator[str]:
    """The same number again without being a correction, or another one for the same load of the same order."""
    notice = _notice(case)
    if notice.purpose in CORRECTIONS:
        return
    if case.facts.same_number:
        yield (
            f"a ship notice {notice.number} went out to them before, on {case.facts.same_number[0]}, "
            f"and this one does not say that it replaces it"
        )
    if case.facts.same_goods:
        yield f"bill of lading {notice.bill_of_lading} was announced before, by ship notice {case.facts.same_goods}"


def notice_late(case: Case) -> Iterator[str]:
    """It is sent on a later day than its goods."""
    notice, today = _notice(case), case.facts.today
    if notice.ship_date and today and today > notice.ship_date:
        yield f"its goods shipped on {notice.ship_date}, and it goes out on {today}"


def sscc_wrong(case: Case) -> Iterator[str]:
    """An SSCC that cannot be scanned: not 18 digits, or a wrong check digit."""
    for number in ssccs(_notice(case)):
        if len(number) != 18 or not gs1(number):
            yield f"{number} is no SSCC, its length or check digit is wrong"


def sscc_reused(case: Case) -> Iterator[str]:
    """An SSCC that another carton has, here or on an earlier notice."""
    for number, times in Counter(ssccs(_notice(case))).items():
        if times > 1:
            yield f"SSCC {number} stands on {times} cartons"
        if number in case.facts.sscc_used:
            yield f"SSCC {number} was used before, on ship notice {case.facts.sscc_used[number]}"


def ssccs(notice: ShipNotice) -> Iterator[str]:
    """The numbers of all packs and pallets, without the application identifier 00, in the order of the document."""
    yield from (number.removeprefix("00") if len(number) == 20 else number for number in _codes(notice))


def _codes(level: Any) -> Iterator[str]:
    for name in ("lines", "packs", "pallets", "orders"):
        for each in getattr(level, name, ()):
            if (number := getattr(each, "sscc", None)) is not None:
                yield number
            yield from _codes(each)


def _notice(case: Case) -> ShipNotice:
    assert isinstance(case.document, ShipNotice)
    return case.document
