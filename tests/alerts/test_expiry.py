"""When certificates and secrets end, as files, secrets and settings have it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from d365edi import log, secrets
from d365edi.alerts import expiry
from d365edi.alerts.findings import End
from d365edi.sandbox import tls
from d365edi.settings import load
from tests.settings.conftest import RIGHT

MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
ENDS = (MADE + timedelta(days=2)).timestamp()
SECRET = 'client_secret = { secret = "d365" }'
ALERTED = """
[alerts]
secrets = { d365 = 2027-01-31 }
[alerts.webhook]
url = { secret = "url" }
shape = "slack"
"""


def ends(folder: Path, *changes: tuple[str, str], more: str = "", **environ: str) -> list[End]:
    text = RIGHT
    for old, new in changes:
        text = text.replace(old, new)
    (folder / "settings.toml").write_text(text + more)
    given = {f"D365EDI_SECRET_{name}": value for name, value in environ.items()}
    settings = load(folder / "settings.toml", given, keyring=secrets.keyring(log.hide))
    return expiry.of(settings, settings.secret)


def pfx(files: tls.TlsFiles, password: bytes) -> bytes:
    key: Any = load_pem_private_key(files.key.read_bytes(), None)
    certificate = load_pem_x509_certificate(files.certificate.read_bytes())
    return pkcs12.serialize_key_and_certificates(b"d365edi", key, certificate, None, BestAvailableEncryption(password))


def test_without_certificates_and_days_nothing_ends(tmp_path: Path) -> None:
    assert ends(tmp_path) == []


def test_the_listener_s_certificate_ends_with_whichever_of_its_chain_ends_first(tmp_path: Path) -> None:
    files = tls.create(tmp_path / "tls", now=MADE)
    later = tls.create(tmp_path / "later", now=MADE + timedelta(days=300))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(later.certificate.read_bytes() + files.authority.read_bytes())
    table = f'listen = "0.0.0.0:8443"\ntls = {{ certificate = "{chain}", key = {{ secret = "tls-key" }} }}\n[d365]'
    [end] = ends(tmp_path, ("[d365]", table))
    assert (end.name, end.at, str(chain) in end.what) == ("daemon.tls", ENDS, True)
    assert "d365edi secrets set tls-key" in end.remedy
    assert end.remedy.endswith("then: systemctl reload d365edi")


@pytest.mark.parametrize("kind", ["pem", "pfx", "secret"])
def test_the_client_certificate_ends_as_it_says(tmp_path: Path, kind: str) -> None:
    files = tls.create(tmp_path / "tls", now=MADE)
    file, both = tmp_path / "client", files.key.read_bytes() + files.certificate.read_bytes()
    file.write_bytes(pfx(files, b"opens-the-pfx") if kind == "pfx" else both)
    value = (
        '{ content = { secret = "pem" } }'
        if kind == "secret"
        else f'{{ file = "{file}", password = {{ secret = "word" }} }}'
    )
    [end] = ends(tmp_path, (SECRET, f"certificate = {value}"), PEM=both.decode(), WORD="opens-the-pfx")
    assert (end.name, end.at) == ("d365.certificate", ENDS)


def test_the_certificate_for_a_gateway_ends_too(tmp_path: Path) -> None:
    files = tls.create(tmp_path / "tls", now=MADE)
    both = files.key.read_bytes() + files.certificate.read_bytes()
    server = """
[endpoints.sbi]
kind = "sterling"
url = "https://b2bi.example/svc/"
username = "us"
password = { secret = "p" }
client_certificate = { content = { secret = "pem" } }
"""
    [end] = ends(tmp_path, more=server, PEM=both.decode())
    assert (end.name, end.what, end.at) == ("endpoints.sbi.client_certificate", 'the certificate "pem" for sbi', ENDS)
    assert "d365edi secrets set pem" in end.remedy


def test_a_certificate_that_cannot_be_read_is_left_to_who_uses_it(tmp_path: Path) -> None:
    file = tmp_path / "client.pfx"
    for data in (b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"):
        file.write_bytes(data)
        assert ends(tmp_path, (SECRET, f'certificate = {{ file = "{file}" }}')) == []


def test_a_secret_ends_with_its_last_day_in_the_daemon_s_zone(tmp_path: Path) -> None:
    [end] = ends(tmp_path, more=ALERTED)
    assert (
        datetime.fromtimestamp(end.at, ZoneInfo("America/Chicago")).isoformat(timespec="seconds")
        == "2027-01-31T23:59:59-06:00"
    )
    assert (end.name, end.what) == ("secret d365", 'the secret "d365"')
    assert "d365edi secrets set d365" in end.remedy


@pytest.mark.parametrize(
    ("at", "over", "soon"),
    [("2026-12-30", 0, 0), ("2027-01-20", 0, 1), ("2027-02-02", 1, 0)],
)
def test_a_secret_that_ends_is_said_by_check_as_long_before_as_it_is_alerted(
    tmp_path: Path, at: str, over: int, soon: int
) -> None:
    ends(tmp_path, more=ALERTED)
    settings = load(tmp_path / "settings.toml", {}, keyring=secrets.keyring(log.hide))
    ended, ending = expiry.of_secrets(settings, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (len(ended), len(ending)) == (over, soon)
    for sentence in (*ended, *ending):
        assert " on 2027-01-31; make a new one where this one was made; d365edi secrets set d365" in sentence
