"""Documents and D365: plans of what to write and what to ask, and posted records read into documents, by the tables
in `d365/`.

A row of a writing table takes its value from the order, from the answers to references, or from a list of places of which
the first that has a value counts. Days go out as noon UTC, numbers exact, what is empty is left out: D365 then fills in
its own.

Knows: the layout of D365 tables. Does not know: any entity or field name (they stand in the tables), HTTP, settings.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from d365edi.documents import Document, Invoice, PurchaseOrder, Remittance
from d365edi.documents.values import ChargeLine
from d365edi.edi.findings import Finding, Position
from d365edi.errors import DocumentError, SettingsError
from d365edi.maps.d365 import record_reader
from d365edi.maps.d365.display_value import DisplayFormat
from d365edi.maps.d365.record_filler import ANSWERS, TAX_TOTAL, RecordFiller, complete, needs
from d365edi.maps.d365.schema import Section, header, joins, lines, model_of
from d365edi.maps.d365.schema import charges as charge_sections
from d365edi.maps.fields import Model, find, names
from d365edi.maps.reader import Reading
from d365edi.maps.table import Table, nearest
from d365edi.matching import charge_lines
from d365edi.matching.dimensions import names_in, sign_of
from d365edi.matching.lines import line_numbers
from d365edi.matching.resolution import Resolution
from d365edi.odata.plan import FurtherRows, Join, ListJoin, ListPlan, Query, ReadPlan, WritePlan, plain_words
from d365edi.odata.quoting import Member, any_of, compare, eq

LINES = "lines"
"""The join that has the lines."""
_AGAIN = "ask the partner for it again"


def check(table: Table) -> None:
    """Raise SettingsError for whatever is wrong with a D365 table: a source that is no field of the document, a
    missing key."""
    model = model_of(table)
    line = _line_model(table, model) if "lines" in table.tree else model
    sections: list[tuple[Section, Model]] = [(header(table), model)]
    sections += [(lines(table), line)] if "lines" in table.tree else []
    sections += [(section, ChargeLine) for section in charge_sections(table).values()]
    for section, part in sections:
        for entry in section.rows:
            sources = [name for each in entry.sources for name in each.split(" + ")]
            for source in (*sources, *(field for field, _ in entry.when)):
                _check_source(table, entry.key, source, part, reading=table.mode == "read")
    for source in (*table.tree.get("says", {}), *header(table).tree.get("times", {}).values()):
        _check_source(table, ("says",), source, model, reading=True)
    for place in table.tree.get("meaning", {}):
        part = model
        for name in place.split("."):
            part = _items_of(table, ("meaning", place), part, name)
    if "lines" in table.tree:
        _check_levels(table, model)
    for join in joins(table):
        for entry in join.rows:
            if find(model, entry.sources[0]) is None and find(line, entry.sources[0]) is None:
                _check_source(table, entry.key, entry.sources[0], model, reading=True)


def _line_model(table: Table, model: Model) -> Model:
    """What a line is, wherever in the document the table says that lines stand (`of`)."""
    for name in _lines_of(table).split("."):
        model = _items_of(table, ("lines", "of"), model, name)
    return model


def _items_of(table: Table, key: tuple[str, ...], model: Model, name: str) -> Model:
    """What the items of a list are. Raises SettingsError where the model has no such list."""
    field = find(model, name)
    if field is None or field.model is None or not field.many:
        raise table.mistake(key, f'{model.__name__} has no list "{name}"', remedy=nearest(name, list(names(model))))
    return field.model


def _lines_of(table: Table) -> str:
    return str(lines(table).tree.get("of", "lines"))


def _check_levels(table: Table, model: Model) -> None:
    for name, level in lines(table).tree.get("levels", {}).items():
        key = ("lines", "levels", name)
        model = _items_of(table, key, model, name)
        for source in level["fields"].values():
            _check_source(table, key, source, model, reading=True)


def _check_source(table: Table, key: tuple[str, ...], source: str, model: Model, *, reading: bool) -> None:
    known = list(names(model))
    if not reading:
        known += ["company", "ordinal", "place", TAX_TOTAL, *(f"answers.{name}" for name in ANSWERS)]
        known += [f"document.{name}" for name in names(model_of(table))]
    field = find(model, source)
    if source not in known or (field is not None and (field.kind == "part" or field.many)):
        raise table.mistake(key, f'{model.__name__} has no field "{source}"', remedy=nearest(source, known))


# -- writing ----------------------------------------------------------------------------------------------------------
def write_plan(
    table: Table,
    document: PurchaseOrder | Remittance | Invoice,
    resolution: Resolution,
    *,
    company: str,
    numbers: Sequence[int] = (),
    charges: Sequence[ChargeLine] = (),
) -> WritePlan:
    """What to look up and to write for one document; `numbers` are the lines' in D365, left out: as `line_numbers` has
    them; `charges` are the charge lines of an invoice, each with the number of its line. Raises DocumentError when something
    that D365 needs is empty."""
    head, each = header(table), lines(table)
    label = _label(table, document)
    filler = RecordFiller(document, resolution, company, label)
    written = filler.record(head, document, 0)
    items = tuple(_items(document, _lines_of(table)))
    numbers = numbers or line_numbers([line.number for line in items])
    rows = tuple(filler.record(each, line, number, numbers) for number, line in enumerate(items, 1))
    if not rows:
        raise DocumentError(f"{label} has no lines", remedy=_AGAIN)
    return WritePlan(
        what=table.name,
        company=company,
        header_set=head.set,
        lookup={name: written.get(name, "") for name in head.key_fields},
        header=written,
        number_field=str(head.tree["number"]),
        line_set=each.set,
        link_field=next(iter(each.tree["link"])),
        lines=rows,
        compare=(*each.compare, *_telling_apart(each, rows)),
        label=label,
        extra={
            "open": {name: list(allowed) for name, allowed in head.tree.get("open", {}).items()},
            **_prices(each),
            **_whose(each),
        },
        further=tuple(_further(table, filler, document, charges)),
    )


def _prices(section: Section) -> dict[str, Any]:
    """The fields of a line's price, by which it is seen whether D365 put its own there."""
    return {"prices": dict(section.tree["prices"])} if "prices" in section.tree else {}


