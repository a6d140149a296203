"""Files that others could change, or read where they hold secrets, are named with the command that ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.settings import load
from d365edi.verify import open_to_others
from tests.running import SETTINGS


@pytest.mark.parametrize(
    ("of_settings", "of_vault", "commands"),
    [
        (0o644, 0o600, []),
        (0o664, 0o600, ["chmod go-w {settings}"]),
        (0o602, 0o600, ["chmod go-w {settings}"]),
        (0o640, 0o640, ["chmod 0600 {vault}"]),
        (0o666, None, ["chmod go-w {settings}"]),
    ],
)
def test_modes_are_checked_and_reported(
    tmp_path: Path, of_settings: int, of_vault: int | None, commands: list[str]
) -> None:
    settings, vault = tmp_path / "settings.toml", tmp_path / "vault"
    text = SETTINGS.format(stop_within="5s", more="", events="")
    settings.write_text(f'{text}\n[secrets]\nvault = "{vault}"\nkey_file = "{tmp_path}/key"\n')
    settings.chmod(of_settings)
    if of_vault is not None:
        vault.write_bytes(b"")
        vault.chmod(of_vault)
    read = load(settings, {}, keyring=lambda *_: lambda name: name)
    wanted = [command.format(settings=settings, vault=vault) for command in commands]
    assert [sentence.rpartition(": ")[2] for sentence in open_to_others(read)] == wanted
