"""Logins that were refused, in the journal: a command that a timer calls must not lock our user at the other side either.

`run --once` notes who let nobody in, and the next one leaves that endpoint alone for as long as the daemon would have: until
then, or until the settings or the vault are others, or `ping` succeeds. The daemon itself tries when it starts or reloads,
because a person did that.

Knows: endpoints and their health, the journal. Does not know: how anybody logs in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from d365edi.endpoints.base import Check
from d365edi.flows.context import FlowContext
from d365edi.journal import Tx
from d365edi.journal.cursors import REFUSED_LOGINS as CURSOR
from d365edi.settings import Settings


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """One at an endpoint: when (epoch seconds), why, what to do, and what settings and vault were then."""

    at: float
    reason: str
    remedy: str
    revision: str


def revision(settings: Settings) -> str:
    """What changes when a person corrects a login: the files of the settings, or the vault."""
    vault = settings.secrets.vault
    try:
        changed = vault.stat().st_mtime_ns if vault else 0
    except OSError:
        changed = 0
    return f"{settings.digest}:{changed}"


async def take_up(ctx: FlowContext, settings: Settings) -> None:
    """Let those endpoints rest whose login was refused a short while ago, with the same settings and vault."""
    for name, noted in (await ctx.journal.read(_noted)).items():
        if name in ctx.endpoints and noted.revision == revision(settings):
            ctx.endpoints[name].take_up(noted.reason, noted.remedy, noted.at)


async def note(ctx: FlowContext, settings: Settings) -> None:
    """Note whose login is refused now, and forget who let us in. Writes only where that changed."""
    noted = await ctx.journal.read(_noted)
    now = dict(noted)
    for name, endpoint in ctx.endpoints.items():
        own = endpoint.health()[0]
        if own.kind == "credentials" and own.failing_since is not None:
            if name not in noted or own.failed_at > noted[name].at + 1.0:
                now[name] = RefusedLogin(own.failed_at, own.reason, own.remedy, revision(settings))
        elif own.reached_at is not None:
            now.pop(name, None)
    if now != noted:
        await ctx.journal.write(lambda tx: _keep(tx, now))


async def pinged(ctx: FlowContext, name: str, checks: Sequence[Check]) -> None:
    """Forget a refusal where every check succeeded since."""
    noted = await ctx.journal.read(_noted)
    if name in noted and checks and all(check.ok for check in checks):
        await ctx.journal.write(lambda tx: _keep(tx, {key: each for key, each in noted.items() if key != name}))


def _noted(tx: Tx) -> dict[str, RefusedLogin]:
    text = tx.cursors.get(CURSOR)
    return {name: RefusedLogin(**values) for name, values in json.loads(text).items()} if text else {}


def _keep(tx: Tx, noted: Mapping[str, RefusedLogin]) -> None:
    tx.cursors.set(CURSOR, json.dumps({name: asdict(each) for name, each in noted.items()}, sort_keys=True))
