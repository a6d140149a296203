"""`check --live`: D365 is asked whether it has each set, field, member and dimension that the settings name."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from d365edi import live_check, tenant_sets
from d365edi.errors import EndpointError
from tests.journeys import test_dimensions, test_purchase_orders_in
from tests.journeys.world import World

buying = test_purchase_orders_in.buying


async def check(world: World, *options: str) -> tuple[int, list[str]]:
    """The command's exit code and the sentences that it says."""
    args = [sys.executable, "-m", "d365edi", "check", *options, "--json", "--settings", str(world.write_settings())]
    ended = await anyio.run_process(args, check=False, env={**os.environ, **world.environ})
    assert ended.returncode in (0, 1), ended.stderr.decode()
    return ended.returncode, json.loads(ended.stdout)


async def test_a_tenant_that_has_all_passes_and_its_sets_are_remembered(buying: World) -> None:
    code, sentences = await check(buying, "--live")
    assert (code, [each for each in sentences if each.startswith("missing")]) == (0, [])
    known = tenant_sets.load(buying.folder / "var" / "journal.db")
    assert known is not None
    assert (known.host, "PurchaseOrderHeadersV2" in known.sets) == (buying.d365_host, True)
    assert datetime.now(UTC) - known.at < timedelta(minutes=5)
    assert any(each.startswith(f"{buying.d365_host} has {len(known.sets)} entity sets; ") for each in sentences)
    assert {each.method for each in buying.simulator.log if each.path.startswith("/data/")} == {"GET"}


async def test_what_is_missing_fails_with_its_place(buying: World) -> None:
    tenant = buying.simulator.state
    tenant.hidden.add("Warehouses")
    tenant.without |= {"PurchaseOrderLinesV2.CustomerReference", "VersioningDocumentState.Approved"}
    code, sentences = await check(buying, "--live")
    missing = [each for each in sentences if each.startswith("missing: ")]
    assert code == 1
    assert len(missing) == 3
    for said in (
        "the tenant has no entity set Warehouses; ",
        "PurchaseOrderLinesV2 has no field CustomerReference; ",
        "VersioningDocumentState (DocumentApprovalStatus of PurchaseOrderHeadersV2) has no member Approved; ",
    ):
        assert any(said in each for each in missing)
    assert any("([partners.acme.receive.850], lines of PurchaseOrder)" in each for each in missing)


async def test_a_set_of_the_settings_own_is_proved(buying: World) -> None:
    buying.extra = '\n[partners.acme.receive.850.d365]\nheader.set = "PurchaseOrderHeadersV9"\n'
    report = await live_check.check(buying.settings())
    (problem,) = report.problems
    assert problem.startswith(
        'the tenant has no entity set PurchaseOrderHeadersV9; did you mean "PurchaseOrderHeadersV'
    )
    assert "([partners.acme.receive.850], header of PurchaseOrder)" in problem


DIMENSIONS = [
    ("", "", "BusinessUnit-Department", []),
    ("", test_dimensions.NAMED.format(set="850"), "BusinessUnit-Department", []),
    (
        "",
        test_dimensions.NAMED.format(set="850"),
        "Department",
        ['"BusinessUnit" under [partners.acme.receive.850.dimen'],
    ),
    ("", test_dimensions.CONSTANT.format(text="1-2-3"), "A-B", ["DefaultLedgerDimensionDisplayValue = "]),
    ('dimensions = { default = ["B", "A"] }', "", "A-B", ["[d365] dimensions.default is B, A, and D365 has A, B"]),
    ('dimensions = { delimiter = "~" }', "", "A-B", ['[d365] dimensions.delimiter is "~", and D365 has "-"']),
]


@pytest.mark.parametrize(("d365", "settings", "format", "said"), DIMENSIONS)
async def test_the_dimensions_of_each_flow_are_proved(
    buying: World, d365: str, settings: str, format: str, said: list[str]
) -> None:
    test_dimensions.activate(buying, text=format)
    buying.knobs["events"], buying.extra = d365, settings
    report = await live_check.check(buying.settings())
    assert len(report.problems) == len(said)
    assert all(problem.startswith(start) for problem, start in zip(report.problems, said, strict=True))


async def test_old_and_other_names_are_named_without_asking(buying: World) -> None:
    journal = buying.folder / "var" / "journal.db"
    sets = ["VendorsV3"]
    tenant_sets.store(journal, buying.d365_host, sets, datetime.now(UTC) - timedelta(days=41))
    code, sentences = await check(buying)
    assert code == 0
    assert any("tenant-sets.json is 41 days old" in each and "check --live" in each for each in sentences)
    assert any("had no entity set " in each and "PurchaseOrderHeadersV2" in each for each in sentences)
    tenant_sets.store(journal, "other.example", sets, datetime.now(UTC))
    _, sentences = await check(buying)
    assert any("has the entity sets of other.example, not of" in each for each in sentences)
    assert buying.simulator.log == []
    code, sentences = await check(buying, "--live")
    assert not any("tenant-sets.json is" in each or "other.example" in each for each in sentences)


async def test_what_is_no_description_says_so_and_remembers_nothing(buying: World) -> None:
    buying.simulator.faults.answer(200, path="/data/$metadata")
    with pytest.raises(EndpointError, match=r"\$metadata of D365 cannot be read: it is no XML"):
        await live_check.check(buying.settings())
    assert tenant_sets.load(buying.folder / "var" / "journal.db") is None


def test_a_damaged_file_is_none(tmp_path: Path) -> None:
    (tmp_path / tenant_sets.NAME).write_text('{"host": ')
    assert tenant_sets.load(tmp_path / "journal.db") is None
