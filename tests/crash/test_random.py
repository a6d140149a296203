"""The drill at random, short: `python -m tests.crash.random` kills as often as one likes."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from tests.crash import mailbox_ledgers, random, random_mailboxes


def test_both_ledgers_are_equal_after_kills_at_random_and_a_difference_is_told_with_its_history(tmp_path: Path) -> None:
    result = random.run(tmp_path, kills=8, seed=1, pace=0.8)
    assert [each.sentence for each in result.differences] == [], result.counts
    assert min(result.counts[what] for what in ("files", "orders", "invoices", "kills of daemon")) > 0
    rows = tmp_path / "d365.rows"
    lost = result.books.trades[0].partner.verdicts[0].order
    rows.write_bytes(rows.read_bytes().replace(f'"{lost}"'.encode(), b'"another"'))
    differences = result.books.differences()
    assert [each.sentence.partition(": ")[2] for each in differences] == [
        "0 sales orders, not 1",
        "1 sales orders, not 0",
    ]
    assert f"PurchaseOrder {lost} of usmf" in replace(result, differences=differences).history()


@pytest.mark.slow
@pytest.mark.parametrize("absent", ["ask", "again"])
def test_messages_are_once_in_both_ledgers_after_kills_of_sterling_too(
    absent: Literal["ask", "again"], tmp_path: Path
) -> None:
    opened = partial(random_mailboxes.drill, absent=absent)
    result = random.run(tmp_path, kills=30, seed=1, opened=opened)
    assert [each.sentence for each in result.differences] == [], result.counts
    assert min(result.counts[what] for what in ("messages in", "messages out", "kills of sterling")) > 0
    journal = tmp_path / "var" / "journal.db"
    with contextlib.closing(sqlite3.connect(journal)) as opened_journal, opened_journal:
        opened_journal.execute(
            "UPDATE messages SET remote = 'another' WHERE id = (SELECT min(id) FROM messages WHERE direction = 'in')"
        )
    said = [each.sentence for each in mailbox_ledgers.read(tmp_path).differences()]
    assert any("is there and was claimed 0 times" in each for each in said)
    assert any("another" in each and "is not there and was claimed 1 times" in each for each in said)
