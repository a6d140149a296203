"""`d365edi release` and `d365edi reject`: a person's decision about what is held or quarantined.

Knows: arguments and output. Does not know: what follows (that is `flows/decide`).
"""

from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say

What = Annotated[str, typer.Argument(help="A file name, an order, invoice or control number, or a digest's beginning.")]


def release(what: What, *, settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Continue what is held or quarantined, once its cause is corrected: what is still wrong holds it again."""
    _show(client.perform(settings, "release", what=what, actor=client.actor()), json)


def reject(
    what: What,
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Close what is held or quarantined. Nothing is sent; inform the partner where that is needed."""
    _show(client.perform(settings, "reject", what=what, why=why, actor=client.actor()), json)


def _show(sentences: list[str], json: bool) -> None:
    if json:
        as_json(sentences)
    else:
        say(sentences)
