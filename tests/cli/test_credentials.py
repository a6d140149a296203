# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""Keys and certificates are read before they are used: what is wrong with each, where it is named, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from d365edi import credentials
from d365edi.errors import SecretError
from d365edi.settings import load
from tests.cli.conftest import Call

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edi.contoso.example")])
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(which: int = 0) -> rsa.RSAPrivateKey:
    """One of several keys, each made once."""
    assert which in (0, 1)
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key: Key, days: int = 365) -> x509.Certificate:
    """A certificate of a key that ends so many days after NOW."""
    made = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW - timedelta(days=400)).not_valid_after(NOW + timedelta(days=days))
    return made.sign(key, hashes.SHA256())


def pem(part: x509.Certificate | Key, password: str = "") -> str:
    if isinstance(part, x509.Certificate):
        return part.public_bytes(serialization.Encoding.PEM).decode()
    sealed = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode()


def public(key: Key) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


SETTINGS = """\
[daemon]
timezone = "UTC"
journal = "journal.db"
{tls}
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
companies = ["usmf"]
{login}
[endpoints.acme]
kind = "sftp"
host = "sftp.acme.example"
username = "us"
{key}
"""
LOGIN = 'client_secret = { secret = "d365" }'
TLS = 'tls = { certificate = "tls.pem", key = { secret = "tls-key" } }\nlisten = "0.0.0.0:8443"'
PFX = 'certificate = { file = "client.pfx", password = { secret = "client-password" } }'
CLIENT = 'certificate = { content = { secret = "client" } }'
SSH = 'key = { secret = "acme-ssh-key" }'
SEALED = f'{SSH}\npassphrase = {{ secret = "acme-passphrase" }}'


def checked(
    folder: Path, secrets: dict[str, str], tls: str = "", login: str = LOGIN, key: str = 'password = { secret = "p" }'
) -> credentials.CheckedCredentials:
    (folder / "s.toml").write_text(SETTINGS.format(tls=tls, login=login, key=key))
    known = {"d365": "x", "p": "x", **secrets}
    return credentials.check(load(folder / "s.toml", {}, keyring=lambda *_: known.__getitem__), NOW)


def sentences(found: credentials.CheckedCredentials, folder: Path) -> list[str]:
    assert found.ended == []
    return [str(error).replace(f"{folder}/", "") for error in found.errors]


def ssh(passphrase: str | None = None, form: str = "openssh") -> str:
    made = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    return (
        made.export_private_key(form, passphrase, rounds=50).decode()
        if form == "openssh"
        else (made.export_private_key(form, passphrase).decode())
    )


STORE = "d365edi secrets set acme-ssh-key --file KEY"
WRONG_SSH = [
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 us@here", "", f"it is a public key; store the private one, from the file without .pub: {STORE}"),
    (public(rsa_key()), "", f"it is a public key; store the private one, from the file without .pub: {STORE}"),
    (pem(certificate(rsa_key())), "", f"it is a certificate; store the private key: {STORE}"),
    ("PuTTY-User-Key-File-3: ssh-rsa\n", "", f"it is a key of PuTTY; turn it into one of OpenSSH: puttygen KEY.ppk -O private-openssh -o KEY, then: {STORE}"),
    (pem(rsa_key()).replace("\n", " "), "", f"the key lost its line breaks; store it from its file: {STORE}"),
    (pem(rsa_key())[:400], "", f"the key is damaged, or no private key; store it again from its file: {STORE}"),
    (ssh("right"), "", 'the key is encrypted, and no passphrase is named; write passphrase = { secret = "..." } beside it, or take it away: ssh-keygen -p -f KEY'),
    (ssh("right"), "wrong", "the passphrase does not open the key; store the right one, or take it away: ssh-keygen -p -f KEY"),
    (ssh("right", "pkcs8-pem"), "wrong", "the passphrase does not open the key; store the right one, or take it away: ssh-keygen -p -f KEY"),
    (ssh("right", "pkcs1-pem"), "", 'the key is encrypted, and no passphrase is named; write passphrase = { secret = "..." } beside it, or take it away: ssh-keygen -p -f KEY'),
]  # fmt: skip


@pytest.mark.parametrize(("key", "passphrase", "sentence"), WRONG_SSH)
def test_an_ssh_key_that_cannot_be_used_is_named(tmp_path: Path, key: str, passphrase: str, sentence: str) -> None:
    found = checked(tmp_path, {"acme-ssh-key": key, "acme-passphrase": passphrase}, key=SEALED if passphrase else SSH)
    assert sentences(found, tmp_path) == [f"s.toml:15: [endpoints.acme.key] {sentence}"]
    assert isinstance(found.errors[0], SecretError)


@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem", "pkcs1-pem"])
@pytest.mark.parametrize("passphrase", [None, "right"])
def test_a_sound_ssh_key_is_taken_in_every_form(tmp_path: Path, form: str, passphrase: str | None) -> None:
    found = checked(tmp_path, {"acme-ssh-key": ssh(passphrase, form), "acme-passphrase": "right"}, key=SEALED)
    assert (found.errors, found.ended, found.ending) == ([], [], [])


