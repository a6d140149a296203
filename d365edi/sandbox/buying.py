"""The buying side of a stand-alone sandbox with Sterling: an order of ours is confirmed, an invoice of the supplier is posted
and its payment reported, a list of vendors leaves; and messages that a person leaves in a mailbox.

Knows: what the simulators can do for a person. Does not know: who asks, and how (`control` does).
"""

import json
from pathlib import Path
from typing import Any

from .control import Impossible
from .d365 import purchasing
from .environment import Environment
from .mailbox_partner import MailboxSupplier
from .profiles import COMPANY
from .sterling_side import PURCHASE_ORDER, SterlingSide

PROBE = "/d365edi/probe"
"""A mailbox that no flow uses, for `partner probe`."""
LISTS = "lists"
"""The folder beside the settings that the list of vendors comes to."""


def flows(folder: Path, every: str) -> str:
    """The sections of the settings file for a list of vendors, which comes to a folder; it is made."""
    (folder / LISTS).mkdir(exist_ok=True)
    return f"""
[endpoints.office]
kind = "folder"
path = {json.dumps(str(folder))}

[partners.office.send.Vendor]
of      = "Vendor"
company = "{COMPANY}"
to      = {{ endpoint = "office", path = "{LISTS}", file = "vendors_{{control:09}}.csv" }}
every   = "{every}"
"""


def confirm(sandbox: Environment, order: str) -> dict[str, Any]:
    """D365 confirms a purchase order ("": the one that waits at the supplier): its number, and that of the confirmation."""
    if not order:
        _side(sandbox)
    order, state = order or PURCHASE_ORDER, sandbox.d365.state
    try:
        number = purchasing.confirm(state, order, company=COMPANY)
    except (LookupError, ValueError):
        known = [row["PurchaseOrderNumber"] for row in state.rows("PurchaseOrderHeadersV2")]
        there = f"it has {', '.join(known)}" if known else "it has none"
        raise Impossible(f"D365 has no purchase order {order} with lines; {there}") from None
    sandbox.d365.flush()
    return {"order": order, "confirmation": number}


def pay(sandbox: Environment, invoice: str) -> dict[str, Any]:
    """D365 posts a pending vendor invoice, and its supplier leaves an 820 for it: the voucher, the payment, who and where."""
    side, state = _side(sandbox), sandbox.d365.state
    found = state.rows("VendorInvoiceHeaders", dataAreaId=COMPANY, InvoiceNumber=invoice)
    account = str(found[-1]["InvoiceAccount"]) if found else ""
    supplier = next((each for each in side.partners.values() if account and each.profile.vendor == account), None)
    if not isinstance(supplier, MailboxSupplier):
        known = ", ".join(str(row["InvoiceNumber"]) for row in state.rows("VendorInvoiceHeaders", dataAreaId=COMPANY))
        raise Impossible(f"D365 has no pending invoice {invoice} of a supplier at Sterling; it has {known or 'none'}")
    voucher = purchasing.post_invoice(state, str(found[-1]["HeaderReference"]), company=COMPANY)
    sandbox.d365.flush()
    posted = state.rows("VendInvoiceJourBiEntities", dataAreaId=COMPANY, InvoiceId=invoice)[-1]
    payment = supplier.report_payment(invoice, f"{posted['InvoiceAmount']:f}")
    return {"voucher": voucher, "payment": payment, "by": supplier.profile.name, "mailbox": supplier.leaves}


def put(sandbox: Environment, at: str, name: str, data: bytes) -> dict[str, Any]:
    """Leave a message in a mailbox, as the partner whose it is: its id."""
    side = _side(sandbox)
    simulator = side.simulator
    if simulator.state.find(at) is None:
        known = ", ".join(sorted(each.path for each in simulator.state.mailboxes.values()))
        raise Impossible(f"Sterling has no mailbox {at}; it has {known}")
    owner = next((each for each in side.partners.values() if each.leaves == at), None)
    if owner is not None:
        owner.drop(name, data)
    else:
        simulator.state.put(at, name, data, by="person")
    return {"id": simulator.ledger.messages(path=at)[-1].id}


def _side(sandbox: Environment) -> SterlingSide:
    if sandbox.sterling is None:
        raise Impossible("this is at Sterling, which this sandbox has not; start it with --sterling")
    return sandbox.sterling
