"""Secrets by name: the encrypted vault, and the keyring that finds a secret wherever it was put.

    environment   D365EDI_SECRET_ACME_SSH_KEY
    systemd       $CREDENTIALS_DIRECTORY/acme-ssh-key      (LoadCredential=, LoadCredentialEncrypted=)
    vault         the entry "acme-ssh-key"

The vault is one JSON file: version, the id of the key it is sealed with, and the entries, each sealed by AES-256-GCM with its own
nonce and its name as associated data, so that no entry can be put in another's place. It is never changed in place: a whole new
file takes its name. Its key is a file of mode 0400, or the systemd credential `d365edi-vault-key`; both hold base64, a key a
line, the first for sealing and all for opening, so that a rotation may be cut short at any instant and the vault still opens.

Knows: keys, files, names. Does not know: what a secret is for. No error and no `repr` here carries a secret or a key.
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from d365edi.errors import SecretError

VERSION = 1
KEY_CREDENTIAL = "d365edi-vault-key"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"d365edi vault key" + key).hexdigest()[:12]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        message = "this is not the name of a secret"
        raise SecretError(message, remedy="use small letters, digits and dashes, as acme-ssh-key")


class KeySource:
    """Where the vault's keys come from: a key file where one is named, else the systemd credential."""

    def __init__(self, file: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        directory = environ.get("CREDENTIALS_DIRECTORY")
        self.file = file
        self.credential = Path(directory) / KEY_CREDENTIAL if directory and file is None else None

    def keys(self) -> list[bytes]:
        """Every key, the one for sealing first. SecretError when there is none, or others may read the key file."""
        path = self.file or self.credential
        if path is None:
            remedy = f'write key_file = "..." under [secrets], or pass the systemd credential {KEY_CREDENTIAL}'
            raise SecretError("the vault has no key", remedy=remedy)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read()
        except FileNotFoundError:
            message = f"there is no key at {path}"
            raise SecretError(message, remedy="make one: d365edi secrets set NAME --new-key") from None
        except OSError as error:
            raise SecretError(f"the key at {path} cannot be read: {error.strerror}", remedy="check its owner") from None
        if self.file is not None and mode & 0o077:
            raise SecretError(f"others may read the key at {path}", remedy=f"take their rights: chmod 0400 {path}")
        return [_decode(line, path) for line in text.split(b"\n") if line]

    def create(self) -> None:
        """Make the key file with a fresh key, mode 0400. SecretError where one exists, or a credential is the source."""
        if self.file is None:
            message = "a systemd credential cannot be made here"
            raise SecretError(message, remedy='write key_file = "..." under [secrets]')
        if self.file.exists():
            raise SecretError(f"there is a key at {self.file}", remedy="to change it: d365edi secrets rotate")
        self.write([AESGCM.generate_key(256)])

    def write(self, keys: list[bytes]) -> None:
        """Put these keys in the key file, whole or not at all."""
        assert self.file is not None
        _replace(self.file, b"".join(base64.b64encode(key) + b"\n" for key in keys), 0o400)


def _decode(line: bytes, path: Path) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SecretError(f"the key at {path} is not 32 bytes in base64", remedy="make one: openssl rand -base64 32")
    return key


class Vault:
    """The encrypted file. Safe to use from several processes: writers take turns, readers see the old file or the new."""

    def __init__(self, path: Path, key_source: KeySource) -> None:
        self.path = path
        self.key_source = key_source

    def names(self) -> list[str]:
        """Every entry's name, in order; needs no key."""
        return sorted(self._read()["entries"])

    def get(self, name: str) -> str | None:
        """An entry's secret, None when there is none. SecretError when it does not open."""
        vault = self._read()
        entry = vault["entries"].get(name)
        return None if entry is None else self._open(name, entry, self._key(vault))

    def set(self, name: str, secret: str) -> None:
        """Seal a secret under a name, in place of what was there."""
        _check_name(name)
        if not secret:
            message = f'the secret "{name}" would be empty'
            raise SecretError(message, remedy="to remove one: d365edi secrets remove NAME")
        with self._alone():
            vault = self._read()
            key = self._key(vault)
            vault["entries"][name] = _seal(name, secret, key)
            self._write(vault["entries"], key)

    def remove(self, name: str) -> bool:
        """Take an entry away; False when there was none."""
        with self._alone():
            vault = self._read()
            if name not in vault["entries"]:
                return False
            del vault["entries"][name]
            self._write(vault["entries"], self._key(vault))
            return True

    def rotate(self) -> int:
        """Seal every entry anew under a new key; returns how many.

        A key file gets its new key first, above the old one, which goes when nothing needs it. A credential must hold the new
        key in its first line and the old one below. Interrupted anywhere, it opens as before; called again, it completes.
        """
        with self._alone():
            vault = self._read()
            keys = self.key_source.keys()
            old = self._key(vault)
            if self.key_source.file is not None:
                new = AESGCM.generate_key(256)
                self.key_source.write([new, old])
            elif (new := keys[0]) == old:
                remedy = "put a new key in its first line above the old one, restart, and rotate again"
                raise SecretError(f"the credential {KEY_CREDENTIAL} holds no new key", remedy=remedy)
            opened = {name: self._open(name, entry, old) for name, entry in vault["entries"].items()}
            self._write({name: _seal(name, secret, new) for name, secret in opened.items()}, new)
            if self.key_source.file is not None:
                self.key_source.write([new])
            return len(opened)

    def _key(self, vault: Mapping[str, object]) -> bytes:
        keys = self.key_source.keys()
        found = next((key for key in keys if _key_id(key) == vault["key"]), None)
        if found is None and vault["entries"]:
            message = f"the vault {self.path} is sealed with another key"
            raise SecretError(message, remedy="bring back the key that it was made with")
        if found is None and not keys:
            raise SecretError("the key file is empty", remedy="make a key: openssl rand -base64 32")
        return found or keys[0]

    def _open(self, name: str, entry: str, key: bytes) -> str:
        try:
            sealed = base64.b64decode(entry, validate=True)
            nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, text, _bound(name)).decode()
        except (InvalidTag, ValueError, TypeError):
            message = f'the entry "{name}" of {self.path} was changed or damaged'
            raise SecretError(message, remedy=f"set it anew: d365edi secrets set {name}") from None

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            vault = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {"key": "", "entries": {}}  # type: ignore[dict-item]
        except OSError as error:
            message = f"the vault {self.path} cannot be read: {error.strerror}"
            raise SecretError(message, remedy="check its owner") from None
        except ValueError:
            vault = None
        if not isinstance(vault, dict) or not isinstance(vault.get("entries"), dict) or "key" not in vault:
            raise SecretError(f"{self.path} is not a vault", remedy="correct [secrets] vault, or restore the file")
        if vault.get("vault") != VERSION:
            raise SecretError(f"the vault {self.path} is of another version", remedy="use the d365edi that wrote it")
        return vault

    def _write(self, entries: Mapping[str, str], key: bytes) -> None:
        vault = {
            "vault": VERSION,
            "cipher": "AES-256-GCM",
            "key": _key_id(key),
            "entries": dict(sorted(entries.items())),
        }
        _replace(self.path, json.dumps(vault, indent=1).encode() + b"\n", 0o600)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            lock = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"the vault {self.path} cannot be written: {error.strerror}"
            raise SecretError(message, remedy="check its folder's owner and rights") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _bound(name: str) -> bytes:
    return f"d365edi vault {VERSION}: {name}".encode()


