"""`$filter`: text to a predicate over rows, refusing what F&O refuses.

    expression  := and-terms joined by `or`         comparison := operand (eq|ne|gt|ge|lt|le) operand
    and-terms   := negations joined by `and`        operand    := property | literal
    negation    := [not] ( comparison | "(" expression ")" )

Strings are quoted with ' doubled inside and compare case-insensitively; `eq '*x*'` is the wildcard form. An enum
compares only with its qualified literal and only by eq and ne. `has`, `in` and functions are refused, as are
arithmetic and date-only literals, which the service's documentation leaves out or which it is not known to accept.

Knows: the grammar and types. Does not know: rows beyond their dict, HTTP.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from . import values
from .catalog import NAMESPACE, SetDefinition, load
from .refusals import Refusal, bad_query
from .store import fold

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<enum>[A-Za-z_][\w.]*\.[A-Za-z_]\w*'[^']*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))
    | (?P<guid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[mMdDfFlL]?)
    | (?P<name>[A-Za-z_][\w/]*)
    | (?P<paren>[(),])
    )""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    word: getattr(operator, word) for word in ("eq", "ne", "gt", "ge", "lt", "le")
}
_WORDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_KINDS = {
    "Edm.String": "string",
    "Edm.DateTimeOffset": "instant",
    "Edm.Guid": "guid",
    "Edm.Boolean": "boolean",
    "Edm.Binary": "binary",
}
_EDM = {
    "boolean": "Edm.Boolean",
    "binary": "Edm.Binary",
    "string": "Edm.String",
    "number": "Edm.Decimal",
    "instant": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "guid": "Edm.Guid",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter: the predicate, and the string equalities that every match must have (for the store's
    indexes)."""

    matches: Predicate
    equalities: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Operand:
    kind: str
    get: Callable[[Mapping[str, Any]], Any]
    name: str = ""
    literal: Any = None


def compile(text: str, entity_set: SetDefinition) -> Filter:
    """The filter of a request; Refusal 400 with the OData layer's sentence."""
    parser = _Parser(_tokens(text), entity_set)
    predicate = parser.expression()
    if parser.peek() is not None:
        raise _syntax(text)
    return Filter(predicate, {} if parser.branches else parser.equalities)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    end = len(text.rstrip(" "))
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _syntax(text)
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    if not tokens:
        raise _syntax(text)
    return tokens


def _syntax(text: str) -> Refusal:
    return bad_query(f"Syntax error in '{text}'.")


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], entity_set: SetDefinition) -> None:
        self.tokens = tokens
        self.at = 0
        self.set = entity_set
        self.branches = False
        self.equalities: dict[str, str] = {}

    def peek(self) -> tuple[str, str] | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def accept(self, kind: str, text: str) -> bool:
        if self.peek() == (kind, text):
            self.at += 1
            return True
        return False

    def expression(self) -> Predicate:
        terms = [self.conjunction()]
        while self.accept("name", "or"):
            self.branches = True
            terms.append(self.conjunction())
        return terms[0] if len(terms) == 1 else lambda row: any(term(row) for term in terms)

    def conjunction(self) -> Predicate:
        terms = [self.negation()]
        while self.accept("name", "and"):
            terms.append(self.negation())
        return terms[0] if len(terms) == 1 else lambda row: all(term(row) for term in terms)

    def negation(self) -> Predicate:
        if self.accept("name", "not"):
            self.branches = True
            inner = self.negation()
            return lambda row: not inner(row)
        if self.accept("paren", "("):
            inner = self.expression()
            if not self.accept("paren", ")"):
                raise bad_query("')' expected.")
            return inner
        return self.comparison()

    def comparison(self) -> Predicate:
        left = self.operand()
        token = self.peek()
        if token is None or token[0] != "name" or token[1] not in _COMPARE:
            raise bad_query(f"The operator '{token[1] if token else ''}' is not supported here.")
        self.at += 1
        return self.compare(left, token[1], self.operand())

    def operand(self) -> _Operand:
        token = self.peek()
        if token is None:
            raise bad_query("Expression expected at the end.")
        self.at += 1
        kind, text = token
        if kind == "name":
            return self.property(text)
        if kind == "paren":
            raise bad_query(f"Expression expected at '{text}'.")
        return _literal(kind, text)

    def property(self, name: str) -> _Operand:
        if self.peek() == ("paren", "("):
            raise bad_query(f"An unknown function with name '{name}' was found.")
        if name == "null":
            return _Operand("null", lambda _: None)
        type = self.set.fields.get(name)
        if type is None:
            raise bad_query(f"Could not find a property named '{name}' on type '{self.set.edm_type}'.")
        kind = _KINDS.get(type) or ("number" if type.startswith("Edm.") else f"{NAMESPACE}.{type}")
        return _Operand(kind, operator.itemgetter(name), name=name)

    def compare(self, left: _Operand, word: str, right: _Operand) -> Predicate:
        kinds = {left.kind, right.kind} - {"null"}
        ordered = word not in ("eq", "ne")
        if len(kinds) > 1 or (ordered and any(kind.startswith(NAMESPACE) for kind in kinds)):
            names = [_EDM.get(side.kind, side.kind) for side in (left, right)]
            raise bad_query(
                "A binary operator with incompatible types was detected. Found operand types "
                f"'{names[0]}' and '{names[1]}' for operator kind '{_WORDS[word]}'."
            )
        if kinds != {"string"} or "null" in (left.kind, right.kind):
            function, get, other = _COMPARE[word], left.get, right.get
            return lambda row: function(get(row), other(row))
        return self.compare_text(left, word, right)

    def compare_text(self, left: _Operand, word: str, right: _Operand) -> Predicate:
        function, get, other = _COMPARE[word], left.get, right.get
        if right.name or left.literal is not None:
            return lambda row: function(fold(get(row)), fold(other(row)))
        wanted = fold(right.literal)
        if "*" in wanted and word in ("eq", "ne"):
            pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("*")), re.DOTALL)
            return lambda row: (pattern.fullmatch(fold(get(row))) is not None) == (word == "eq")
        if word == "eq":
            self.equalities[left.name] = right.literal
        return lambda row: (get(row) is not None or word == "ne") and function(fold(get(row)), wanted)


def _literal(kind: str, text: str) -> _Operand:
    value: Any = text
    match kind:
        case "string":
            value = text[1:-1].replace("''", "'")
        case "number":
            value = Decimal(text.rstrip("mMdDfFlL"))
        case "instant":
            value = values.instant_value(text)
        case "guid":
            value = text.lower()
        case "enum":
            kind, _, member = text[:-1].partition("'")
            name = kind.removeprefix(f"{NAMESPACE}.")
            if member not in load().enums.get(name, ()) or name == kind:
                raise bad_query(f"The string '{text}' is not a valid enumeration type constant.")
            value = member
    return _Operand(kind, lambda _: value, literal=value)
