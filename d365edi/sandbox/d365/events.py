"""Business events: what F&O posts to an HTTPS endpoint when something happens, and how often it tries.

Three tries, a second apart, ten seconds for each answer; a receiver that is away loses the event. The payload names the
document and is not the document. When an endpoint is created F&O posts a test event and expects a 2xx.

Knows: payloads and the retry rule. Does not know: who listens.
"""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .tenant import Tenant

TRIES = 3
Event = Mapping[str, Any]


def invoice_posted(tenant: Tenant, number: str, company: str) -> dict[str, Any]:
    """The event of a posted sales invoice; LookupError when there is none of that number."""
    invoice = tenant.one("SalesInvoiceHeadersV4", dataAreaId=company, InvoiceNumber=number)
    due = tenant.one("BusinessDocumentSalesInvoiceBases", dataAreaId=company, InvoiceId=number)["DueDate"]
    return {
        **_envelope("SalesInvoicePostedBusinessEvent", tenant, company),
        "InvoiceAccount": invoice["InvoiceCustomerAccountNumber"],
        "InvoiceId": number,
        "SalesOrderId": invoice["SalesOrderNumber"],
        "InvoiceDate": _moment(invoice["InvoiceDate"]),
        "InvoiceDueDate": _moment(due),
        "InvoiceAmountInAccountingCurrency": float(invoice["TotalInvoiceAmount"]),
        "InvoiceTaxAmount": float(invoice["TotalTaxAmount"]),
        "LegalEntity": company,
    }


def test_event() -> dict[str, Any]:
    """What F&O posts when somebody sets up the endpoint."""
    return {
        "BusinessEventId": "BusinessEventsTestEndpointContract",
        "BusinessEventLegalEntity": "dat",
        "ControlNumber": -(2**63),
        "EventId": str(uuid.uuid4()),
    }


async def send(url: str, event: Event, *, wait: float = 1.0, timeout: float = 10.0, ca_file: str | None = None) -> bool:
    """Post an event as F&O does: so many tries, `wait` seconds apart. True when one was answered 2xx; else the event is
    lost."""
    context = ssl.create_default_context(cafile=ca_file) if url.startswith("https:") else None
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(wait)
        if 200 <= await asyncio.to_thread(_post, url, json.dumps(event).encode(), timeout, context) < 300:
            return True
    return False


def _envelope(id: str, tenant: Tenant, company: str) -> dict[str, Any]:
    return {
        "BusinessEventId": id,
        "BusinessEventLegalEntity": company,
        "ContextRecordSubject": "",
        "ControlNumber": 5637144576 + tenant.number(company, "event"),
        "EventId": str(uuid.uuid4()).upper(),
        "EventTime": _moment(tenant.now()),
        "EventTimeIso8601": tenant.now(),
        "InitiatingUserAADObjectId": "{00000000-0000-0000-0000-000000000000}",
        "ParentContextRecordSubjects": [],
        "MajorVersion": 0,
        "MinorVersion": 0,
    }


def _moment(iso: str) -> str:
    return f"/Date({int(datetime.fromisoformat(iso).astimezone(UTC).timestamp() * 1000)})/"


def _post(url: str, body: bytes, timeout: float, context: ssl.SSLContext | None) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:  # noqa: S310 (an address of our own)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
