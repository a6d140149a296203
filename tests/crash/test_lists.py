"""Killed while a list goes out: started again, each version of each record is in one file of the partner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.drill import LEAVING, LISTED, run, settle
from tests.journeys.test_lists import files, vendor, wants
from tests.journeys.world import world

PLACES = (*LISTED, *(name for name in LEAVING if name != "translate.rendered"))


@pytest.mark.parametrize("later", [False, True], ids=["the first file", "what changed"])
@pytest.mark.parametrize("failpoint", PLACES)
async def test_each_version_of_a_vendor_is_in_one_file(failpoint: str, later: bool, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        wants(made, "Vendor")
        vendor(made, "V-1", "Fabrikam")
        vendor(made, "V-2", "Tailspin")
        made.write_settings()
        sent = [("V-1", "Fabrikam"), ("V-2", "Tailspin")]
        if later:
            await settle(made)
            vendor(made, "V-2", "Tailspin Toys")
            sent.append(("V-2", "Tailspin Toys"))
        assert await run(made, failpoint) == -9
        for _ in range(2):
            await settle(made)
        rows = [row for file in files(made) for row in file]
        assert [(row["Vendor Account"], row["Name"]) for row in rows] == sent
