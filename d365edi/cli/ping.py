"""`d365edi ping`: tests every endpoint with real credentials, without writing anything.

Knows: how checks are shown. Does not know: what is checked (that is in each endpoint).
"""

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
    """Test every endpoint: in D365 token, role, companies and customers' addresses; at Sterling login, mailboxes and routing
    rules; host key, folders and permissions elsewhere.

    Writes nothing. Exit code 0 when every check succeeded, 3 when one failed; each failure has a remedy."""
    endpoints = client.perform(settings, "ping", name=name)
    if name is not None and not endpoints:
        raise SettingsError(f"there is no endpoint {name}", remedy="see [endpoints] in the settings; d365 is one too")
    rows = [
        {"endpoint": endpoint, **check, "verdict": "ok" if check["ok"] else "FAILED"}
        for endpoint, checks in endpoints.items()
        for check in checks
    ]
    if json:
        as_json(endpoints)
    else:
        columns = {"endpoint": None, "what": None, "verdict": None, "ms": None, "result": None, "remedy": None}
        shown = [{**row, "ms": f"{row['milliseconds']:.0f}", "result": row["sentence"]} for row in rows]
        table("Endpoints", shown, columns, nothing="no endpoint is configured")
    raise typer.Exit(FINE if all(row["ok"] for row in rows) else UNREACHABLE)
