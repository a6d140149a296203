"""`d365edi audit`: the trail as a table or JSON lines, and the proof that nobody changed it.

Knows: how lines are asked for and shown. Does not know: how they are chained (that is the journal's).
"""

from __future__ import annotations

import json as codec
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, as_lines, clock, say, table, zone
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.journal import AuditLine, Tx

app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True)

COLUMNS = dict.fromkeys(("line", "at", "action", "partner", "actor", "run", "detail"))


@app.callback()
def audit(
    context: typer.Context,
    *,
    of: Annotated[str | None, typer.Option("--of", help="Only about this file, order, invoice, number or key.")] = None,
    partner: Annotated[str | None, typer.Option("--partner", help="Only this partner's lines.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="Only this word: received, created, released ...")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only what this person (or d365edi) did.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day or moment on: 2025-01-31T12:00.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or moment.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="The newest so many.", min=1)] = 100,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """The audit trail: one line for each thing that was done, by whom and why. `audit verify` proves the chain."""
    if context.invoked_subcommand is not None:
        return
    client.load(settings)  # from here on moments are meant in the daemon's zone
    asked = {"partner": partner, "action": action, "actor": actor, "since": _moment(since), "until": _moment(until)}
    lines = client.read(settings, lambda tx: lines_of(tx, of, asked, limit))
    if json:
        as_lines(
            {**asdict(line), "verb": line.verb, "at": clock(line.at), "detail": codec.loads(line.detail)}
            for line in lines
        )
    else:
        table("Audit", [row(line) for line in lines], COLUMNS, nothing="no such line")


@app.command()
def verify(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Walk the whole chain of digests. Exit code 0 when every line is as it was written, 1 when one is not."""
    broken, (number, digest) = client.read(settings, lambda tx: (tx.audit.verify(), tx.audit.head()))
    if json:
        as_json({"holds": broken is None, "lines": number, "digest": digest, "broken": broken and asdict(broken)})
    elif broken is None:
        print(
            f"The chain holds: {number} lines, the last with digest {digest}"
        )  # whole: it proves the trail up to here
    else:
        say(
            [
                f"The chain breaks at line {broken.line}: {broken.reason}; keep this journal as it is and compare with a backup."
            ]
        )
    raise typer.Exit(FINE if broken is None else PERSON)


def lines_of(tx: Tx, of: str | None, asked: dict[str, Any], limit: int) -> list[AuditLine]:
    """Lines for which everything asked is true; `of` narrows them to what goes by that name."""
    if of is None:
        return tx.audit.query(**asked, limit=limit)
    found = tx.find(of)
    lines: dict[int, AuditLine] = {}
    for kind in ("message", "document", "delivery"):
        for thing in getattr(found, {"message": "messages", "document": "documents", "delivery": "deliveries"}[kind]):
            lines.update((line.id, line) for line in tx.audit.query(**asked, **{kind: thing.id}, limit=limit))
    return [lines[id] for id in sorted(lines)][-limit:]


def row(line: AuditLine) -> dict[str, Any]:
    """A line as it is shown: what it is about, in words."""
    return {
        "line": line.id, "at": clock(line.at), "action": line.verb, "partner": line.partner,
        "actor": line.actor, "run": line.run, "detail": codec.loads(line.detail),
    }  # fmt: skip


def _moment(text: str | None) -> float | None:
    """Epoch seconds of an ISO day or moment; without an offset in the daemon's zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no moment", remedy="write 2025-01-31 or 2025-01-31T12:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone.get())).timestamp()
