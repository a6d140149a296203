"""The stand-alone sandbox as a person uses it: its process, a real daemon beside it, and the commands for both."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from d365edi.sandbox import authored, x12
from d365edi.sandbox.profiles import ACME, MAILBOXES
from d365edi.sandbox.sterling import SterlingSimulator
from tests.cli.conftest import Call, words
from tests.rehearsal import READY, RUNS, Going, d365edi, environment, going

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@contextlib.contextmanager
def sandbox(folder: Path, *more: str) -> Iterator[Going]:
    """A sandbox at any free ports (those of its first start) which keeps its state in the folder `day`."""
    ports = () if (folder / "day").exists() else ("--port", "0")
    with going(d365edi("sandbox", "--directory", "day", *ports, *more), RUNS, folder) as here:
        yield here


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[Going]:
    with going(d365edi("run", "--settings", "day/settings.toml"), READY, folder) as here:
        yield here


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the settings of the sandbox will be, which the environment names too."""
    monkeypatch.setenv("D365EDI_SETTINGS", str(tmp_path / "day" / "settings.toml"))
    return str(tmp_path / "day" / "settings.toml")


def test_an_order_becomes_a_sales_order_and_its_invoice_comes_to_the_partner(
    tmp_path: Path, settings: str, call: Call
) -> None:
    with sandbox(tmp_path), daemon(tmp_path):
        said = call("sandbox", "order")
        assert (said.code, said.err) == (0, "")
        assert "D365 has 4500123 as SO-000001" in said.out
        assert "acme received 997_" in said.out
        assert f"d365edi why 4500123 --settings {settings}" in said.out
        assert call("why", "4500123").code == 0
        said = call("sandbox", "post", "4500123")
        assert (said.code, "event was taken" in said.out, "acme says: accepted it" in said.out) == (0, True, True)
        shown = json.loads(call("sandbox", "show", "--json").out)
        assert [row["their_order"] for row in shown["orders"]] == ["4500123"]
        assert [row["sales_order"] for row in shown["invoices"]] == ["SO-000001"]
        lines = json.loads(call("sandbox", "show", "SalesOrderLinesV3").out)
        assert {line["SalesOrderNumber"] for line in lines} == {"SO-000001"}
        assert "Sales orders in D365" in call("sandbox", "show").out
        again = call("sandbox", "post", "4500123")
        assert (again.code, "no open line to invoice" in again.err) == (1, True)


def test_a_killed_sandbox_goes_on_where_it_was(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path) as first, daemon(tmp_path):
        assert call("sandbox", "order").code == 0
        first.end(signal.SIGKILL)
        written = Path(settings).read_bytes()
        with sandbox(tmp_path) as second:
            assert "kept as it is" not in second.text
            said = call("sandbox", "order", "--wait", "30")
            assert (said.code, "D365 has 4500124 as SO-000002" in said.out) == (0, True), said.out
            assert call("sandbox", "post", "4500123").code == 0
            assert "acme says: accepted it" in call("sandbox", "post", "4500124").out
            assert second.end() == 0
    assert Path(settings).read_bytes() == written


def test_an_unknown_item_is_held_and_continues_once_it_is_learnt(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path), daemon(tmp_path) as running:
        said = call("sandbox", "order", "--unknown-item")
        assert (said.code, "D365 has no sales order for 4500123" in said.out) == (0, True)
        running.until(f'item "{authored.UNKNOWN}-')
        said = call("sandbox", "learn", "4500123")
        assert f"d365edi release 4500123 --settings {settings}" in said.out
        assert call("release", "4500123").code == 0
        running.until("PO 4500123 → sales order")


