"""The state in D365 of a write plan, given the progress of earlier tries: nothing, a header only, complete, or a
conflict.

A header found under the natural key without an outstanding request of ours was made by another, unless its number is one that we
give, or a person said of it that it is the same (after a restore the journal does not know what we made since): then it is ours
where it has exactly our lines, and never written to. While a request is
outstanding and nothing is found, that is not final for `unclear_for` seconds: longer than D365 lets a request run.

Parts of the natural key that are empty are not asked for, since D365 may store null there and `eq ''` would not find it: rows are
compared here. D365 may also fill in a default of its own. So, while a request is outstanding, a header that differs in these
parts only is ours, but for those that were there before the request (`beside`).

Knows: write plans and progress. Does not know: entity names, EDI, how anything is written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from d365edi.endpoints.base import Receipt
from d365edi.endpoints.d365 import catalog, compare_lines
from d365edi.endpoints.d365.client import Client, Record
from d365edi.odata import quoting
from d365edi.odata.plan import FurtherRows, Query, WritePlan, plain_words

SHOWN = 5
"""How many lines whose price is not ours a receipt names."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such record. `wait`: seconds until that is final, because a request of ours may still be carried out. `beside`: the
    numbers of records that differ only in parts of the natural key that the plan leaves empty."""

    wait: float
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderOnly:
    """Our header, without any line. `wait` as in NotFound, for its lines."""

    header: Record
    wait: float


@dataclass(frozen=True, slots=True)
class LinesOnly:
    """Our header with exactly our lines, and none of what follows these (`WritePlan.after_lines`). `wait` as in NotFound, for
    that."""

    header: Record
    wait: float


@dataclass(frozen=True, slots=True)
class Complete:
    """Our header with exactly our lines and all else that belongs to them."""

    header: Record


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that only a person can decide. `theirs`: the number of the one record that was not made of this document, where
    a person may say that it is the same (`same` in the progress)."""

    question: str
    remedy: str
    theirs: str = ""


NO_DAY = "1900"
"""The year of a day that is not filled in: a record without its day may be of any year."""
EMPTY = (None, "")
"""What a part of a natural key is that the plan does not send."""

RecordState = NotFound | HeaderOnly | LinesOnly | Complete | Conflict


