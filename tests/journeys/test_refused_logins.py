"""A login that is refused is not tried again by the next `run --once`: a timer would lock our user at the other side."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from d365edi.endpoints.base import Check
from d365edi.endpoints.health import RESTS
from d365edi.errors import CredentialsRejected
from d365edi.flows.logins import revision
from d365edi.journal.cursors import REFUSED_LOGINS as CURSOR
from d365edi.settings.daemon import Secrets
from tests.journeys.mailbox import Mailboxes, opened
from tests.journeys.world import World, world

FROM = "/outbound"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose server is not used."""
    async with world(tmp_path) as made:
        yield made


class Locked(Mailboxes):
    """Mailboxes of a server that lets nobody in as long as it is `shut`; `logins` counts the attempts."""

    shut = True
    logins = 0

    def knock(self, _number: int) -> None:
        self.logins += 1
        if self.shut:
            raise CredentialsRejected("it does not let user d365edi in", endpoint="acme", remedy="check the password")


def locked() -> Locked:
    box = Locked()
    box.before_listing = box.knock
    return box


async def once(here: World, box: Locked) -> set[str]:
    """One `run --once` in a process of its own; the kinds of trouble at its end."""
    async with opened(here, box) as app:
        await app.once()
        return {trouble.kind for trouble in app.troubles()}


async def test_a_refused_login_rests_over_the_end_of_the_process(here: World, lines: list[str]) -> None:
    box = locked()
    assert [await once(here, box) for _ in range(3)] == [{"credentials"}] * 3
    assert box.logins == 1
    said = [line for line in lines if "check the password; it is tried again in 1" in line]
    assert len(said) == 3
    box.shut = False
    async with opened(here, box) as app:  # the daemon: a person started it
        await app.tick("acme.pickup.edi")
    assert box.logins > 1


async def test_a_secret_that_is_stored_anew_is_another_revision(here: World) -> None:
    settings = here.settings()
    vault = here.folder / "vault"
    vault.write_text("{}")
    known = settings.model_copy(update={"secrets": Secrets(vault=vault)})
    before = revision(known)
    assert (before, revision(known)) == (revision(known), before)
    os.utime(vault, ns=(1, vault.stat().st_mtime_ns + 1))
    assert revision(known) != before
    vault.unlink()
    assert revision(known).endswith(":0")


@pytest.mark.parametrize("how", ["settings", "ping", "failed ping", "time"])
async def test_it_is_tried_again_once_somebody_did_something_or_after_the_rest(here: World, how: str) -> None:
    box = locked()
    await once(here, box)
    box.shut = False
    if how == "settings":
        here.extra += "\n# another password\n"
    elif "ping" in how:
        box.checks = [Check("login", how == "ping", 1.0, "said")]
        async with opened(here, box) as app:
            await app.ping("acme")
    else:
        async with opened(here, box) as app:
            noted = json.loads(await app.journal.read(lambda tx: str(tx.cursors.get(CURSOR))))
            noted["acme"]["at"] -= RESTS.person
            await app.journal.write(lambda tx: tx.cursors.set(CURSOR, json.dumps(noted)))
    assert await once(here, box) == ({"credentials"} if how == "failed ping" else set())
    assert (box.logins > 1) == (how != "failed ping")
