"""Why the daemon would hold what `check` reads, as far as it can be said without journal and D365: the same functions decide.

Knows: the flow of a document, the documents before it in the file. Does not know: how a file is read, how it is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from d365edi.documents import Document, Invoice, PurchaseOrder, Remittance
from d365edi.edi.findings import Finding
from d365edi.flows import intake, messages, payments, resolve, vendor_invoices
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.reparse import problems
from d365edi.maps import meaning, table
from d365edi.maps.reader import Reading
from d365edi.matching.intake import IntakePolicy, Judgment
from d365edi.matching.lookup import References
from d365edi.matching.parts import PartsPolicy
from d365edi.matching.references import find_references, of_invoice
from d365edi.matching.references import resolve as resolve_reference


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a document without a word from a person: the sentences that would hold it, or `closes`, the one with
    which it would be closed. Without either it goes on."""

    holds: tuple[str, ...] = ()
    closes: str = ""


@dataclass(slots=True)
class Holds:
    """Asked for one document after the other; `seen` are the keys of those before it, each with its document."""

    partner: TradingPartner | None = None
    seen: dict[tuple[str, ...], Document] = field(default_factory=dict)

    def why(
        self,
        reading: Reading,
        flow: ReceiveFlow | None,
        read_by: table.Table,
        usage: str = "",
        wrong: Sequence[Finding] = (),
    ) -> Fate:
        """What would become of a document, read by this map: with the partner's flow or, without one, with the defaults.
        `wrong` is what is wrong with the whole file."""
        policy = flow.policy if flow is not None else _usual(read_by)
        orders = flow.write_table if flow is not None else table.load("d365/write", "SalesOrder")
        read = reading.document
        judged = intake.judge(read, policy, usage) if orders is not None else Judgment()
        if judged.ignored:
            return Fate(closes=judged.ignored)
        found = [*problems(reading, policy.ignore), *map(str, wrong), *map(str, judged.findings)]
        again = self._again(read, flow) if read is not None and judged.claims else None
        if again is not None:
            if not found and self._skipped(flow) and again == read:
                return Fate(closes=f"{_twice(read)}, unchanged")
            found.append(_twice(read))
        if read is None:
            return Fate(tuple(found) or ("no document could be read from it",))
        return Fate(tuple(found or self._later(read, flow, policy, orders)))

    def _skipped(self, flow: ReceiveFlow | None) -> bool:
        return self.partner is not None and flow is not None and self.partner.skips_repeats(flow)

    def _again(self, read: Document, flow: ReceiveFlow | None) -> Document | None:
        company = flow.settings.company if flow is not None else ""
        revision = messages.document_revision(read)
        if self.partner is not None and flow is not None:
            revision = vendor_invoices.revision(read, self.partner, flow)
        key = (type(read).__name__, messages.document_number(read), revision, company)
        return None if (first := self.seen.setdefault(key, read)) is read else first

    def _later(
        self, read: Document, flow: ReceiveFlow | None, policy: IntakePolicy, orders: table.Table | None
    ) -> Iterator[str]:
        """What would hold a document that is stored without a fault: nothing is created of it, or its order cannot be."""
        if flow is not None and not flow.settings.create:
            if flow.settings.then == "hold":
                yield messages.by_hand(read)
        elif orders is not None and isinstance(read, PurchaseOrder):
            written, findings = intake.take(read, policy, orders)
            yield from map(str, findings)
            if self.partner is not None and flow is not None:
                yield from _unresolved(find_references(written, resolve.for_receive(self.partner, flow)))
        elif orders is not None and flow is not None and isinstance(read, Remittance):
            yield from map(str, payments.check(read, policy, orders))
            if self.partner is not None:
                yield from _unresolved(find_references(read, resolve.for_receive(self.partner, flow)))
        elif orders is not None and flow is not None and self.partner is not None and isinstance(read, Invoice):
            taken, wrong = vendor_invoices.check(read, vendor_invoices.policy_of(self.partner, flow), orders)
            yield from wrong
            yield from _unresolved(of_invoice(taken.invoice, resolve.for_receive(self.partner, flow)))


def _usual(read_by: table.Table) -> IntakePolicy:
    """The settings' defaults, for no partner; sentences name the set."""
    place = f"partners.NAME.receive.{read_by.name}"
    said, places = meaning.segments(read_by), intake.places(read_by)
    return IntakePolicy(place=place, said=said, places=places, parts=PartsPolicy(place))


def _unresolved(found: References) -> Iterator[str]:
    """References of which it is known without D365 that nothing is found."""
    for reference in found.unresolved:
        if isinstance(missed := resolve_reference(reference, []), Finding):
            yield str(missed)


def _twice(read: Document | None) -> str:
    name = messages.document_name(type(read).__name__, messages.document_number(read))
    return f"{name} stands in this file before"
