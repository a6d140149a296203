"""Incidents and alerts as rows: what is stored together, sent in order, and kept."""

from __future__ import annotations

from dataclasses import replace

from d365edi.journal import Alert, Incident, Tx
from d365edi.journal.alerts import KEPT

INCIDENT = Incident("unreachable acme", "unreachable", "acme", "acme does not answer", "wait", "seen", 900.0, 10.0, 0.0)
ALERT = Alert("one", "mail", "{}", 1000.0)


def test_incidents_are_read_as_they_were_stored_oldest_first(tx: Tx) -> None:
    later = replace(INCIDENT, key="b", since=950.0, state="told", quiet=3.0)
    tx.alerts.save([later, INCIDENT], [], [])
    assert tx.alerts.incidents() == [INCIDENT, later]
    tx.alerts.save([replace(INCIDENT, state="told")], ["b"], [])
    assert tx.alerts.incidents() == [replace(INCIDENT, state="told")]


def test_alerts_wait_in_the_order_in_which_they_were_made_until_they_are_settled(tx: Tx) -> None:
    webhook, second = replace(ALERT, channel="webhook"), replace(ALERT, id="two", made_at=900.0)
    assert (tx.alerts.last_made_at(), tx.alerts.waiting()) == (None, [])
    tx.alerts.save([], [], [ALERT, webhook, second])
    assert (tx.alerts.last_made_at(), tx.alerts.waiting()) == (900.0, [ALERT, webhook, second])
    tx.alerts.save([], [], [replace(ALERT, state="sent", attempts=2), replace(second, attempts=1)])
    assert tx.alerts.waiting() == [webhook, replace(second, attempts=1)]


def test_old_alerts_go_and_none_that_waits(tx: Tx) -> None:
    tx.alerts.save([], [], [ALERT, *(replace(ALERT, id=f"{n}", state="sent") for n in range(KEPT + 20))])
    [(count,)] = tx.unit.connection.execute("SELECT count(*) FROM alerts").fetchall()
    assert (count, tx.alerts.waiting()) == (KEPT + 1, [ALERT])
