"""The alert about a daemon that does not run, and its end: it needs neither the journal nor settings that are all right.

systemd starts it by OnFailure= and says in the environment which unit failed, and how (systemd.exec(5), $MONITOR_...). A file
beside the journal keeps that it was told, so that the daemon tells that it runs again.

Knows: what systemd says, that file. Does not know: why a daemon ended (its log does), any wire.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import anyio

from d365edi.alerts import message as messages
from d365edi.alerts.channels import Channel, send
from d365edi.errors import EndpointError
from d365edi.journal import Incident

UNIT = "d365edi.service"
ATTEMPTS = 5
"""How often each channel is tried, at most."""
PAUSE = 30.0
"""Seconds between two attempts."""


def marker(journal: Path) -> Path:
    """The file that says since when the daemon is known to be dead."""
    return journal.with_name(f"{journal.name}.dead")


async def tell(
    channels: Sequence[Channel],
    environ: Mapping[str, str],
    journal: Path | None,
    now: float,
    zone: tzinfo | None = UTC,
    *,
    attempts: int = ATTEMPTS,
    pause: float = PAUSE,
) -> dict[str, EndpointError | None]:
    """Tell once, on every channel, that a unit failed. For each channel the error where every attempt failed.

    A second call about the same end of the unit has the same id."""
    unit = environ.get("MONITOR_UNIT", UNIT)
    result = ", ".join(filter(None, (environ.get("MONITOR_SERVICE_RESULT"), environ.get("MONITOR_EXIT_STATUS"))))
    message = messages.dead(unit, result, socket.gethostname(), now, lambda at: datetime.fromtimestamp(at, zone))
    id = f"dead-{environ.get('MONITOR_INVOCATION_ID') or int(now)}"
    left: dict[str, EndpointError | None] = {}
    async with anyio.create_task_group() as group:
        for channel in channels:
            group.start_soon(_until_sent, channel, id, message, attempts, pause, left)
    if journal is not None and unit == UNIT and not all(left.values()):
        with suppress(OSError):  # a folder that is gone is why it is dead
            marker(journal).write_text(json.dumps({"since": now}))
    return {channel.name: left[channel.name] for channel in channels}


async def _until_sent(
    channel: Channel,
    id: str,
    message: messages.Message,
    attempts: int,
    pause: float,
    left: dict[str, EndpointError | None],
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            await send(channel.wire, id, message)
        except EndpointError as error:
            left[channel.name] = error
        else:
            left[channel.name] = None
            return
        if attempt < attempts:
            await anyio.sleep(pause)


def told(journal: Path, now: float) -> Incident | None:
    """The incident that was told while no daemon ran; None where none was."""
    try:
        since = float(json.loads(marker(journal).read_text())["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    what = "d365edi had stopped"
    return Incident("dead d365edi", "dead", "d365edi", what, "", "told", since, lasted=max(0.0, now - since))


def forget(journal: Path) -> None:
    """The incident is in the journal."""
    with suppress(OSError):
        marker(journal).unlink(missing_ok=True)