@dataclass(frozen=True, slots=True)
class StateLookup:
    """Looks up one plan's record, and describes it in sentences."""

    client: Client
    plan: WritePlan
    clock: Callable[[], float]
    unclear_for: float

    async def look(self, progress: Mapping[str, str]) -> RecordState:
        """What is there now. Reads only. `progress` as in writer.py."""
        number, outstanding = progress.get(self.plan.number_field, ""), progress.get("at", "")
        near = await self._headers({name: value for name, value in self.plan.lookup.items() if value not in EMPTY})
        found = [each for each in self._meant(near, progress) if not await self._others(each, number)]
        if not found and number:
            found = await self._headers({self.plan.number_field: number})
        if len(found) > 1 and self.plan.extra.get("several") and (number or outstanding):
            found = [each for each in found if quoting.same_text(self.number(each), number)] or found
            return Complete(found[0])  # D365 made several of ours
        if len(found) > 1:
            numbers = ", ".join(sorted(self.number(header) for header in found))
            return Conflict(
                f"{len(found)} {self.noun}s of {self.plan.company} carry {self.label}: {numbers}; which is it?",
                "cancel all but one in D365; reject this document, or release it once none is left",
            )
        if not found and (posted := await self._posted()):
            return posted
        if not found:
            if number and progress.get("step") != "withdrawing":
                return self._gone(number)
            return NotFound(self._wait(outstanding), tuple(sorted(self.number(header) for header in near)))
        mine = number or self.plan.own_number
        ours = quoting.same_text(self.number(found[0]), mine) if mine else bool(outstanding)
        same = quoting.same_text(self.number(found[0]), progress.get("same", ""))
        return await (self._ours(found[0], progress) if ours else self._theirs(found[0], same=same))

    def _meant(self, near: Sequence[Record], progress: Mapping[str, str]) -> list[Record]:
        """Of headers that have all parts of the natural key that were sent: those whose other parts are empty too; else ours."""
        empty = [name for name, value in self.plan.lookup.items() if value in EMPTY]
        number, outstanding = progress.get(self.plan.number_field, ""), progress.get("at", "")
        mine = [header for header in near if number and quoting.same_text(self.number(header), number)]
        exact = [header for header in near if all(compare_lines.alike(header.get(name), None) for name in empty)]
        if mine and mine[0] not in exact:
            return mine
        if exact or not outstanding:
            return exact
        before = progress.get("beside", "").split("\n")
        return [header for header in near if self.number(header) not in before]

    async def _others(self, header: Record, number: str) -> bool:
        """Whether a header is of somebody else, who uses the same number: its lines are of other accounts than ours (`whose`)."""
        field = self.plan.extra.get("whose")
        if not field or (number and quoting.same_text(self.number(header), number)):
            return False
        rows = await self.rows(self.number(header))
        ours = [line.get(field) for line in self.plan.lines]
        return bool(rows) and not any(compare_lines.alike(row.get(field), each) for row in rows for each in ours)

    async def difference(self, header: Record) -> str:
        """How the lines under a header, and what is written with them, differ from the plan's, in words; empty when they do
        not."""
        number = self.number(header)
        return await self._difference(number, await self.rows(number))

    def shown(self, number: str, made: Sequence[Record]) -> bool:
        """Whether rows as D365 created them, the lines and then what was written with them, are all that was sent."""
        plan, place = self.plan, len(self.plan.lines)
        if not made or compare_lines.difference(plan, made[:place]):
            return False
        linked = [(plan.link_field, row) for row in made[:place]]
        for each in plan.with_lines:
            own, place = made[place : place + len(each.rows)], place + len(each.rows)
            if compare_lines.missing(each, own):
                return False
            linked += ((each.link_field, row) for row in own)
        return place == len(made) and all(quoting.same_text(str(row.get(link)), number) for link, row in linked)

    @property
    def compared(self) -> frozenset[str]:
        """The fields that `shown` looks at."""
        plan = self.plan
        further = (name for each in plan.with_lines for name in (each.link_field, *each.compare))
        return frozenset((plan.link_field, *plan.compare, *self._prices, *further))

    async def _difference(self, number: str, rows: Sequence[Record]) -> str:
        if found := compare_lines.difference(self.plan, rows):
            return found
        lacks = await self.missing(self.plan.with_lines, number)
        return f"{lacks[0]} is not among them" if lacks else ""

    async def rows(self, number: str) -> list[Record]:
        """The lines under a header's number."""
        plan = self.plan
        fields = (*plan.compare, *self._prices, *(each.line_key for each in plan.after_lines))
        return await self._linked(plan.line_set, plan.link_field, fields, number)

    async def missing(self, further: Sequence[FurtherRows], number: str) -> list[str]:
        """What of further rows is not there, in words."""
        found = list[str]()
        for each in further:
            rows = await self._linked(each.set, each.link_field, each.compare, number)
            found += (f"{each.set} ({words})" for words in compare_lines.missing(each, rows))
        return found

    async def _linked(self, entity_set: str, link_field: str, fields: Sequence[str], number: str) -> list[Record]:
        wanted = {"dataAreaId": self.plan.company, link_field: number}
        filters = catalog.where(entity_set, wanted)
        rows = await self.client.rows(Query(entity_set, filters, tuple(dict.fromkeys((*wanted, *fields)))))
        return [row for row in rows if compare_lines.alike(row.get(link_field), number)]

    async def priced(self, header: Record, made: Sequence[Record] = ()) -> Receipt:
        """The receipt of a record, with the prices that are D365's own: of lines as they were `made`, else as they are found."""
        receipt = self.receipt(header)
        if not self._prices:
            return receipt
        rows = made[: len(self.plan.lines)] or await self.rows(receipt.id)
        found = compare_lines.repriced(self.plan, rows)
        return Receipt(receipt.id, {**receipt.detail, "prices": _first(found)}) if found else receipt

    @property
    def _prices(self) -> tuple[str, ...]:
        """The fields of a line's price and amount, where a price was sent."""
        names: Mapping[str, str] = self.plan.extra.get("prices", {})
        sent = names and any(line.get(names["price"]) is not None for line in self.plan.lines)
        return (names["price"], names["amount"]) if sent else ()

    def receipt(self, header: Record) -> Receipt:
        """What to keep of a record that is there with all its lines."""
        detail = {"set": self.plan.header_set, "company": self.plan.company, "lines": str(len(self.plan.lines))}
        return Receipt(self.number(header), detail)

    @property
    def label(self) -> str:
        """The document in words, e.g. "PO 4500123"."""
        return self.plan.label or ", ".join(str(value) for value in self.plan.lookup.values())

    @property
    def noun(self) -> str:
        """The kind of record in words: "sales order" for SalesOrder."""
        return plain_words(self.plan.what)

    def number(self, header: Record) -> str:
        """The number that D365 gave a header; empty where it is not there."""
        value = header.get(self.plan.number_field)
        return "" if value is None else str(value)

    async def _headers(self, lookup: Mapping[str, Any]) -> list[Record]:
        """Headers with exactly these values: a `*` in a value is a wildcard to D365, so what it found is compared
        once more."""
        plan = self.plan
        wanted = {"dataAreaId": plan.company, **lookup}
        years: Mapping[str, str] = plan.extra.get("year", {})
        fields = [*catalog.keys(plan.header_set), *wanted, *plan.lookup, plan.number_field, *self._open, *years]
        filters = catalog.where(plan.header_set, wanted)
        rows = await self.client.rows(Query(plan.header_set, filters, tuple(dict.fromkeys(fields))))
        return [
            row
            for row in rows
            if all(compare_lines.alike(row.get(field), value) for field, value in wanted.items())
            and all(str(row.get(field) or "")[:4] in ("", NO_DAY, year) for field, year in years.items())
        ]

    async def _posted(self) -> Conflict | None:
        """That the record was posted, which leaves it in another set (`extra["posted"]`), in the year that counts."""
        asked: Mapping[str, Any] = self.plan.extra.get("posted", {})
        if not asked:
            return None
        wanted = {"dataAreaId": self.plan.company, **asked["lookup"]}
        fields = (*wanted, asked["date"], asked["voucher"])
        rows = await self.client.rows(Query(asked["set"], catalog.where(asked["set"], wanted), fields))
        year = next(iter(self.plan.extra.get("year", {}).values()), "")
        for row in rows:
            day = str(row.get(asked["date"]) or "")[:10]
            if day.startswith(year) and all(
                compare_lines.alike(row.get(name), value) for name, value in wanted.items()
            ):
                said = f"{self.label} of {self.plan.company} is posted: voucher {row.get(asked['voucher'])} of {day}"
                return Conflict(said, "reject this document: nothing is written to what is posted")
        return None

    async def _ours(self, header: Record, progress: Mapping[str, str]) -> RecordState:
        if not self.plan.lines:
            return Complete(header)
        number = self.number(header)
        rows = await self.rows(number)
        difference = await self._difference(number, rows)
        if not difference:
            return await self._followed(header, progress)
        if rows:
            return Conflict(
                f"{self.noun} {number}, made for {self.label}, has other lines than were sent: {difference}",
                f"correct {number} in D365 and reject this document, or delete its lines there and release it",
            )
        ended = [
            f"{field} {header.get(field)}" for field, allowed in self._open.items() if header.get(field) not in allowed
        ]
        if ended:
            return Conflict(
                f"{self.noun} {number}, made for {self.label}, lacks its lines and is ended already ({', '.join(ended)})",
                f"reject this document, or change the reference of {number} in D365 and replay it",
            )
        return HeaderOnly(header, self._wait(progress.get("lines_at", "")))

    async def _followed(self, header: Record, progress: Mapping[str, str]) -> RecordState:
        """What is there of that which follows the lines: it is written as a whole."""
        wanted, number = self.plan.after_lines, self.number(header)
        lacks = await self.missing(wanted, number)
        if not lacks:
            return Complete(header)
        if len(lacks) < sum(len(each.rows) for each in wanted):
            return Conflict(
                f"{self.noun} {number}, made for {self.label}, has its lines and not all that belongs to them: {lacks[0]}",
                f"complete {number} in D365 and reject this document",
            )
        return LinesOnly(header, self._wait(progress.get("after_at", "")))

    async def _theirs(self, header: Record, *, same: bool) -> RecordState:
        """A header that was not made of this document: a question, or `same` by a person's word, where its lines say so too."""
        number, difference = self.number(header), ""
        if self.plan.lines:
            difference = await self.difference(header) or next(
                iter(await self.missing(self.plan.after_lines, number)), ""
            )
        if same and not difference:
            return Complete(header)
        carries = f"{self.noun} {number} of {self.plan.company} carries {self.label} already"
        other = f"else change the reference of {number} in D365 and release this one"
        if not difference:
            beside = ", with the same lines" if self.plan.lines else ""
            question = f"{carries}{beside}, and was not made of this document: is it the same?"
            return Conflict(
                question, f"release this document if it is, and {number} counts as made of it; {other}", number
            )
        question = f"{carries}, with other lines ({difference}), and was not made of this document: is it the same?"
        if same:
            question = f"{carries}, and is not taken as the same: it has other lines than this document ({difference})"
        correct = f"reject this document if it is, or correct {number} and release this one"
        return Conflict(question, f"{correct}; {other}", number)

    def _gone(self, number: str) -> Conflict:
        return Conflict(
            f"{self.noun} {number}, made for {self.label}, is not in {self.plan.company} any more: was it deleted?",
            "reject this document if it was; else enter it by hand in D365 and reject it then",
        )

    @property
    def _open(self) -> Mapping[str, Any]:
        """Fields whose values say that a header may still be written (`extra["open"]`: field -> allowed values)."""
        found: Mapping[str, Any] = self.plan.extra.get("open", {})
        return found

    def _wait(self, at: str) -> float:
        return max(0.0, float(at) + self.unclear_for - self.clock()) if at else 0.0


def _first(found: Sequence[str]) -> str:
    """The first few of these sentences, and how many more there are."""
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more
