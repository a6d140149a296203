"""Killed between storing, sending and recording an alert: started again, nobody misses a begin or an end.

A mail whose receipt could not be recorded comes again: SMTP cannot be asked what it took. It has the same id."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from d365edi import failpoints, log, secrets
from d365edi.alerts import service
from d365edi.condition import Observation, Trouble
from d365edi.endpoints.health import Health
from d365edi.journal import Journal
from d365edi.sandbox import tls
from d365edi.settings import load
from tests.crash.drill import ALERTED, FORKED
from tests.servers.channels import channel_settings
from tests.servers.smtp import mail_server
from tests.servers.webhooks import receiver
from tests.settings.conftest import RIGHT

ALERTS = """
[alerts]
delay = "0s"
settled = "0s"
every = "0s"
digest = "off"
"""


async def _once(file: str, there: bool) -> None:
    settings = load(Path(file), keyring=secrets.keyring(log.hide))
    assert settings.alerts is not None
    seen = Observation(
        [Trouble("credentials", "acme", "the login was refused")] if there else [], [Health("acme", reached_at=1.0)]
    )
    async with await Journal.open(settings.daemon.journal) as journal:
        telling = service.of(settings, settings.alerts, journal, lambda: seen)
        await telling.turn()
        await telling.stop()


def _forked(file: str, there: bool, environ: dict[str, str], failpoint: str) -> None:
    os.environ.update(environ)
    failpoints.arm(failpoint)
    anyio.run(_once, file, there)
    sys.exit(0)


async def look(file: Path, environ: dict[str, str], failpoint: str = "", *, there: bool) -> int | None:
    """One look in a process of its own; its return code (-9 when the failpoint was reached)."""
    process = FORKED.Process(target=_forked, args=(str(file), there, environ, failpoint))
    process.start()
    await anyio.to_thread.run_sync(process.join)
    return process.exitcode


@pytest.mark.parametrize("ends", [False, True], ids=["begin", "end"])
@pytest.mark.parametrize("failpoint", [*ALERTED, "alert.sent:2", "alert.recorded:2"])
async def test_an_alert_survives_a_kill(failpoint: str, ends: bool, tmp_path: Path) -> None:
    identity = tls.create(tmp_path / "tls")
    async with mail_server(identity) as mails, receiver(identity) as got:
        file = tmp_path / "settings.toml"
        file.write_text(RIGHT + ALERTS + channel_settings(mails.port, identity.authority))
        environ = {
            "D365EDI_SECRET_MAIL": "mail-word",
            "D365EDI_SECRET_URL": got.url,
            "D365EDI_SECRET_KEY": "webhook-word",
        }
        for there in (True, False):
            if there is not ends:
                assert await look(file, environ, failpoint, there=there) == -9
            for _ in range(2):
                assert await look(file, environ, there=there) == 0
        told = {
            "mail": [str(mail["Message-ID"]) for _, mail in mails.arrived],
            "webhook": [id for id, _ in got.arrived],
        }
        twice = {"alert.sent": "mail", "alert.sent:2": "webhook"}.get(failpoint)
        for channel, ids in told.items():
            times = [2, 1] if channel == twice else [1, 1]
            assert sorted(Counter(ids).values(), reverse=True) == times, (channel, ids)
        said = {id: (len(body["begun"]), len(body["ended"])) for id, body in got.arrived}
        assert list(said.values()) == [(1, 0), (0, 1)]
