# ruff: noqa: E501 - a table of values is read by its rows
"""Single values: what is taken, and as what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from d365edi.edi.interchange import Party
from d365edi.settings.cron import Cron
from d365edi.settings.errors import show
from d365edi.settings.values import (
    Address,
    Delimiters,
    Duration,
    GroupId,
    Host,
    Https,
    Listening,
    Name,
    Size,
    Span,
    X12Id,
)


def taken(kind: Any, value: object) -> object:
    """The value as its kind takes it, None where it refuses."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30), ("5m", 300), ("1h30m", 5400), ("400d", 34_560_000), ("2w", 1_209_600), ("200ms", 0.2), ("1.5h", 5400), ("0s", 0),
        ("5", None), ("", None), ("5 m", None), ("m", None), ("-5m", None), ("5M", None), ("1h-2m", None), (300, None), (True, None),
        ("9999999999w", None), ("٣s", 3), ("1e3s", None),
    ],
)  # fmt: skip
def test_a_span_is_numbers_with_units(written: object, seconds: float | None) -> None:
    assert taken(Span, written) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_duration_is_longer_than_nothing() -> None:
    assert [taken(Duration, written) for written in ("0s", "0h0m", "1ms")] == [None, None, timedelta(milliseconds=1)]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("64MB", 64_000_000),
        ("64 MiB", 67_108_864),
        ("1B", 1),
        ("512kB", 512_000),
        ("0B", None),
        ("64", None),
        ("1.5MB", None),
        (64, None),
    ],
)
def test_a_size_is_a_number_with_a_unit(written: object, size: int | None) -> None:
    assert taken(Size, written) == size


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Host, ["a", "sftp.acme.example", "10.0.0.1", "[::1]", "under_score.x"], ["", "a:22", "a/b", "http://a", "-a", "a b", "a@b", "é.x"]),
        (Address, ["a", "a:22", "[::1]:443", "a.b:65535"], ["", "a:", "a:65536", "a:b", "::1", "a/b", "u:p@a"]),
        (Listening, ["0.0.0.0:8443", "localhost:0", "[::]:1"], ["0.0.0.0", "0.0.0.0:", ":8443"]),
        (Https, ["https://a", "https://a.b:8443/x"], ["http://a", "a", "https://", "https://u@a", "https://a?q", "https://a b"]),
        (Name, ["acme", "ACME_2-x", "7"], ["", "a.b", "a b", "-a", "é", "a" * 64]),
        (GroupId, ["12", "ABC 123", "1" * 15], ["1", "1" * 16, " 12", "12 ", "é1"]),
        (Delimiters, ["*>~", "*>~^", "|:\n", "\x1d\x1f\x1c", "*>\x15", "*>_"], ["*>", "*>~^!", "*>>", "*A~", "*1~", "* ~", "*.~", "*-~", "\n>~", "*>~\r", "*é~", "\x00>~"]),
    ],
)  # fmt: skip
def test_what_is_taken_and_what_is_refused(kind: Any, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if taken(kind, value) is None] == []
    assert [value for value in bad if taken(kind, value) is not None] == []


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        ("08:6111250008", ("08", "6111250008")),
        ("ZZ:A:B", ("ZZ", "A:B")),
        ("01:" + "1" * 15, ("01", "1" * 15)),
        ("01:0012", ("01", "0012")),
        ("01:" + "1" * 16, None),
        ("1:123", None),
        ("zz:ABC", None),
        ("01:", None),
        ("01: 123", None),
        ("01:123 ", None),
        ("01:12\t3", None),
        ("01:12é", None),
        (123, None),
    ],
)
def test_an_identity_is_a_qualifier_and_an_id_as_written(written: object, identity: tuple[str, str] | None) -> None:
    assert taken(X12Id, written) == (None if identity is None else Party(*identity))


@pytest.mark.parametrize(
    "written",
    [
        "* * * * *",
        "*/10 6-20 * * mon-fri",
        "0,30 0 1,15 jan,jul *",
        "5/20 1-9/2 31 * sat,sun",
        "0 0 29 feb *",
        "0 6 * * MON",
    ],
)
def test_a_cron_expression_is_taken_in_small_letters(written: str) -> None:
    assert taken(Cron, written) == written.lower()


@pytest.mark.parametrize(
    "written",
    [
        "", "* * * *", "* * * * * *", "@daily", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "0 6 * * 1", "0 6 * * 0-4",
        "0 6 * * mon-5", "0 6 * * fri-mon", "30-10 * * * *", "*/0 * * * *", "*/60 * * * *", "0 0 31 feb *", "0 0 30,31 2 *", "0 0 31 4,6,9,11 *",
        "a * * * *", "1,,2 * * * *", "1- * * * *", "* * last * *", "* * 2nd-mon * *", "٣ * * * *", "-1 * * * *",
    ],
)  # fmt: skip
def test_a_cron_expression_that_never_or_wrongly_fires_is_refused(written: str) -> None:
    assert taken(Cron, written) is None


def field(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.sampled_from(names) if names else st.integers(low, high).map(str)
    step = st.one_of(st.just(""), st.integers(1, high).map("/{}".format))
    item = st.one_of(st.just("*"), number, st.tuples(number, number).map("-".join))
    return st.lists(st.tuples(item, step).map("".join), min_size=1, max_size=2).map(",".join)


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@given(st.tuples(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6, DAYS)).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_what_is_taken_the_scheduler_takes_too_and_it_comes_one_day(written: str) -> None:
    if taken(Cron, written) is None:
        return
    trigger = CronTrigger.from_crontab(written, "America/Chicago")
    assert trigger.get_next_fire_time(None, datetime(2025, 1, 31, tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", '"a"'),
        (7, "7"),
        (True, "true"),
        ([1, "a"], '[1, "a"]'),
        ({"a": 1}, ""),
        ("x" * 100, '"' + "x" * 56 + '…"'),
        ("sftp://me:hunter2@acme.example/x", '"sftp://***@acme.example/x"'),
        ("me:hunter2@acme", '"***@acme"'),
        ("me:hun@ter/2@acme", '"***@acme"'),
    ],
)
def test_a_value_is_shown_as_written_but_short_and_without_a_password(value: object, shown: str) -> None:
    assert show(value) == shown