def test_a_partner_s_own_file_and_ids_can_be_rehearsed(tmp_path: Path, settings: str, call: Call) -> None:
    own = dataclasses.replace(ACME, them=("08", "6111250008"), us=("01", "123456789"))
    [drop] = [authored.order(own, seed=1, day=date(2026, 1, 5), at=500, unknown=True)]
    (tmp_path / "mine.edi").write_bytes(drop.data)
    with sandbox(tmp_path, "--us", "01:123456789", "--them", "08:6111250008"), daemon(tmp_path):
        said = call("sandbox", "order", str(tmp_path / "mine.edi"), "--learn")
        assert (said.code, "acme left mine.edi with 4500623" in said.out) == (0, True), said.out
        assert "acme says: accepted it" in call("sandbox", "post", "4500623").out


def test_a_second_company_posts_an_invoice_of_the_same_number(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path, "--fault", "two-companies"), daemon(tmp_path) as running:
        assert call("sandbox", "order").code == 0
        assert call("sandbox", "post", "4500123").code == 0
        shown = json.loads(call("sandbox", "show", "--json").out)
        assert [(row["invoice"], row["company"]) for row in shown["invoices"]] == [
            ("CIV-000001", "usmf"),
            ("CIV-000001", "demf"),
        ]
        running.until("collected  invoice CIV-000001")
        assert "demf" in Path(settings).read_text()


def test_without_a_daemon_nobody_takes_the_order(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path):
        said = call("sandbox", "order", "--wait", "0.3")
        assert (said.code, f"d365edi status --settings {settings}" in said.out) == (3, True)
        said = call("sandbox", "post", "4500123")
        assert (said.code, "D365 has no sales order for 4500123" in said.err) == (1, True)
        assert call("sandbox", "learn", "1").code == 1
        assert "SalesOrderLinesV3" in call("sandbox", "show", "SalesOrderLines").err


def test_what_it_prints_is_a_settings_file_that_passes_check(tmp_path: Path, settings: str, call: Call) -> None:
    with going(
        [sys.executable, "-m", "d365edi.sandbox", "--port", "0", "--write", "mine.toml"], RUNS, tmp_path
    ) as here:
        printed = tomllib.loads(here.text)
        assert tomllib.loads((tmp_path / "mine.toml").read_text()) == printed
        assert call("check", "--settings", str(tmp_path / "mine.toml")).code == 0
        assert call("ping", "--settings", str(tmp_path / "mine.toml")).code == 0
        folder = Path(printed["daemon"]["journal"]).parent
        assert here.end(signal.SIGTERM) == 0
    assert not folder.exists()


