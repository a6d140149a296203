"""What an endpoint did, in figures: by table, and through a breaker."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.endpoints.base import Place, Remote
from d365edi.endpoints.breaker import Breaker
from d365edi.endpoints.figures import Figures
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.health import Health, failed, reached
from d365edi.errors import Refused, Throttled, Unreachable
from tests.clock import Clock

WELL = Health("d365", reached_at=0.0)


def throttled(state: Health, at: float, pause: float, began: float | None = None) -> Health:
    return failed(state, Throttled("x", retry_after=pause), "throttled", at if began is None else began, at)


def test_a_pause_counts_as_far_as_it_has_gone_and_once() -> None:
    figures, state = Figures(), throttled(WELL, 100.0, 60.0)
    seen = [figures.now(state, at).throttled for at in (100.0, 130.0, 130.0, 160.0, 500.0)]
    assert seen == [0.0, 30.0, 30.0, 60.0, 60.0]
    figures.throttled(state, 500.0)
    state = throttled(state, 500.0, 10.0)
    assert figures.now(state, 505.0).throttled == 65.0
    figures.throttled(state, 506.0)
    state = throttled(state, 506.0, 20.0, began=499.0)  # one that ran beside it asks for a longer pause
    figures.throttled(state, 600.0)
    assert figures.now(reached(state, 600.0, 601.0), 700.0).throttled == 86.0


def test_another_rest_is_no_pause() -> None:
    figures, state = Figures(), failed(WELL, Unreachable("x"), "unreachable", 100.0, 100.0)
    assert figures.now(state, 200.0).throttled == 0.0
    figures.throttled(state, 200.0)
    state = throttled(state, 200.0, 60.0)
    assert figures.now(state, 230.0).throttled == 30.0


async def test_operations_are_counted_with_their_failures_and_not_at_rest(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.edi").write_bytes(b"abc")
    breaker = Breaker(FolderEndpoint("acme", tmp_path), clock=Clock(100.0), epoch=Clock(1e9))
    listing = await breaker.list(Place("/out"))
    with pytest.raises(Refused):
        await breaker.fetch(listing.remotes[0], limit=1)
    for _ in range(2):  # the second is not tried: the place rests
        with pytest.raises(Exception, match="nowhere"):
            await breaker.list(Place("/nowhere"))
    with pytest.raises(Exception, match="gone"):
        await breaker.fetch(Remote("/out", "gone.edi", 1, None), limit=1)
    seen = breaker.figures()
    assert {name: one.counts[-1] for name, one in seen.operations.items()} == {"list": 2, "fetch": 2}
    assert seen.failures == {"document": 2, "place": 1}
