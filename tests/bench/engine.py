"""The engine as the figures call it: the only place here that knows names of `d365edi.edi` and `d365edi.maps`.

Two checkouts can be timed in one run (`edi --against`), so the names are looked for when called: first those of today, then
those of older checkouts. `pin` chooses the checkout; without it the one that Python finds is used.

Knows: how to read, map and write with the engine of a checkout. Does not know: files, clocks.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

AT = datetime(2026, 1, 5, tzinfo=UTC)
US, THEM = ("14", "5412345000013"), ("14", "4012345000009")


def pin(checkout: Path) -> None:
    """Let `d365edi` be that of a checkout, in this process; before anything of it is imported."""
    assert "d365edi" not in sys.modules
    folder = checkout.resolve() / "d365edi"
    spec = importlib.util.spec_from_file_location(
        "d365edi", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["d365edi"] = module
    spec.loader.exec_module(module)


def _module(*names: str) -> Any:
    """The first of these modules of `d365edi` that there is."""
    for name in names:
        if importlib.util.find_spec(f"d365edi.{name}") is not None:
            return importlib.import_module(f"d365edi.{name}")
    raise ImportError(f"none of {', '.join(names)}; teach tests/bench/engine.py the new name")


def standard(set_id: str) -> str:
    """What a set is written in."""
    return "EDIFACT" if set_id == "ORDERS" else "X12"


@cache
def shipped(set_id: str, version: str) -> tuple[Any, Any]:
    """The shipped map and guide of a set."""
    of = standard(set_id)
    return _module("maps.table").load(of.lower(), set_id), _module("edi.guides").load(of, set_id, version)


def stream(chunks: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    """The reports of a file as they close, each with the name of its class."""
    for report in _module("edi.reader").stream(chunks):
        yield type(report).__name__, report


def tokenize(chunks: Iterable[bytes]) -> int:
    """How many segments there are."""
    tokenizer = _module("edi.tokenizer")
    return sum(len(event.segments) for event in tokenizer.tokenize(chunks) if isinstance(event, tokenizer.Batch))


def answer(set_id: str, report: Any) -> bytes:
    """The 997 of a group or the CONTRL of an interchange."""
    if standard(set_id) == "X12":
        body = _module("edi.x12.acknowledgment").functional(report, report.control)
        return interchange("997", "004010", [body])
    body = _module("edi.edifact.acknowledgment").interchange(report)
    return interchange("CONTRL", "D:3:UN", [body])


@cache
def reader(set_id: str, version: str) -> Callable[[Any], Any]:
    """From the report of a set to the document, through the shipped map."""
    table, guide = shipped(set_id, version)
    read = _maker(set_id, "Reader")(table, guide).read
    return lambda report: read(report).document


@cache
def writer(set_id: str, version: str) -> Callable[[Any], Any]:
    """From a document to the body of a set, through the shipped map."""
    write: Callable[[Any], Any] = _maker(set_id, "Writer")(*shipped(set_id, version)).write
    return write


def _maker(set_id: str, kind: str) -> Any:
    """`Reader` or `Writer` of maps; older checkouts have others for EDIFACT."""
    if standard(set_id) == "EDIFACT":
        package = _module("maps.edifact")
        own = package if hasattr(package, f"Edifact{kind}") else _module(f"maps.edifact.{kind.lower()}")
        return getattr(own, f"Edifact{kind}")
    return getattr(_module(f"maps.{kind.lower()}"), kind)


def interchange(set_id: str, version: str, bodies: list[Any]) -> bytes:
    """One interchange of these bodies, in the standard of the set."""
    outgoing, party = _module("edi.outgoing", "edi.x12.writer"), _module("edi.interchange").Party
    sets = tuple(outgoing.OutgoingSet(set_id, f"{at:04d}", body) for at, body in enumerate(bodies, 1))
    us, them = party(*US), party(*THEM)
    data: bytes
    if set_id in ("ORDERS", "CONTRL"):
        edifact = _module("edi.edifact.writer")
        envelope = edifact.Envelope(us, them, version, "P", edifact.DEFAULT, 1, AT)
        data = edifact.write(envelope, [outgoing.Group("", 0, sets)])
        return data
    x12 = _module("edi.x12.writer")
    syntax = _module("edi.syntax").Syntax
    repetition = "^" if version >= "004020" else ""
    syntax = syntax(repetition=repetition if isinstance(syntax().element, str) else repetition.encode())
    envelope = x12.Envelope(us, them, "US", "THEM", version, "P", syntax, 1, AT)
    data = x12.write(envelope, [outgoing.Group(_module("edi.guides").group_of("X12", set_id), 1, sets)])
    return data