WRONG_TLS = [
    (pem(certificate(rsa_key())), pem(rsa_key(1)), "the private key does not belong to the certificate CN=edi.contoso.example; give the key that it was requested with, or the certificate of this key"),
    (pem(certificate(rsa_key())), public(rsa_key()), "there is a public key in place of the private key; store the private key: d365edi secrets set tls-key --file KEY"),
    (pem(certificate(rsa_key())), pem(certificate(rsa_key())), "there is a certificate without a private key; store the private key: d365edi secrets set tls-key --file KEY"),
    (pem(certificate(rsa_key())), pem(rsa_key(), "sealed"), "the private key is encrypted, and no password is named; name it, or take it away: openssl pkey -in KEY -out NEWKEY"),
    (pem(rsa_key()), pem(rsa_key()), "has no certificate; give a PEM file with the certificate and its chain"),
    ("nothing", pem(rsa_key()), "it is neither PEM nor PFX; give a file with certificate and key in one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("chain", "key", "sentence"), WRONG_TLS)
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, chain: str, key: str, sentence: str) -> None:
    (tmp_path / "tls.pem").write_text(chain)
    found = checked(tmp_path, {"tls-key": key}, tls=TLS)
    assert sentences(found, tmp_path) == [f"s.toml:4: [daemon.tls] {sentence}"]


def pfx(key: Key, password: str) -> bytes:
    sealed = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"d365edi", key, certificate(key), None, sealed)


def test_a_pfx_file_is_opened_by_its_password_alone(tmp_path: Path) -> None:
    (tmp_path / "client.pfx").write_bytes(pfx(rsa_key(), "right"))
    assert sentences(checked(tmp_path, {"client-password": "right"}, login=PFX), tmp_path) == []
    assert sentences(checked(tmp_path, {"client-password": "wrong"}, login=PFX), tmp_path) == [
        "s.toml:10: [d365.certificate] the password does not open the PFX file; store the right one"
    ]


def test_a_gateway_s_certificate_and_authorities_are_read_before_they_are_used(tmp_path: Path) -> None:
    server = (
        'password = { secret = "p" }\n[endpoints.sbi]\nkind = "sterling"\nurl = "https://b2bi.example/svc/"\n'
        'username = "us"\npassword = { secret = "p" }\nca_file = "ca.pem"\nclient_certificate = { content = { secret = "client" } }'
    )
    (tmp_path / "ca.pem").write_text(pem(certificate(rsa_key())))
    sound = checked(tmp_path, {"client": pem(ec_key()) + pem(certificate(ec_key(), 10))}, key=server)
    assert (sound.errors, len(sound.ending)) == ([], 1)
    assert f"{tmp_path}/s.toml:22: [endpoints.sbi.client_certificate]" in sound.ending[0]
    (tmp_path / "ca.pem").write_text("none")
    assert sentences(checked(tmp_path, {"client": pem(certificate(rsa_key()))}, key=server), tmp_path) == [
        "s.toml:21: [endpoints.sbi.ca_file] has no certificate; give a PEM file with the certificate and its chain",
        "s.toml:22: [endpoints.sbi.client_certificate] there is a certificate without a private key; store the private key: d365edi secrets set client --file KEY",
    ]


def test_entra_takes_rsa_keys_alone(tmp_path: Path) -> None:
    assert (
        sentences(checked(tmp_path, {"client": pem(rsa_key()) + pem(certificate(rsa_key()))}, login=CLIENT), tmp_path)
        == []
    )
    found = checked(tmp_path, {"client": pem(ec_key()) + pem(certificate(ec_key()))}, login=CLIENT)
    assert sentences(found, tmp_path) == [
        "s.toml:10: [d365.certificate] the private key is no RSA key, and Entra takes no other; make a certificate with an RSA key"
    ]


@pytest.mark.parametrize(
    ("days", "ended", "ending"), [(-1, "ended on 2026-05-31", ""), (10, "", "ends on 2026-06-11"), (40, "", "")]
)
def test_the_end_of_a_certificate_is_said_before_and_after_it(
    tmp_path: Path, days: int, ended: str, ending: str
) -> None:
    (tmp_path / "tls.pem").write_text(pem(certificate(rsa_key(), days)))
    found = checked(tmp_path, {"tls-key": pem(rsa_key())}, tls=TLS)
    wanted = f"{tmp_path}/s.toml:4: [daemon.tls] the certificate CN=edi.contoso.example {{}}; put a new one there, and: systemctl reload d365edi"
    assert found.errors == []
    assert found.ended == ([wanted.format(ended)] if ended else [])
    assert found.ending == ([wanted.format(ending)] if ending else [])


def test_check_reports_them_all_together_and_an_end_by_its_exit_code(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "settings.toml"
    (folder / "tls.pem").write_text(pem(certificate(rsa_key(), -200)))
    file.write_text(SETTINGS.format(tls=TLS, login=LOGIN, key=SSH))
    for name, value in {"D365": "x", "TLS_KEY": pem(rsa_key()), "ACME_SSH_KEY": "no key"}.items():
        monkeypatch.setenv(f"D365EDI_SECRET_{name}", value)
    broken = call("check")
    assert (broken.code, "[endpoints.acme.key] the key lost its line breaks" in broken.err) == (2, True)
    monkeypatch.setenv("D365EDI_SECRET_ACME_SSH_KEY", ssh())
    ended = call("check")
    assert (ended.code, "[daemon.tls] the certificate CN=edi.contoso.example ended on 2025-11-13" in ended.out) == (
        1,
        True,
    )
