"""`d365edi secrets`: what the settings only name is put into the vault, listed without being shown, and sealed anew.

A value is read from the terminal without echo, or from standard input (`d365edi secrets set acme-ssh-key < key`). It is
never an argument: arguments stand in the shell's history and in everybody's list of processes.

Knows: how a secret is handed in. Does not know: how it is sealed.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say, table
from d365edi.errors import SecretError, SettingsError

if TYPE_CHECKING:
    from d365edi.secrets import Vault

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="The vault: what is in it by name."
)

Name = Annotated[str, typer.Argument(help="The secret's name, as the settings say it: { secret = NAME }.")]


@app.command("set")
def set_(
    name: Name,
    *,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make the vault's key file first, where there is none.")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Put a secret into the vault, in place of what was there. Its value is asked for, or read from standard input."""
    vault = _vault(settings)
    if new_key:
        vault.key_source.create()
        say([f"made a new key: {vault.key_source.file}; keep a copy where backups of the vault are not kept"])
    vault.set(name, _value(name))
    say([f"{name} is in {vault.path}"])


@app.command("list")
def list_(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Every secret that the settings name: where it is named, and whether it is there. Exit code 1 when one is missing."""
    rows = _rows(settings)
    if json:
        as_json(rows)
    else:
        table("Secrets", rows, dict.fromkeys(("name", "state", "key", "where")), nothing="the settings name no secret")
    raise typer.Exit(FINE if all(row["state"] != "missing" for row in rows) else PERSON)


@app.command()
def remove(name: Name, *, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Take a secret out of the vault."""
    vault = _vault(settings)
    if not vault.remove(name):
        raise SecretError(f'there is no secret "{name}" in {vault.path}', remedy="see d365edi secrets list")
    say([f"{name} is taken out of {vault.path}"])


@app.command()
def rotate(*, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Seal every secret anew under a new key. Cut short at any instant the vault still opens; run it again to end it."""
    vault = _vault(settings)
    say([f"{vault.rotate()} secrets in {vault.path} are sealed with a new key"])


def _vault(path: Path) -> Vault:
    from d365edi.secrets import KeySource, Vault

    stored = client.load(path).secrets
    if stored.vault is None:
        raise SettingsError(
            "there is no vault", key="secrets", remedy='name one: [secrets] vault = "/var/lib/d365edi/vault"'
        )
    return Vault(stored.vault, KeySource(stored.key_file))


def _value(name: str) -> str:
    """From the terminal without echo, else all of standard input without the newline that ends its last line."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}: ")
    return sys.stdin.read().removesuffix("\n")


def _rows(path: Path) -> list[dict[str, Any]]:
    from d365edi import log, secrets

    settings = client.load(path)
    reveal = secrets.keyring(log.hide)(settings.secrets, os.environ)
    named = settings.references()
    rows = [{"name": one.name, "state": _state(reveal, one.name), "key": one.key, "where": one.where} for one in named]
    spare = set(_vault(path).names() if settings.secrets.vault else ()) - {one.name for one in named}
    return rows + [{"name": name, "state": "unused", "key": "", "where": ""} for name in sorted(spare)]


def _state(reveal: Any, name: str) -> str:
    try:
        reveal(name)
    except SecretError:
        return "missing"
    return "there"
