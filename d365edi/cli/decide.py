"""`d365edi release` and `d365edi reject`: a person's decision about what is held or quarantined.

Knows: arguments and output. Does not know: what follows (that is `flows/decide`).
"""

import shlex
from typing import Annotated, Any

import typer

from d365edi.cli import client
from d365edi.cli.console import (
    DEFAULT_SETTINGS,
    AsJson,
    Id,
    Many,
    OfPartner,
    SettingsFile,
    What,
    as_json,
    say,
    selection,
)
from d365edi.errors import SettingsError


def release(
    what: What = "",
    *,
    partner: OfPartner = "",
    id: Id = "",
    many: Many = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Continue what is held or quarantined, once its cause is corrected: what is still wrong holds it again.

    `sending` and `retention` name what `status` shows as held in whole.

    A name that stands for several things is answered by a list of them, each with its id, and nothing is done.
    """
    named = selection(what, partner, id, many)
    _show(client.perform(settings, "release", **named, actor=client.actor()), json)


def reject(
    what: What = "",
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit; it must be given.")] = "",
    partner: OfPartner = "",
    id: Id = "",
    many: Many = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Close what is held or quarantined. Nothing is sent; inform the partner where that is needed.

    A name that stands for several things is answered by a list of them, each with its id, and nothing is done.
    """
    named = selection(what, partner, id, many)
    if not why.strip():
        raise SettingsError("a rejection needs its reason, for the audit", remedy=_whole(named))
    _show(client.perform(settings, "reject", **named, why=why, actor=client.actor()), json)


def _whole(named: dict[str, Any]) -> str:
    """The command with all that it needs."""
    target = f"--id {named['id']}" if named["id"] else shlex.quote(named["what"])
    more = f" --partner {named['partner']}" * bool(named["partner"]) + " --all" * named["many"]
    return f'write: d365edi reject {target}{more} --why "entered by hand"'


def _show(sentences: list[str], json: bool) -> None:
    if json:
        as_json(sentences)
    else:
        say(sentences)
