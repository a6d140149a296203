"""What becomes of a received order, from its reading to what is written to D365: for the daemon and for `check` alike.

Knows: policies, D365 maps, in which order they are asked. Does not know: the journal, connections, answers to references.
"""

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.maps.d365.plans import unwritten
from d365edi.maps.table import Table
from d365edi.matching import intake
from d365edi.matching.intake import IntakePolicy, Judgment


def judge(document: Document | None, policy: IntakePolicy) -> Judgment:
    """What is decided about a document of which a sales order is to be created, as it was read."""
    return intake.judge(document, policy) if isinstance(document, PurchaseOrder) else Judgment()


def take(order: PurchaseOrder, policy: IntakePolicy, table: Table) -> tuple[PurchaseOrder, tuple[Finding, ...]]:
    """The order as it is written to D365 by this map, and what holds it: what no step takes over and no row writes."""
    written, found = intake.take(order, policy)
    return written, (*found, *(f for f in unwritten(table, written) if f.where.segment not in policy.ignore))
