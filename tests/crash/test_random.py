"""The drill at random, short: `python -m tests.crash.random` kills as often as one likes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.crash import random


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
