"""Whether the keys and certificates that the settings name can be used: each is read as it will be, without connecting.

A part of `app`. Knows: which secret is what. Does not know: formats of keys (`endpoints/sftp_keys`, `certificates`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from d365edi import certificates
from d365edi.endpoints.sftp_keys import read_key
from d365edi.errors import SecretError, SettingsError
from d365edi.settings import D365, Certificate, SecretRef, Settings, Sftp, Sterling


@dataclass(slots=True)
class CheckedCredentials:
    """`errors` cannot be used at all; `ended` are out of date and `ending` soon will be, as sentences."""

    errors: list[SettingsError]
    ended: list[str]
    ending: list[str]


def check(settings: Settings, now: datetime) -> CheckedCredentials:
    """Read every key and certificate. A secret that is not stored is left to the check of secrets."""
    found = CheckedCredentials([], [], [])
    for key in _keys(settings):
        try:
            pair = _read(settings, key)
        except SecretError as error:
            found.errors.append(_placed(settings, key, error))
            continue
        if pair is None:
            continue
        for sentence, over in pair.ends(now):
            where = f"{settings.where(*key)}: [{'.'.join(key)}]"
            remedy = "put a new one there, and: systemctl reload d365edi"
            (found.ended if over else found.ending).append(f"{where} {sentence}; {remedy}")
    return found


def _keys(settings: Settings) -> Iterator[tuple[str, ...]]:
    """The places of keys and certificates in the settings."""
    if settings.daemon.tls is not None:
        yield ("daemon", "tls")
    if settings.d365.certificate is not None:
        yield ("d365", "certificate")
    if settings.d365.ca_file is not None:
        yield ("d365", "ca_file")
    for name, endpoint in settings.endpoints.items():
        if isinstance(endpoint, Sftp) and endpoint.key is not None:
            yield ("endpoints", name, "key")
        if isinstance(endpoint, Sterling):
            for part in ("ca_file", "client_certificate"):
                if getattr(endpoint, part) is not None:
                    yield ("endpoints", name, part)


def _read(settings: Settings, key: tuple[str, ...]) -> certificates.KeyPair | None:
    """The certificate at a place, None where there is only a key or an authority. SecretError where it cannot be used."""
    if key == ("daemon", "tls"):
        tls = settings.daemon.tls
        assert tls is not None
        return certificates.pair(_file(tls.certificate), _secret(settings, tls.key).encode())
    if key == ("d365", "certificate"):
        return _of_d365(settings)
    endpoint = settings.d365 if key[0] == "d365" else settings.endpoints[key[1]]
    if isinstance(endpoint, Sterling) and key[-1] == "client_certificate":
        assert endpoint.client_certificate is not None
        return _pair(settings, endpoint.client_certificate)
    if isinstance(endpoint, D365 | Sterling):
        assert endpoint.ca_file is not None
        certificates.chain_of(_file(endpoint.ca_file))
        return None
    assert isinstance(endpoint, Sftp)
    assert endpoint.key is not None
    read_key(_secret(settings, endpoint.key), _secret(settings, endpoint.passphrase))
    return None


def _pair(settings: Settings, named: Certificate) -> certificates.KeyPair:
    data = _file(named.file) if named.file is not None else _secret(settings, named.content).encode()
    return certificates.pair(data, data, _secret(settings, named.password).encode())


def _of_d365(settings: Settings) -> certificates.KeyPair:
    named = settings.d365.certificate
    assert named is not None
    pair = _pair(settings, named)
    if not pair.rsa:
        raise SecretError(
            "the private key is no RSA key, and Entra takes no other", remedy="make a certificate with an RSA key"
        )
    return pair


def _secret(settings: Settings, reference: SecretRef | None) -> str:
    return settings.secret(reference) if reference is not None else ""


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}", remedy="check its owner and mode") from None


def _placed(settings: Settings, key: tuple[str, ...], error: SecretError) -> SettingsError:
    """The error with file, line and key, and the secret's own name in the command that stores it."""
    names = [one.name for one in settings.references() if one.key.split(".")[: len(key)] == list(key)]
    remedy = error.remedy.replace("secrets set NAME", f"secrets set {names[0]}") if names else error.remedy
    return SecretError(error.message, where=settings.where(*key), key=".".join(key), remedy=remedy)
