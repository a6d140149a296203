"""The short notation that guides are written in: elements, segments and trees as lines of text.

`"AN 1/30 Reference"` is an element; `"Reference: 128! 127 352 C040 | R0203"` a segment with its relational notes;
`"ST! BEG! {N1*200: N2*2 N3*2} SE!"` a tree. `!` is mandatory, `*n` at most n (`*` without end), `(a b)*n` a repeated
group, `^n` an element that may be repeated n times in its place, `...` an open end; `+` stands only in newer versions, `-`
only in older ones (`Era` says which is which), `+004020` from 004020 on, `-004050` before it. `"AA-AD N1 01-12"` is a
list of codes: numbers and letters count up.

Knows: the notation. Does not know: where the text comes from, any one segment or set.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from d365edi.edi.guide import Element, Node, Note, Segment


@dataclass(frozen=True, slots=True)
class Era:
    """Which marks hold in a version: `newer` takes what is marked `+`, `older` what is marked `-`; a version between
    takes both. A mark that names a version is held against `version`."""

    older: bool
    newer: bool
    version: str = ""

    def holds(self, mark: str) -> bool:
        """Whether something with this mark ("", "+", "-", "+004020", "-004020") stands in the version."""
        if len(mark) > 1:
            return (self.version >= mark[1:]) == (mark[0] == "+")
        return not mark or (mark == "+" and self.newer) or (mark == "-" and self.older)

    def binds(self, mark: str) -> bool:
        """Whether what a note with this mark, or a `!`, demands is demanded in the version. Between two versions one
        of which does not demand it, it is in doubt, and nobody is bound."""
        return self.holds(mark) and not (mark in {"+", "-"} and self.older and self.newer)


_ELEMENT = re.compile(r"(\w+) (\d+)/(\d+)(?: (.*))?")
_MARK = r"([+-]\d{6}|[+-]|)"
_REFERENCE = re.compile(rf"([A-Z]?\d+)(?:(!){_MARK})?(?:\^(\d+))?{_MARK}")
_GROUP = re.compile(r"\(([^)]*)\)\*(\d+)")
_NOTE = re.compile(rf"([PRECL])((?:\d\d)+){_MARK}")
_WORD = re.compile(r"[{}]|([A-Z][A-Z0-9]{1,2})(!?)(?:(\*)(\d*))?([+-]?):?")


def element(number: str, text: str, previous: Element | None = None) -> Element:
    """An element from `"AN 1/30 Name"`; without a name it takes the one of `previous`. ValueError where the text is no
    element."""
    match = _ELEMENT.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is no element; write it as "AN 1/30 Name"')
    kind, least, most, name = match.groups()
    return Element(0, number, name or (previous.name if previous else number), kind, int(least), int(most))


def segment(id: str, text: str, lookup: Callable[[str], Element], era: Era) -> Segment:
    """A segment from `"Name: 128! 127 | R0203"`; `lookup` gives the element of a number."""
    name, _, rest = text.rpartition(": ")
    body, _, notes = rest.partition(" | ")
    is_open = body.endswith("...")
    elements: list[Element] = []
    for number, mandatory, repeat in _references(body.removesuffix("..."), era):
        elements.append(replace(lookup(number), position=len(elements) + 1, mandatory=mandatory, repeat=repeat))
    return Segment(id, name, tuple(elements), _notes(notes, era), open=is_open)


def codes(text: str) -> Iterator[str]:
    """The codes of `"AA-AD N1 01-12 1-18"`, in their order. Between the ends of a range numbers and letters count up, each
    place staying what it is: behind A9 comes B0, behind AZ comes BA. ValueError where a range does not end."""
    for word in text.split():
        code, _, last = word.partition("-")
        yield code
        while last and code != last:
            code = _next(code)
            if len(code) > len(last):
                raise ValueError(f'"{word}" is no range of codes')
            yield code


def _next(code: str) -> str:
    """The code behind another one, one place longer behind 99 and ZZ."""
    if code.isdigit():
        return f"{int(code) + 1:0{len(code)}d}"
    rest, last = code[:-1], code[-1:]
    if last not in ("Z", "9"):
        return rest + chr(ord(last) + 1)
    first = "A" if last == "Z" else "0"
    return (_next(rest) if rest else first) + first


def _references(body: str, era: Era) -> Iterator[tuple[str, bool, int]]:
    for match in re.finditer(r"\([^)]*\)\*\d+|\S+", body):
        group = _GROUP.fullmatch(match[0])
        if group is None:
            yield from _reference(match[0], era, first=True)
            continue
        for turn in range(int(group[2])):
            for word in group[1].split(" "):
                yield from _reference(word, era, first=turn == 0)


def _reference(word: str, era: Era, *, first: bool) -> Iterator[tuple[str, bool, int]]:
    match = _REFERENCE.fullmatch(word)
    if match is None:
        raise ValueError(f'"{word}" names no element')
    number, mandatory, since, repeat, mark = match.groups()
    if era.holds(mark):
        yield number, bool(mandatory) and first and era.binds(since or ""), int(repeat or 1)


def _notes(text: str, era: Era) -> tuple[Note, ...]:
    found = []
    for word in text.split(" ") if text else ():
        match = _NOTE.fullmatch(word)
        if match is None:
            raise ValueError(f'"{word}" is no relational note')
        kind, digits, mark = match.groups()
        if era.binds(mark):
            found.append(Note(kind, tuple(int(digits[i : i + 2]) for i in range(0, len(digits), 2))))
    return tuple(found)


def tree(text: str, lookup: Callable[[str], Segment], era: Era) -> tuple[Node, list[Node]]:
    """The nodes of a tree: its root (a loop that no segment opens) and all nodes, root first, in the order of the
    standard."""
    root = Node(0, Segment("", "", ()), None, 0, loop=True)
    nodes = [root]
    words = list(_WORD.finditer(text))
    _children(root, iter(words), nodes, lookup, era)
    return root, nodes


def _children(
    parent: Node, words: Iterator[re.Match[str]], nodes: list[Node], lookup: Callable[[str], Segment], era: Era
) -> None:
    for word in words:
        if word[0] == "}":
            return
        opens = word[0] == "{"
        match = next(words) if opens else word
        id, mandatory, star, most, mark = match.groups()
        if not era.holds(mark):
            if opens:
                _children(Node(0, parent.segment, None, 0, loop=True), words, [], lookup, era)
            continue
        _displace(parent, id, mark, nodes)
        max_use = (int(most) if most else 0) if star else 1
        node = Node(len(nodes), lookup(id), parent, len(parent.sequence), opens, bool(mandatory), max_use)
        nodes.append(node)
        parent.sequence.append(node)
        parent.children[id] = (*parent.children.get(id, ()), node)
        if opens:
            _children(node, words, nodes, lookup, era)


def _displace(parent: Node, id: str, mark: str, nodes: list[Node]) -> None:
    """A version between takes the newer form of a segment where the tree gives both side by side (`SAC*25- SAC*+`)."""
    last = parent.sequence[-1] if parent.sequence else None
    if mark == "+" and last is not None and last.id == id:
        parent.sequence.pop()
        parent.children[id] = tuple(node for node in parent.children[id] if node is not last)
        del nodes[last.index :]
