"""Error bodies become one sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.odata.errors import LONGEST, Fault, read

WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"


def body(message: str, outer: str = "An error has occurred.") -> bytes:
    """The envelope as D365 sends it."""
    inner = {"message": message, "type": WRITE, "stacktrace": "   at Microsoft.Dynamics.Secret.Machinery()"}
    return json.dumps({"error": {"code": "", "message": outer, "innererror": inner}}).encode()


def write(entity: str, log: str) -> str:
    return f"Write failed for table row of type '{entity}'. Infolog: {log}"


TABLE = [
    pytest.param(
        write(
            "VendorPaymentJournalLineEntity",
            "Error: This transaction has been marked for settlement by Vendor\npayments 00017 in company usmf.",
        ),
        Fault(
            "This transaction has been marked for settlement by Vendor payments 00017 in company usmf.",
            "VendorPaymentJournalLineEntity",
            infolog=True,
            marked_by=("Vendor payments 00017", "usmf"),
        ),
        id="marked for settlement elsewhere",
    ),
    pytest.param(
        write(
            "CustCustomerGroupEntity",
            "Info: Cannot create a record in Customer groups (CustGroup). Customer group: Batch2, "
            "Batch 2 Test group T1.\nThe record already exists..",
        ),
        Fault(
            "Cannot create a record in Customer groups (CustGroup). Customer group: Batch2, Batch 2 Test group T1. "
            "The record already exists.",
            "CustCustomerGroupEntity",
            infolog=True,
            exists=True,
        ),
        id="duplicate key",
    ),
    pytest.param(
        write(
            "CustCustomerV3Entity",
            "Warning: The value 'Local' in field 'Customer group' is not found in the related table 'Customer groups'.; "
            "Warning: validateField failed on field 'CustCustomerV3Entity.CustomerGroupId'.",
        ),
        Fault(
            "The value 'Local' in field 'Customer group' is not found in the related table 'Customer groups'. "
            "(field CustomerGroupId)",
            "CustCustomerV3Entity",
            "CustomerGroupId",
            infolog=True,
        ),
        id="bad reference",
    ),
    pytest.param(
        write(
            "PurchPurchaseOrderLineV2Entity",
            "Warning: Item 'L-10780-02' is blocked for 'Purchase order'.; "
            "Warning: validateWrite failed on data source 'PurchLine (PurchLine)'.",
        ),
        Fault("Item 'L-10780-02' is blocked for 'Purchase order'.", "PurchPurchaseOrderLineV2Entity", infolog=True),
        id="blocked item",
    ),
    pytest.param(
        write(
            "SalesOrderLineV3Entity",
            "Error: Inventory dimension Site is mandatory and must consequently be specified.; "
            "Error: Update has been canceled..",
        ),
        Fault(
            "Inventory dimension Site is mandatory and must consequently be specified.",
            "SalesOrderLineV3Entity",
            infolog=True,
        ),
        id="missing dimension",
    ),
    pytest.param(
        write(
            "LedgerJournalLineEntity",
            "Error: Cannot edit a record in Ledger journal table (LedgerJournalTable). An update conflict occurred due "
            "to another user process deleting the record or changing one or more fields in the record.",
        ),
        Fault(
            "Cannot edit a record in Ledger journal table (LedgerJournalTable). An update conflict occurred due "
            "to another user process deleting the record or changing one or more fields in the record.",
            "LedgerJournalLineEntity",
            infolog=True,
            conflict=True,
        ),
        id="update conflict",
    ),
    pytest.param(
        "Delete failed for table row of type 'LedgerJournalHeaderEntity'. Infolog: Error: Ledger journal table cannot be "
        "deleted while dependent Journal lines exist.",
        Fault(
            "Ledger journal table cannot be deleted while dependent Journal lines exist.",
            "LedgerJournalHeaderEntity",
            infolog=True,
        ),
        id="delete with children",
    ),
    pytest.param(
        write("VendorInvoiceLineEntity", "Error: The item's inventory model policy must be not stocked."),
        Fault("The item's inventory model policy must be not stocked.", "VendorInvoiceLineEntity", infolog=True),
        id="stocked item",
    ),
    pytest.param(
        write("E", "Warning: validateField failed on field 'E.CurrencyCode'."),
        Fault("field CurrencyCode was refused", "E", "CurrencyCode", infolog=True),
        id="nothing but machinery",
    ),
    pytest.param(
        write("E", "Error: Update has been canceled."),
        Fault("Update has been canceled.", "E", infolog=True),
        id="nothing but the cancelation",
    ),
    pytest.param(
        write("E", "Error: Number 1; 2 or 3 is wrong; Error: Number 1; 2 or 3 is wrong"),
        Fault("Number 1; 2 or 3 is wrong", "E", infolog=True),
        id="semicolons in the text, said twice",
    ),
    pytest.param(
        "The property 'Foo' does not exist on type 'SalesOrderHeaderV4'.",
        Fault("The property 'Foo' does not exist on type 'SalesOrderHeaderV4'."),
        id="no Infolog",
    ),
]


@pytest.mark.parametrize(("message", "fault"), TABLE)
def test_the_sentence_is_found_in_the_envelope(message: str, fault: Fault) -> None:
    assert read(body(message)) == fault


def test_the_outer_message_is_used_where_there_is_no_inner_one() -> None:
    assert read(b'{"error": {"code": "", "message": "Resource not found."}}') == Fault("Resource not found.")
    assert read(b'{"Message": "No HTTP resource was found."}') == Fault("No HTTP resource was found.")


def test_an_infolog_deeper_down_is_found() -> None:
    deep = {
        "message": "outer",
        "innererror": {"message": "x", "internalexception": {"message": write("E", "Error: Deep.")}},
    }
    assert read(json.dumps({"error": deep}).encode()) == Fault("Deep.", "E", infolog=True)


def test_neither_machinery_nor_stack_traces_are_kept() -> None:
    assert "Machinery" not in str(read(body(write("E", "Error: No."))))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "an empty answer"),
        (b"  \r\n", "an empty answer"),
        (b"<html><head><title>Service Unavailable</title></head></html>", 'an HTML page, "Service Unavailable"'),
        (b"<HTML><H1>502 - Bad &amp; Gateway</H1>", 'an HTML page, "502 - Bad & Gateway"'),
        (b"<html><body>oops</body></html>", "an HTML page"),
        (b"upstream\x00 request timeout", "an answer that is no JSON: upstream request timeout"),
        (b"{}", "an error without a message"),
        (b"[1, 2]", "an error without a message"),
        (b'{"error": {"message": 3}}', "an error without a message"),
        (b'{"error": "no"}', "an error without a message"),
    ],
)
def test_what_is_no_odata_error_says_so(content: bytes, sentence: str) -> None:
    assert read(content) == Fault(sentence, readable=False)


def test_a_sentence_is_cut_where_it_is_too_long() -> None:
    assert len(read(body(write("E", "; ".join(f"Error: line {n} is wrong." for n in range(500))))).sentence) == LONGEST


@given(st.binary(max_size=300) | st.text(max_size=200).map(body))
@settings(deadline=None, max_examples=200)
def test_any_body_gives_one_printable_line(content: bytes) -> None:
    sentence = read(content).sentence
    assert (bool(sentence), sentence.isprintable(), len(sentence) <= LONGEST) == (True, True, True)
