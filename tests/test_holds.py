"""What is held in whole is said when it begins, at each start, hourly while it lasts, with the command that ends it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from d365edi import log
from d365edi.holds import HoldReports
from d365edi.journal import Journal
from d365edi.journal.control_number_backup import path_of, write
from tests.clock import Clock


async def test_an_empty_journal_beside_its_numbers_is_said_at_each_start_and_hourly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path_of(tmp_path / "journal.db"), {"acme": {"ISA": 7}})
    log.setup(zone=UTC)
    clock = Clock(0.0)
    for _ in range(2):  # two starts
        async with await Journal.open(tmp_path / "journal.db") as journal:
            capsys.readouterr()
            reports = HoldReports(clock)
            reports.report(journal)
            (line,) = capsys.readouterr().err.splitlines()
            assert " WARN  journal            held       sending is held, so nothing is sent to partners: " in line
            assert line.endswith("; then d365edi release sending")
            clock.now += 3599
            reports.report(journal)
            assert capsys.readouterr().err == ""
            clock.now += 2
            reports.report(journal)
            (line,) = capsys.readouterr().err.splitlines()
            assert line.endswith("d365edi release sending (for 60 min)")
    async with await Journal.open(tmp_path / "journal.db") as journal:
        reports = HoldReports(clock)
        await journal.write(lambda tx: tx.counters.go())
        capsys.readouterr()
        reports.report(journal)
        assert capsys.readouterr().err == ""
        await journal.write(lambda tx: tx.retention.hold("the clock was set"))
        reports.report(journal)
        assert "the clock was set; if the clock is right: d365edi release retention" in capsys.readouterr().err
