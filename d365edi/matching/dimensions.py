"""Display values: financial dimensions and accounts as one text, whose segments stand in the order of D365's active format.

The text is built from names: blank segments are kept, blank ones at the end are not, and a delimiter inside a value has a
backslash before it, in dimensions as in accounts. What D365 would read otherwise than it is meant is named before it is written.

Knows: formats, delimiters, which fields are display values (`lookups.toml`). Does not know: tables of maps, HTTP, settings files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from d365edi.edi.findings import Finding
from d365edi.matching.lookup import Rows, tables, unmet
from d365edi.matching.resolution import Resolution
from d365edi.odata.plan import Query
from d365edi.odata.quoting import Member, eq

Kind = Literal["default", "ledger"]
"""The kinds of formats: dimensions alone, or a main account and its dimensions."""
Setting = Literal["default", "ledger", "delimiter"]
"""What is read from D365, each a key of `[d365] dimensions` as well."""
MOST = 30
"""Characters of a dimension value, as D365 stores it."""
LEDGER_ACCOUNTS = {"customer_ledger": "invoice_customer", "vendor_ledger": "invoice_vendor"}
"""Answers that are accounts as journals display them, each with the answer that it is made of: open items stand on the invoice
account."""
ANSWER = "dimensions"
"""The answer that is the dimensions of a record as one text."""
_OTHER_SIGNS = re.compile(r"[-|~.]+")


@dataclass(frozen=True, slots=True)
class DimensionPolicy:
    """What the settings say: `values` by name for what a flow creates, and the keys of [d365] that are not read from D365 then.

    `place` is the flow's table in the settings. `by_d365`: D365 builds the text."""

    place: str = "partners.NAME.receive.SET"
    values: Mapping[str, str] = field(default_factory=dict)
    default: tuple[str, ...] = ()
    ledger: tuple[str, ...] = ()
    delimiter: str = ""
    escape: bool = True
    by_d365: bool = False

    def known(self, kind: Kind) -> tuple[str, ...]:
        """The names of a format that the settings give; empty where D365 is asked."""
        return self.ledger if kind == "ledger" else self.default


@dataclass(frozen=True, slots=True)
class DimensionFormats:
    """The delimiter, and the names of each kind's active format in their order; a kind without one is missing."""

    delimiter: str
    names: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)
    escape: bool = True


@dataclass(frozen=True, slots=True)
class ConstantValue:
    """A display value that a user wrote himself: its field, the text, where it stands in the settings, and of what kind it is;
    "account" is one segment."""

    field: str
    text: str
    place: str
    kind: Kind | Literal["account"]


# -- what is read -----------------------------------------------------------------------------------------------------
def formats_query() -> Query:
    """The active formats of a tenant."""
    table = tables()["dimensions"]["formats"]
    return Query(
        table["set"], (eq(table["active"], Member("NoYes", "Yes")),), (table["type"], table["text"]), (table["type"],)
    )


def delimiter_query() -> Query:
    """What parts the segments in a tenant."""
    table = tables()["dimensions"]["parameters"]
    return Query(table["set"], (), (table["delimiter"],), top=1)


def delimiter_of(rows: Rows) -> str:
    """The delimiter that D365 names, as text; "" where it names none, or one that is not known."""
    name = rows[0].get(tables()["dimensions"]["parameters"]["delimiter"]) if rows else ""
    return sign_of(str(name or ""))


def sign_of(member: str) -> str:
    """The sign of a delimiter by its name in D365, "" for a name that is not known."""
    return str(tables()["dimensions"]["delimiters"].get(member, ""))


def formats_of(rows: Rows, delimiter: str) -> dict[Kind, tuple[str, ...]]:
    """The names of each active format."""
    table, found = tables()["dimensions"]["formats"], dict[Kind, tuple[str, ...]]()
    kinds: tuple[Kind, ...] = ("default", "ledger")
    for kind in kinds:
        texts = [str(row.get(table["text"]) or "") for row in rows if row.get(table["type"]) == table[kind]]
        if texts and texts[0]:
            found[kind] = names_in(texts[0], delimiter)
    return found


