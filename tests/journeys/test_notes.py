"""What no row of a map reads and changes nothing is kept with the document, and shown by `why` and `explain`."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyio import to_thread

from d365edi.cli import main
from tests.journeys.test_edifact import RECEIVE, orders
from tests.journeys.world import World


@pytest.fixture
def edifact(town: World) -> World:
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = RECEIVE
    return town


async def test_why_and_explain_show_what_no_row_reads_of_an_order_of_edifact(
    edifact: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = orders("4500123").replace(b"QTY+21:3:EA'", b"MEA+PD+AAB+KGM:3'QTY+21:3:EA'").replace(b"UNT+20", b"UNT+21")
    await shown(edifact, data, "LIN/MEA is read by no row of the map", tmp_path, capsys)


async def test_why_and_explain_show_what_no_row_reads_of_an_850(
    town: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segments = town.order("4500123").split(b"~")
    at = next(index for index, segment in enumerate(segments) if segment.startswith(b"PO1*2"))
    trailer = next(segment for segment in segments if segment.startswith(b"SE*"))
    count = int(trailer.split(b"*")[1])
    data = b"~".join([*segments[: at + 1], b"FOB*CC", *segments[at + 1 :]])
    data = data.replace(trailer, trailer.replace(b"*%d*" % count, b"*%d*" % (count + 1)))
    await shown(town, data, "PO1/FOB is read by no row of the map", tmp_path, capsys)


async def shown(world: World, data: bytes, note: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The order is created, and the note is said by both commands."""
    world.partner.drop("PO.edi", data)
    await world.once()
    assert "4500123" in world.sales_orders()
    file = folder / "PO.edi"
    file.write_bytes(data)
    for command in (["why", "4500123"], ["explain", str(file)]):
        capsys.readouterr()
        await to_thread.run_sync(main, [*command, "--settings", str(world.settings_file)])
        printed = " ".join(capsys.readouterr().out.split())
        assert note in printed, (command, printed)
