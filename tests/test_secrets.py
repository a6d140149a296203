"""Secrets are sealed, found by name, and survive a rotation that is killed anywhere."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from d365edi.errors import SecretError
from d365edi.secrets import KEY_CREDENTIAL, Keyring, KeySource, Vault, keyring

SECRET = "correct horse battery staple"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "vault.key"
    KeySource(path, {}).create()
    return path


@pytest.fixture
def vault(tmp_path: Path, key_file: Path) -> Vault:
    return Vault(tmp_path / "vault", KeySource(key_file, {}))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_set_is_found_again_by_another_process_s_vault(vault: Vault, key_file: Path) -> None:
    vault.set("acme-ssh-key", SECRET)
    vault.set("d365", "zwei\nZeilen ✓")
    again = Vault(vault.path, KeySource(key_file, {}))
    assert again.names() == ["acme-ssh-key", "d365"]
    assert (again.get("acme-ssh-key"), again.get("d365"), again.get("none")) == (SECRET, "zwei\nZeilen ✓", None)


def test_the_files_are_their_owner_s_alone_and_hold_nothing_in_clear(vault: Vault, key_file: Path) -> None:
    vault.set("d365", SECRET)
    assert (mode(vault.path), mode(key_file)) == (0o600, 0o400)
    written = vault.path.read_bytes()
    assert SECRET.encode() not in written
    assert key_file.read_bytes().strip() not in written
    header = json.loads(written)
    assert (header["vault"], header["cipher"], len(header["key"])) == (1, "AES-256-GCM", 12)
    assert sorted(path.name for path in vault.path.parent.iterdir()) == ["vault", "vault.key", "vault.lock"]


def test_setting_a_name_again_replaces_it_and_seals_with_another_nonce(vault: Vault) -> None:
    vault.set("d365", SECRET)
    first = json.loads(vault.path.read_bytes())["entries"]["d365"]
    vault.set("d365", SECRET)
    assert json.loads(vault.path.read_bytes())["entries"]["d365"] != first
    vault.set("d365", "other")
    assert vault.get("d365") == "other"


def test_an_entry_is_taken_away_once(vault: Vault) -> None:
    vault.set("d365", SECRET)
    assert (vault.remove("d365"), vault.remove("d365"), vault.names()) == (True, False, [])


def test_an_entry_does_not_open_under_another_name(vault: Vault) -> None:
    vault.set("acme", "a")
    vault.set("globex", "g")
    content = json.loads(vault.path.read_bytes())
    content["entries"]["acme"], content["entries"]["globex"] = content["entries"]["globex"], content["entries"]["acme"]
    vault.path.write_text(json.dumps(content))
    with pytest.raises(SecretError, match=r'the entry "acme" of .* was changed or damaged'):
        vault.get("acme")


@pytest.mark.parametrize("damage", ["AAAA", "!", "", 7, "A" * 60])
def test_a_damaged_entry_does_not_open_and_leaves_the_others_readable(vault: Vault, damage: object) -> None:
    vault.set("acme", "a")
    vault.set("globex", "g")
    content = json.loads(vault.path.read_bytes())
    content["entries"]["acme"] = damage
    vault.path.write_text(json.dumps(content))
    with pytest.raises(SecretError, match="was changed or damaged; set it anew: d365edi secrets set acme"):
        vault.get("acme")
    assert vault.get("globex") == "g"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a vault"),
        (b"[]", "is not a vault"),
        (b'{"vault": 1, "entries": 3, "key": ""}', "is not a vault"),
        (b'{"vault": 2, "entries": {}, "key": ""}', "is of another version"),
    ],
)
def test_a_file_that_is_no_vault_is_told_and_never_written_over(vault: Vault, content: bytes, said: str) -> None:
    vault.path.write_bytes(content)
    for verb in (vault.names, vault.rotate, lambda: vault.set("a", "b"), lambda: vault.remove("a")):
        with pytest.raises(SecretError, match=said):
            verb()
    assert vault.path.read_bytes() == content


def test_another_key_does_not_open_the_vault(vault: Vault, key_file: Path) -> None:
    vault.set("d365", SECRET)
    key_file.unlink()
    KeySource(key_file, {}).create()
    for verb in (lambda: vault.get("d365"), lambda: vault.set("x", "y"), vault.rotate):
        with pytest.raises(SecretError, match="is sealed with another key"):
            verb()


@pytest.mark.parametrize("rights", [0o440, 0o404, 0o644, 0o420])
def test_a_key_that_others_may_read_is_refused(vault: Vault, key_file: Path, rights: int) -> None:
    key_file.chmod(rights)
    with pytest.raises(SecretError, match=r"others may read the key at .*; take their rights: chmod 0400"):
        vault.set("d365", SECRET)


@pytest.mark.parametrize("content", [b"short\n", b"not base64 at all!\n", b"\xff\xfe\n"])
def test_a_key_that_is_none_is_refused_and_not_shown(vault: Vault, key_file: Path, content: bytes) -> None:
    key_file.chmod(0o600)
    key_file.write_bytes(content)
    with pytest.raises(SecretError) as caught:
        vault.set("d365", SECRET)
    assert str(caught.value) == f"the key at {key_file} is not 32 bytes in base64; make one: openssl rand -base64 32"


def test_an_empty_key_file_is_refused(vault: Vault, key_file: Path) -> None:
    key_file.chmod(0o600)
    key_file.write_bytes(b"")
    with pytest.raises(SecretError, match="the key file is empty"):
        vault.set("d365", SECRET)


def test_a_missing_key_is_told_with_how_to_make_one_and_an_existing_one_is_not_overwritten(tmp_path: Path) -> None:
    source = KeySource(tmp_path / "k", {})
    with pytest.raises(SecretError, match=r"there is no key at .*; make one: d365edi secrets set NAME --new-key"):
        source.keys()
    source.create()
    first = source.keys()
    with pytest.raises(SecretError, match="there is a key at"):
        source.create()
    assert source.keys() == first


def test_without_any_source_there_is_no_key_and_none_is_made() -> None:
    with pytest.raises(SecretError, match="the vault has no key"):
        KeySource(None, {}).keys()
    with pytest.raises(SecretError, match="cannot be made here"):
        KeySource(None, {}).create()


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "a--b", "a_b", "-a"])
def test_what_is_no_name_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(SecretError, match="not the name of a secret"):
        vault.set(name, SECRET)


def test_an_empty_secret_is_refused(vault: Vault) -> None:
    with pytest.raises(SecretError, match="would be empty"):
        vault.set("d365", "")


def test_writers_take_turns(vault: Vault) -> None:
    names = [f"n{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: Vault(vault.path, vault.key_source).set(name, name), names))
    assert vault.names() == sorted(names)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, key_file: Path) -> None:
    lost = Vault(tmp_path / "none" / "vault", KeySource(key_file, {}))
    with pytest.raises(SecretError, match="cannot be written: No such file or directory"):
        lost.set("d365", SECRET)


def test_a_rotation_changes_the_key_and_keeps_the_secrets(vault: Vault, key_file: Path) -> None:
    vault.set("acme", "a")
    vault.set("d365", SECRET)
    before = key_file.read_bytes(), json.loads(vault.path.read_bytes())["key"]
    assert vault.rotate() == 2
    assert (key_file.read_bytes() != before[0], json.loads(vault.path.read_bytes())["key"] != before[1]) == (True, True)
    assert key_file.read_bytes().count(b"\n") == 1
    assert (vault.get("acme"), vault.get("d365"), mode(key_file), mode(vault.path)) == ("a", SECRET, 0o400, 0o600)


KILLED = """
import os, sys
from pathlib import Path
from d365edi.secrets import KeySource, Vault
left = int(sys.argv[2])
def watch(event, arguments):
    global left
    if event in ("os.rename", "tempfile.mkstemp"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
folder = Path(sys.argv[1])
vault = Vault(folder / "vault", KeySource(folder / "vault.key", {}))
sys.addaudithook(watch)
vault.rotate()
"""


def test_a_rotation_killed_at_any_step_leaves_a_vault_that_opens_and_can_be_rotated(
    vault: Vault, tmp_path: Path
) -> None:
    """The process dies before each file is made and before each takes its name, until a rotation ends."""
    vault.set("acme", "a")
    vault.set("d365", SECRET)
    ended = 0
    for step in range(1, 9):
        folder = tmp_path / str(step)
        folder.mkdir()
        for name in ("vault", "vault.key"):
            shutil.copy2(tmp_path / name, folder / name)
        done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(step)], check=False)
        ended += done.returncode == 0
        again = Vault(folder / "vault", KeySource(folder / "vault.key", {}))
        assert (again.get("acme"), again.get("d365")) == ("a", SECRET)
        assert again.rotate() == 2
        assert (again.get("acme"), again.get("d365")) == ("a", SECRET)
        assert (folder / "vault.key").read_bytes().count(b"\n") == 1
    assert ended == 2


def test_a_credential_s_first_key_seals_and_the_second_still_opens(tmp_path: Path, key_file: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    credential = tmp_path / "credentials" / KEY_CREDENTIAL
    credential.parent.mkdir()
    shutil.copy(key_file, credential)
    credential.chmod(0o444)  # systemd's own affair
    vault = Vault(tmp_path / "v", KeySource(None, environ))
    vault.set("d365", SECRET)
    with pytest.raises(SecretError, match="holds no new key"):
        vault.rotate()
    other = tmp_path / "other.key"
    KeySource(other, {}).create()
    credential.unlink()
    credential.write_bytes(other.read_bytes() + key_file.read_bytes())
    assert vault.get("d365") == SECRET
    assert vault.rotate() == 1
    credential.write_bytes(other.read_bytes())
    assert vault.get("d365") == SECRET


@dataclass(frozen=True)
class Places:
    vault: Path | None = None
    key_file: Path | None = None


def test_a_secret_is_looked_for_in_the_environment_then_the_credentials_then_the_vault(
    tmp_path: Path, vault: Vault, key_file: Path
) -> None:
    vault.set("acme-key", "from the vault")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    hidden: list[str] = []
    reveal = keyring(hidden.append)(Places(vault.path, key_file), environ)
    assert reveal("acme-key") == "from the vault"
    (tmp_path / "acme-key").write_text("from systemd\n")
    assert reveal("acme-key") == "from systemd"
    environ["D365EDI_SECRET_ACME_KEY"] = "from the environment"
    assert reveal("acme-key") == "from the environment"
    assert hidden == ["from the vault", "from systemd", "from the environment"]


def test_a_secret_that_is_nowhere_is_told_with_every_place_that_was_searched(tmp_path: Path, vault: Vault) -> None:
    reveal = Keyring(Places(vault.path, vault.key_source.file), {"CREDENTIALS_DIRECTORY": "/run/c"}, print)
    with pytest.raises(SecretError) as caught:
        reveal("acme-key")
    assert str(caught.value) == (
        f'there is no secret "acme-key" (searched: environment D365EDI_SECRET_ACME_KEY, /run/c/acme-key, '
        f"vault {vault.path}); set it: d365edi secrets set acme-key"
    )
    with pytest.raises(SecretError, match="name a vault under"):
        Keyring(Places(), {}, print)("acme-key")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "A"])
def test_a_name_that_leads_elsewhere_is_never_looked_up(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretError, match="not the name of a secret"):
        Keyring(Places(), {"CREDENTIALS_DIRECTORY": str(tmp_path)}, print)(name)


def test_a_credential_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "acme").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match="cannot be read as text"):
        Keyring(Places(), {"CREDENTIALS_DIRECTORY": str(tmp_path)}, print)("acme")


def test_a_vault_of_a_file_owner_s_rights_alone_is_unreadable_for_others_even_under_a_wide_umask(vault: Vault) -> None:
    before = os.umask(0)
    try:
        vault.set("d365", SECRET)
    finally:
        os.umask(before)
    assert mode(vault.path) == 0o600
    assert mode(Path(f"{vault.path}.lock")) == 0o600
