"""Makes the golden files. They were made once, by d60af4b: `python -m tests.edi.golden.make` in a checkout of it.

A later commit runs this again only where a change of behaviour is meant, and shows in its message what differs.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from d365edi.documents import KINDS, Document
from tests.edi import hostile, mutants
from tests.edi.edifact import hostile as edifact_hostile
from tests.edi.edifact import mutants as edifact_mutants
from tests.edi.golden import compute, product, store
from tests.maps import drawn as x12
from tests.maps import drawn_answers, drawn_despatch, drawn_groups, drawn_shipments
from tests.maps import drawn_edifact as edifact
from tests.maps import drawn_flat as flat

COMMIT = "d60af4b"
"""The commit whose code made the files."""
FREE = ("own work", "MIT", "Apache", "BSD", "ISC", "public domain")
"""How the licences of samples begin that the repository may ship."""
COUNT = 100
ANSWERS = ("OrderResponse", "OrderChangeResponse", "Invoice", "ShipNotice")
STRATEGIES: dict[str, dict[str, list[SearchStrategy[Any]]]] = {
    "x12": {
        "810": [x12.invoices()],
        "820": [drawn_answers.remittances()],
        "824": [drawn_answers.advices()],
        "850": [x12.orders()],
        "855": [drawn_answers.responses()],
        "856": [drawn_shipments.shipments()],
        "860": [drawn_answers.changes()],
        "865": [drawn_answers.change_responses()],
    },
    "edifact": {
        "APERAK": [drawn_groups.advices(), drawn_answers.advices()],
        "DESADV": [drawn_despatch.shipments(), drawn_groups.shipments()],
        "INVOIC": [edifact.invoices()],
        "ORDCHG": [drawn_groups.changes(), drawn_answers.changes()],
        "ORDERS": [edifact.orders()],
        "ORDRSP": [drawn_groups.responses(), drawn_answers.responses()],
        "REMADV": [drawn_groups.remittances(), drawn_answers.remittances()],
    },
    "csv": {
        "ApplicationAdvice": [drawn_groups.advices()],
        "Invoice": [flat.invoices()],
        "InvoiceRecords": [flat.invoices()],
        "OrderChange": [drawn_groups.changes()],
        "OrderChangeResponse": [drawn_groups.change_responses()],
        "OrderResponse": [drawn_groups.responses()],
        "PurchaseOrder": [flat.orders()],
        "Remittance": [drawn_groups.remittances()],
        "ShipNotice": [drawn_groups.described()],
        "ShipNoticeRecords": [drawn_groups.shipments()],
    },
}
"""What is drawn for each map: what the map's own tests draw; where they draw nothing, what others draw of its kind."""


def inputs(cases: Path) -> Iterator[tuple[str, bytes]]:
    """The inputs that are kept here: mutants and hostile inputs of both standards, and the files of a folder of cases."""
    for each in mutants.MUTANTS:
        yield f"mutants/x12/{each.name}", each.data
    for one in edifact_mutants.MUTANTS:
        yield f"mutants/edifact/{one.name}", one.data
    for bad in hostile.inputs():
        yield f"hostile/x12/{bad.name}", bad.data
    for worse in edifact_hostile.inputs():
        yield f"hostile/edifact/{worse.name}", worse.data
    for path in sorted(cases.iterdir()):
        if path.suffix in (".edi", ".csv", ".x12", ".txt") and path.name not in ("INDEX.csv", "INSTRUCTIONS.md"):
            yield f"cases/{path.name}", path.read_bytes()


def samples(corpus: Path) -> Iterator[tuple[str, bytes]]:
    """The samples that may be shipped, by the licence in the index of the corpus, and those of the sandbox."""
    with (corpus / "INDEX.csv").open(newline="") as file:
        free = [row["file"] for row in csv.DictReader(file) if row["licence"].startswith(FREE)]
    sandbox = store.ROOT / "d365edi" / "sandbox" / "samples"
    ours = [path.name for path in sandbox.iterdir() if path.suffix in (".x12", ".edi")]
    for name in sorted({*free, *ours}):
        yield f"samples/{name}", store.load(f"samples/{name}")


