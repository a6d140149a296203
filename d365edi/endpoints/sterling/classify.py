"""What an answer of Sterling's means, by its status and its body: one table.

400 is what a business error has, and what an exception of the server's own code has as well: the text tells. 404 counts as "not
there" only where Sterling says it, since a gateway answers so for all of it while the API is not installed.

Knows: statuses, sentences. Does not know: requests, what is done about an answer.
"""

from collections.abc import Callable, Container
from typing import Literal

from d365edi.endpoints.sterling.responses import NOT_FOUND, Fault
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)

Meaning = Literal[
    "done", "login", "credentials", "denied", "elsewhere", "absent", "none", "missing", "throttled", "down", "fails", "refused"
]  # fmt: skip
"""done: a result · login: a page that asks for a password · credentials: nobody is let in · denied: no right to this · elsewhere:
another address, which is not followed · absent: the object is not there · none: a business error says so of it, or that there
is nothing of the kind · missing: the API itself is not there · throttled: a pause is asked for · down, fails: it may pass; down
concerns every request · refused: a definite no."""

_SUCCESS, _OTHER_ADDRESS, _CLIENT, _SERVER = range(200, 300), range(300, 400), range(400, 500), range(500, 600)
_ALL = range(1000)

_Says = Callable[[Fault], bool]
_TABLE: tuple[tuple[Container[int], _Says | None, Meaning], ...] = (
    (_SUCCESS, lambda fault: fault.login, "login"),
    (_SUCCESS, None, "fails"),
    (_OTHER_ADDRESS, None, "elsewhere"),
    ({401}, None, "credentials"),
    (_ALL, lambda fault: fault.api == NOT_FOUND, "absent"),
    ({403}, None, "denied"),
    ({404}, lambda fault: fault.own, "absent"),
    ({404}, None, "missing"),
    ({413}, None, "refused"),
    ({429}, None, "throttled"),
    ({408, 502, 503, 504}, None, "down"),
    (_SERVER, None, "fails"),
    (_CLIENT, lambda fault: fault.java, "fails"),
    ({400}, lambda fault: fault.nothing, "none"),
    (_CLIENT, lambda fault: fault.html, "fails"),
    (_CLIENT, None, "refused"),
)
"""Status, what the body says (None: whatever it says), meaning. The first row that fits decides; a result is no row of it."""


def classify(status: int, fault: Fault | None) -> Meaning:
    """What an answer means; `fault` is None where the body is the result that was promised."""
    if fault is None and status in _SUCCESS:
        return "done"
    said = fault or Fault("")
    for statuses, says, meaning in _TABLE:
        if status in statuses and (says is None or says(said)):
            return meaning
    return "fails"


class NotFound(Refused):
    """The object is not there."""


_RIGHT = "give our user the rights that are needed there: read, write, view, delete"
_API = "check url; where it is right, install the API's jar again, as after each fix pack, and start the REST server"
_PAGE = "check url: the address of Sterling itself, and not of something in front of it that asks people for a password"
_TOO_LONG = "something in front of Sterling takes no request of this length: raise its limit, or set batch_above"
_ERRORS: dict[Meaning, tuple[type[EndpointError], str]] = {
    "login": (CredentialsRejected, _PAGE),
    "credentials": (CredentialsRejected, ""),
    "denied": (CredentialsRejected, ""),
    "elsewhere": (CredentialsRejected, _PAGE),
    "absent": (NotFound, ""),
    "none": (NotFound, ""),
    "missing": (Unreachable, _API),
    "throttled": (Throttled, ""),
    "down": (Unreachable, ""),
    "fails": (Unavailable, ""),
    "refused": (Refused, ""),
}
_NEVER_DONE: frozenset[Meaning] = frozenset({"login", "credentials", "denied", "throttled"})
"""Meanings of answers that come in place of the work, and never after it."""


def error_of(
    meaning: Meaning,
    words: str,
    *,
    status: int,
    endpoint: str,
    place: str,
    remedy: str,
    unclear: bool,
    wait: float | None,
) -> EndpointError:
    """An answer that is no result as an error. `place` names the one mailbox that it concerns, "" where it concerns no single
    one; `remedy` is that of a refused login; `unclear`: the request may have changed something; `wait` is Retry-After, in
    seconds."""
    kind, what_to_do = _ERRORS[meaning]
    if meaning == "denied" and place:
        kind, what_to_do = PlaceRefused, _RIGHT
    elif meaning == "down" and wait is not None:
        kind = Throttled
    elif status == 413:
        what_to_do = _TOO_LONG
    if kind is CredentialsRejected and not what_to_do:
        what_to_do = remedy
    if not issubclass(kind, Unavailable):
        return kind(words, endpoint=endpoint, remedy=what_to_do)
    doubt = unclear and meaning not in _NEVER_DONE
    return kind(words, endpoint=endpoint, remedy=what_to_do, retry_after=wait, unclear=doubt)
