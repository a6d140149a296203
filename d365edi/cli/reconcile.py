"""`d365edi reconcile`: after a restore, what is to be sent against what the partners have.

Knows: arguments and output. Does not know: how it is compared (that is `flows/reconcile`).
"""

from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say

Go = Annotated[bool, typer.Option("--go", help="Record what is there as delivered; without this it is only listed.")]
Known = Annotated[
    list[str] | None, typer.Option("--delivered", help="The id of a delivery that arrived: delivery-31; repeatable.")
]


def reconcile(
    *,
    go: Go = False,
    delivered: Known = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Compare what waits to be sent with the partners' folders, while sending is held after a restore.

    A file with the same content under any name counts. What a partner has taken since lies there no more: ask, then --delivered.
    """
    said = client.perform(settings, "reconcile", go=go, delivered=delivered or [], actor=client.actor())
    if json:
        as_json(said)
    else:
        say(said)
