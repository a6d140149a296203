"""The daemon with alerts: what it refuses at the start, and that a receiver that is away concerns no document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi import daemon, log, secrets, settings
from d365edi.errors import SettingsError
from tests.journeys.world import World, world
from tests.test_truth import DEGRADED, SHORT, all_is_well, first_order
from tests.truth import FIRST, SECOND, scene, serving


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world that commands find."""
    async with world(tmp_path) as made:
        made.waits = dict(SHORT)
        monkeypatch.setenv("D365EDI_SETTINGS", str(made.settings_file))
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.mark.parametrize(
    ("secret", "value", "sentence"),
    [
        ("URL", "http://127.0.0.1/letmein", 'the secret "url" is not an https address'),
        ("KEY", None, 'there is no secret "key"'),
    ],
)
async def test_a_channel_that_cannot_be_used_is_refused_at_the_start(
    secret: str, value: str | None, sentence: str, town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys):
        environ = {**town.environ, f"D365EDI_SECRET_{secret}": value or ""}

        def load() -> settings.Settings:
            return settings.load(town.settings_file, environ, keyring=secrets.keyring(log.hide))

        with pytest.raises(SettingsError) as caught:
            await daemon.run(load)
    assert (sentence in str(caught.value), "letmein" in str(caught.value)) == (True, False)
    assert not (town.folder / "var" / "journal.sock").exists()


async def test_a_receiver_that_is_away_is_shown_and_logged_and_no_document_waits_for_it(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        made = await first_order(here)
        here.receiver.answers = [(503, {})] * 100_000
        town.simulator.faults.answer(403, path="/data/SalesInvoiceV4Lines", times=100_000)
        number = town.simulator.post_invoice(made)
        town.partner.drop("PO-2.edi", town.order(SECOND))
        seen = await here.until_faces(lambda seen: "unreachable" in seen.kinds and len(here.orders()) == 2)
        [trouble] = seen.status["daemon"]["troubles"]
        assert (trouble["name"], "answered 503" in trouble["why"]) == ("alerts:webhook", True)
        assert (seen.health, [row["name"] for row in seen.status["needs_a_person"]]) == (DEGRADED, [number])
        assert [row["state"] for row in seen.status["waits"]] == []
        assert here.log().count("alerts:webhook     waits") == 1
        here.receiver.answers = []
        await here.until(lambda: "held document acme" in here.begun())
        town.simulator.faults.waiting.clear()
        assert (await here.command("release", number))[0] == 0
        await here.until(here.invoices)
        await all_is_well(here)
        await here.until(lambda: sorted(here.begun()) == sorted(here.over()) == ["held document acme"])
        assert here.orders() == {FIRST: 2, SECOND: 2}
