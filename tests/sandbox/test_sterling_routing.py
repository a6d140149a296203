"""What happens at the simulated Sterling beside our requests: routing rules, partners, kills; and what it remembers of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from d365edi.sandbox import authored, orders, x12
from d365edi.sandbox.mailbox_partner import MailboxPartner
from d365edi.sandbox.profiles import ACME
from d365edi.sandbox.sterling import SterlingSimulator
from d365edi.sandbox.sterling.mailboxes import Message
from d365edi.sandbox.sterling.routing import run
from d365edi.sandbox.sterling.server import Rule
from tests.clock import Clock

from .sterling import calling, deliver

NOW = 1767604500.0
DAY = date(2026, 1, 5)
ORDER = authored.orders(ACME, seed=7, day=DAY)[0]
EDIFACT = (
    b"UNA:+.? 'UNB+UNOC:3+A:ZZ+B:ZZ+260105:0915+7'UNH+1+ORDERS:D:96A:UN'BGM+220+it?'s'UNT+3+1'"
    b"UNH+2+ORDERS:D:96A:UN'UNT+2+2'UNZ+2+7'"
)


@pytest.fixture
def sterling() -> SterlingSimulator:
    return SterlingSimulator(clock=Clock(NOW))


def _there(sterling: SterlingSimulator, path: str) -> list[Message]:
    return list(sterling.state.mailbox(path).messages.values())


def _bytes(sterling: SterlingSimulator, path: str) -> list[bytes]:
    return [sterling.state.payload(message.document) for message in _there(sterling, path)]


@pytest.mark.parametrize(("action", "left"), [("keep", [0]), ("delete", [])])
def test_a_rule_fetches_a_message_once_and_keeps_or_deletes_it(
    sterling: SterlingSimulator, action: str, left: list[int]
) -> None:
    message = sterling.state.put("/acme/to", "po.edi", ORDER.data)
    other = sterling.state.put("/acme/to", "other.txt", b"x")
    sterling.server.rules.append(Rule("ToAcme", "/acme/to", action, "*.edi"))  # type: ignore[arg-type]
    assert (run(sterling.server), run(sterling.server)) == ([message], [])
    assert [each.count for each in _there(sterling, "/acme/to") if each is not other] == left
    assert (message.taken, other.routable, other.count) == (1, False, 1)


def test_a_rule_takes_an_interchange_apart_and_another_puts_sets_together(sterling: SterlingSimulator) -> None:
    sterling.state.put("/acme/in", "po.edi", ORDER.data)
    sterling.state.put("/acme/in", "orders.edi", EDIFACT)
    sterling.server.rules += [
        Rule("In", "/acme/in", "deenvelope", to="/acme/bare"),
        Rule("Out", "/acme/bare", "envelope", to="/acme/whole", address=ACME.address),
    ]
    run(sterling.server)
    bare = [sterling.state.payload(each.document) for each in sterling.ledger.messages(path="/acme/bare")]
    whole = _bytes(sterling, "/acme/whole")
    assert [data[:3] for data in bare] == [b"ST*", b"UNH", b"UNH"]
    assert orders.read(whole[0]) == orders.read(ORDER.data)
    assert (whole[1].count(b"UNH"), b"it?'s" in whole[1], whole[2].endswith(b"UNZ+1+3'")) == (1, True, True)
    assert _there(sterling, "/acme/in") == _there(sterling, "/acme/bare") == []


def test_what_is_submitted_again_is_seen_by_the_rules_again(sterling: SterlingSimulator) -> None:
    message = sterling.state.put("/acme/to", "po.edi", b"x", count=2)
    sterling.server.rules.append(Rule("ToAcme", "/acme/to", "keep"))
    run(sterling.server)
    sterling.state.change(message, routable=True)
    assert (run(sterling.server), message.count) == ([message], 0)


async def test_a_partner_fetches_by_count_and_what_it_reads_is_compared_with_its_orders(
    sterling: SterlingSimulator, tmp_path: Path
) -> None:
    partner = MailboxPartner(ACME, tmp_path / "acme", sterling.state, leaves="/acme/out", fetches="/acme/to")
    partner.drop("order.edi", ORDER.data)
    partner.drop("order.edi", authored.orders(ACME, seed=7, day=DAY)[1].data)
    good, other = _invoice("4500123"), _invoice("4500999")
    async with calling(sterling) as caller:
        for data in (good, other):
            await deliver(caller, "/acme/to", "810.edi", data)
    assert (partner.waiting(), list(partner.orders)) == (["order.edi"] * 2, ["4500123", "4500124"])
    assert (partner.fetch(), partner.fetch()) == (["810.edi"] * 2, [])
    verdicts = partner.answer_invoices(datetime(2026, 1, 5, tzinfo=UTC))
    assert [(each.order, bool(each.complaints)) for each in verdicts] == [("4500123", False), ("4500999", True)]
    assert [each.count for each in _there(sterling, "/acme/to")] == [0, 0]
    answers = [name for name in partner.waiting() if name.startswith("997")]
    assert len(answers) == 2


def _invoice(number: str) -> bytes:
    """An invoice for the first line of an order, as it was ordered."""
    order = orders.read(ORDER.data)[0]
    line = order.lines[0]
    ids = [part for pair in line.ids.items() for part in pair]
    total = (line.quantity * line.price * 100).quantize(Decimal(1))
    body = [
        ["BIG", "20260105", "CIV-1", order.date, number],
        ["IT1", line.id, str(line.quantity), line.unit, str(line.price), "", *ids],
        ["TDS", str(total)],
        ["CTT", "1"],
    ]
    address = x12.X12Address(ACME.us, ACME.them, ACME.group_us, ACME.group_them)
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return x12.write(address, "IN", [("810", body)], interchange=1, group=1, at=at)


@pytest.mark.parametrize(("deletes", "gone"), [(True, "deleted by acme"), (False, "")])
def test_a_partner_deletes_what_it_fetched_or_leaves_it(
    sterling: SterlingSimulator, tmp_path: Path, deletes: bool, gone: str
) -> None:
    partner = MailboxPartner(
        ACME, tmp_path / "acme", sterling.state, leaves="/acme/out", fetches="/acme/to", deletes=deletes
    )
    message = sterling.state.put("/acme/to", "997.edi", b"x", always=True)
    assert (partner.fetch(), partner.fetch(), message.taken) == (["997.edi"], [], 1)
    assert (message.gone, message.extractable(NOW)) == (gone, True)


def test_a_broken_download_uses_up_the_count_and_brings_nothing(sterling: SterlingSimulator, tmp_path: Path) -> None:
    partner = MailboxPartner(ACME, tmp_path / "acme", sterling.state, leaves="/acme/out", fetches="/acme/to")
    message = sterling.state.put("/acme/to", "810.edi", b"x", count=2)
    partner.fetch(broken=True)
    assert (message.count, partner.received()) == (1, {})
    partner.fetch()
    assert (message.count, list(partner.received().values())) == (0, [b"x"])


async def test_the_ledger_knows_what_became_of_everything(sterling: SterlingSimulator) -> None:
    for path in ("/acme/to", "/acme/done"):
        sterling.state.mailbox(path)
    async with calling(sterling) as caller:
        ids = [await deliver(caller, "/acme/to", name, b"x") for name in ("a", "a", "b")]
        await caller.delete(f"mailboxmessages/{ids[0]}")
        await caller.post("documents/", json={"payload": ""})
    sterling.state.put("/acme/to", "theirs", b"x")
    sterling.state.remove(sterling.state.messages[ids[2]], "taken away")
    ours = sterling.ledger.messages(path="/acme/to", by="d365edi")
    assert [(each.name, each.gone) for each in ours] == [("a", "deleted by d365edi"), ("a", ""), ("b", "taken away")]
    assert (sterling.ledger.doubled(), len(sterling.ledger.unused())) == (["a"], 1)


def test_a_document_that_nothing_carries_is_purged_after_its_life_span(sterling: SterlingSimulator) -> None:
    document = sterling.state.add_document(b"x", lifeSpan=5)
    kept = sterling.state.add_document(b"x")
    assert sterling.state.purge() == []
    sterling.switches.skew = 301
    assert (sterling.state.purge(), list(sterling.state.documents)) == ([document.id], [kept.id])


def test_a_mailbox_is_renamed_and_created_again(sterling: SterlingSimulator) -> None:
    first = sterling.state.mailbox("/acme/out").id
    message = sterling.state.put("/acme/out", "a", b"x")
    sterling.state.rename("/acme/out", "/acme/old")
    assert (sterling.state.find("/acme/out"), _there(sterling, "/acme/old")) == (None, [message])
    again = sterling.state.create_again("/acme/old")
    assert (again.id > first, again.messages, message.gone) == (True, {}, "mailbox deleted")


KILLED = """
import os, signal, sys
from pathlib import Path
from d365edi.sandbox.sterling import SterlingSimulator
sterling = SterlingSimulator(Path(sys.argv[1]))
kept = sterling.state.put("/acme/out", "kept.edi", b"one", count=2)
sterling.state.take(kept)
sterling.state.remove(sterling.state.put("/acme/out", "gone.edi", b"two"))
sterling.state.move(sterling.state.put("/acme/out", "moved.edi", b"three"), sterling.state.mailbox("/acme/done"))
sterling.state.delete_document(sterling.state.add_document(b"four").id)
sterling.state.mailbox("/retail/a")
sterling.state.rename("/retail", "/all")
for _ in range(5):
    sterling.users.login("d365edi", "wrong")
sterling.identity.issue({"grant_type": "client_credentials", "client_id": "d365edi", "client_secret": sterling.CLIENT_SECRET}, "")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_nothing_and_ids_go_on(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    with (tmp_path / "changes").open("ab") as changes:
        changes.write(b'[["message", 1')  # a line that was never answered for
    for _ in range(2):
        sterling = SterlingSimulator(tmp_path)
        found = {each.name: (each.count, each.gone, each.mailbox) for each in sterling.ledger.messages()}
        out, done = sterling.state.mailbox("/acme/out").id, sterling.state.mailbox("/acme/done").id
        assert found == {"kept.edi": (1, "", out), "gone.edi": (1, "deleted", out), "moved.edi": (1, "", done)}
        assert {sterling.state.payload(id) for id in sterling.state.documents} == {b"one", b"two", b"three"}
        assert (sterling.user.locked, len(sterling.identity.tokens), sterling.state.find("/all/a") is None) == (
            True, 1, False,
        )  # fmt: skip
        sterling.state.close()
    assert killed.returncode == -signal.SIGKILL
    again = SterlingSimulator(tmp_path)
    newest = max(again.state.messages)
    assert again.state.put("/acme/out", "new.edi", b"x").id > newest
