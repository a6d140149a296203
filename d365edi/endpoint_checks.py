"""What `ping` tries: each endpoint, with the secrets that are stored. A running daemon reads these when it starts or reloads, so
where one was stored anew since, nothing is tried and the reload is asked for.

A part of `app`. Knows: endpoints, which secrets the settings name. Does not know: what a secret is for, any protocol.
"""

import os

import anyio

from d365edi.build import D365_NAME
from d365edi.endpoints.base import Check, Endpoint
from d365edi.errors import SecretError
from d365edi.flows import baseline, logins
from d365edi.flows.context import FlowContext
from d365edi.settings import Settings


async def ping(ctx: FlowContext, settings: Settings, name: str | None = None) -> dict[str, list[Check]]:
    """Check every endpoint (or one): what was tried and the remedy for what failed."""
    endpoints = {n: e for n, e in ctx.endpoints.items() if name in (None, n)}
    found: dict[str, list[Check]] = {}

    async def one(name: str, endpoint: Endpoint) -> None:
        if stale := secrets_in_use(settings, name):
            found[name] = [stale]
            return
        checks = await endpoint.ping()
        await logins.pinged(ctx, name, checks)
        found[name] = [*checks, *await baseline.checks(ctx, name, endpoint, checks)]

    async with anyio.create_task_group() as group:
        for each, endpoint in endpoints.items():
            group.start_soon(one, each, endpoint)
    return {each: found[each] for each in endpoints}


def secrets_in_use(settings: Settings, endpoint: str) -> Check | None:
    """What is wrong with the secrets of an endpoint: stored anew since the daemon read them, or not to be read any more; None
    where they are in use as they are stored."""
    section = settings.d365 if endpoint == D365_NAME else settings.endpoints.get(endpoint)
    try:
        changed = settings.stored_anew(section) if section is not None else ()
    except SecretError as error:
        sentence = f"{error.message}; what was read before is in use until a reload"
        return Check("secrets", False, 0.0, sentence, error.remedy)
    if not changed:
        return None
    one = len(changed) == 1
    sentence = (
        f"{', '.join(changed)} {'was' if one else 'were'} stored anew and the daemon has not reloaded: it uses the old "
        f"{'one' if one else 'ones'}, so nothing was tried"
    )
    return Check("secrets", False, 0.0, sentence, reload_command())


def reload_command() -> str:
    """What makes this process read settings and secrets anew."""
    return "systemctl reload d365edi" if os.environ.get("NOTIFY_SOCKET") else f"kill -HUP {os.getpid()}"
