"""The text of a message: whole for few incidents, short for many, the same as data."""

from __future__ import annotations

from datetime import UTC, datetime

from d365edi.alerts import message
from d365edi.alerts.incidents import Report
from d365edi.alerts.message import Message
from d365edi.journal import Incident

NOW = 1_790_000_000.0


def local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def incident(number: int = 1, state: str = "told") -> Incident:
    what, remedy = f"acme{number} does not answer", f"to try it: d365edi ping acme{number}"
    return Incident(str(number), "unreachable", f"acme{number}", what, remedy, state, NOW - 7200, 7200.0)  # type: ignore[arg-type]


def test_one_that_begins_and_one_that_is_over_are_written_out() -> None:
    made = message.of_incidents(Report((incident(1),), (incident(2),)), "edi1", NOW, local)
    assert made.subject == "[d365edi edi1] 1 begins, 1 is over: acme1 does not answer ..."
    assert made.text == (
        "What begins:\n\n"
        "* acme1 does not answer (since 2026-09-21 12:13:20+00:00)\n"
        "  to try it: d365edi ping acme1\n\n"
        "What is over:\n\n"
        "* over: acme2 does not answer (from 2026-09-21 12:13:20+00:00, for about 2.0 h)\n\n"
        "All that is the matter: d365edi status\n"
    )
    assert (made.begun[0]["name"], made.ended[0]["seconds"]) == ("acme1", 7200)


def test_many_that_begin_at_once_are_one_message_that_is_not_long() -> None:
    many = tuple(incident(number) for number in range(500))
    made = message.of_incidents(Report(many, ()), "edi1", NOW, local)
    assert made.subject == "[d365edi edi1] 500 begin: acme0 does not answer ..."
    assert (made.text.count("* "), "and 480 more: d365edi status" in made.text) == (20, True)
    assert len(made.begun) == 100


def test_the_subject_of_one_is_its_sentence_and_never_too_long() -> None:
    assert (
        message.of_incidents(Report((incident(),), ()), "edi1", NOW, local).subject
        == "[d365edi edi1] acme1 does not answer"
    )
    assert message.of_incidents(Report((), (incident(),)), "edi1", NOW, local).subject.endswith(
        "] over: acme1 does not answer"
    )
    long = Incident("x", "flow", "x", "y" * 500, "", "told", NOW)
    assert len(message.of_incidents(Report((long,), ()), "edi1", NOW, local).subject) == 120


def test_a_message_is_read_as_it_was_stored() -> None:
    made = message.of_incidents(Report((incident(1),), (incident(2),)), "edi1", NOW, local)
    assert Message.from_json(made.to_json()) == made


def test_a_digest_says_what_is_the_matter_and_what_came_and_went_since_the_last_one() -> None:
    totals = {
        "acme": {"messages taken": 12, "deliveries made": 30},
        "globex": {"messages taken": 1, "deliveries made": 0},
    }
    before = {"acme": {"messages taken": 10, "deliveries made": 30}}
    made = message.digest([incident(1), incident(2, "seen")], totals, before, "edi1", NOW, local)
    assert made.subject == "[d365edi edi1] daily digest: one thing is the matter"
    assert "* acme1 does not answer" in made.text
    assert "acme2" not in made.text
    assert "* acme: 2 messages taken, 0 deliveries made\n\n* globex: 1 messages taken, 0 deliveries made" in made.text
    assert message.digest([], {}, {}, "edi1", NOW, local).subject.endswith("daily digest: all is well")


def test_a_dead_daemon_and_another_unit_are_told_with_commands_for_the_unit() -> None:
    made = message.dead("d365edi.service", "watchdog", "edi1", NOW, local)
    assert made.subject == "[d365edi edi1] d365edi has stopped"
    assert "d365edi has stopped (watchdog) and systemd does not start it again: nothing is taken or sent" in made.text
    assert "journalctl -u d365edi -n 50; then: systemctl reset-failed d365edi; systemctl start d365edi" in made.text
    other = message.dead("d365edi-backup.service", "", "edi1", NOW, local)
    assert "d365edi-backup has failed" in other.text
    assert "nothing is taken" not in other.text
