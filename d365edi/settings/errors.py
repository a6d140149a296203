"""Validation errors of pydantic as sentences that help to correct the file: location, key, value, and what to write.

A value is shown unless it may be a secret: under a key with such a name, under an unknown key, or in place of a reference.

Knows: pydantic's error types. Does not know: any section by name.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from d365edi.errors import SecretError, SettingsError

from .astray import belongs, nameless
from .files import Key, Locations
from .keys import known, needed
from .values import nearest

_SECRETIVE = re.compile(r"(?:^|_)(?:password|passphrase|secret|token|key|hmac)$", re.IGNORECASE)

_TABLE = "must be a table"
_TRUTH = {**dict.fromkeys(("true", "yes", "on", "1"), "true"), **dict.fromkeys(("false", "no", "off", "0"), "false")}
_KINDS: dict[str, str] = {
    "string_type": "must be text in quotes",
    "path_type": "must be a path in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


@dataclass(frozen=True, slots=True)
class ErrorReporter:
    """Builds the errors of one tree of settings, as written in the files."""

    root: type[BaseModel]
    written: Mapping[str, Any]
    locations: Locations

    def report(self, key: Key, sentence: str, remedy: str = "", *, value: object = None) -> SettingsError:
        """An error at a key; the sentence begins with `value` where it is given and may be shown."""
        shown = "" if value is None or any(_SECRETIVE.search(part) for part in key) else show(value)
        text = f"{shown} {sentence}" if shown else sentence
        return SettingsError(text, where=self.locations.where(*key), key=".".join(map(_quoted, key)), remedy=remedy)

    def without_names(self, errors: list[SettingsError]) -> list[SettingsError]:
        """The same, with one error in place of those that follow from a table without its name (`[partners]`)."""
        for path, found in nameless(self.root, self.written):
            table = ".".join(path)
            own = tuple(f"{table}.{key}" for key in found)
            errors = [each for each in errors if not f"{each.key}.".startswith(tuple(f"{key}." for key in own))]
            keys = " and ".join(f"`{key}`" for key in found)
            errors.append(
                self.report((*path, found[0]), f"[{table}] has {keys} and no name", f"write [{table}.NAME] above")
            )
        return errors

    def translate(self, error: ErrorDetails) -> SettingsError | None:
        """One of pydantic's errors as ours; None for what only follows from another error."""
        kind = error["type"]
        key, value = self._place(error["loc"], kind)
        if kind == "default_factory_not_called":
            return None
        if special := _SPECIAL.get(kind):
            return special(self, key, value, error)
        if kind == "too_short" and value:
            return None  # what is in it is wrong, and left out
        context = error.get("ctx", {})
        sentence = _KINDS[kind].format(**context) if kind in _KINDS else error["msg"].lower()
        return self.report(key, sentence, self._way_to_write(key, value, sentence), value=value)

    def _way_to_write(self, key: Key, value: object, sentence: str) -> str:
        """How a value of the wrong type is written right, where the value itself says it."""
        name = _quoted(key[-1])
        if sentence == _TABLE:
            table = f"[{'.'.join(map(_quoted, key))}]"
            inner = ", ".join(f"{each} = ..." for each in needed(self.root, key, self.written)) or "... = ..."
            if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
                return f"write {table if len(key) > 1 else f'[{key[0]}.NAME]'}, in single brackets"
            return f"write {name} = {{ {inner} }}, or its keys under {table}"
        if any(_SECRETIVE.search(part) for part in key) or isinstance(value, Mapping | list):
            return ""
        ways = {
            _KINDS["tuple_type"]: f"[{show(value)}]" if show(value).isascii() and len(show(value)) < 60 else "",
            _KINDS["string_type"]: f'"{value}"' if not isinstance(value, bool) else "",
            _KINDS["int_type"]: str(value) if isinstance(value, str) and value.isdecimal() else "",
            _KINDS["bool_type"]: _TRUTH.get(str(value).casefold(), ""),
        }
        way = ways.get(sentence, "")
        return "" if not way else f"write {way}" if name.isdecimal() else f"write {name} = {way}"

    def _place(self, loc: tuple[int | str, ...], kind: str) -> tuple[Key, object]:
        """The key as written: pydantic's location without the names of union members, and the value there."""
        key: list[str] = []
        at: Any = self.written
        for index, part in enumerate(loc):
            inner = _inside(at, part)
            if inner is not None:
                at = inner
            elif index == len(loc) - 1 and kind in ("missing", "extra_forbidden"):
                at = None
            else:
                continue
            key.append(str(part))
        return tuple(key), at

    def _unknown(self, key: Key, _value: object, _error: ErrorDetails) -> SettingsError:
        names = known(self.root, key[:-1], self.written)
        table = f"[{'.'.join(map(_quoted, key[:-1]))}]" if key[:-1] else "the settings"
        remedy = (
            belongs(self.root, key, self._written_at(key))
            or nearest(key[-1], names)
            or "known are: " + ", ".join(names)
        )
        return self.report(key, f"is no key of {table}", remedy)

    def _written_at(self, key: Key) -> object:
        at: object = self.written
        for part in key:
            at = _inside(at, part)
        return at

    def _missing(self, key: Key, _value: object, _error: ErrorDetails) -> SettingsError:
        add = f"{key[-1]} = ... here" if len(key) > 1 else f"[{key[-1]}]"
        return self.report(key[:-1], f'lacks "{key[-1]}"', f"add {add}; settings.example.toml explains it")

    def _choice(self, key: Key, value: object, error: ErrorDetails) -> SettingsError:
        words = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
        return self._one_of(key, value, words)

    def _one_of(self, key: Key, value: object, choices: list[str]) -> SettingsError:
        choice = " or ".join(f'"{word}"' for word in choices)
        remedy = nearest(value, choices)
        if key[-1] == "after" and not remedy:
            folder = value if isinstance(value, str) and "/" in value else "/outbound/processed"
            choice, remedy = f'{choice} or {{ move_to = "..." }}', f'write after = {{ move_to = "{folder}" }}'
        return self.report(key, f"must be {choice}", remedy, value=value)

    def _tag(self, key: Key, value: object, error: ErrorDetails) -> SettingsError:
        context = error.get("ctx", {})
        kind = value.get("kind") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping):
            return self.report(key, _TABLE, self._way_to_write(key, value, _TABLE), value=value)
        if kind is None:
            return self._missing((*key, "kind"), None, error)
        return self._one_of((*key, "kind"), kind, re.findall(r"'([^']*)'", context.get("expected_tags", "")))

    def _invalid(self, key: Key, value: object, error: ErrorDetails) -> SettingsError:
        context = error.get("ctx", {})
        named = error["loc"][-1:] == ("[key]",)
        for part in context["inside"]:
            value = _inside(value, part)
        shown = key[-1] if named else value
        return self.report((*key, *context["inside"]), context["sentence"], context["remedy"], value=shown)

    def _literal(self, key: Key, _value: object, _error: ErrorDetails) -> SettingsError:
        name = re.sub(r"[^a-z0-9]+", "-", "-".join(key[1:]).lower()).strip("-")
        return SecretError(
            "contains a secret itself; settings contain only names of secrets",
            where=self.locations.where(*key),
            key=".".join(map(_quoted, key)),
            remedy=f'write {{ secret = "{name}" }} and run: d365edi secrets set {name}; change it, too: it was readable here',
        )

    def _secret_name(self, key: Key, _value: object, _error: ErrorDetails) -> SettingsError:
        # The value may be the secret itself.
        return SecretError(
            "is not the name of a secret",
            where=self.locations.where(*key),
            key=".".join(map(_quoted, key)),
            remedy="use small letters, digits and dashes, and run: d365edi secrets set NAME",
        )


def _inside(at: object, part: int | str) -> object:
    if isinstance(at, Mapping):
        return at.get(part)
    return at[part] if isinstance(at, list) and isinstance(part, int) else None


_SPECIAL: dict[str, Callable[[ErrorReporter, Key, object, ErrorDetails], SettingsError]] = {
    "extra_forbidden": ErrorReporter._unknown,
    "missing": ErrorReporter._missing,
    "literal_error": ErrorReporter._choice,
    "union_tag_invalid": ErrorReporter._tag,
    "union_tag_not_found": ErrorReporter._tag,
    "invalid": ErrorReporter._invalid,
    "literal_secret": ErrorReporter._literal,
    "secret_name": ErrorReporter._secret_name,
}


def _quoted(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)


def show(value: object) -> str:
    """A value as written in TOML, cut to 60 characters, without a user's password in a URL; nothing where tables are in it."""
    if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(each, Mapping) for each in value)):
        return ""
    if isinstance(value, str):
        text = json.dumps(re.sub(r"[^/\s\":@]+:(?!//)[^\s\"]*@", "***@", value), ensure_ascii=False)
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…{text[-1]}"
