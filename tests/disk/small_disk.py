"""The daemon with its journal on a disk of a few megabytes, which is really full or really read-only.

`test_small_disk.py` runs this where it may mount: as root, or in a namespace of an ordinary user.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.errors import JournalError
from d365edi.journal import backup
from tests.journeys.world import World
from tests.test_truth import all_arrived_once, all_is_well, first_order, town
from tests.truth import SECOND, Scene, scene, serving

__all__ = ["town"]

SIZE = "8m"


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def var(town: World) -> Iterator[Path]:
    """The journal's folder, on a disk of its own."""
    folder = town.folder / "var"
    mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    yield folder
    unmount(folder)


def fill(file: Path) -> None:
    """Write until nothing fits any more."""
    left = os.statvfs(file.parent)
    with file.open("wb", buffering=0) as filler:
        for _ in range(left.f_bavail):
            filler.write(b"x" * left.f_bsize)
        with pytest.raises(OSError, match="No space left") as full:
            filler.write(b"x" * left.f_bsize)
    assert full.value.errno == errno.ENOSPC


async def busy(here: Scene, order: str) -> int:
    """An order and an invoice come, though nothing can be stored; the length of the log before that."""
    before = len(here.log())
    here.world.partner.drop("PO-2.edi", here.world.order(SECOND))
    here.world.simulator.post_invoice(order)
    return before


def quiet(said: str, line: str) -> None:
    """One line, no trace, no defect."""
    assert (said.count(line), "defect" in said, "Traceback" in said) == (1, False, False), said


async def test_a_full_disk_is_one_line(town: World, var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with scene(town, capsys) as here, serving(here):
        order = await first_order(here)
        fill(var / "filler")
        before = await busy(here, order)
        seen = await here.until_faces(lambda seen: "journal" in seen.kinds)
        ticks = here.app.ctx.clock() + 3
        await here.until(lambda: here.app.ctx.clock() > ticks)
        assert seen.code == 1
        quiet(here.log()[before:], "could not commit")
        with pytest.raises(JournalError, match="cannot be copied"):
            backup.backup(var / "journal.db", var / "copy.db")
        assert not [name for name in os.listdir(var) if name.startswith("copy.db")]
        (var / "filler").unlink()
        await all_arrived_once(here)
        assert "the journal commits again after" in here.log()[before:]


async def test_a_disk_becomes_read_only(town: World, var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is open goes on; the control numbers cannot be noted, so nothing leaves that a restore could number again."""
    async with scene(town, capsys) as here, serving(here):
        order = await first_order(here)
        mount("--bind", str(var), str(var))
        mount("-o", "remount,bind,ro", str(var))
        with pytest.raises(OSError, match="Read-only file system"):
            (var / "probe").touch()
        before = await busy(here, order)
        seen = await here.until_faces(lambda seen: "held" in seen.kinds)
        ticks = here.app.ctx.clock() + 3
        await here.until(lambda: here.app.ctx.clock() > ticks)
        assert (seen.code, here.invoices()) == (1, 0)
        quiet(here.log()[before:], "Read-only file system")
        unmount(var)
        await all_arrived_once(here)
        assert "the control numbers are noted again after" in here.log()[before:]


@pytest.mark.parametrize("kind", ["full", "read-only"])
async def test_no_start(kind: str, town: World, var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with scene(town, capsys) as here:
        async with serving(here):
            await all_is_well(here)
        for each in os.listdir(var):
            if each.endswith(".lock"):
                (var / each).unlink()  # a place on the disk that the start needs
        if kind == "full":
            fill(var / "filler")
        else:
            mount("-o", "remount,ro", str(var))
        code, _ = await here.command("run", "--once")
        said = here.log()
        words = {
            "full": "room on the disk",
            "read-only": "Read-only file system; check the disk, and mount it writable",
        }
        assert (code, words[kind] in said, "Traceback" in said, "defect" in said) == (2, True, False, False), said
        if kind == "full":
            (var / "filler").unlink()
        else:
            mount("-o", "remount,rw", str(var))
        async with serving(here):
            await first_order(here)
