"""What waits is told with the reason that the daemon knows, and where none runs with that."""

from __future__ import annotations

from typing import Any

import pytest

from d365edi.cli.waiting import ABSENT, Matter

AT = "2026-11-29T08:06:40+00:00"


def row(kind: str, name: str, until: str | None = None, remedy: str = "") -> dict[str, Any]:
    return {"kind": kind, "name": name, "why": f"why of {name}", "remedy": remedy, "until": until}


TROUBLES = (
    row("credentials", "d365", AT, "set it"),
    row("place", "d365:SalesOrderHeadersV2", AT),
    row("unreachable", "acme"),
    row("held", "sending", remedy="release it"),
    row("flow", "acme.pickup.edi"),
)


def test_an_endpoint_that_rests_is_named_until_when_and_why_and_no_other() -> None:
    first, second = Matter("runs", TROUBLES).of("d365")
    assert first.startswith("waits for d365: it rests until 2026-11-29 ")
    assert first.endswith(", because why of d365; set it")
    assert (second.startswith("waits for d365:SalesOrderHeadersV2: it rests until"), "set it" in second) == (
        True,
        False,
    )
    assert list(Matter("runs", TROUBLES).of("acme")) == [
        "waits for acme: it rests, because why of acme",
        "waits for sending, because why of sending; release it",
    ]
    assert list(Matter("runs", TROUBLES[:1]).of("acme")) == []


@pytest.mark.parametrize("state", ABSENT)
def test_where_no_daemon_answers_that_is_the_reason(state: str) -> None:
    assert list(Matter(state).of("d365")) == [ABSENT[state]]


def test_a_journal_that_cannot_store_keeps_everything() -> None:
    assert list(Matter("runs", (row("journal", "journal"),)).of("d365")) == [
        "waits for journal, because why of journal"
    ]
