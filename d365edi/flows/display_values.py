"""Adds to the answers of a document what is written of accounts and dimensions: in the order and with the delimiter of D365.

Formats and delimiter are read when something of a record needs them first, and kept for an hour. While they say that a document
must be held they are forgotten, so that `release` reads them again.

Knows: which rows of a table need them, the cache. Does not know: how a display value is built, entity names.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from d365edi.edi.findings import Finding
from d365edi.errors import PlaceRefused, Refused
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import ReceiveFlow
from d365edi.flows.prepared import Held
from d365edi.maps.d365.schema import Section, charges, header, lines
from d365edi.maps.table import Table
from d365edi.matching import dimensions
from d365edi.matching.dimensions import ConstantValue, DimensionFormats, DimensionPolicy, Kind, Setting
from d365edi.matching.lookup import Rows
from d365edi.matching.resolution import Resolution
from d365edi.odata.plan import Query

T = TypeVar("T")
KEPT = 3600.0
"""Seconds that formats and delimiter are kept: they are changed when an accounting is set up."""


async def add(ctx: FlowContext, receive: ReceiveFlow, table: Table, answers: Resolution) -> Resolution | Held:
    """The answers with accounts and dimensions as text; why the document is held where D365 would not take them as they are
    meant. Nothing is asked where a record has none. Raises Unavailable where D365 cannot be asked now."""
    policy, own = receive.dimensions, tuple(constants(table, receive.dimensions.place))
    kinds: set[Kind] = {each.kind for each in own if each.kind != "account"}
    kinds |= {"default"} if policy.values else set()
    kinds |= {"ledger"} if answers.accounts else set()
    if not kinds and not own and not _has_accounts(table):
        return answers
    formats = await _formats(ctx, policy, kinds)
    if isinstance(formats, Finding):
        return Held((str(formats),))
    if found := dimensions.problems(policy, own, formats, accounts=bool(answers.accounts)):
        for query in (dimensions.formats_query(), dimensions.delimiter_query()):
            ctx.answers.pop(query, None)
        return Held(tuple(map(str, found)))
    answers = dimensions.answered(answers, policy, formats)
    return await _by_d365(ctx, policy, answers) if policy.values and policy.by_d365 else answers


async def _by_d365(ctx: FlowContext, policy: DimensionPolicy, answers: Resolution) -> Resolution | Held:
    """The answers with the text of dimensions as D365 builds it."""
    set, action, given = dimensions.action(policy)
    try:
        text = await ctx.d365.act(set, action, given)
    except (Refused, PlaceRefused) as error:
        reason = f"D365 does not build the dimensions under [{policy.place}.dimensions] ({error.message})"
        return Held((f'{reason}; write dimensions = "auto" under [d365], then release the document',))
    if not isinstance(text, str) or not text:
        return Held((f"D365 builds nothing of the dimensions under [{policy.place}.dimensions]; correct them",))
    return answers.with_more({dimensions.ANSWER: text})


async def _formats(ctx: FlowContext, policy: DimensionPolicy, kinds: set[Kind]) -> DimensionFormats | Finding:
    """The delimiter and the formats of some kinds, from the settings where they have them, else from D365."""
    delimiter: str | Finding = policy.delimiter
    if not delimiter:
        delimiter = await _read(ctx, dimensions.delimiter_query(), "delimiter", dimensions.delimiter_of)
    if isinstance(delimiter, Finding):
        return delimiter
    if not delimiter:
        return dimensions.unread("D365 names none that is known", "delimiter")
    names = {kind: known for kind in kinds if (known := policy.known(kind))}
    if missing := sorted(kinds - names.keys()):
        sign = delimiter
        read = await _read(ctx, dimensions.formats_query(), missing[0], lambda rows: dimensions.formats_of(rows, sign))
        if isinstance(read, Finding):
            return read
        names = {**read, **names}
    return DimensionFormats(delimiter, names, policy.escape)


async def _read(ctx: FlowContext, query: Query, what: Setting, read: Callable[[Rows], T]) -> T | Finding:
    """What the rows of a query say, from the cache or from D365; the finding where they may not be read."""
    async with ctx.alone(f"ask:{query}"):
        until, rows = ctx.answers.get(query, (0.0, []))
        if until <= ctx.clock():
            try:
                rows = [dict(row) for row in await ctx.d365.ask(query)]
            except (Refused, PlaceRefused) as error:
                return dimensions.unread(error.message, what)
            if rows:
                ctx.answers[query] = (ctx.clock() + KEPT, rows)
    return read(rows)


def _sections(table: Table) -> Iterator[Section]:
    yield header(table)
    if "lines" in table.tree:
        yield lines(table)
    yield from charges(table).values()


def constants(table: Table, place: str) -> Iterator[ConstantValue]:
    """The display values that stand in the table or in a user's rows over it."""
    for section in _sections(table):
        types = {row.name: row.constant for row in section.rows if row.constant is not None}
        for row in section.rows:
            kind = dimensions.kind_of(row.name, types) if isinstance(row.constant, str) else None
            if kind is not None:
                yield ConstantValue(row.name, row.constant, f"{place}.d365.{'.'.join(row.key[:-1])}", kind)


def _has_accounts(table: Table) -> bool:
    answers = {f"answers.{name}" for name in dimensions.LEDGER_ACCOUNTS}
    return any(answers.intersection(row.sources) for section in _sections(table) for row in section.rows)
