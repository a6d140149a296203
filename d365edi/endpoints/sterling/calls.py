"""The calls that we make, compared with a server's own description of those that it has (`.../svc/doc`, Swagger 2.0). Pure.

Knows: methods and paths. Does not know: when a call is made.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from d365edi.odata import canonical

DESCRIPTION = 16 << 20
"""Bytes of a description at most."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call; nothing fails for an `optional` one, which IBM's own description is known to leave out or only `ping` makes."""

    method: str
    path: str
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


CALLS = (
    Call("GET", "/mailboxes/"),
    Call("GET", "/mailboxes/{id}", optional=True),
    Call("GET", "/mailboxcontents/"),
    Call("GET", "/mailboxmessages/"),
    Call("GET", "/mailboxmessages/{id}", optional=True),
    Call("POST", "/mailboxmessages/"),
    Call("PUT", "/mailboxmessages/{id}"),
    Call("DELETE", "/mailboxmessages/{id}"),
    Call("POST", "/mailboxmessages/{id}/actions/movemailboxmessage"),
    Call("GET", "/documents/"),
    Call("POST", "/documents/"),
    Call("DELETE", "/documents/{id}"),
    Call("POST", "/documents/{id}/actions/getpayload"),
    Call("POST", "/messagebatches/", optional=True),
    Call("GET", "/routingrules/", optional=True),
    Call("GET", "/tradingpartners/", optional=True),
    Call("GET", "/useraccounts/{id}", optional=True),
)
_PARAMETER = re.compile(r"\{[^{}]*\}")


def described(body: bytes | bytearray) -> frozenset[tuple[str, str]]:
    """Method and path of each call in a description. Raises ValueError where it is none that can be read."""
    try:
        content = canonical.loads_bounded(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    paths = content.get("paths") if isinstance(content, Mapping) else None
    if not isinstance(paths, Mapping) or not paths:
        raise ValueError("it has no paths")
    found = set[tuple[str, str]]()
    for path, methods in paths.items():
        if isinstance(methods, Mapping):
            found |= {(method.upper(), _plain(path)) for method in methods}
    return frozenset(found)


def lacking(there: frozenset[tuple[str, str]]) -> list[Call]:
    """The calls that a description does not have."""
    return [call for call in CALLS if (call.method, _plain(call.path)) not in there]


def _plain(path: str) -> str:
    """A path by which calls are compared: from /svc on, without names of parameters and slash at its end."""
    return _PARAMETER.sub("{}", path.rpartition("/svc/")[2].strip("/")).lower()
