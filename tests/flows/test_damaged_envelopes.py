"""Envelopes damaged in every way: each set is read and delivered, or the file needs a person and no answer of ours covers it.

A sound file of two groups with two orders each is damaged in one envelope segment at a time. Whether an order is acknowledged
is worked out here from the bytes of the answer, by the standard's rules and not by ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from d365edi.cli import status
from d365edi.cli.history import look_up
from d365edi.cli.inspect_file import inspect_file
from d365edi.flows import reparse
from tests.flows.translating import Desk, Read, desk

ORDERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Layout:
    """A sound file: its service characters, the ids of its envelope, its segments for a control number, and who acknowledges."""

    name: str
    element: str
    terminator: str
    headers: tuple[str, ...]
    trailers: tuple[str, ...]
    segments: Callable[[int], list[str]]
    acknowledged: Callable[[str], set[int]]

    def data(self, segments: list[str]) -> bytes:
        return "".join(segment + self.terminator for segment in segments).encode()

    def id(self, segment: str) -> str:
        return segment.split(self.element, 1)[0]

    def envelope(self, number: int) -> Iterator[int]:
        """The places of the envelope's segments."""
        ids = (*self.headers, *self.trailers)
        return (at for at, segment in enumerate(self.segments(number)) if self.id(segment) in ids)


# -- sound files ------------------------------------------------------------------------------------------------------
def x12(number: int) -> list[str]:
    """Groups 1 and 2 with sets 0001 and 0002 each: orders 1 to 4."""
    found = [
        f"ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*{number:09d}*0*P*>"
    ]
    for group in (1, 2):
        found.append(f"GS*PO*6111250008*123456789*20261102*1200*{group}*X*004010")
        for place in (1, 2):
            body = [f"BEG*00*SA*{number}-{2 * group - 2 + place}**20261102", "PO1*1*12*EA*1**UP*614141000012", "CTT*1"]
            found += [f"ST*850*000{place}", *body, f"SE*5*000{place}"]
        found.append(f"GE*2*{group}")
    return [*found, f"IEA*2*{number:09d}"]


def message(number: int, order: int) -> list[str]:
    body = [
        f"BGM+220+{number}-{order}+9", "DTM+137:20261102:102", "NAD+BY+4098765000010::9", "NAD+SU+4012345000009::9",
        "LIN+1++614141000012:EN", "QTY+21:12:PCE", "UNS+S", "CNT+2:1",
    ]  # fmt: skip
    return [f"UNH+{order}+ORDERS:D:96A:UN", *body, f"UNT+{len(body) + 2}+{order}"]


def unb(number: int) -> str:
    return f"UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+{number}"


def edifact(number: int) -> list[str]:
    """Four messages in no group."""
    return [unb(number), *(segment for order in ORDERS for segment in message(number, order)), f"UNZ+4+{number}"]


def grouped(number: int) -> list[str]:
    """Two groups of two messages."""
    found = [unb(number)]
    for group in (1, 2):
        found.append(f"UNG+ORDERS+4098765000010:14+4012345000009:14+261102:1200+{group}+UN+D:96A")
        found += [segment for place in (1, 2) for segment in message(number, 2 * group - 2 + place)]
        found.append(f"UNE+2+{group}")
    return [*found, f"UNZ+2+{number}"]


# -- what an answer acknowledges --------------------------------------------------------------------------------------
def by_997(answer: str) -> set[int]:
    """AK9 A and E accept a group, P its sets with AK5 A or E; those it does not name only where some that came have no name and
    the counts leave no other."""
    found: set[int] = set()
    verdicts: dict[str, str] = {}
    for segment in answer.replace("\n", "").split("~"):
        id, *elements = segment.split("*")
        if id == "AK1":
            group, verdicts = int(elements[1]), {}
        elif id == "AK2":
            place = elements[1]
        elif id == "AK5":
            verdicts[place] = elements[0] if place not in verdicts else max(elements[0], verdicts[place])
        elif id == "AK9" and elements[0] != "R":
            included, received, accepted = map(int, elements[1:4])
            left_out = received > len(verdicts) and list(verdicts.values()).count("R") >= included - accepted
            rest = "A" if elements[0] in "AE" or left_out else "R"
            found |= {2 * group - 2 + place for place in (1, 2) if verdicts.get(f"000{place}", rest) != "R"}
    return found


