"""`d365edi secrets`: stores secrets in the vault, lists them without values, and encrypts them with a new key.

A value is read from the terminal without echo, from a file (`d365edi secrets set acme-ssh-key --file key`) or from standard
input. It is never an argument: arguments are visible in the shell's history and in the list of processes.

Knows: the commands. Does not know: how a secret is entered (`secret_input`), how it is encrypted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say, table
from d365edi.cli.secret_input import read_secret
from d365edi.errors import SecretError, SettingsError

if TYPE_CHECKING:
    from d365edi.secrets import Vault

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The vault of secrets: set, list, remove, rotate.",
)

Name = Annotated[str, typer.Argument(help="The secret's name, as in the settings: { secret = NAME }.")]


@app.command("set")
def set_(
    name: Name,
    *,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Create the vault's key file first, where there is none.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read it from this file: a private key, a certificate.")
    ] = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Store a secret in the vault, replacing an earlier value. It is prompted for, or read from a file or standard input.

    A key or certificate in PEM keeps its lines, and is pasted as a whole; the line end after a password is none of it.
    """
    vault = _vault(settings)
    named = sorted({one.name for one in client.load(settings).references()})
    secret = read_secret(name, file)
    if new_key:
        vault.key_source.create()
        say([f"created a new key: {vault.key_source.file}; store a copy apart from backups of the vault"])
    vault.set(name, secret)
    lines = secret.strip().count("\n")
    say([f"{name} is stored in {vault.path}" + (f", with its {lines + 1} lines" if lines else "")])
    if name not in named:
        say([f"no key of the settings refers to it yet; they refer to: {', '.join(named) or 'no secret'}"])


@app.command("list")
def list_(settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Every secret that the settings refer to, where, and whether it is stored. Exit code 1 when one is missing."""
    rows = _rows(settings)
    if json:
        as_json(rows)
    else:
        table(
            "Secrets", rows, dict.fromkeys(("name", "state", "key", "where")), nothing="the settings refer to no secret"
        )
    raise typer.Exit(FINE if all(row["state"] != "missing" for row in rows) else PERSON)


@app.command()
def remove(name: Name, *, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Remove a secret from the vault."""
    vault = _vault(settings)
    if not vault.remove(name):
        raise SecretError(f'there is no secret "{name}" in {vault.path}', remedy="see d365edi secrets list")
    say([f"{name} is removed from {vault.path}"])


@app.command()
def rotate(*, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Encrypt every secret with a new key. If it is interrupted, the vault can still be read; run it again to finish."""
    vault = _vault(settings)
    say([f"{vault.rotate()} secrets in {vault.path} are encrypted with a new key"])


def _vault(path: Path) -> Vault:
    from d365edi.secrets import KeySource, Vault

    stored = client.load(path).secrets
    if stored.vault is None:
        remedy = 'configure one: [secrets] vault = "/var/lib/d365edi/vault"'
        raise SettingsError("there is no vault", key="secrets", remedy=remedy)
    return Vault(stored.vault, KeySource(stored.key_file))


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
    return "stored"
