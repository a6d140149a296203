"""A small reader of X12 for the tests of this room, which shares nothing with the product: it splits, counts, and looks."""

from __future__ import annotations

from dataclasses import dataclass

Segment = list[str]


@dataclass(frozen=True, slots=True)
class Set:
    """A transaction set with the identifier and the version of its group: segments between ST and SE, elements by place."""

    id: str
    group: str
    version: str
    control: tuple[str, str]
    body: list[Segment]

    def all(self, id: str, *places: int, where: str = "") -> list[tuple[str, ...]]:
        """Some elements of every segment of an id, and of a qualifier as its first element; "" where it ends before."""
        found = [each for each in self.body if each[0] == id and where in ("", *each[1:2])]
        return [tuple((*each, *[""] * 40)[place] for place in places) for each in found]

    def one(self, id: str, *places: int, where: str = "") -> tuple[str, ...]:
        """The same of the only such segment."""
        [found] = self.all(id, *places, where=where)
        return found

    def under(self, opens: str, id: str) -> list[list[Segment]]:
        """For each segment that opens a loop the segments of an id that follow it, up to the next that opens one."""
        found: list[list[Segment]] = []
        for each in self.body:
            if each[0] == opens:
                found.append([])
            elif found and each[0] == id:
                found[-1].append(each)
        return found


def sets(data: bytes) -> list[Set]:
    """The sets of every interchange of a file. Separators are where ISA has them, every trailer must fit."""
    text = data.decode("ascii")
    found: list[Set] = []
    while text := text.lstrip("\r\n \0\x1a"):
        element, end = text[3], text[105]
        whole, text = _interchange(text, element, end)
        found += _sets(whole)
    return found


def _interchange(text: str, element: str, end: str) -> tuple[list[Segment], str]:
    assert text.startswith("ISA")
    rows: list[Segment] = []
    while not rows or rows[-1][0] != "IEA":
        row, _, text = text.partition(end)
        rows.append(row.lstrip("\r\n").split(element))
    assert rows[-1] == ["IEA", str(sum(row[0] == "GS" for row in rows)), rows[0][13]]
    return rows, text


def _sets(rows: list[Segment]) -> list[Set]:
    found: list[Set] = []
    gs: Segment = []
    begun = 0
    for at, row in enumerate(rows):
        if row[0] == "GS":
            gs, first = row, len(found)
        elif row[0] == "ST":
            begun = at
        elif row[0] == "SE":
            st = rows[begun]
            assert row[1:] == [str(at - begun + 1), st[2]]
            found.append(Set(st[1], gs[1], gs[8], (gs[6], st[2]), rows[begun + 1 : at]))
        elif row[0] == "GE":
            assert row[1:] == [str(len(found) - first), gs[6]]
    return found
