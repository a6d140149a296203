"""`check`: the settings as a whole, and one file dry, whatever is in it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from d365edi import tenant_sets
from d365edi.cli.inspect_file import inspect_file, remarks
from d365edi.edi import reader
from d365edi.edi.findings import Finding, Position
from tests.cli.conftest import Call

AT = datetime(2026, 1, 5, 9, 15, tzinfo=UTC)
SAMPLES = Path(str(files("d365edi.sandbox") / "samples"))
ORDER = SAMPLES / "node-x12-850.x12"
PARTNER = """
[endpoints.solon]
kind = "folder"
path = "."
after = "leave"
[partners.solon]
customer = { usmf = "US-003" }
x12 = { us = "01:999999999", them = "12:4405197800" }
acks = { send = "none" }
[partners.solon.pickup.edi]
from = { endpoint = "solon", path = "/*" }
cron = "*/10 6-20 * * mon-fri"
[partners.solon.receive.850]
create = "SalesOrder"
company = "usmf"
"""


def changed(old: bytes, new: bytes) -> bytes:
    data = ORDER.read_bytes()
    assert data.count(old) >= 1
    return data.replace(old, new)


@pytest.fixture
def partner(folder: Path) -> Path:
    """Settings with the partner whose order it is."""
    file = folder / "settings.toml"
    file.write_text(file.read_text() + PARTNER)
    return file


EDIFACT = (
    b"UNB+UNOC:3+5412345000013:14+4012345500004:14+260105:0915+101'"
    b"UNH+ME1+ORDERS:D:96A:UN:EAN008'BGM+220+4500012345+9'DTM+137:20260105:102'"
    b"NAD+BY+5412345000013::9'NAD+SU+4012345500004::9'LIN+1++4000862141404:EN'QTY+21:120:PCE'UNS+S'UNT+9+ME1'UNZ+1+101'"
)
FLAT = (
    b"PO Number;PO Date;Line;Item;GTIN;Quantity;Unit;Price\r\n"
    b"4500123;2026-01-05;1;ACME-1;614141000012;12;EA;10.50\r\n"
    b"4500123;2026-01-05;2;ACME-2;614141000029;3;EA;99.99\r\n"
)
SPLIT = "stupidedi-taxexempt-po.x12"
"""The one sample that asks for deliveries at several dates."""
SHIFTED = "ballerina-x12-sender.x12"
"""The one sample with an item number where a qualifier should stand."""


@pytest.mark.parametrize("name", sorted({path.name for path in SAMPLES.glob("*.x12")} - {SPLIT, SHIFTED}))
def test_every_shipped_sample_is_an_order_that_would_be_accepted(name: str) -> None:
    found = inspect_file((SAMPLES / name).read_bytes(), AT)
    orders = [part for part in found.parts if part.document is not None]
    assert (found.what, found.good, len(orders) > 0) == ("X12", True, True)


def test_what_no_sales_order_takes_over_and_changes_the_order_s_meaning_would_hold_it() -> None:
    found = inspect_file((SAMPLES / SPLIT).read_bytes(), AT)
    [why] = [why for part in found.parts for why in part.holds]
    assert (found.good, "dates of its own" in why) == (False, True)


def test_what_may_stand_in_a_wrong_place_would_hold_an_order_that_is_accepted() -> None:
    found = inspect_file((SAMPLES / SHIFTED).read_bytes(), AT)
    (part,) = (part for part in found.parts if part.holds)
    assert (found.good, part.verdict, "PO106 (Product/Service ID qualifier) is 5 long" in " ".join(part.holds)) == (
        False,
        "E",
        True,
    )


def test_the_acknowledgment_goes_back_in_their_syntax_with_the_ids_turned_round() -> None:
    [answer] = inspect_file(ORDER.read_bytes(), AT).answers
    [interchange] = reader.read(answer.encode("latin-1")).interchanges
    assert (str(interchange.sender), str(interchange.receiver)) == ("01:999999999", "12:4405197800")
    assert [report.id for group in interchange.groups for report in group.sets] == ["997"]


def test_an_edifact_order_is_read_and_answered_by_a_contrl() -> None:
    found = inspect_file(EDIFACT, AT)
    [document] = [part.document for part in found.parts if part.document]
    assert (found.what, found.good, document["number"], len(document["lines"])) == ("EDIFACT", True, "4500012345", 1)
    reported = inspect_file(found.answers[0].encode("latin-1"), AT)
    [title] = [part.title for part in reported.parts if part.kind == "set"]
    assert (title, reported.answers) == ("CONTRL 1: answers interchange 101: accepted, 0 of 0; the CONTRL itself", [])


def test_a_flat_file_is_read_by_the_map_that_fits_it() -> None:
    found = inspect_file(FLAT, AT)
    [document] = [part.document for part in found.parts if part.document]
    assert (found.what, found.good, found.answers) == ("flat file (PurchaseOrder)", True, [])
    assert (document["number"], [line["price"] for line in document["lines"]]) == ("4500123", ["10.50", "99.99"])


def test_a_flat_file_with_a_number_that_is_none_is_held() -> None:
    found = inspect_file(FLAT.replace(b"10.50", b"ten"), AT)
    assert (found.good, ["ten" in why for part in found.parts for why in part.holds]) == (False, [True])


def test_an_acknowledgment_of_ours_is_read_in_words_and_gets_no_answer() -> None:
    [answer] = inspect_file(ORDER.read_bytes(), AT).answers
    found = inspect_file(answer.encode("latin-1"), AT)
    [reported] = [part.title for part in found.parts if part.kind == "set"]
    assert (reported, found.answers, found.good) == (
        "997 0001: answers group 1421 (PO): accepted, 1 of 1; the 997 itself",
        [],
        True,
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('purpose = { "00" = "ignore" }', "purpose original is ignored by setting"),
        ('unlike = { no_order = "ignore" }', "no_order is ignored by setting"),
    ],
)
def test_an_order_that_a_policy_closes_is_said_to_be_closed(call: Call, partner: Path, row: str, reason: str) -> None:
    partner.write_text(partner.read_text() + row + "\n")
    data = ORDER.read_bytes() if row.startswith("purpose") else changed(b"BEG*00*SA", b"BEG*00*CP")
    (partner.parent / "in.edi").write_bytes(data)
    said = call("check", str(partner.parent / "in.edi"))
    assert said.code == 0
    assert re.search(rf"would be closed, and nothing created: .*{reason}\n", said.out)
    assert "looked up in D365" not in said.out
    (part,) = [
        each
        for each in json.loads(call("check", str(partner.parent / "in.edi"), "--json").out)["parts"]
        if each["document"]
    ]
    assert reason in part["closes"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (changed(b"BEG*00*", b"BEG*05*"), "purpose replace asks for a change or a copy"),
        (changed(b"ST*850*", b"ST*820*").replace(b"GS*PO*", b"GS*RA*"), ""),
        (changed(b"BEG*00*", b"BEG**"), ""),
        (ORDER.read_bytes() * 2, "PO 08292233294 stands in this file before"),
        (
            ORDER.read_bytes() + changed(b"08292233294", b"08292233295"),
            "an earlier interchange has the same control number 000003438",
        ),
        (ORDER.read_bytes()[:400], ""),
        (b"UNB+UNOC:3+a+b+200101:1200+1'UNZ+0+2'", ""),
        (b"", ""),
        (b"Dear sirs,\n", ""),
        (b"\x00" * 500, ""),
    ],
)
def test_what_would_not_become_an_order_is_not_called_good(data: bytes, says: str) -> None:
    found = inspect_file(data, AT)
    held = [why for part in found.parts for why in part.holds]
    assert (found.good, [why for why in held if says and says in why] != []) == (False, bool(says))


def test_every_quirk_of_the_corpus_is_reported_without_a_defect(corpus: Path) -> None:
    quirks = sorted(corpus.glob("quirk_*"))
    verdicts = {path.name: inspect_file(path.read_bytes(), AT).good for path in quirks}
    assert len(quirks) > 40
    assert verdicts["quirk_850_bom.x12"]
    assert not verdicts["quirk_850_missing-iea.x12"]


def test_the_same_finding_is_said_once_with_how_often_and_errors_lead() -> None:
    warning = Finding("element", "warning", "", "is odd", Position(ordinal=3, segment="PO1", element=7), rule="code")
    error = Finding("set", "error", "4", "is wrong", Position(ordinal=9, segment="SE"))
    reported = [(remark.severity, remark.place, remark.times) for remark in remarks([warning, warning, error])]
    assert reported == [("error", "SE (segment 9)", 1), ("warning", "PO107 (segment 3)", 2)]


def test_a_file_needs_no_settings(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("D365EDI_SETTINGS", raising=False)
    said = call("check", str(ORDER))
    assert (said.code, said.err) == (0, "")
    assert "interchange 000003438 from 12:4405197800 to 01:999999999, usage P: accepted" in said.out
    assert "number: 08292233294" in said.out
    assert "lines 6: number 6, quantity 696, unit ea, price 9.55" in said.out
    assert "AK1*PO*1421~" in said.out


def test_with_settings_it_says_whose_file_it_is(call: Call, partner: Path) -> None:
    said = call("check", str(ORDER))
    assert (said.code, "usage P, partner solon: accepted" in said.out) == (0, True)


def test_a_set_that_the_partner_has_no_flow_for_is_said(call: Call, partner: Path) -> None:
    partner.write_text(partner.read_text().partition("[partners.solon.receive.850]")[0])
    said = call("check", str(ORDER))
    assert (said.code, "would be held: 850 000000010 has no route; add [partners.solon.receive.850]" in said.out) == (
        1,
        True,
    )


def test_the_whole_examination_is_there_in_json(call: Call, folder: Path) -> None:
    found = json.loads(call("check", str(ORDER), "--json").out)
    [document] = [part["document"] for part in found["parts"] if part["document"]]
    assert (found["good"], found["what"], document["number"], len(document["lines"])) == (True, "X12", "08292233294", 6)


def test_a_file_that_cannot_be_read_is_said(call: Call, folder: Path) -> None:
    said = call("check", str(folder / "missing.edi"))
    assert (said.code, said.err) == (
        2,
        f"d365edi: {folder}/missing.edi cannot be read: No such file or directory; name an EDI file\n",
    )


def test_sound_settings_are_called_so(call: Call, partner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    said = call("check")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"{partner} is correct.",
        "1 endpoints: solon",
        "1 partners: solon",
        "1 flows: solon.pickup.edi",
        "1 secrets are referred to, and all are stored.",
    ]


def test_a_missing_secret_is_a_mistake_of_the_settings(call: Call, partner: Path) -> None:
    said = call("check")
    assert (said.code, 'there is no secret "d365"' in said.err) == (2, True)


def test_a_map_row_that_leads_nowhere_is_refused_with_its_line(
    call: Call, partner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    partner.write_text(partner.read_text() + '[partners.solon.receive.850.map.fields]\nship_by = "DTN[175]02"\n')
    line = partner.read_text().count("\n")
    said = call("check")
    assert said.code == 2
    assert said.err.startswith(f"d365edi: {partner}:{line}: ")
    assert "[partners.solon.receive.850.map.fields.ship_by]" in said.err
    assert "DTN" in said.err


def test_a_server_that_is_not_trusted_yet_is_named_with_the_command_that_shows_its_key(
    call: Call, partner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "of-the-test")
    login = 'username = "us"\npassword = { secret = "d365" }'
    server = f'[endpoints.new]\nkind = "sftp"\nhost = "sftp.new.example"\n{login}\nhost_keys = []\n'
    partner.write_text(partner.read_text() + server)
    said = call("check")
    line = partner.read_text().count("\n")
    assert said.code == 0
    assert (
        f"{partner}:{line}: [endpoints.new.host_keys] is empty, so sftp.new.example is not trusted and nothing is fetched or "
        "sent: d365edi ping new shows its key; compare it with the partner's and enter it"
    ) in said.out


def test_what_would_hold_an_order_names_whole_commands(call: Call, partner: Path, folder: Path) -> None:
    (folder / "change.edi").write_bytes(changed(b"BEG*00*", b"BEG*05*"))
    said = call("check", str(folder / "change.edi"))
    assert re.search(r'd365edi reject \S+ --why "\.\.\."', said.out)


PAYMENT = (
    "ISA*00*          *00*          *12*4405197800     *01*999999999      *261102*1200*U*00401*000000007*0*P*>~"
    "GS*RA*4405197800*999999999*20261102*1200*7*X*004010~ST*820*0001~BPR*I*100*C*ACH*CTX***********20261110~"
    "TRN*1*EFT1~ENT*1~RMR*IV*INV-1**60~RMR*IV*INV-1**40~SE*7*0001~GE*1*7~IEA*1*000000007~"
)
PAYMENTS = """
[partners.solon.receive.820]
create = "CustomerPayment"
company = "usmf"
[partners.solon.receive.820.d365.header.constants]
JournalName = "CustPay"
"""


def test_what_would_hold_a_payment_is_said_without_d365(call: Call, partner: Path, folder: Path) -> None:
    partner.write_text(partner.read_text() + PAYMENTS)
    (folder / "pay.edi").write_text(PAYMENT)
    said = call("check", str(folder / "pay.edi"))
    assert "would be held: invoice INV-1 is paid twice, again in item 2" in said.out
    (folder / "pay.edi").write_text(PAYMENT.replace("INV-1**40", "INV-2**40"))
    assert "would be held" not in call("check", str(folder / "pay.edi")).out


BILL = (
    "ISA*00*          *00*          *12*4405197800     *01*999999999      *261102*1200*U*00401*000000007*0*P*>~"
    "GS*IN*4405197800*999999999*20261102*1200*7*X*004010~ST*810*0001~BIG*20261102*INV-1**PO-1~"
    "IT1*1*2*EA*10**VN*V-1~TDS*2500~SAC*C*D240***500~CTT*1~SE*7*0001~GE*1*7~IEA*1*000000007~"
)


def test_what_would_hold_a_vendor_s_invoice_is_said_without_d365(call: Call, partner: Path, folder: Path) -> None:
    text = partner.read_text().replace("[partners.solon]\n", '[partners.solon]\nvendor = { usmf = "US-101" }\n')
    partner.write_text(text + '[partners.solon.receive.810]\ncreate = "VendorInvoice"\ncompany = "usmf"\n')
    (folder / "bill.edi").write_text(BILL)
    said = re.sub(r"\s+", " ", call("check", str(folder / "bill.edi")).out)
    assert "would be held: charge D240 is none of ours" in said
    partner.write_text(partner.read_text() + '[partners.solon.codes.charge]\nD240 = "FREIGHT"\n')
    assert "would be held" not in call("check", str(folder / "bill.edi")).out


def test_no_segment_of_an_answer_is_broken_on_a_narrow_terminal(
    call: Call, partner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = partner.read_text().replace('send = "none"', 'send = "997", to = { endpoint = "solon", path = "/acks" }')
    partner.write_text(text)
    monkeypatch.setenv("COLUMNS", "60")
    (isa,) = [line for line in call("check", str(ORDER)).out.splitlines() if line.startswith("ISA")]
    assert len(isa) == 106


def test_what_is_answered_by_the_partner_s_settings_is_shown_so(call: Call, partner: Path) -> None:
    """Their delimiters, the form and the reports agreed with them; the answer of a partner who wants none is not shown."""
    assert "AK1" not in call("check", str(ORDER)).out
    to = '{ endpoint = "solon", path = "/acks" }'
    text = partner.read_text().replace('send = "none"', f'send = "999", loop = "all", to = {to}')
    partner.write_text(text.replace('them = "12:4405197800"', 'them = "12:4405197800", delimiters = "|:!^"'))
    shown = call("check", str(ORDER)).out
    assert [line for line in shown.splitlines() if line.startswith(("AK", "IK"))] == [
        "AK1|PO|1421|004010VICS!",
        "AK2|850|000000010!",
        "IK5|A!",
        "AK9|A|1|1|1!",
    ]


def test_an_interchange_that_no_partner_sends_is_not_called_good(call: Call, partner: Path) -> None:
    partner.write_text(partner.read_text().replace("12:4405197800", "12:4405197801"))
    said = call("check", str(ORDER))
    assert said.code == 1
    assert "would be held: it is from 12:4405197800 to 01:999999999, and no partner has these ids" in said.out
    assert "did they mean solon (12:4405197801)?" in said.out


def test_a_document_of_which_nothing_is_created_waits_for_a_person(call: Call, partner: Path) -> None:
    """Unless it is only to be kept."""
    for line, code in (("", 1), ('then = "keep"', 0)):
        text = partner.read_text().partition("[partners.solon.receive.850]")[0]
        partner.write_text(f'{text}[partners.solon.receive.850]\ncompany = "usmf"\n{line}\n')
        said = call("check", str(ORDER))
        assert (said.code, "handle it by hand" in said.out) == (code, code == 1)


REFUSED = """
[partners.acme]
{account}
acks = {{ send = "none" }}
x12  = {{ us = "01:123456789", them = "ZZ:GLOBEX" }}
[endpoints.acme]
kind = "folder"
path = "."
{flow}
"""
RECEIVE = '[partners.acme.receive.810]\ncreate = "VendorInvoice"\ncompany = "usmf"\n'
SEND = '[partners.acme.send.{set}]\nof = "{of}"\nto = {{ endpoint = "acme", path = "/x" }}\nevery = "1h"\n{more}'
VENDOR = 'vendor = { usmf = "US-101" }'
WRONG = {
    "no vendor": (
        'customer = { usmf = "US-1" }', RECEIVE, "[partners.acme] creates a VendorInvoice of each 810",
        'write vendor = { usmf = "US-101" }',
    ),
    "a list as EDI": (
        VENDOR, SEND.format(set="850", of="Vendor", more='company = "usmf"'),
        '[partners.acme.send.850.of] "Vendor" is a list, which goes out as a flat file',
        "write [partners.NAME.send.Vendor]",
    ),
    "a dimension with a blank": (
        VENDOR, f'{RECEIVE}[partners.acme.receive.810.dimensions]\n"Cost Center" = "022"',
        '"Cost Center" has a blank, as no dimension of a format has', 'write "CostCenter"',
    ),
    "a set to write that nobody has": (
        VENDOR, f'{RECEIVE}[partners.acme.receive.810.d365]\nheader.set = "VendorInvoiceHeader"',
        '[partners.acme.receive.810.d365.header.set] there is no entity set "VendorInvoiceHeader" that is known',
        'did you mean "VendorInvoiceHeaders"?; where it is the tenant\'s own, d365edi check --live reads its sets',
    ),
    "a set to read that nobody has": (
        'customer = { usmf = "US-1" }',
        SEND.format(set="810", of="SalesInvoice", more='[partners.acme.send.810.d365]\njoins.items.set = "OwnItems"'),
        '[partners.acme.send.810.d365.joins.items.set] there is no entity set "OwnItems" that is known',
        "d365edi check --live reads its sets",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("account", "flow", "sentence", "remedy"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_refused_with_file_line_and_remedy(
    account: str, flow: str, sentence: str, remedy: str, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "s")
    file = folder / "settings.toml"
    file.write_text(file.read_text() + REFUSED.format(account=account, flow=flow))
    said = call("check")
    assert (said.code, said.out) == (2, "")
    assert re.match(rf"d365edi: {re.escape(str(file))}:\d+: ", said.err)
    assert sentence in said.err
    assert remedy in said.err


def test_a_set_of_the_tenants_own_is_known_once_it_was_read(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D365EDI_SECRET_D365", "s")
    file = folder / "settings.toml"
    account, flow, *_ = WRONG["a set to read that nobody has"]
    file.write_text(file.read_text() + REFUSED.format(account=account, flow=flow))
    for host, code in (("other.example", 2), ("contoso.example", 0)):
        tenant_sets.store(folder / "journal.db", host, ["OwnItems"], datetime.now(UTC))
        assert call("check").code == code
