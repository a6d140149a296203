# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""[partners.NAME.send.SET.guard]: levels per check, demanded places, words for costs; each mistake reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from d365edi.guard import CHECKS

from .conftest import Reading

Reported = Callable[..., list[str]]
OF = 'of = "SalesInvoice"'


def with_guard(rows: str) -> tuple[str, str]:
    """The settings with these rows in the guard of the invoices."""
    return OF, f"guard = {{ {rows} }}\n{OF}"


def test_without_a_word_certain_mistakes_hold_and_the_rest_warns(reading: Reading) -> None:
    levels = reading().partners["acme"].send["810"].checks.levels
    held = {name for name, level in levels.items() if level == "hold"}
    assert held == {
        *("duplicate", "over_invoiced", "over_credited", "total_wrong", "reference_missing", "usage_differs"),
        *("sscc_wrong", "sscc_reused", "original_missing"),
    }
    assert {name for name, level in levels.items() if level == "off"} == {"before_notice"}
    assert set(levels) == set(CHECKS)


def test_a_credit_note_may_leave_its_original_out(reading: Reading) -> None:
    sent = reading((OF, f'original = "omit"\n{OF}')).partners["acme"].send["810"]
    assert sent.checks.levels["original_missing"] == "off"


def test_a_check_is_switched_for_one_partner(reading: Reading) -> None:
    rows = (
        'price_differs = "hold", duplicate = "off", demands = ["REF[IA|VR]02", "CAD"], costs = { duplicate = "dear" }'
    )
    guard = reading(with_guard(rows)).partners["acme"].send["810"].guard
    assert (guard.policy.levels["price_differs"], guard.policy.levels["duplicate"]) == ("hold", "off")
    assert (guard.demands, guard.costs, guard.say_costs) == (("REF[IA|VR]02", "CAD"), {"duplicate": "dear"}, True)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ('price_differs = "stop"', '.price_differs] "stop" must be "off" or "warn" or "hold"'),
        ('price_difers = "hold"', '.price_difers] is no key of [partners.acme.send.810.guard]; did you mean "price_differs"?'),
        ('demands = ["REF IA"]', '.demands.0] "REF IA" is not a place in a segment; write it as "REF[IA]02", "BIG04" or, for a whole segment, "CAD"'),
        ('costs = { price_difers = "x" }', '.costs.price_difers] "x" is not the name of a check; did you mean "price_differs"?'),
        ('costs = { x = "x" }', ".costs.x] \"x\" is not the name of a check; known are " + ", ".join(CHECKS)),
        ("say_costs = 1", ".say_costs] 1 must be true or false; write say_costs = true"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported(reported: Reported, rows: str, says: str) -> None:
    assert [line.partition("[partners.acme.send.810.guard")[2] for line in reported(with_guard(rows))] == [says]
