"""/metrics of a daemon that did known work: what a scrape over HTTP says, and that `status` says the same."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from d365edi import metrics, snapshot
from d365edi.journal import Tx
from tests.journeys.world import World, world
from tests.scrapes import Scrape, named, parsed
from tests.truth import FIRST, SECOND, Faces, Scene, scene, serving


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world that commands find."""
    async with world(tmp_path) as made:
        monkeypatch.setenv("D365EDI_SETTINGS", str(made.settings_file))
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


async def known_work(here: Scene) -> None:
    """Two orders in, of which one has an item that nobody knows; an invoice out."""
    here.world.partner.drop("PO-1.edi", here.world.order(FIRST))
    await here.until(lambda: here.orders() == {FIRST: 2} and here.answered())
    [header] = here.world.simulator.state.rows("SalesOrderHeadersV4")
    here.world.simulator.post_invoice(str(header["SalesOrderNumber"]))
    here.world.partner.drop("PO-2.edi", here.world.order(SECOND, [("1", "1", "2", "NOBODY-KNOWS")]))
    await here.until(lambda: here.invoices() and len(here.answered()) == 2)


COUNTED = ("messages", "documents", "deliveries", "acknowledgments")


def agrees(seen: Faces) -> bool:
    """Whether the scrape has the counts, places and troubles of `status`, and nothing of its own."""
    said = {
        named(what, {"partner": row["partner"], "state": state}): count
        for row in seen.status["counts"]
        for what in COUNTED
        for state, count in row[what].items()
    }
    kinds = Counter(trouble["kind"] for trouble in seen.status["daemon"]["troubles"])
    said |= {named("troubles", {"kind": kind}): count for kind, count in kinds.items()}
    for row in seen.status["places"]:
        endpoint, _, path = row["place"].partition(":")
        place = {"endpoint": endpoint, "path": path}
        said |= {named("place_offered_files", place): row["offered"]} if row["offered"] else {}
        said |= {named("place_passed_over_files", place): row["passed_over"]} if row["passed_over"] else {}
    names = tuple(f"{name}{{" for name in (*COUNTED, "troubles", "place_offered_files", "place_passed_over_files"))
    return said == {name: value for name, value in seen.figures.items() if name.startswith(names) and value}


async def test_a_scrape_counts_known_work_and_status_says_the_same(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        await known_work(here)
        seen = await here.until_faces(agrees)
        of = seen.figures
        assert [of[f'documents{{partner="acme",state="{state}"}}'] for state in ("delivered", "held", "ready")] == [
            2,
            1,
            0,
        ]
        assert of['acknowledgments{partner="acme",state="awaited"}'] == 1
        assert [
            of[f'{what}_latency_seconds_count{{partner="acme"}}'] for what in ("order", "send", "acknowledgment")
        ] == [1, 1, 2]
        assert 0 < of['oldest_waiting_seconds{partner="acme",state="held",what="documents"}'] < 600
        assert [of[f'endpoint_up{{endpoint="{name}"}}'] for name in ("acme", "d365")] == [1, 1]
        assert of['endpoint_operation_seconds_count{endpoint="acme",operation="deliver"}'] == 3
        assert of['journal_size_bytes{file="database"}'] + of['journal_size_bytes{file="wal"}'] > 100_000
        assert (of["journal_free_bytes"] > 0, of["live"], of["journal_commits_total"] > 0) == (True, 1, True)
        assert of["process_resident_memory_bytes"] > 0
        assert not any(word in name for name in of for word in (FIRST, SECOND, "PO-1", "997_", "810_"))


async def scraped(here: Scene) -> Scrape:
    async with httpx.AsyncClient(base_url=f"http://{here.place}") as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"][:25]) == (200, "text/plain; version=0.0.4")
    return parsed(answer.text)


async def test_a_scrape_answers_while_the_journal_cannot_be_read_and_says_so(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        await known_work(here)
        assert (await scraped(here))["journal_readable"] == 1
        await here.app.journal.write(lambda tx: renamed(tx, "places", "away"))
        seen = await scraped(here)
        assert (seen["journal_readable"], seen["live"], seen['endpoint_up{endpoint="d365"}']) == (0, 1, 1)
        assert seen['order_latency_seconds_count{partner="acme"}'] == 1
        assert not [name for name in seen if name.startswith("documents")]
        await here.app.journal.write(lambda tx: renamed(tx, "away", "places"))
        assert (await scraped(here))['documents{partner="acme",state="delivered"}'] == 2


def renamed(tx: Tx, table: str, other: str) -> None:
    tx.unit.connection.execute(f"ALTER TABLE {table} RENAME TO {other}")


async def test_a_journal_that_does_not_answer_is_not_waited_for(town: World) -> None:
    free = threading.Event()
    async with town.app() as app:
        async with anyio.create_task_group() as group:
            group.start_soon(app.journal.read, lambda tx: free.wait())
            seen = await snapshot.take(app, [], {}, (), patience=0.05)
            free.set()
        assert (seen.journal, parsed(metrics.text(seen))["journal_readable"]) == (None, 0)
        assert (await snapshot.take(app, [], {}, ())).journal is not None
