"""What the numbers of a line are together: one item of ours, and which variant of it.

A number of a product master's variant (a colour, a size) is known to D365 with its dimensions; a number of the whole item is
known without them. What the numbers say is put together: two that name different items, or different variants of one, hold the
document. An item that is a product master and of which nothing says the variant holds it too: D365 would refuse the line, or
take a variant of its own choice. A barcode is of a unit, and what is ordered is counted in one: the two must agree.

Knows: rows of lookups, the tables of `lookups.toml`. Does not know: HTTP, settings files, any entity name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from d365edi.edi.findings import Finding
from d365edi.matching.lookup import Lookup, Profile, Rows, UnresolvedReference, tables, unmet
from d365edi.matching.resolution import Resolution, ResolvedReference, Variant
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq, same_text

Known = Sequence[tuple[Lookup, Mapping[str, set[Variant]]]]
"""What each lookup found: our items, each with its variants."""
UNIQUE = "make it unique in D365, or add it to the partner's own table, then release the document"


def fields() -> Mapping[str, str]:
    """The dimensions of a variant, each with the field that sets of numbers have it in."""
    found: Mapping[str, str] = tables()["items"]["variant"]
    return found


def selected(table: Mapping[str, Any], *more: str) -> tuple[str, ...]:
    """The fields to ask a set of numbers for: those that the table names so, and what says a variant, or that there are some."""
    named = (table[name] for name in (*more, "group") if name in table)
    dimensions = fields().values() if table.get("variants") else ()
    return tuple(dict.fromkeys(("dataAreaId", *named, *dimensions)))


def variant_of(row: Mapping[str, Any]) -> Variant:
    """The variant that a row of a set of numbers is of."""
    return Variant(**{name: str(row.get(field) or "").rstrip(" ") for name, field in fields().items()})


def agreed(reference: UnresolvedReference, rows: Sequence[Rows]) -> ResolvedReference | Finding:
    """What all numbers that are known to D365 are together: one of them may be several, and the others decide."""
    found = [(lookup, _items(lookup, each)) for lookup, each in zip(reference.lookups, rows, strict=True)]
    known = [(lookup, items) for lookup, items in found if items]
    common = set.intersection(*(set(items) for _, items in known)) if known else set[str]()
    if len(common) == 1:
        item = common.pop()
        differs = _of_another_unit(reference, item, rows)
        if differs is not None and reference.gtin_unit == "hold":
            return differs
        made = _variant(reference, item, known)
        if isinstance(made, ResolvedReference):
            made = replace(made, source=", ".join(dict.fromkeys(lookup.query.set for lookup, _ in known)))
        return replace(made, notes=(differs.message,)) if differs and isinstance(made, ResolvedReference) else made
    miss = reference.miss
    if not known:
        assert miss is not None
        return miss
    if common:
        return unmet(reference.kind, reference.subject, f"{reference.several}: {', '.join(sorted(common))}", UNIQUE)
    found_items = different((lookup.name, " or ".join(sorted(items))) for lookup, items in known)
    return _torn(reference, found_items)


def _items(lookup: Lookup, rows: Rows) -> dict[str, set[Variant]]:
    items: dict[str, set[Variant]] = {}
    for row in lookup.hits(rows):
        if row.get(lookup.ours):
            items.setdefault(str(row[lookup.ours]), set()).add(variant_of(row))
    return items


def _variant(reference: UnresolvedReference, item: str, known: Known) -> ResolvedReference | Finding:
    said = [(lookup, {each for each in items[item] if each.said}) for lookup, items in known]
    whole = together(variants for _, variants in said)
    if len(whole) == 1:
        more = whole[0].said
        return ResolvedReference(reference.kind, item, reference.lines, reference.subject, more=more)
    if whole:
        names = ", ".join(sorted(f"{item} in {each}" for each in whole))
        return unmet(reference.kind, reference.subject, f"{reference.several}: {names}", UNIQUE)
    return _torn(reference, different((lookup.name, _names(item, variants)) for lookup, variants in said if variants))


def _of_another_unit(reference: UnresolvedReference, item: str, rows: Sequence[Rows]) -> Finding | None:
    """A barcode that D365 has for this item in other units only than the one that is ordered."""
    if reference.gtin_unit == "take" or not reference.unit:
        return None
    for lookup, found in zip(reference.lookups, rows, strict=True):
        ours = [row for row in lookup.hits(found) if lookup.unit and str(row.get(lookup.ours)) == item]
        units = {str(row[lookup.unit]) for row in ours if row.get(lookup.unit)}
        if units and not any(same_text(unit, reference.unit) for unit in units):
            message = (
                f"line {reference.lines[0]}: {lookup.name} is the barcode of {item} in {' or '.join(sorted(units))}, and "
                f"{reference.unit} is ordered (unit_differs)"
            )
            remedy = (
                "ask what is meant, or correct the unit of the barcode in D365; where it is as ordered, set gtin_unit "
                f'= "take" under {reference.gtin_unit_place}'
            )
            return unmet(reference.kind, reference.subject, message, remedy)
    return None


def together(found: Iterable[set[Variant]]) -> list[Variant]:
    """The variants that all of these may be; the empty variant where none of them says any, and none where two differ."""
    merged = [Variant()]
    for variants in found:
        if variants:
            both = (one.merged(other) for one in merged for other in sorted(variants, key=str))
            merged = list(dict.fromkeys(each for each in both if each is not None))
    return merged


def _names(item: str, variants: set[Variant]) -> str:
    return " or ".join(sorted(f"{item} in {each}" for each in variants))


def _torn(reference: UnresolvedReference, found: str) -> Finding:
    miss = reference.miss
    remedy = f"ask which one is meant, and {miss.remedy}" if isinstance(miss, Finding) else ""
    return unmet(reference.kind, reference.subject, f"line {reference.lines[0]}: {found}", remedy)


def different(items: Iterable[tuple[str, str]]) -> str:
    """Numbers with the items that they are, where these differ, in words."""
    return f"its numbers are different items of ours: {', '.join(f'{number} is {item}' for number, item in items)}"


def masters(profile: Profile, resolution: Resolution, number: str) -> Iterator[UnresolvedReference]:
    """The items of which no variant is known: those that are product masters hold the document `number`."""
    lines: dict[str, list[int]] = {}
    for line, item in sorted(resolution.items.items()):
        if item and line not in resolution.variants:
            lines.setdefault(item, []).append(line)
    table = tables()["items"]["vendor"]
    company, select = eq("dataAreaId", profile.company), ("dataAreaId", table["ours"], table["group"])
    asked = Query(table["set"], (company,), select)
    for item, places in lines.items():
        message = f'item "{item}" (line {places[0]}) has variants, and none of its numbers says which is meant'
        remedy = (
            f'write "THEIRS" = {{ item = "{item}", color = "..." }} (or configuration, size, style, version) under '
            f"[partners.{profile.partner}.items], then: d365edi release {number}"
        )
        query = asked.among(table["ours"], (item,))
        yield UnresolvedReference(
            "item",
            item,
            tuple(places),
            (Lookup(query, table["ours"], (item,), table["ours"]),),
            ResolvedReference("item", item, tuple(places)),
            optional=True,
            filled=(table["group"], unmet("item", item, message, remedy)),
        )


def fits(row: Mapping[str, Any], variant: Variant) -> bool:
    """Whether a number of an item may be one of this variant: each dimension that both name is the same."""
    return variant_of(row).merged(variant) is not None


def preferred(variant: Variant) -> list[tuple[str, str]]:
    """Fields and values by which a number of just this variant is preferred to one of the whole item."""
    return [(field, value) for name, field in fields().items() if (value := getattr(variant, name))]


def same_item(row: Mapping[str, Any], field: str, item: str, variant: Variant) -> bool:
    """Whether a row is of this item, and not of another variant of it."""
    return same_text(row.get(field), item) and fits(row, variant)
