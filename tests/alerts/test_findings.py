"""What there is to tell: a sentence and a command that works for each kind, and nothing that a document says."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from d365edi import log
from d365edi.alerts.findings import Delays, End, of_ends, of_rows, of_troubles
from d365edi.alerts.incidents import Finding
from d365edi.cli import VERBS
from d365edi.condition import Kind, Trouble
from d365edi.endpoints.filenames import NEVER_TAKEN
from d365edi.journal import AckState, Listed, Passed, Tx
from tests.journal import rows

DELAYS = Delays(300.0, 1800.0)
NEVER = sorted(NEVER_TAKEN)
SECRET = "Pat Doe, 12 Elm Street"


def of(trouble: Trouble) -> Finding:
    [finding] = of_troubles([trouble], DELAYS, Path("/var/lib/d365edi/journal.db"), 1000.0)
    return finding


def commands(remedy: str) -> list[str]:
    """The commands of d365edi in a sentence."""
    return re.findall(r"d365edi ([a-z]+)", remedy.replace("d365edi -", ""))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_trouble_has_a_sentence_and_a_remedy_on_one_line(kind: Kind) -> None:
    finding = of(Trouble(kind, "acme:/inbound", "because of\nthis", since=900.0))
    assert "\n" not in finding.what + finding.remedy
    assert (finding.what[-1] != ";", finding.since, finding.kind) == (True, 900.0, kind)
    if kind != "held":  # its command is the trouble's own
        assert re.search(r"d365edi|df -h|systemctl|timedatectl", finding.remedy)
    assert [word for word in commands(finding.remedy) if word not in (*VERBS, "restart")] == []


@pytest.mark.parametrize(
    ("trouble", "delay", "what", "remedy"),
    [
        (
            Trouble("unreachable", "acme", "refused"), 1800.0, "acme does not answer: refused",
            "nothing is lost, and it goes on by itself; to try it now: d365edi ping acme",
        ),
        (
            Trouble("place", "acme:/in", "no right", "ask them"), 300.0, "acme:/in is closed to d365edi: no right",
            "ask them; then: d365edi ping acme",
        ),
        (
            Trouble("credentials", "alerts:mail", "535", "correct it"), 300.0, "alerts:mail lets d365edi in no more: 535",
            "correct it; then: d365edi alert test",
        ),
        (
            Trouble("journal", "journal", "the disk is full"), 300.0,
            "nothing can be stored, so nothing is taken or sent: the disk is full",
            "how full the disk is: df -h /var/lib/d365edi",
        ),
        (
            Trouble("clock", "retention", "payloads stay", "if it is right: d365edi release retention"), 300.0, "payloads stay",
            "if it is right: d365edi release retention; what it says now: timedatectl",
        ),
        (
            Trouble("stuck", "acme.send.810", "it runs for 61 min"), 0.0, "acme.send.810 makes no progress: it runs for 61 min",
            "systemd restarts d365edi; where it does not: systemctl restart d365edi",
        ),
        (
            Trouble("listener", "connections", "no descriptor is left", "raise LimitNOFILE"), 300.0,
            "connections: no descriptor is left", "raise LimitNOFILE",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_trouble(trouble: Trouble, delay: float, what: str, remedy: str) -> None:
    finding = of(trouble)
    assert (finding.delay, finding.what, finding.remedy, finding.since) == (delay, what, remedy, 1000.0)


@pytest.mark.parametrize("kind", ["flow", "defect"])
def test_an_unexpected_error_is_not_quoted(kind: Kind) -> None:
    finding = of(Trouble(kind, "acme.send.810", f"failed by a defect (KeyError: '{SECRET}'); see the log"))
    assert SECRET not in finding.what + finding.remedy
    assert "acme.send.810" in finding.what


@pytest.mark.parametrize(
    ("trouble", "what"),
    [
        (
            Trouble("unreachable", "d365", f"D365 at x answered 503: {SECRET}"),
            "d365 does not answer: D365 at x answered 503",
        ),
        (Trouble("place", "d365:Invoices", f"no right to {SECRET}"), "d365:Invoices is closed to d365edi"),
        (
            Trouble("place", "d365:Invoices", f"D365 at x answered 403: {SECRET}"),
            "d365:Invoices is closed to d365edi: D365 at x answered 403",
        ),
    ],
)
def test_what_d365_says_of_a_record_is_not_quoted(trouble: Trouble, what: str) -> None:
    assert of(trouble).what == what


def test_no_secret_is_told() -> None:
    log.hide("hunter2-hunter2")
    finding = of(Trouble("credentials", "acme", "hunter2-hunter2 was refused", "password=letmein is wrong"))
    assert "hunter2" not in finding.what
    assert "letmein" not in finding.remedy


def test_what_needs_a_person_is_told_with_the_commands_that_decide_it(tx: Tx) -> None:
    source = rows.message(tx)
    order = rows.document(tx, source)
    tx.documents.set_state(order.id, "held", SECRET)
    set_aside = rows.message(tx, name="odd\nname.edi", payload=b"?")
    tx.messages.set_state(set_aside.id, "quarantined", SECRET)
    invoice = rows.delivery(tx)
    tx.deliveries.quarantined(invoice.id, SECRET)
    found = list(of_rows(tx, NEVER, 60.0))
    assert [(each.kind, each.what) for each in found] == [
        ("held document", "PurchaseOrder 4500123 of acme is held"),
        ("quarantined message", "the file odd\\nname.edi of acme is set aside"),
        ("quarantined delivery", "810_1.edi for acme is not sent any more"),
    ]
    assert found[0].remedy == (
        f"why: d365edi why --id document-{order.id}; then: d365edi release --id document-{order.id}, "
        f'or d365edi reject --id document-{order.id} --why "..."'
    )
    assert SECRET not in str(found)
    for finding in found:
        for line in re.findall(r"d365edi [^;,]+", finding.remedy):
            assert shlex.split(line)[1] in VERBS


def test_a_file_that_is_not_sent_and_the_documents_in_it_are_one_thing(tx: Tx) -> None:
    order = rows.document(tx, rows.message(tx))
    sent = rows.delivery(tx, document=order.id)
    tx.deliveries.quarantined(sent.id, "no")
    tx.documents.set_state(order.id, "held", "no")
    assert [each.kind for each in of_rows(tx, NEVER, 60.0)] == ["held document"]


def test_orders_for_the_stores_of_one_order_are_one_thing(tx: Tx) -> None:
    source = rows.message(tx)
    for store in ("0001", "0002"):
        row = rows.document(tx, source, store=store)
        tx.documents.set_state(row.id, "held", "no")
    assert len(list(of_rows(tx, NEVER, 60.0))) == 1


def test_an_answer_that_is_late_or_says_no_is_told_with_the_delivery(tx: Tx) -> None:
    states: dict[str, AckState] = {"late.edi": "overdue", "refused.edi": "rejected", "good.edi": "accepted"}
    for name, state in states.items():
        sent = rows.delivery(tx, name=name, ack="awaited", ack_due=1.0)
        tx.deliveries.attempting(sent.id)
        tx.deliveries.delivered(sent.id, name, ack_due=1.0)
        tx.deliveries.set_ack(sent.id, state, "no")
    found = list(of_rows(tx, NEVER, 60.0))
    assert [(each.kind, each.what) for each in found] == [
        ("overdue acknowledgment", "acme has not acknowledged late.edi"),
        ("rejected acknowledgment", "acme rejected refused.edi"),
    ]
    assert found[0].remedy.startswith("ask acme whether they received it; its history: d365edi why --id delivery-")
    assert re.search(r"then: d365edi replay --id delivery-\d+ --from render --go$", found[1].remedy)


def test_what_cannot_be_taken_is_told_by_place_and_name(tx: Tx) -> None:
    tx.sightings.record("acme", "/out/*", [Listed("PO-1.edi", 4, 1.0)], [Passed("PO\n9.edi", NEVER[0])])
    [finding] = of_rows(tx, NEVER, 60.0)
    assert (finding.kind, finding.what) == ("not taken", "PO\\n9.edi at acme:/out/* cannot be taken")


def test_nothing_is_told_of_a_journal_in_which_nothing_waits(tx: Tx) -> None:
    rows.document(tx, rows.message(tx))
    assert list(of_rows(tx, NEVER, 60.0)) == []


@pytest.mark.parametrize(
    ("left", "what"),
    [(30.0, None), (10.0, "the certificate ends on 1970-01-11"), (-1.0, "the certificate ended on 1970-01-11")],
)
def test_what_is_near_its_end(left: float, what: str | None) -> None:
    day = 86_400.0
    end = End("daemon.tls", "the certificate", 10 * day, "replace it")
    found = list(of_ends([end], end.at - left * day, 14 * day, lambda at: datetime.fromtimestamp(at, UTC)))
    assert [each.what for each in found] == ([] if what is None else [what])