def _whose(section: Section) -> dict[str, Any]:
    """The field of a line that says whose record it is, where the natural key does not."""
    return {"whose": str(section.tree["whose"])} if "whose" in section.tree else {}


def _further(
    table: Table, filler: RecordFiller, document: Document, given: Sequence[ChargeLine]
) -> Iterator[FurtherRows]:
    """The charge lines of an order, or those of an invoice, by the sets that the table has for them."""
    for kind, section in charge_sections(table).items():
        if isinstance(document, PurchaseOrder):
            found = list(charge_lines.rows(document, "line" if kind == "line" else "order"))
        else:
            found = [(each, 0) for each in given if (each.line is None) == (kind != "line")]
        if not found:
            continue
        places = range(1, len(found) + 1)
        links = {
            source.partition(".")[0]: (field, source.partition(".")[2])
            for field, source in section.tree["link"].items()
        }
        line_field, line_key = links.get("line", ("", ""))
        yield FurtherRows(
            set=section.set,
            link_field=links["header"][0],
            rows=tuple(
                filler.record(section, charge, place, places) for place, (charge, _) in zip(places, found, strict=True)
            ),
            compare=tuple(section.tree.get("compare", ())),
            line_field=line_field,
            line_key=line_key,
            lines=tuple(line for _, line in found) if line_field else (),
        )


def charge_queries(table: Table, company: str) -> Iterator[Query]:
    """A query for each set of charge lines, of one row with each field that is written there."""
    for section in charge_sections(table).values():
        names = (*section.tree["link"], *(row.name for row in section.rows))
        yield Query(section.set, (eq("dataAreaId", company),), tuple(dict.fromkeys(names)), top=1)