def drawn(strategies: Iterable[SearchStrategy[Document]], count: int) -> list[dict[str, Any]]:
    """So many different documents, the same ones each time; half from each of two strategies."""
    found: dict[str, None] = {}
    wanted = list(strategies)
    for number, strategy in enumerate(wanted, 1):
        _draw(strategy, found, count * number // len(wanted))
    return [json.loads(text) for text in found]


def _draw(strategy: SearchStrategy[Document], found: dict[str, None], most: int) -> None:
    @seed(20261128)
    @settings(
        database=None,
        max_examples=3 * COUNT,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(document=strategy)
    def draw(document: Document) -> None:
        if len(found) < most:
            found[document.to_json()] = None

    draw()


LENGTHS = {"state": 3, "zip": 9, "country": 2, "code": 3, "method": 3}
HEAD = {"type": "220", "date": "2026-01-06", "deliver_by": "2026-01-12", "acknowledgment": "AC", "total": "100"}


def tidied(value: Any, *, own: bool) -> Any:
    """A document with text that every character set has; where the strategy was made for another map (`own` False),
    with what this one needs cut and filled in. Nine of ten are made so, for a refusal says nothing of a writer."""
    if isinstance(value, str):
        return "".join(c if " " <= c <= "~" else "E" for c in value)
    if isinstance(value, list):
        return [tidied(each, own=own) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: tidied(each, own=own) for name, each in value.items()}
    if not own:
        found = {name: each[: LENGTHS[name]] if name in LENGTHS else each for name, each in found.items()}
        if isinstance(found.get("terms"), dict):
            del found["terms"]
    return found


def filled(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document with what its message must have, where none was drawn."""
    for part in _parts(document):
        if "sscc" not in part and "item" in part:
            part.setdefault("quantity", "3")
        if kind == "Remittance" and "entities" not in part and ("kind" in part or "paid" in part):
            part.setdefault("paid", "10")
        if kind == "ApplicationAdvice" and "reference" in part:
            part.setdefault("kind", "ON")
    known = KINDS[kind].__struct_fields__
    return {**{name: value for name, value in HEAD.items() if name in known}, **document}


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(each)
    if isinstance(value, dict):
        yield value


def documents() -> Iterator[dict[str, Any]]:
    """100 documents for each map, with the order that some of them answer."""
    orders = {"x12": drawn([x12.orders()], COUNT), "edifact": drawn([edifact.orders()], COUNT)}
    orders["csv"] = drawn([flat.orders()], COUNT)
    for language, strategies in STRATEGIES.items():
        for name in product.maps(language):
            answers = product.kind(language, name) in ANSWERS
            for number, document in enumerate(drawn(strategies[name], COUNT)):
                order = orders[language][number] if answers else None
                yield {"map": f"{language}/{name}", "number": number, "document": document, "order": order}


def fitted(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its document made fit for its map, nine of ten times."""
    language, _, name = row["map"].partition("/")
    if language == "csv" or not row["number"] % 10:
        return row
    own = len(STRATEGIES[language][name]) == 1
    document = tidied(row["document"], own=own)
    if not own:
        document = filled(product.kind(language, name), document)
    return {**row, "document": document, "order": tidied(row["order"], own=True)}


def main(shared: Path) -> None:
    """Make the files of what is read, then those of what is written."""
    kept = list(inputs(shared / "cases"))
    store.dump("inputs.jsonl.gz", ({"name": name, "pieces": store.pieces(data)} for name, data in kept))
    found: list[dict[str, Any]] = []
    for name, data in [*samples(shared / "corpus"), *kept]:
        digest = sha256(data).hexdigest()
        found.append({"name": name, "digest": digest, "made": compute.read(product, name, data)})
    store.dump("read.jsonl.gz", found)
    rows = [fitted(row) for row in documents()]
    for row in rows:
        row["made"] = compute.written(product, row)
    store.dump("written.jsonl.gz", rows)
    store.dump("files.jsonl.gz", compute.files(product, rows))
    store.dump("plans.jsonl.gz", compute.plans(product, rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
