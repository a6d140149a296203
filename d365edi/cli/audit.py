"""`d365edi audit`: the audit trail as a table or JSON lines, and the check of its chain.

Knows: how lines are filtered and shown. Does not know: how they are chained (that is in the journal).
"""

from __future__ import annotations

import json as codec
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import FINE, PERSON, client, views
from d365edi.cli.console import (
    DEFAULT_SETTINGS,
    AsJson,
    SettingsFile,
    as_json,
    as_lines,
    clock,
    say,
    table,
    timed,
    zone,
)
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.journal import AuditLine

app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True)

COLUMNS = dict.fromkeys(("line", "at", "action", "partner", "actor", "run", "detail"))


@app.callback()
def audit(
    context: typer.Context,
    *,
    of: Annotated[
        str | None, typer.Option("--of", help="Only lines about this file, order, invoice, number or key.")
    ] = None,
    partner: Annotated[str | None, typer.Option("--partner", help="Only this partner's lines.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="Only this action: received, delivered, released ...")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only actions of this user (or d365edi).")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day or moment on: 2025-01-31T12:00.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or moment.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="The number of lines, newest last.", min=1)] = 100,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """The audit trail: one line for each action, with its actor and reason. `audit verify` checks the chain."""
    if context.invoked_subcommand is not None:
        return
    loaded = client.load_daemon(settings)  # sets the time zone for the moments below
    filters = {"partner": partner, "action": action, "actor": actor, "since": _moment(since), "until": _moment(until)}
    lines = views.audit(loaded, of=of, filters=filters, limit=limit)
    if json:
        as_lines(timed({**asdict(line), "verb": line.verb, "detail": codec.loads(line.detail)}) for line in lines)
    else:
        table("Audit", [row(line) for line in lines], COLUMNS, nothing="no matching lines")


@app.command()
def verify(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Check the whole chain of digests. Exit code 0 when every line is unchanged, 1 when one is not."""
    broken, number, digest = views.verified(client.load_daemon(settings))
    if json:
        as_json(
            {"holds": broken is None, "lines": number, "digest": digest, "broken": broken and timed(asdict(broken))}
        )
    elif broken is None:
        print(
            f"The chain holds: {number} lines, the last with digest {digest}"
        )  # whole: it proves the trail up to here
    else:
        say(
            [
                f"The chain is broken at line {broken.line}: {broken.reason}; keep this journal unchanged and compare a backup."
            ]
        )
    raise typer.Exit(FINE if broken is None else PERSON)


def row(line: AuditLine) -> dict[str, Any]:
    """A line as a table row."""
    return {
        "line": line.id, "at": clock(line.at), "action": line.verb, "partner": line.partner,
        "actor": line.actor, "run": line.run, "detail": timed(codec.loads(line.detail), clock),
    }  # fmt: skip


def _moment(text: str | None) -> float | None:
    """Epoch seconds of an ISO day or moment; without an offset in the daemon's time zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a date or time", remedy="write 2025-01-31 or 2025-01-31T12:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone.get())).timestamp()
