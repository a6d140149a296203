"""`d365edi ping`: every door, with real credentials, writing nothing.

Knows: how a check is shown. Does not know: how a door is knocked on (that is each endpoint's).
"""

from __future__ import annotations

from typing import Annotated

import typer

from d365edi.cli import FINE, UNREACHABLE, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, table
from d365edi.errors import SettingsError


def ping(
    name: Annotated[str | None, typer.Argument(help="One endpoint, or d365; left out: all.")] = None,
    *,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Knock on every door: token, role and companies at D365; host key, folders and rights at each partner.

    Writes nothing. Exit code 0 when every check went well, 3 when one did not; each failure says what to do about it.
    """
    doors = client.perform(settings, "ping", name=name)
    if name is not None and not doors:
        raise SettingsError(f"there is no endpoint {name}", remedy="see [endpoints] in the settings; d365 is one too")
    rows = [
        {"door": door, **check, "verdict": "ok" if check["ok"] else "FAILS"}
        for door, checks in doors.items()
        for check in checks
    ]
    if json:
        as_json(doors)
    else:
        columns = {"door": None, "what": None, "verdict": None, "ms": None, "seen": None, "remedy": None}
        shown = [{**row, "ms": f"{row['milliseconds']:.0f}", "seen": row["sentence"]} for row in rows]
        table("Doors", shown, columns, nothing="no endpoint is set up")
    raise typer.Exit(FINE if all(row["ok"] for row in rows) else UNREACHABLE)
