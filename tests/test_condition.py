"""What is the matter, by kind: who ends it, and what one line says of it."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from d365edi import condition
from d365edi.cli import status
from d365edi.condition import Kind, Trouble, of_endpoints, rows
from d365edi.endpoints.health import Health

AT = 1_750_000_000.0
REFUSED = Health(
    "acme", "", "", AT, "credentials", "the login was refused", "set the key", AT + 60, AT + 120, 3, AT + 960, None
)


def test_an_endpoint_that_is_reached_is_no_trouble_and_one_that_fails_says_since_when_and_why() -> None:
    place = Health("acme", "/out", "pickup", AT, "place", "it is missing", "make it", AT, AT, 1, AT + 900)
    found = list(of_endpoints([Health("d365", reached_at=AT), REFUSED, place]))
    assert found == [
        Trouble("credentials", "acme", "the login was refused", "set the key", AT + 60, AT + 960, 3),
        Trouble("place", "acme:/out", "it is missing", "make it", AT, AT + 900, 1),
    ]
    assert condition.summary(found) == "credentials: acme; place: acme:/out"


def test_moments_of_rows_have_the_zone_s_offset() -> None:
    zone = ZoneInfo("America/Chicago")
    [trouble] = rows(list(of_endpoints([REFUSED])), zone)
    [endpoint] = rows([REFUSED], zone)
    assert (trouble["since"], trouble["until"]) == ("2025-06-15T10:07:40-05:00", "2025-06-15T10:22:40-05:00")
    assert (endpoint["reached_at"], endpoint["failing_since"]) == ("2025-06-15T10:06:40-05:00", trouble["since"])
    [unused] = rows([Health("d365").shifted(AT)], zone)
    assert (unused["reached_at"], unused["rests_until"]) == (None, None)


@pytest.mark.parametrize(("kind", "lives"), [("broken", False), ("stuck", False), ("journal", True), ("held", True)])
def test_only_what_a_restart_ends_is_left_to_the_watchdog(kind: Kind, lives: bool) -> None:
    assert condition.live([Trouble(kind, "x", "y")]) is lives


@pytest.mark.parametrize(("kinds", "word"), [((), "ok"), (("held",), "degraded"), (("held", "stuck"), "stuck")])
def test_one_word_says_how_all_of_it_is(kinds: tuple[Kind, ...], word: str) -> None:
    assert condition.word([Trouble(kind, "x", "y") for kind in kinds]) == word


def test_status_knows_the_kinds_that_pass_by_themselves() -> None:
    assert status.PASSING == condition.PASSING


def test_status_shows_what_ends_soon_beside_what_is_the_matter(capsys: pytest.CaptureFixture[str]) -> None:
    moments = {"since": "2025-06-15T10:06:40-05:00", "settings_since": "2025-06-15T10:16:40-05:00"}
    ends = [{"name": "secret d365", "why": 'the secret "d365" ends on 2025-07-01'}]
    daemon = {"pid": 7, **moments, "condition": "ok", "troubles": [], "flows": [], "endpoints": [], "ends": ends}
    status._show_daemon(cast(Any, None), "runs", daemon)
    said = capsys.readouterr().out
    assert ("Ends soon" in said, 'the secret "d365" ends on 2025-07-01' in said) == (True, True)
    assert ("as process 7 since 2025-06-15" in said, ", settings of 2025-06-15" in said) == (True, True)
