"""Killed while a payment journal is written: started again, D365 has it once with each line once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.drill import run, settle
from tests.journeys.test_payments import drop, furnished, journals, x12
from tests.journeys.world import world

WRITTEN = (
    "translate.rendered",
    "deliver.attempting",
    "d365.intent",
    "d365.header",
    "d365.header_recorded",
    "d365.lines",
    "deliver.delivered:2",
    "deliver.recorded:2",
)
"""Places that a payment passes; its delivery is the second of the run."""


@pytest.mark.parametrize("failpoint", WRITTEN)
async def test_a_payment_journal_is_there_once_with_each_line(failpoint: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        furnished(made).write_settings()
        drop(made, x12(made))
        assert await run(made, failpoint) == -9
        await settle(made)
        ((name, lines),) = journals(made).items()
        assert (name, [line["MarkedInvoice"] for line in lines]) == ("EFT1", ["V-1", "V-2"])
        assert len(made.partner.acknowledgments()) == 1