def by_contrl(answer: str) -> set[int]:
    """UCI 4 nothing, 7 all that no UCF or UCM refuses, 8 what a UCM accepts."""
    action, group, refused, accepted = "", 0, set[int](), set[int]()
    for segment in answer.replace("\n", "").split("'"):
        id, *elements = segment.split("+")
        if id == "UCI":
            action = elements[3]
        elif id == "UCF" and elements[3] == "4" and elements[0].isdigit():
            group = int(elements[0])
            refused |= {2 * group - 1, 2 * group}
        elif id == "UCM" and elements[0].isdigit():
            (accepted if elements[2] == "7" else refused).add(int(elements[0]))
    return {"4": set[int](), "7": set(ORDERS) - refused, "8": accepted - refused}.get(action, set())


LAYOUTS = [
    Layout("X12", "*", "~", ("ISA", "GS", "ST"), ("SE", "GE", "IEA"), x12, by_997),
    Layout("EDIFACT", "+", "'", ("UNB", "UNH"), ("UNT", "UNZ"), edifact, by_contrl),
    Layout("EDIFACT in groups", "+", "'", ("UNB", "UNG", "UNH"), ("UNT", "UNE", "UNZ"), grouped, by_contrl),
]


# -- damages ----------------------------------------------------------------------------------------------------------
Damage = Callable[[Layout, list[str], int], list[str] | None]
"""The segments with the one at a place damaged; None where it cannot be damaged so."""


def each(change: Callable[[Layout, str], str | None]) -> Damage:
    def damage(layout: Layout, segments: list[str], at: int) -> list[str] | None:
        changed = change(layout, segments[at])
        return None if changed is None else [*segments[:at], changed, *segments[at + 1 :]]

    return damage


def counting(by: int) -> Damage:
    def change(layout: Layout, segment: str) -> str | None:
        id, count, control = [*segment.split(layout.element), "", ""][:3]
        return layout.element.join((id, str(int(count) + by), control)) if id in layout.trailers else None

    return each(change)


def renumbered(layout: Layout, segment: str) -> str:
    """Another control number."""
    places = {"ISA": 13, "GS": 6, "ST": 2, "UNB": 5, "UNG": 5, "UNH": 1}
    parts = segment.split(layout.element)
    at = places.get(parts[0], 2)
    parts[at] = str(int(parts[at]) + 7).zfill(len(parts[at]))
    return layout.element.join(parts)


def joined(layout: Layout, segments: list[str], at: int, by: str) -> list[str] | None:
    return (
        [*segments[:at], segments[at] + by + segments[at + 1], *segments[at + 2 :]] if at + 1 < len(segments) else None
    )


def without_count(layout: Layout, segment: str) -> str | None:
    parts = segment.split(layout.element)
    return layout.element.join((parts[0], "X", *parts[2:])) if parts[0] in layout.trailers else None


DAMAGES: dict[str, Damage] = {
    "id misspelt": each(lambda _, segment: segment[:1] + "X" + segment[2:]),
    "id in lower case": each(lambda layout, segment: segment.replace(layout.id(segment), layout.id(segment).lower(), 1)),
    "id longer": each(lambda layout, segment: segment.replace(layout.id(segment), layout.id(segment) + "X", 1)),
    "first separator wrong": each(lambda layout, segment: segment.replace(layout.element, "|", 1)),
    "separators wrong": each(lambda layout, segment: segment.replace(layout.element, "|")),
    "last separator wrong": each(lambda layout, segment: "|".join(segment.rsplit(layout.element, 1))),
    "counts one more": counting(1),
    "counts one less": counting(-1),
    "count is no number": each(without_count),
    "another control number": each(renumbered),
    "missing": lambda _, segments, at: [*segments[:at], *segments[at + 1 :]],
    "twice": lambda _, segments, at: [*segments[: at + 1], *segments[at:]],
    "terminator missing": lambda layout, segments, at: joined(layout, segments, at, ""),
    "terminator a separator": lambda layout, segments, at: joined(layout, segments, at, layout.element),
}  # fmt: skip


