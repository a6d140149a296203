"""A request as it came in, and strict readings of its parts.

Knows: addresses, parameters and bodies. Does not know: what they ask for.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from .refusals import Refusal, bad, no_page
from .users import User

ROOT = "/B2BAPIs/svc/"
PAGE = 10
"""Rows of a listing without `_range`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `collection`, `id`, `action`: of its address, "" where it has none. `raw_id`: as it was written."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    user: User
    collection: str
    id: str = ""
    raw_id: str = ""
    action: str = ""

    @property
    def base(self) -> str:
        """Where the collections are, as this request names the server."""
        return f"https://{self.headers['host']}{ROOT}"

    def number(self) -> int:
        """The id as a number; a 404 of the server where it is none."""
        return int(self.id) if self.id.isdecimal() else -1

    def knows(self, parameters: Collection[str]) -> None:
        """Refuse a parameter that there is none of."""
        for name in self.query.keys() - {"_range", "_include", "_exclude", *parameters}:
            bad(f"Unknown query parameter: {name}")

    def json(self, fields: dict[str, type]) -> dict[str, Any]:
        """The body's fields; an unknown one, or one of another kind, is refused. No body is none."""
        if not self.body:
            return {}
        if self.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(415, "Unsupported Media Type", page=True)
        try:
            found = json.loads(self.body)
        except ValueError:
            bad("The body is not JSON")
        if not isinstance(found, dict):
            bad("The body is not a JSON object")
        for name, value in found.items():
            if name not in fields:
                bad(f"Unrecognized field: {name}")
            _kind(name, value, fields[name])
        return found

    def range(self) -> tuple[int, int]:
        """First and last row that are asked for."""
        text = self.query.get("_range")
        if text is None:
            return 0, PAGE - 1
        first, dash, last = text.partition("-")
        if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
            bad(f"Invalid _range: {text}")
        return int(first), int(last)


def _kind(name: str, value: object, kind: type) -> None:
    if kind is bool and value in ("0", "1", "true", "false"):
        return
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        bad(f"Field {name} cannot be {json.dumps(value)}")


def is_on(value: object) -> bool:
    """A truth value as it may be written."""
    return value in (True, "1", "true")


def address(path: str) -> tuple[str, str, str]:
    """Collection, id as it was written, and action of a path below the root; a page 404 for anything else."""
    parts = path.removeprefix(ROOT).split("/")
    match parts:
        case [collection, ""] if collection:
            return collection, "", ""
        case [collection, id] if collection and id:
            return collection, id, ""
        case [collection, id, "actions", action] if collection and id and action:
            return collection, id, action
    no_page(path)


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query string; of one that is repeated, the last."""
    return dict(parse_qsl(query, keep_blank_values=True))


def plain(segment: str) -> str:
    """A part of an address without percent encoding."""
    return unquote(segment)
