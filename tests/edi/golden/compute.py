"""What is kept of an input, computed by the code at hand; and where two such values differ, in words.

`product` is a module like the one here: `against` hands in that of another checkout, in a process of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

REFUSED = "DocumentError"
FLAT = (".csv", ".txt", ".flat")


def read(product: Any, name: str, data: bytes) -> dict[str, Any]:
    """All that is kept of one input: by each CSV map where it is a flat file, else leniently with documents, and strictly
    without."""
    if name.lower().endswith(FLAT):
        return {"flat": {each: product.read_flat(data, each) for each in product.maps("csv")}}
    return {"lenient": product.read(data), "strict": product.read(data, "strict", documents=False)}


def written(product: Any, row: dict[str, Any]) -> dict[str, Any]:
    """All that is kept of one document and a map: per version or spelling its bytes, those that echo an order, and
    what is read of its bytes: True where that is the document, with no finding."""
    language, _, name = row["map"].partition("/")
    found = {}
    for way in product.ways(language):
        text = product.write(language, name, way, row["document"])
        echo = product.write(language, name, way, row["document"], row["order"]) if row["order"] else ""
        readings = product.read_back(language, name, way, text) if text != REFUSED else []
        document = product.today(name, row["document"])
        same = readings == [{"document": document, "findings": [], "unmapped": []}]
        found[way] = {"bytes": text, "back": same or readings, "echo": echo}
    return found


def today(product: Any, kept: Any, name: str = "") -> Any:
    """What is kept of an input, with the documents as a journal of that time is read today: this tests their translation.
    `name` is the map that read them."""
    if isinstance(kept, list):
        return [today(product, each, name) for each in kept]
    if not isinstance(kept, dict):
        return kept
    if kept.keys() == {"document", "findings", "unmapped"} and kept["document"] is not None:
        return {**kept, "document": product.today(name, kept["document"])}
    if "flat" in kept:
        return {"flat": {each: today(product, made, each) for each, made in kept["flat"].items()}}
    name = kept["id"] if "mapped" in kept else name
    return {key: today(product, each, name) for key, each in kept.items()}


def files(product: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each CSV map the file of every tenth of its documents together."""
    found = []
    for name in product.maps("csv"):
        documents = [row["document"] for row in rows if row["map"] == f"csv/{name}"][::10]
        found += [
            {"map": name, "way": way, "text": product.write_all(name, way, documents)} for way in product.ways("csv")
        ]
    return found


def plans(product: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each D365 table that writes, the plans of the documents of its kind."""
    found = []
    for name, kind in product.writing_tables().items():
        for row in rows:
            if product.kind(*row["map"].split("/")) == kind:
                made = product.plan(name, _complete(kind, row["document"]))
                found.append({"table": name, "map": row["map"], "number": row["number"], "made": made})
    return found


def _complete(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document with a line, and with what D365 needs in each."""
    usual = {"quantity": "7", "unit": "ea"}
    if kind == "Remittance":
        entities = [
            {**each, "lines": [{"paid": "5", **line} for line in each.get("lines", ())]}
            for each in document.get("entities") or [{"lines": [{"kind": "IV", "number": "I1"}]}]
        ]
        return {"date": "2026-01-06", **document, "entities": entities}
    lines = document.get("lines") or [{"number": "1", "item": {"buyer": "A"}}]
    return {**document, "lines": [{**usual, **line} for line in lines]}


def differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where two plain values differ: `interchanges[0].verdict: 'A' -> 'R'`. The order of the fields counts too,
    not that of the spellings in `kept`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            if name not in new:
                yield f"{place}.{name}: no longer there: {_short(old[name])}"
            elif name not in old:
                yield f"{place}.{name}: new: {_short(new[name])}"
            else:
                yield from differences(old[name], new[name], f"{place}.{name}")
        if not place.endswith(".kept") and list(old) != list(new) and sorted(old) == sorted(new):
            yield f"{place}: the fields stand in another order: {list(old)} -> {list(new)}"
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in _paired(old, new):
            if one is not None and other is not None:
                yield from differences(old[one], new[other], f"{place}[{one}]")
            elif other is not None:
                yield f"{place}[{other}]: new: {_short(new[other])}"
            elif one is not None:
                yield f"{place}[{one}]: no longer there: {_short(old[one])}"
    elif old != new or type(old) is not type(new):
        yield f"{place}: {_apart(old, new)}"


def _paired(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """The indices of items that belong together; None where one side has none. Equal items are found first."""
    if len(old) == len(new):
        yield from ((index, index) for index in range(len(old)))
        return
    texts = [[json.dumps(item) for item in side] for side in (old, new)]
    for _, first, last, start, end in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        for index in range(max(last - first, end - start)):
            one, other = first + index, start + index
            yield one if one < last else None, other if other < end else None


def _apart(old: Any, new: Any) -> str:
    """Two values; of long text only what is around the first character that differs."""
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > 120:
        at = next(
            (i for i, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
        )
        start = max(at - 40, 0)
        return f"at character {at}: {old[start : at + 60]!r} -> {new[start : at + 60]!r}"
    return f"{old!r} -> {new!r}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 300 else f"{text[:300]}..."
