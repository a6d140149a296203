"""`why` finds a number in what could not be read: in sets that are rejected, garbled or of no map, and in files of nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.cli import inside, why
from d365edi.cli.history import FoundByName, look_up
from d365edi.flows import decide
from d365edi.flows.named import Selection
from tests.flows.translating import Desk, desk
from tests.unread import edifact, x12

BODY = ("BEG*00*SA*7004**20261102", "PO1*1*12*EA*1**UP*614141000012", "CTT*1")
UNREAD = {
    "a header garbled": x12(BODY).replace(b"ST*850", b"ST|850"),
    "rejected": x12(("BEG*00*SA*7004**2026", *BODY[1:])),
    "of no map": x12(("W05*N*7004",), set="940", group="OW"),
    "nobody's": x12(BODY).replace(b"6111250008  ", b"6111250009  "),
    "no EDI": b"Dear sirs, where is our order 7004?",
    "an ORDERS that is rejected": edifact(("BGM+220+7004+9", "UNS+S")),
}


async def looked_up(made: Desk, what: str, partner: str = "") -> tuple[FoundByName, str]:
    known = await made.ctx.journal.read(lambda tx: look_up(tx, what, partner=partner))
    said = "\n".join(line for history in known.histories for line in why.lines(history))
    return known, "\n".join([said, *why._left(known)])


@pytest.mark.parametrize("how", UNREAD)
async def test_a_number_in_what_was_not_read_is_found_with_the_text_around_it(tmp_path: Path, how: str) -> None:
    async with desk(tmp_path) as made:
        read = await made.read(UNREAD[how])
        assert read.message.state == "quarantined"
        known, said = await looked_up(made, "7004")
        assert [history.message.id for history in known.histories] == [read.message.id]
        assert "of what was not read: ..." in said
        assert "7004" in said.partition("of what was not read: ")[2].partition("\n")[0]
        for other, partner in (("700", ""), ("04", ""), ("7004", "globex"), ("4500999", "")):
            assert (await looked_up(made, other, partner))[0].histories == []


async def test_a_file_that_a_person_closed_is_found_and_one_that_was_read_is_shown_as_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        message = (await made.read(UNREAD["no EDI"])).message
        await decide.reject(made.ctx, Selection(what=message.name), "no order", "pat")
        closed = message.id
        read = await made.read(x12(BODY))
        known, said = await looked_up(made, "7004")
        assert [history.message.id for history in known.histories] == [closed, read.message.id]
        assert said.count("of what was not read") == 1


async def test_files_that_are_too_many_bytes_in_all_are_counted(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        for how in ("no EDI", "rejected"):
            await made.read(UNREAD[how])
        known = await made.ctx.journal.read(lambda tx: inside.search(tx, "7004", most=len(UNREAD["rejected"])))
        assert (list(known.quotes), known.beyond) == ([2], 1)
