"""When the daily digest is due, by a table of moments."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from d365edi.alerts import digests
from d365edi.alerts.digests import Digested
from d365edi.journal import Tx
from tests.journal import rows

CHICAGO = ZoneInfo("America/Chicago")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("last", "now", "when", "day"),
    [
        ("2026-11-28", "2026-11-29T06:59", time(7), None),
        ("2026-11-28", "2026-11-29T07:00", time(7), "2026-11-29"),
        ("2026-11-29", "2026-11-29T07:01", time(7), None),
        ("2026-11-29", "2026-11-29T23:59", time(7), None),
        ("2026-11-20", "2026-11-29T12:00", time(7), "2026-11-29"),  # it did not run for days: one, not nine
        ("", "2026-11-29T07:00", time(7), "2026-11-29"),
        ("2028-01-01", "2026-11-29T07:00", time(7), "2026-11-29"),  # the clock was set back from a day that is not yet
        ("2026-03-07", "2026-03-08T03:00", time(2, 30), "2026-03-08"),  # 02:30 does not exist on that day
        ("2026-11-28", "2026-11-29T07:00", "off", None),
    ],
)
def test_it_is_due_once_a_day(last: str, now: str, when: time | Literal["off"], day: str | None) -> None:
    assert digests.due(Digested(last), at(now), when) == day


@pytest.mark.parametrize(("now", "day"), [("2026-11-29T06:59", "2026-11-29"), ("2026-11-29T07:00", None)])
def test_the_first_one_is_not_of_a_time_that_is_over(now: str, day: str | None) -> None:
    begun = digests.first(at(now), time(7), {"acme": {"messages taken": 3}})
    assert digests.due(begun, at("2026-11-29T07:30"), time(7)) == day
    assert Digested.from_json(begun.to_json()) == begun


def test_it_counts_what_was_taken_and_delivered(tx: Tx) -> None:
    rows.message(tx)
    sent = rows.delivery(tx)
    rows.delivery(tx, partner="globex")
    tx.deliveries.attempting(sent.id)
    tx.deliveries.delivered(sent.id, "810")
    assert digests.totals(tx) == {
        "acme": {"messages taken": 1, "deliveries made": 1},
        "globex": {"messages taken": 0, "deliveries made": 0},
    }