def numbers(read: Read) -> set[int]:
    """The orders that were read: they go on, or wait for a person by name."""
    ready = [document.number for document in read.documents if document.state in ("ready", "held")]
    assert len(set(ready)) == len(ready)
    return {int(number.rsplit("-", 1)[1]) for number in ready}


async def broken(layout: Layout, segments: list[str], at_desk: Desk) -> str:
    """How the law is broken for a file, "" where it is kept."""
    data = layout.data(segments)
    read = await at_desk.read(data)
    lost = set(ORDERS) - numbers(read)
    acknowledged = {order for answer in read.answers for order in layout.acknowledged(answer)}
    needs = read.message.state == "quarantined"
    if lost and not needs:
        return f"orders {lost} are lost and nobody is told: {read.lines}"
    if lost & acknowledged:
        return f"orders {lost & acknowledged} are acknowledged and not delivered: {read.answers}"
    if needs != bool(read.said("quarantined")) or (needs and not read.message.reason):
        return f"the log does not say why: {read.lines}"
    needs = needs or any(document.state == "held" for document in read.documents)
    good = inspect_file(data, datetime(2026, 11, 2, tzinfo=UTC), list(at_desk.ctx.partners.values())).good
    return f"check says {good}, and the daemon {read.message.state}" if good == needs else ""