def names_in(text: str, delimiter: str) -> tuple[str, ...]:
    """The names in a format, in their order. That it is parted as values are is not confirmed: other signs part it where the
    delimiter does not."""
    parts = text.split(delimiter) if delimiter in text else _OTHER_SIGNS.split(text)
    return tuple(part.strip(" ") for part in parts)


def say_formats(rows: Rows) -> str:
    """The active formats as D365 has them, as a sentence."""
    table = tables()["dimensions"]["formats"]
    kinds = {table[kind]: kind for kind in ("default", "ledger")}
    found = [f"{kind} {row.get(table['text'])}" for row in rows if (kind := kinds.get(str(row.get(table["type"]))))]
    return f"active formats: {', '.join(found)}" if found else "no format is active: D365 refuses every dimension"


def say_delimiter(rows: Rows) -> str:
    """The delimiter as a sentence."""
    sign = delimiter_of(rows)
    return f'segments are parted by "{sign}"' if sign else "D365 names no delimiter that is known"


# -- building and parting ---------------------------------------------------------------------------------------------
def escaped(value: str, delimiter: str) -> str:
    """One segment: a delimiter that is part of the value has a backslash before it."""
    return value.replace(delimiter, f"\\{delimiter}")


def segments(text: str, delimiter: str) -> list[str]:
    """The segments of a display value, without backslashes before delimiters."""
    signs = re.escape(delimiter)
    parts = re.findall(rf"(?:\\{signs}|(?!{signs}).)+|{signs}", text, re.DOTALL)
    found = [""]
    for part in parts:
        if part == delimiter:
            found.append("")
        else:
            found[-1] = part.replace(f"\\{delimiter}", delimiter)
    return found


def display(values: Mapping[str, str], names: Sequence[str], formats: DimensionFormats) -> str:
    """The display value of dimensions by name, in the order of a format."""
    each = _ordered(values, names)
    return formats.delimiter.join(escaped(one, formats.delimiter) if formats.escape else one for one in each)


def _ordered(values: Mapping[str, str], names: Sequence[str]) -> list[str]:
    known = {name.casefold(): value for name, value in values.items()}
    each = [known.get(name.casefold(), "") for name in names]
    while each and not each[-1]:
        each.pop()
    return each


def answered(resolution: Resolution, policy: DimensionPolicy, formats: DimensionFormats) -> Resolution:
    """The resolution with what is written of accounts and dimensions; call it where `problems` found none."""
    found = {}
    for name, source in LEDGER_ACCOUNTS.items():
        if account := resolution.of(source, 0, None):
            found[name] = escaped(account, formats.delimiter)
    if policy.values and not policy.by_d365:
        found[ANSWER] = display(policy.values, formats.names["default"], formats)
    accounts = {line: _ledger(account, policy, formats) for line, account in resolution.accounts.items()}
    return resolution.with_more(found).with_accounts(accounts)


def _ledger(account: str, policy: DimensionPolicy, formats: DimensionFormats) -> str:
    """The display value of a main account, with those of a flow's dimensions that its format has."""
    return display({**policy.values, _segment(): account}, formats.names["ledger"], formats)


def _segment() -> str:
    return str(tables()["dimensions"]["account"]["segment"])


def action(policy: DimensionPolicy) -> tuple[str, str, dict[str, Any]]:
    """What D365 builds the text by: an entity set, its action, and what this is given. A name that is not configured is left out
    there without a word, so call it where `problems` found none."""
    table = tables()["dimensions"]["action"]
    given = {table["names"]: list(policy.values), table["values"]: list(policy.values.values())}
    return table["at"], table["action"], given


# -- what holds -------------------------------------------------------------------------------------------------------
def problems(
    policy: DimensionPolicy, constants: Iterable[ConstantValue], formats: DimensionFormats, *, accounts: bool = False
) -> tuple[Finding, ...]:
    """What D365 would refuse of the dimensions of a flow, or read otherwise than they are meant. `accounts`: lines are written to
    main accounts."""
    found = list(_of_values(policy, formats)) if policy.values else []
    found += list(_of_accounts(policy, formats)) if accounts else []
    found += [finding for constant in constants for finding in _of_constant(constant, formats)]
    return tuple(found)


