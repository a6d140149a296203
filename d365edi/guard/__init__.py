"""The guard against chargebacks: what a partner would deduct for, found before a document is sent.

Knows: outgoing documents, the orders they belong to, what was sent before. Does not know: journal, connections, settings.
"""

from d365edi.guard.case import Case, Earlier, Facts, Level, Policy, Segment, Violation
from d365edi.guard.checks import CHECKS, GuardCheck, examine, mentions
from d365edi.guard.invoice import order_numbers

__all__ = [
    "CHECKS", "Case", "Earlier", "Facts", "GuardCheck", "Level", "Policy", "Segment", "Violation", "examine",
    "mentions", "order_numbers",
]  # fmt: skip
