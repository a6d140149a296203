"""Groups for another application than was agreed on (GS02, GS03; UNG 0040, 0044): processed with a warning, or for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from d365edi.cli.inspect_file import inspect_file
from tests.flows.test_damaged_envelopes import LAYOUTS, Layout, numbers
from tests.flows.translating import US, desk

LAYOUT = {layout.name: layout for layout in LAYOUTS}
X12, UNG, PLAIN = (LAYOUT[name] for name in ("X12", "EDIFACT in groups", "EDIFACT"))
ALL, SECOND = {1, 2, 3, 4}, {3, 4}


@dataclass(frozen=True)
class Case:
    """What the settings say of the ids, the place in the file that says otherwise, and the sentence."""

    layout: Layout
    settings: tuple[str, ...] = ()
    changed: tuple[str, str] = ("", "")
    said: str = ""


OF_ACME = ("*6111250008*123456789*20261102*1200*1*", "*ACMEWEST*123456789*20261102*1200*1*")
FOR_OTHERS = ("*6111250008*123456789*20261102*1200*1*", "*6111250008*NORTHBAY*20261102*1200*1*")
UNG_OTHERS = ("+4012345000009:14+261102:1200+1+UN", "+4012345000016:14+261102:1200+1+UN")
GIVEN = ('group_us = "123456789"', 'group_them = "6111250008"')
CASES = {
    "as agreed": Case(X12, GIVEN),
    "from another, none agreed": Case(X12, (), OF_ACME),
    "from another": Case(X12, GIVEN, OF_ACME, "group 1 is from ACMEWEST, and from 6111250008 was agreed"),
    "to another": Case(X12, GIVEN, FOR_OTHERS, "group 1 is to NORTHBAY, and to 123456789 was agreed"),
    "to another, not compared": Case(X12, (*GIVEN, 'group_ids = "any"'), FOR_OTHERS),
    "UNG as agreed": Case(UNG, ('group_us = "4012345000009"', 'group_them = "4098765000010"')),
    "UNG to another, none agreed": Case(UNG, (), UNG_OTHERS),
    "UNG to another": Case(
        UNG, ('group_us = "4012345000009"',), UNG_OTHERS, "group 1 is to 4012345000016, and to 4012345000009 was agreed"
    ),
    "no group": Case(PLAIN, ('group_us = "NORTHBAY"',)),
}


def settings(case: Case, *more: str) -> tuple[str, str]:
    """The settings of the standard with the case's ids."""
    rows = (*case.settings, *more)
    if case.layout is X12:
        table = 'x12 = { us = "01:123456789", them = "08:6111250008"'
        return table, ", ".join((table, *rows))
    table = f'us   = "{US["EDIFACT"]}"'
    return table, "\n".join((table, *rows))


def file(case: Case) -> bytes:
    data = case.layout.data(case.layout.segments(7)).decode("latin-1")
    assert case.changed[0] in data
    return data.replace(*case.changed, 1).encode("latin-1") if case.changed[0] else data.encode("latin-1")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_group_with_other_ids_than_agreed_is_processed_with_a_warning(case: Case, tmp_path: Path) -> None:
    """They were not compared, whatever the settings said."""
    async with desk(tmp_path, settings(case)) as made:
        read = await made.read(file(case))
        parts = inspect_file(file(case), datetime.now(UTC), list(made.ctx.partners.values())).parts
    warned = [line.sentence for line in read.lines if line.level == "WARNING"]
    assert (read.message.state, numbers(read), len(warned)) == ("done", ALL, bool(case.said))
    assert case.said in "".join(warned)
    shown = [remark.sentence for part in parts if part.depth == 1 for remark in part.remarks]
    assert [case.said in sentence for sentence in shown] == [True] * bool(case.said)


@pytest.mark.parametrize("name", ["from another", "to another", "UNG to another"])
async def test_it_is_for_a_person_where_the_settings_say_so(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    async with desk(tmp_path, settings(case, 'group_ids = "hold"')) as made:
        read = await made.read(file(case))
        found = inspect_file(file(case), datetime.now(UTC), list(made.ctx.partners.values()))
    assert (read.message.state, numbers(read)) == ("quarantined", SECOND)
    assert [case.said in sentence for sentence in read.said("quarantined")] == [True]
    assert (found.good, [case.said in why for part in found.parts for why in part.holds]) == (False, [True])