@pytest.mark.parametrize("layout", LAYOUTS, ids=[one.name for one in LAYOUTS])
async def test_a_sound_file_is_read_whole_and_acknowledged_whole(layout: Layout, tmp_path: Path) -> None:
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(layout.data(layout.segments(1)))
    assert [verb for _, verb, *_ in read.lines] == ["translated"]
    assert numbers(read) == set(ORDERS) == {order for answer in read.answers for order in layout.acknowledged(answer)}
    assert read.message.state == "done"


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("strictness", ["lenient", "strict"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=[one.name for one in LAYOUTS])
async def test_each_set_goes_on_or_a_person_is_told_and_it_is_not_acknowledged(
    layout: Layout, strictness: str, damage: str, tmp_path: Path
) -> None:
    """139 of these 938 files broke it at b0a5549: orders were lost or acknowledged, and nobody was told."""
    found: dict[str, str] = {}
    async with desk(tmp_path, ("acks = { ", f'acks = {{ strictness = "{strictness}", ')) as at_desk:
        for number, at in enumerate(layout.envelope(1), 101):
            segments = layout.segments(number)
            damaged = DAMAGES[damage](layout, segments, at)
            if damaged is not None:
                found[f"{at}: {segments[at]}"] = await broken(layout, damaged, at_desk)
    assert {place: why for place, why in found.items() if why} == {}


# -- what a person sees -----------------------------------------------------------------------------------------------
def changed(layout: Layout, old: str, new: str) -> bytes:
    segments = layout.segments(7004)
    assert old in segments
    return layout.data([segment for each in segments for segment in ([new] if each == old else [each]) if segment])


SEEN = [
    (0, "ST*850*0001", "ST|850|0001", "ST|850|0001 stands in the group", 2),
    (0, "GE*2*1", "GE*3*1", "GE01 says 3, the group has 2 sets", 4),
    (0, "IEA*2*000007004", "IEA*3*000007004", "IEA01 says 3, the interchange has 2 groups", 4),
    (1, "UNZ+4+7004", "UNZ+5+7004", "UNZ01 says 5, the interchange has 4 messages", 4),
    (1, "UNH+1+ORDERS:D:96A:UN", "UNX+1+ORDERS:D:96A:UN", "UNX stands in the interchange", 3),
]


@pytest.mark.parametrize(("layout", "old", "new", "why", "delivered"), SEEN, ids=[row[2] for row in SEEN])
async def test_what_may_not_have_been_read_is_in_the_log_the_status_and_the_history(
    layout: int, old: str, new: str, why: str, delivered: int, tmp_path: Path
) -> None:
    """`status` and `why` said nothing of it, by file name as by control number."""
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(changed(LAYOUTS[layout], old, new), "PO.edi")
        shown = await at_desk.ctx.journal.read(lambda tx: status.picture(tx).needs_a_person)
        known = [await at_desk.ctx.journal.read(partial(look_up, what=name)) for name in ("PO.edi", "7004")]
    assert why in read.said("quarantined")[0]
    assert "partly accepted" in read.said("translated")[0]
    assert [(row["name"], why in row["why"]) for row in shown] == [("PO.edi", True)]
    assert [[why in history.message.reason for history in found.histories] for found in known] == [[True], [True]]
    assert len(numbers(read)) == delivered


async def test_a_count_that_promises_less_is_a_warning_in_the_log(tmp_path: Path) -> None:
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(changed(LAYOUTS[0], "GE*2*1", "GE*1*1"))
        lines = await at_desk.ctx.journal.read(lambda tx: tx.audit.query(message=read.message.id, action="warned"))
    sentence = "group 1: GE01 says 1, the group has 2 sets; all that came was read; the sender must count right"
    assert read.said("warned") == [f"in_1.edi: {sentence}"]
    assert [sentence in line.detail for line in lines] == [True]
    assert (read.message.state, numbers(read)) == ("done", set(ORDERS))
    assert "AK1*PO*1~AK9*E*1*2*2*5~" in read.answers[0].replace("\n", "")


async def test_an_x12_file_with_a_lost_set_is_answered_with_what_came(tmp_path: Path) -> None:
    """AK9 E 2 1 1 accepted the group."""
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(changed(LAYOUTS[0], "ST*850*0002", "SX*850*0002"))
        lost = await at_desk.read(changed(LAYOUTS[0], "IEA*2*000007004", "IEA*3*000007004").replace(b"7004", b"7005"))
    (answer,) = read.answers
    assert "AK1*PO*1~AK2*850*0001~AK5*A~AK9*P*2*1*1*5~" in answer.replace("\n", "")
    assert [line for line in lost.answers[0].replace("\n", "").split("~") if line.startswith("TA1")] == [
        "TA1*000007005*261102*1200*E*021"
    ]


async def test_messages_of_one_reference_in_two_groups_are_read_and_released_as_what_they_are(tmp_path: Path) -> None:
    """The messages of the second UNG were rejected: their references were looked for in the whole interchange."""
    segments = [
        segment.replace("UNH+3+", "UNH+1+").replace("UNH+4+", "UNH+2+").replace("UNT+10+3", "UNT+10+1")
        for segment in grouped(9)
    ]
    data = LAYOUTS[1].data([segment.replace("UNT+10+4", "UNT+10+2") for segment in segments])
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(data)
        reading = [partial(reparse.reparse, ctx=at_desk.ctx, document=row) for row in read.documents]
        again = [(await at_desk.ctx.journal.read(each))[0].document for each in reading]
    assert [(row.group, row.set, row.number) for row in read.documents] == [
        ("1", "1", "9-1"), ("1", "2", "9-2"), ("2", "1", "9-3"), ("2", "2", "9-4"),
    ]  # fmt: skip
    assert [getattr(document, "number", "") for document in again] == ["9-1", "9-2", "9-3", "9-4"]
    assert "UCI+9+4098765000010:14+4012345000009:14+7'" in read.answers[0]


async def test_two_groups_of_one_number_are_both_read_and_released_as_what_they_are(tmp_path: Path) -> None:
    """The second answer to the same number stopped the file; a document was read again from the first group's set."""
    segments = [
        segment.replace("PO*6111250008*123456789*20261102*1200*2", "PO*6111250008*123456789*20261102*1200*1")
        for segment in x12(9)
    ]
    data = LAYOUTS[0].data([segment.replace("GE*2*2", "GE*2*1") for segment in segments])
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(data)
        reading = [partial(reparse.reparse, ctx=at_desk.ctx, document=row) for row in read.documents]
        again = [(await at_desk.ctx.journal.read(each))[0].document for each in reading]
    assert [document.number for document in read.documents] == ["9-1", "9-2", "9-3", "9-4"]
    assert [getattr(document, "number", "") for document in again] == ["9-1", "9-2", "9-3", "9-4"]
