"""How often the daemon ended without being stopped, by a table of its starts."""

from __future__ import annotations

import pytest

from d365edi.alerts import starts

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        ([], False),
        ([100, 50], False),
        ([3000, 100, 50], True),
        ([3700, 100, 50], False),  # more than an hour ago
        ([-100, 100, 50], False),  # by a clock that was set since
    ],
)
def test_three_within_an_hour_are_told(ago: list[float], told: bool) -> None:
    begun = starts.begun([NOW - each for each in ago], NOW)
    assert [each.kind for each in starts.found(begun, NOW)] == (["restarts"] if told else [])
    assert starts.from_json(starts.to_json(begun)) == begun


def test_only_the_last_ones_are_remembered() -> None:
    begun: tuple[float, ...] = starts.from_json(None)
    for number in range(100):
        begun = starts.begun(begun, float(number))
    assert begun == tuple(float(number) for number in range(80, 100))