def test_on_a_narrow_terminal_too_no_line_of_the_settings_is_broken(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = d365edi("sandbox", "--port", "0")
    process = subprocess.Popen(command, cwd=tmp_path, stdout=theirs, env=environment(COLUMNS="60"))
    os.close(theirs)
    shown = b""
    while RUNS.encode() not in shown:
        shown += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    os.close(ours)
    printed = tomllib.loads(shown.decode().replace("\r\n", "\n"))
    assert len(printed["endpoints"]["acme"]["host_keys"][0]) > 60


def test_settings_that_a_person_changed_are_kept(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path):
        changed = Path(settings).read_text().replace("2s", "3s")
        Path(settings).write_text(changed)
    with going(d365edi("sandbox", "--directory", "day", "--port", "0"), RUNS, tmp_path) as here:
        assert "day/settings.toml is kept as it is: it does not name" in here.text
        assert Path(settings).read_text() == changed
        again = call("sandbox", "--directory", str(tmp_path / "day"))
        assert (again.code, "a sandbox runs in" in again.err) == (2, True)


def test_wrong_usage_is_said_and_nothing_starts(tmp_path: Path, settings: str, call: Call) -> None:
    other = str(tmp_path / "other")
    (tmp_path / "mine.toml").write_text("")
    with sandbox(tmp_path):
        port = json.loads((tmp_path / "day" / "sandbox.json").read_text())["ports"]["d365"]
        for more, sentence in (
            (("--port", str(port)), "d365edi sandbox --port 9443"),
            (("--port", "0", "--fault", "fire"), "there is no fault fire; there are throttle, "),
            (("--port", "0", "--us", "123"), "123 is not qualifier:id"),
            (("--port", "0", "--sterling", "--switch", "offset=5"), "offset cannot be 5; it can be +0000, -0500"),
            (("--port", "0", "--write", str(tmp_path / "mine.toml")), "exists and says something else"),
            (("--port", "0", "--write", str(tmp_path / "no" / "mine.toml")), "cannot be written"),
        ):
            said = call("sandbox", "--directory", other, *more)
            assert (said.code, sentence in said.err, said.out) == (2, True, ""), said.err
    said = call("sandbox", "show")
    assert (said.code, "start it: d365edi sandbox" in said.err) == (3, True)


def test_with_sterling_a_second_partners_messages_lie_there(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path):
        assert "messages" not in json.loads(call("sandbox", "show", "--json").out)
    with sandbox(tmp_path, "--sterling", "--switch", "empty=[]") as here:
        assert "day/settings.toml is kept as it is: it has no [endpoints.sbi] yet" in here.text
        assert re.search("# Sterling: +https://127.0.0.1:[0-9]+/B2BAPIs/svc/", here.text)
        shown = json.loads(call("sandbox", "show", "--json").out)["messages"]
        assert [(row["mailbox"], row["name"]) for row in shown] == [
            ("/grocer/out", "order.edi"),
            ("/grocer/out", "order.edi"),
            ("/grocer/out", "order-3.edi"),
        ]
        assert "Messages at Sterling" in call("sandbox", "show").out


def test_a_supplier_at_sterling_is_sent_an_order_and_bills_it(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path, "--sterling"), daemon(tmp_path) as running:
        running.until("PO 4501125 → sales order")
        said = call("sandbox", "confirm")
        assert (said.code, "D365 confirmed BUY-201 as BUY-201-1" in said.out) == (0, True), said.out
        assert "mill left invoice.edi in /mill/out" in said.out
        running.until("invoice INV-BUY-201 → vendor invoice HR-000001, 2 lines")
        said = call("sandbox", "pay", "INV-BUY-201")
        assert (said.code, "mill left PAY-INV-BUY-201 in /mill/out" in said.out) == (0, True), said.out
        running.until("PAY-INV-BUY-201 → ")
        again = call("sandbox", "pay", "INV-BUY-201")
        assert (again.code, "no pending invoice INV-BUY-201" in again.err) == (1, True)
        [listed] = list((tmp_path / "day" / "lists").glob("vendors_*.csv"))
        assert "US-111" in listed.read_text()
        (tmp_path / "mine.edi").write_bytes(x12.write(
            MAILBOXES[0].address, "PO", [("850", [["BEG", "00", "SA", "MINE-1", "", "20260105"]])],
            interchange=7, group=7, at=NOON,
        ))  # fmt: skip
        said = call("sandbox", "put", str(tmp_path / "mine.edi"), "--at", "/grocer/out")
        assert (said.code, "mine.edi lies in /grocer/out as message" in said.out) == (0, True), said.out
        history = re.search("d365edi why (sbi:[0-9]+)", said.out)
        assert history
        assert "mine.edi" in call("why", history[1]).out
        wrong = call("sandbox", "put", str(tmp_path / "mine.edi"), "--at", "/grocr/out")
        assert (wrong.code, "no mailbox /grocr/out; it has /d365edi, /d365edi/probe, /grocer" in wrong.err) == (1, True)
        assert call("partner", "probe", "sbi", "--at", "/d365edi/probe").code == 0
        said = call("sandbox", "post", "4501123")
        assert (said.code, "grocer says: accepted it" in said.out) == (0, True), said.out
        assert re.search("grocer received [0-9]+_810_CIV-000001_", said.out)
        assert "acme" not in said.out
        wrong = call("sandbox", "confirm", "X-1")
        assert (wrong.code, "no purchase order X-1 with lines; it has BUY-201" in wrong.err) == (1, True)
    with sandbox(tmp_path):
        assert "start it with --sterling" in call("sandbox", "confirm").err


def test_ping_does_not_try_a_secret_that_the_daemon_has_not_read(tmp_path: Path, settings: str, call: Call) -> None:
    def reload(running: Going) -> None:
        before = running.text.count(READY)
        running.process.send_signal(signal.SIGHUP)
        running.until(READY, before + 1)

    def ping() -> tuple[int, bool, bool]:
        said = call("ping", "sbi")
        return said.code, f"kill -HUP {running.process.pid}" in said.out, "has not reloaded" in said.out

    right = SterlingSimulator.PASSWORD
    with sandbox(tmp_path, "--sterling"), daemon(tmp_path) as running:
        assert ping() == (0, False, False)
        assert call("secrets", "set", "sbi", stdin="wrong").code == 0
        assert ping() == (3, True, True)
        reload(running)
        assert ping() == (3, False, False)
        assert call("secrets", "set", "sbi", stdin=right).code == 0
        assert ping() == (3, True, True)
        reload(running)
        assert ping() == (0, False, False)
        assert right not in running.text


def test_a_file_without_an_order_becomes_no_sales_order(tmp_path: Path, settings: str, call: Call) -> None:
    data = x12.write(ACME.address, "IN", [("810", [["BIG", "20260105", "I-1"]])], interchange=5, group=5, at=NOON)
    (tmp_path / "810.edi").write_bytes(data)
    with sandbox(tmp_path), daemon(tmp_path):
        (tmp_path / "day/sandbox/partners/acme/inbound/acks/.d365edi-9-0658.part").write_bytes(b"")
        said = call("sandbox", "order", str(tmp_path / "810.edi"), "--wait", "5")
        assert (said.code, "810.edi holds no order" in said.out) == (1, True), said.out
        assert f"d365edi why 810.edi --settings {settings}" in said.out
        shown = json.loads(call("sandbox", "show", "--json").out)["files"]
        assert [name for name in shown["inbound/acks"] if "part" in name] == []


def test_a_real_tenant_is_never_asked(folder: Path, call: Call) -> None:
    said = call("sandbox", "post", "4500123")
    assert (said.code, "contoso.example is no sandbox on this machine" in said.err) == (2, True)


def test_faults_begin_and_end_while_it_runs(tmp_path: Path, settings: str, call: Call) -> None:
    with sandbox(tmp_path, "--fault", "silent-partner") as here:
        assert "# Goes wrong:           silent-partner" in here.text
        assert "d365-down yes" in words(call("sandbox", "fault", "d365-down"))
        said = call("ping")
        assert (said.code, "503" in said.out) == (3, True), said.out
        assert "yes" in words(call("sandbox", "fault", "d365-down", "--end"))
        assert call("ping").code == 0
        assert "yes" not in words(call("sandbox", "fault", "--end"))
        assert call("sandbox", "fault", "fire").code == 1


def test_one_invoice_and_one_packing_slip_are_posted_for_several_orders(
    tmp_path: Path, settings: str, call: Call
) -> None:
    with sandbox(tmp_path), daemon(tmp_path):
        for number in ("4500123", "4500124"):
            assert f"D365 has {number}" in call("sandbox", "order", "--wait", "30").out
        said = call("sandbox", "post", "4500123", "4500124", "--slip")
        assert (said.code, "D365 posted packing slip" in said.out) == (0, True), said.err
        said = call("sandbox", "post", "4500123", "4500124")
        assert (said.code, "acme says: accepted it" in said.out) == (0, True), said.out
        lines = json.loads(call("sandbox", "show", "CustInvoiceTransBiEntities").out)
        assert {line["OrigSalesId"] for line in lines} == {"SO-000001", "SO-000002"}
        slips = json.loads(call("sandbox", "show", "CustPackingSlipTransBiEntities").out)
        assert {line["OrigSalesId"] for line in slips} == {"SO-000001", "SO-000002"}
