"""What becomes of a received order, from its reading to what is written to D365: for the daemon and for `check` alike.

Knows: policies, D365 maps, in which order they are asked. Does not know: the journal, connections, answers to references.
"""

import re

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.maps.d365.plans import lacking, unwritten
from d365edi.maps.table import Table, nearest
from d365edi.matching import intake
from d365edi.matching.intake import IntakePolicy, Judgment
from d365edi.matching.unlike import NORMAL, TYPES, OrderPlaces

FLAGS = {"x12": "ISA15", "edifact": "UNB11"}
"""Where each standard says that an interchange is a test."""
UNLIKE = "unlike"
"""The table of a map that tells types of orders which are no normal ones."""


def places(table: Table, usage: str = "") -> OrderPlaces:
    """Where a map reads what makes an order unlike a normal one; `usage` is the agreed one. Raises SettingsError where a
    type of order is given a word that is none."""
    types = table.tree.get(UNLIKE, {})
    for code, word in types.items():
        if word not in (*TYPES, NORMAL):
            raise table.mistake((UNLIKE, code), f'"{word}" is no kind of order', remedy=nearest(word, (*TYPES, NORMAL)))
    fields, line = table.tree.get("fields", {}), table.tree.get("lines", {})
    return OrderPlaces(
        types={code.casefold(): word for code, word in types.items()},
        type=place(table, fields.get("type")),
        quantity=place(table, line.get("quantity")),
        flag=FLAGS.get(table.language, ""),
        usage=usage,
    )


def place(table: Table, path: object) -> str:
    """A path as a sentence names it, without its qualifiers; "" in a flat file, whose columns are named as they please."""
    return re.sub(r"\[.*?]", "", path) if isinstance(path, str) and table.language in FLAGS else ""


def judge(document: Document | None, policy: IntakePolicy, usage: str) -> Judgment:
    """What is decided about a document of which a record is to be created in D365, as it was read. `usage` is that of its
    interchange, "" for a flat file."""
    return intake.judge(document, policy, usage) if document is not None else Judgment()


def take(order: PurchaseOrder, policy: IntakePolicy, table: Table) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as it is written to D365 by this map, and what holds it: what no step takes over and no row writes, and what
    D365 needs and the order does not say."""
    written, found = intake.take(order, policy)
    losses = (
        finding for finding in unwritten(table, written, policy.said) if finding.where.segment not in policy.ignore
    )
    return written, (*found, *losses, *lacking(table, written))
