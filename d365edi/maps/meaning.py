"""What a message can say that changes what is delivered, when, where or for how much: the table `[meaning]` of a map,
compiled for a guide. What no row of the map reads of it holds the document, anything else that no row reads is a note.

    "SAC[A|C]"  = "an allowance or charge"          a segment wherever it stands, with its qualifiers
    "PO1/N1"    = "a party of its own for a line"   one in these loops
    "N1[ST]#2"  = "a further ship-to"               one more, where a row reads one already
    "DTM[002]06" = "a period"                       an element that no row asks for, of a segment that is read
    "LIN02 not 1" = "an action"                     the same, but for some values
    "CUR05 not =02" = "a currency"                  or for that of another place in the segment

Right stands what it says, as the end of a sentence. The table `[unused]` has the same paths of segments for what only a list
keeps that takes whatever no other row takes, and that nothing uses: it holds, too. So does what `[twice]` names, where its code
stands a second time in one place and says something else.

Knows: paths, guides. Does not know: documents, what a reading does with a segment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from d365edi.edi import release
from d365edi.edi.guide import Guide, Node
from d365edi.maps import check
from d365edi.maps.mapping_tree import Qualifiers
from d365edi.maps.notation import Notation
from d365edi.maps.path import Path, parse
from d365edi.maps.table import MapRow, Scope, Table, nearest, scope

NAME, UNUSED, TWICE = "meaning", "unused", "twice"
NOT = " not "


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a segment says, or one of its elements: in words, for some qualifiers. `again`: where one is read already; `unused`:
    where only a list for the rest keeps it; `twice`: where its code says something else before. `fine` are values of an
    element that say nothing of the kind, or behind an equals sign the place of one that it may repeat."""

    words: str
    qualifiers: Qualifiers = ()
    again: bool = False
    unused: bool = False
    twice: bool = False
    element: int = 0
    component: int = 0
    fine: frozenset[str] = frozenset()
    row: str = ""
    """Its name in the map, by which a flow takes it away."""

    def asks(self, row: Sequence[str], component: str) -> bool:
        """Whether the qualifiers of a segment are those."""
        return all(code(row, position, component) in codes for position, codes in self.qualifiers)


class Meanings(dict[int, list[Meaning]]):
    """Meanings by the index of the guide's node; and which of these nodes have one where another is read already (`again`), where
    only a list for the rest keeps it (`unused`), and where its code says something else before (`twice`)."""

    def __init__(self, found: Mapping[int, Sequence[Meaning]]) -> None:
        super().__init__((index, list(each)) for index, each in found.items())
        whole = {index: [one for one in each if not (one.element or one.twice)] for index, each in self.items()}
        self.again = frozenset(
            index for index, each in whole.items() if any(one.again and not one.unused for one in each)
        )
        self.unused = frozenset(index for index, each in whole.items() if any(one.unused for one in each))
        self.twice = frozenset(index for index, each in self.items() if any(one.twice for one in each))


def code(row: Sequence[str], position: int, component: str) -> str:
    """The qualifier at a position of a segment."""
    return release.data(row[position].partition(component)[0]) if position < len(row) else ""


def said_twice(
    again: Sequence[int],
    nodes: Sequence[Node | None],
    rows: Sequence[Sequence[str]],
    meanings: Meanings,
    component: str,
) -> Iterator[tuple[int, Node, Meaning]]:
    """Which of the segments whose place was taken already (`again`, by index) say something else than the first with their
    code in the same turn of the loop around, and what that means (`[twice]`)."""
    late = {index for index in again if (node := nodes[index]) is not None and node.index in meanings.twice}
    turns: dict[int, int] = {}
    first: dict[tuple[int, int, str], Sequence[str]] = {}
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)) if late else ():
        if node is None:
            continue
        turns[node.index] = turns.get(node.index, 0) + 1
        asked = [each for each in meanings.get(node.index, ()) if each.twice]
        if asked and node.parent is not None:
            key = (node.index, turns.get(node.parent.index, 0), code(row, node.segment.qualifier, component))
            before = first.setdefault(key, row)
            if index in late and before != row:
                yield from ((index, node, each) for each in asked[:1] if each.asks(row, component))


def compiled(table: Table, guide: Guide, versions: Sequence[Guide], notation: Notation) -> Meanings:
    """The meanings of a map in a guide; none of columns, which are no segments (`csv/meaning_columns.py`). Raises SettingsError
    for one that no version of the set can have."""
    found: dict[int, list[Meaning]] = {}
    if table.language not in ("x12", "edifact"):
        return Meanings(found)
    for row in rows(table):
        places = list(_places(table, row, guide, notation))
        if not (places or any(list(_places(table, row, other, notation)) for other in versions)):
            raise _absent(table, row, guide)
        for node, meaning in places:
            found.setdefault(node.index, []).append(meaning)
    return Meanings(found)


def rows(table: Table) -> Iterator[MapRow]:
    """The rows of the tables: left the place, right what it says."""
    for name in (NAME, UNUSED, TWICE):
        for place, words in table.tree.get(name, {}).items():
            key = (name, place)
            if not isinstance(words, str):
                raise table.mistake(
                    key, f'"{place}" must say in words what changes', remedy="or false to remove the row"
                )
            yield MapRow(place, words, key, table.is_overridden(key))


def _places(table: Table, row: MapRow, guide: Guide, notation: Notation) -> Iterator[tuple[Node, Meaning]]:
    place, _, fine = row.name.partition(NOT)
    path = check.read(table, row, place)
    *_, last = path.steps
    for node in guide.nodes:
        if not _ends(node, path):
            continue
        if path.element and (path.element, path.component) not in set(notation.addresses(node.segment)):
            continue
        wanted = check.qualifiers(table, row, path, last, node.segment) if last.qualifiers else ()
        unused, twice, values = row.key[0] == UNUSED, row.key[0] == TWICE, frozenset(fine.split("|") if fine else ())
        yield (
            node,
            Meaning(
                row.value, wanted, last.occurrence > 1, unused, twice, path.element, path.component, values, row.name
            ),
        )


def _ends(node: Node, path: Path) -> bool:
    """Whether the loops down to a node end with those of the path."""
    at: Node | None = node
    for step in reversed(path.steps):
        if at is None or at.id != step.segment:
            return False
        at = at.parent
    return True


def _absent(table: Table, row: MapRow, guide: Guide) -> Exception:
    known = {each.path for each in guide.nodes[1:]} | set(guide.segments)
    where = row.name.partition(NOT)[0].split("[")[0].split("#")[0]
    return table.mistake(row.key, f'"{row.name}" is no place in the {guide.set}', remedy=nearest(where, known))


def segments(table: Table) -> dict[str, str]:
    """Which segment says each list and each field of the document, by its dotted name; empty for columns, which have none."""
    return dict(_segments(scope(table), "")) if table.language in ("x12", "edifact") else {}


def _segments(rows: Scope, around: str) -> Iterator[tuple[str, str]]:
    for inner in rows.scopes:
        name = f"{around}{inner.field}"
        if inner.loop:
            yield name, parse(inner.loop[0]).steps[-1].segment
        yield from _segments(inner, f"{name}.")
    for row in rows.rows:
        yield f"{around}{row.name}", parse(row.paths[0]).steps[-1].segment