def _seal(name: str, secret: str, key: bytes) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound(name))).decode()


def _replace(path: Path, data: bytes, mode: int) -> None:
    """A new file under this name: written aside, synced, renamed, and the name synced too."""
    try:
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(aside, path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise SecretError(message, remedy="check its folder's owner, rights and room") from None


class VaultLocation(Protocol):
    """What the keyring is given: where the vault and its key are, None where there is none."""

    @property
    def vault(self) -> Path | None:
        """The encrypted file."""

    @property
    def key_file(self) -> Path | None:
        """The file with the vault's key."""


class Keyring:
    """Finds secrets by name. What it has revealed is handed to `hide`, so that no log line shows it."""

    def __init__(self, store: VaultLocation, environ: Mapping[str, str], hide: Callable[[str], None]) -> None:
        self._environ = environ
        self._hide = hide
        self._vault = Vault(store.vault, KeySource(store.key_file, environ)) if store.vault else None

    def __call__(self, name: str) -> str:
        """The secret of this name. SecretError with every place that was searched when there is none."""
        _check_name(name)
        for _, find in self._places(name):
            if secret := find():
                self._hide(secret)
                return secret
        places = ", ".join(place for place, _ in self._places(name))
        missing = "name a vault under [secrets], or set the variable"
        remedy = f"set it: d365edi secrets set {name}" if self._vault else missing
        raise SecretError(f'there is no secret "{name}" (searched: {places})', remedy=remedy)

    def _places(self, name: str) -> Iterator[tuple[str, Callable[[], str | None]]]:
        variable = f"D365EDI_SECRET_{name.upper().replace('-', '_')}"
        yield f"environment {variable}", lambda: self._environ.get(variable)
        if directory := self._environ.get("CREDENTIALS_DIRECTORY"):
            yield f"{directory}/{name}", lambda: _credential(Path(directory) / name)
        if vault := self._vault:
            yield f"vault {vault.path}", lambda: vault.get(name)


def _credential(path: Path) -> str | None:
    try:
        return path.read_text().removesuffix("\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        message = f"the credential {path} cannot be read as text"
        raise SecretError(message, remedy="check the unit's LoadCredential=") from None


def keyring(hide: Callable[[str], None]) -> Callable[[VaultLocation, Mapping[str, str]], Keyring]:
    """Makes keyrings whose revealed secrets are hidden by `hide`: what `settings.load(..., keyring=...)` takes."""
    return lambda store, environ: Keyring(store, environ, hide)