def _telling_apart(section: Section, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The fields besides `compare` by which lines that are alike in all of these are distinguished, as many as it takes.

    They are not compared without need: D365 changes dates of its own accord."""
    fields = list(section.compare)
    for name in section.tree.get("apart", ()):
        known: dict[tuple[Any, ...], Any] = {}
        values = [(tuple(row.get(field) for field in fields), row.get(name)) for row in rows]
        if any(known.setdefault(alike, value) != value for alike, value in values):
            fields.append(name)
            yield name


def lacking(table: Table, document: PurchaseOrder | Remittance | Invoice) -> Iterator[Finding]:
    """What D365 needs and the document does not say, as findings with rule `needs`: known before D365 is asked. A field is
    named once, with its first line and how many more there are."""
    head, each, label = header(table), lines(table), _label(table, document)
    filler = RecordFiller(document, Resolution(), "", label)
    items = tuple(_items(document, _lines_of(table)))
    found: dict[str, list[int]] = {name: [0] for name in filler.lacks(head, document, 0)}
    for number, line in enumerate(items, 1):
        for name in filler.lacks(each, line, number):
            found.setdefault(name, []).append(number)
    for name, numbers in found.items():
        more = f", in {len(numbers) - 1} more lines too" if len(numbers) > 1 else ""
        message = needs(each if numbers[0] else head, name, label, numbers[0]) + more
        yield Finding(
            "document", "error", "", message, Position(line=numbers[0]), "", complete(name, numbers[0]), "needs"
        )
    if not items:
        yield Finding("document", "error", "", f"{label} has no lines", remedy=_AGAIN, rule="needs")


def _label(table: Table, document: Document) -> str:
    return str(table.tree.get("label", "{number}")).format(number=getattr(document, "number", ""))


def unwritten(table: Table, document: Document, said: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What the document says and this table cannot write though it changes the meaning, as findings with rule `meaning`.

    `said` is the segment that says each part of the document (`meaning.segments`), in the partner's own set; without one it
    is named by the part. `where.segment` is the name under which a flow may list it in `ignore`."""
    found: dict[tuple[str, str], int] = {}
    for place, words in table.tree.get("meaning", {}).items():
        count = sum(1 for each in _items(document, place) if _matters(each))
        if count:
            name = (said or {}).get(place, place.rpartition(".")[2])
            found[name, words] = found.get((name, words), 0) + count
    for (name, words), count in found.items():
        times = f" ({count} times)" if count > 1 else ""
        message = f"it has {words}{times} in {name}, which a {plain_words(table.name)} does not take over"
        remedy = f'handle it by hand and add ignore = ["{name}"] to the flow, then release it'
        yield Finding("document", "warning", "", message, Position(segment=name), "", remedy, "meaning", holds=True)


def _matters(item: Any) -> bool:
    return getattr(item, "kind", "") not in ("information", None)


def _items(item: Any, place: str) -> Iterator[Any]:
    head, _, rest = place.partition(".")
    for each in getattr(item, head):
        if rest:
            yield from _items(each, rest)
        else:
            yield each


# -- reading ----------------------------------------------------------------------------------------------------------
def read_plan(table: Table, *, company: str, accounts: Sequence[str], since: date, zone: tzinfo = UTC) -> ReadPlan:
    """What to ask of D365: records of these customer accounts in one company since a day (its first moment in the zone,
    where the table asks by a point in time), each with its lines and joins.

    Raises SettingsError when no account is given: it would ask for everybody's."""
    head, each = header(table), lines(table)
    if not accounts:
        raise SettingsError(f"no account of {company} is given to collect for", remedy="name it under customer")
    asked_by = str(head.tree["since"])
    start = datetime.combine(since, time(), zone) if asked_by in head.moments else since
    filters = (
        eq("dataAreaId", company),
        any_of(str(head.tree["account"]), tuple(accounts)),
        compare(asked_by, "ge", start),
        *_only(head.tree.get("only", {})),
    )
    empty_is = each.tree.get("empty_is", {})
    wanted = [_join(LINES, each, head, {})] + [_join(join.name, join, head, empty_is) for join in joins(table)]
    return ReadPlan(
        what=table.name,
        header=Query(head.set, filters, orderby=head.key_fields),
        key=head.key_fields,
        name_fields=tuple(head.tree.get("name", head.key_fields)),
        joins=tuple(wanted),
        dated=asked_by,
        earlier_key=tuple(head.tree.get("earlier_key", ())),
    )


def list_plan(table: Table, *, company: str, accounts: Mapping[str, str | None], since: date | None = None) -> ListPlan:
    """What to ask of D365 for a list: the fields that the table names, of all rows in one company; of those with a date since a
    day. `accounts` are those of the partner there, as "customer" and as "vendor": without one, no join asks by it."""
    head = header(table)
    of_lines = lines(table).rows if "lines" in table.tree else ()
    fields = dict.fromkeys((*head.key_fields, *(row.name for row in (*head.rows, *of_lines))))
    asked_by = str(head.tree.get("since", ""))
    dated = (compare(asked_by, "ge", since),) if asked_by and since else ()
    filters = (eq("dataAreaId", company), *dated, *_only(head.tree.get("only", {})))
    return ListPlan(
        what=table.name,
        rows=Query(head.set, filters, tuple(fields), head.key_fields),
        key=head.key_fields,
        number=str(head.tree.get("number", head.key_fields[-1])),
        outside=filters[:1],
        whole=tuple(head.tree.get("whole", ())),
        joins=tuple(_list_joins(table, company, accounts)),
    )


def format_queries(table: Table) -> tuple[Query, Query] | None:
    """What to ask for to take apart the accounts that a list displays: the active formats, and what separates segments. None
    where it displays none."""
    formats = table.tree.get("formats")
    if formats is None:
        return None
    delimiter = formats["delimiter"]
    asked = Query(formats["set"], tuple(_only(formats["only"])), (formats["type"], formats["text"]))
    return asked, Query(delimiter["set"], select=(delimiter["field"],), top=1)


def display_format(
    table: Table, formats: Sequence[Mapping[str, Any]], parameters: Sequence[Mapping[str, Any]]
) -> DisplayFormat | None:
    """How accounts are displayed, by the answers to these; None where D365 says no delimiter or no active format for ledger
    accounts."""
    tree = table.tree["formats"]
    sign = sign_of(str(parameters[0].get(tree["delimiter"]["field"]))) if parameters else ""
    texts = {str(row[tree["type"]]): str(row[tree["text"]]) for row in formats}
    if not sign or not texts.get(tree["ledger"]):
        return None
    ledger, default = (
        names_in(texts[kind], sign) if texts.get(kind) else () for kind in (tree["ledger"], tree["default"])
    )
    return DisplayFormat(sign, ledger, default)


def taken_apart(table: Table, row: Mapping[str, Any], shown: DisplayFormat) -> dict[str, Any]:
    """A row whose accounts and dimensions are taken apart. DocumentError where they do not fit the format."""
    found = dict(row)
    for name, beside in lines(table).tree.get("displayed", {}).items():
        if text := str(row.get(name) or ""):
            default = str(row.get(beside["dimensions"]) or "")
            found[name], dimensions = shown.account(text, str(row.get(beside["kind"])), default)
            found[beside["dimensions"]] = "; ".join(f"{each}={value}" for each, value in dimensions.items())
    return found


def _list_joins(table: Table, company: str, accounts: Mapping[str, str | None]) -> Iterator[ListJoin]:
    for join in joins(table):
        by_account = join.tree.get("account")
        account = accounts.get(str(join.tree.get("account_of", "")))
        if by_account and not account:
            continue
        filters = (eq("dataAreaId", company), *_only(join.tree.get("only", {})))
        filters += (eq(by_account, account),) if by_account else ()
        prefer = join.tree.get("prefer", {})
        fields = dict.fromkeys((*(theirs for theirs, _ in join.on), *(row.name for row in join.rows), *prefer))
        yield ListJoin(
            name=join.name,
            query=Query(join.set, filters, tuple(fields)),
            on={theirs: ours for theirs, ours in join.on if theirs != "dataAreaId"},
            prefer=prefer,
            required=bool(join.tree.get("required")),
            optional=bool(join.tree.get("optional")),
        )


def _only(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The records that are meant, by the members that an enum may have, or by texts."""
    for field, row in rows.items():
        enum = row.get("enum")
        yield any_of(field, tuple(Member(enum, each) if enum else each for each in row["is"]))


def _join(name: str, section: Section, head: Section, empty: Mapping[str, str]) -> Join:
    """What one join asks for: lines by all fields of `on`, other sets by those that the header has (the rest is the lines', or
    asked for `among` theirs)."""
    on = {theirs: ours for theirs, ours in section.on if name == LINES or ours in head.known}
    optional = bool(section.tree.get("optional", False))
    among = section.among(on)
    own = str(section.tree.get("header", {}).get(next(iter(among), ""), ""))
    empty_is = {ours: instead for ours, instead in empty.items() if ours in among.values()}
    orderby = tuple(section.tree.get("orderby", ()))
    return Join(name, section.set, on, (), orderby, optional, among, empty_is, own)


def read(table: Table, content: Mapping[str, Any], zone: tzinfo = UTC) -> Reading:
    """The document of one posted record: `{"header": {...}, "lines": [...], "<join>": [...]}`. Points in time are in
    local time of the zone. Never raises for what it holds."""
    return record_reader.read(table, content, zone)
