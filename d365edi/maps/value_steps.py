"""The steps in which an assignment takes values from a row: whole elements, components of composites, words of code tables.

Each is compiled once for a mapping node; what is wrong or odd goes to slower ways, which the assignment has.

Knows: rows, how items are filled. Does not know: mapping nodes, how one is selected.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from d365edi.edi import release
from d365edi.maps.mapping_tree import Rule
from d365edi.maps.notation import Normalise
from d365edi.maps.run_state import Item, Row, RunState, Way, reach
from d365edi.maps.spelling import Parse
from d365edi.maps.table import KEPT, OPEN

Step = Callable[[RunState, Item, Row, int, str], None]
"""A part of the work: the reading's state, the item, the row, its index, and the qualifiers to keep ("" for none)."""
Words = Mapping[str, tuple[str, str]]
"""For each word of theirs ours, and theirs again where another word means the same."""
FieldAt = tuple[int, str, Parse | None]
"""Where a value stands, the field it goes to, and how it is read."""
NO_HIT = ("", "")
WHOLE = -1
"""In place of a component: the element as it stands."""
NAMED = ("price_basis", "price_kind", "price_per.unit")
"""Fields whose word of theirs is kept even where no other means the same: an order that is held names it."""
Careful = Callable[[RunState, Item, Row, int], None]
Plan = list[tuple[Way, list[tuple[int, Normalise | None, list[FieldAt], list[int]]]]]
"""For each way its composites: element, how it is normalised, the components with their fields, the components unasked."""


def elements(rules: list[Rule], carefully: Careful) -> Step:
    """The values of whole elements, in the order of these: a short segment ends the loop."""
    ways: dict[Way, list[FieldAt]] = {}
    for rule in rules:
        ways.setdefault(way_of(rule.name), []).append((rule.element, key_of(rule.name), rule.parse))
    plan = tuple((way, tuple(fields)) for way, fields in ways.items())
    own = plan[0][1] if len(plan) == 1 and not plan[0][0] else ()

    def own_fields(state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG001
        count = len(row)
        try:
            for element, key, parse in own:
                if element >= count:
                    break
                if value := row[element]:
                    item[key] = value if parse is None else parse(value)
        except ValueError:
            carefully(state, item, row, index)

    def assign(state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG001
        count = len(row)
        try:
            for way, fields in plan:
                part: Item = {} if way else item
                for element, key, parse in fields:
                    if element >= count:
                        break
                    if value := row[element]:
                        part[key] = value if parse is None else parse(value)
                if way and part:
                    reach(item, way).update(part)
        except ValueError:
            carefully(state, item, row, index)

    return own_fields if own else assign


def composites(plan: Plan, carefully: Careful, note: Callable[[RunState, Row, int], None]) -> Step:
    """The values of composites, each split once; `note` is called where there is something that no row asks for."""

    def assign(state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG001
        count, component, released, odd = len(row), state.component, state.released, False
        try:
            for way, elements in plan:
                part: Item = {} if way else item
                for element, normalise, fields, unasked in elements:
                    if element >= count:
                        break
                    if not (value := row[element]):
                        continue
                    parts = value.split(component)
                    size = len(parts)
                    if released and not value.isascii():
                        parts = [*map(release.data, parts)]
                    if size > 1 and normalise is not None:
                        parts = normalise(parts)
                        size = len(parts)
                    for at, key, parse in fields:
                        if at < size and (text := parts[at]):
                            part[key] = text if parse is None else parse(text)
                    odd = odd or _any(parts, unasked)
                if way and part:
                    reach(item, way).update(part)
        except ValueError:
            carefully(state, item, row, index)
            odd = True
        if odd:
            note(state, row, index)

    return assign


def _any(parts: list[str], places: list[int]) -> bool:
    """Whether there is something at one of these places, which are in order."""
    size = len(parts)
    for at in places:
        if at >= size:
            return False
        if parts[at]:
            return True
    return False


def coded(
    rules: Sequence[tuple[Rule, Words]],
    parts: Callable[[RunState, int, str], list[str]],
    unsaid: Mapping[tuple[int, int], str],
    *,
    composite: bool,
) -> list[Step]:
    """Puts our words for theirs; theirs is kept where others mean the same, and reported where no table has it.

    `parts` splits the value of an element, each once; `composite`: every element is split. `unsaid` are the words that are
    meant where a component is empty, and not kept."""
    meant = [
        (rule.element, max(rule.component - 1, 0), way_of(rule.name), key_of(rule.name), words.get(word, (word, ""))[0])
        for rule, words in rules
        if (word := unsaid.get((rule.element, rule.component)))
    ]
    split = {rule.element for rule, _ in rules if composite or rule.component}
    plan = [
        (
            rule.element,
            max(rule.component - 1, 0) if rule.element in split else WHOLE,
            way_of(rule.name),
            key_of(rule.name),
            words,
            rule,
        )
        for rule, words in sorted(rules, key=lambda each: each[0].element)
    ]

    def assign(state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG001
        count, taken, found = len(row), 0, list[str]()
        for element, at, way, key, words, rule in plan:
            if element >= count:
                break
            if not (word := row[element]):
                continue
            if at != WHOLE:
                if element != taken:
                    taken, found = element, parts(state, element, word)
                if at >= len(found) or not (word := found[at]):
                    continue
            ours, shared = words.get(word, NO_HIT)
            if not ours and OPEN not in words:
                state.findings.append((rule, word, "", index))
            elif shared:
                item.setdefault("kept", {})[rule.name] = word
            (reach(item, way) if way else item)[key] = ours or word

    def imply(state: RunState, item: Item, row: Row, index: int, code: str) -> None:  # noqa: ARG001
        for element, at, way, key, word in meant:
            if element < len(row) and row[element] and not any(parts(state, element, row[element])[at : at + 1]):
                (reach(item, way) if way else item)[key] = word

    return [*([assign] if plan else []), *([imply] if meant else [])]


def words_of(rule: Rule) -> Words:
    """What the words of a rule's code table mean. Of some tables every word of theirs is kept."""
    words = rule.words or {}
    meanings = Counter(words.values())
    always = words.get(OPEN) == KEPT or rule.name.endswith(NAMED)
    found = {word: (ours, word if always or meanings[ours] > 1 else "") for word, ours in words.items()}
    return {**found, OPEN: NO_HIT} if OPEN in words else found


def way_of(name: str) -> Way:
    """The way to the part of an item that a dotted field stands in."""
    return tuple(name.split(".")[:-1])


def key_of(name: str) -> str:
    """What a dotted field is called there."""
    return name.rpartition(".")[2]