def _of_values(policy: DimensionPolicy, formats: DimensionFormats) -> Iterator[Finding]:
    names, place = formats.names.get("default"), f"[{policy.place}.dimensions]"
    if names is None:
        yield _inactive("default", place)
        return
    lower = {name.casefold() for name in names}
    for name, value in policy.values.items():
        if name.casefold() not in lower:
            message = f'"{name}" under {place} is no dimension of the active format ({", ".join(names)})'
            remedy = "correct the name, or add it to the format in D365, then release the document"
            yield unmet("dimensions", name, message, remedy)
        yield from _too_long(value, f"{name} under {place}")
    ordered = _ordered(policy.values, names)
    if not policy.by_d365 and ordered and not any(len(value) > MOST for value in ordered):
        text = display(policy.values, names, formats)
        if segments(text, formats.delimiter) != ordered:
            message = f'the dimensions under {place} make "{text}", which D365 reads as other values: it parts them by'
            remedy = "use values without the delimiter and without a backslash at the end, then release the document"
            yield unmet("dimensions", text, f'{message} "{formats.delimiter}"', remedy)


def _of_accounts(policy: DimensionPolicy, formats: DimensionFormats) -> Iterator[Finding]:
    names = formats.names.get("ledger")
    if names is None:
        yield _inactive("ledger", f"[{policy.place}]")
    elif _segment().casefold() not in {name.casefold() for name in names}:
        message = f"the active format of ledger accounts ({', '.join(names)}) has no {_segment()}"
        yield unmet("dimensions", _segment(), message, "add it to the format in D365, then release the document")


def _of_constant(constant: ConstantValue, formats: DimensionFormats) -> Iterator[Finding]:
    each, what = (
        segments(constant.text, formats.delimiter),
        f'{constant.field} = "{constant.text}" under [{constant.place}]',
    )
    if constant.kind == "account":
        most, of = 1, "an account has 1"
    elif constant.kind in formats.names:
        names = formats.names[constant.kind]
        most, of = len(names), f"the active {constant.kind} format has {len(names)}: {', '.join(names)}"
    else:
        yield _inactive(constant.kind, f"[{constant.place}]")
        return
    if len(each) > most:
        remedy = (
            f'correct it (a "{formats.delimiter}" inside a value has a backslash before it), then release the document'
        )
        yield unmet("dimensions", constant.text, f"{what} has {len(each)} segments, and {of}", remedy)
    for value in each:
        yield from _too_long(value, what)


def _too_long(value: str, what: str) -> Iterator[Finding]:
    if len(value) > MOST:
        message = f'"{value}" ({what}) has {len(value)} characters, and D365 takes {MOST}'
        yield unmet("dimensions", value, message, "correct it, then release the document")


def _inactive(kind: str, place: str) -> Finding:
    message = f"no {kind} dimension format is active in D365, which refuses what {place} says"
    remedy = (
        "in D365, activate one under General ledger > Chart of accounts > Dimensions > Financial dimension configuration for "
        "integrating applications, then release the document"
    )
    return unmet("dimensions", kind, message, remedy)


def unread(reason: str, kind: Setting) -> Finding:
    """That a format or the delimiter may not be read, or is not there."""
    what = "the delimiter of display values" if kind == "delimiter" else f"the {kind} dimension format"
    key = 'delimiter = "-"' if kind == "delimiter" else f'{kind} = ["Department", "CostCenter"]'
    remedy = (
        f"give the application's user in D365 a role that may read it, or write dimensions = {{ {key} }} under [d365] as D365 "
        "has it, then release the document"
    )
    return unmet("dimensions", kind, f"{what} cannot be read ({reason})", remedy)


# -- which fields -----------------------------------------------------------------------------------------------------
def kind_of(name: str, types: Mapping[str, Any]) -> Kind | Literal["account"] | None:
    """Of which kind the display value in a field is, None where it is none; `types` are the constants beside it, of which one
    may say that an account is one of the ledger."""
    fields = tables()["dimensions"]["fields"]
    if name in fields["default"]:
        return "default"
    if name in fields["ledger"]:
        return "ledger"
    if name in fields["accounts"]:
        return "ledger" if types.get(fields["accounts"][name]) == "Ledger" else "account"
    return None
