"""A certificate authority for a sandbox: made at run time, never stored beyond its folder.

Knows: X.509. Does not know: who serves with what it issues.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files of one server: its authority, its certificate, its private key (PEM each)."""

    authority: Path
    certificate: Path
    key: Path


DAYS = 2
"""How long a certificate is good that is made for one run."""
KEPT_DAYS = 365
"""The same in a folder that is kept."""


def kept(folder: Path, *, now: datetime | None = None) -> TlsFiles:
    """Authority and certificate of a folder that is kept: those that are there, or fresh ones where there are none or they
    end within two days."""
    moment = now or datetime.now(UTC)
    there = _files(folder)
    if all(path.exists() for path in (there.authority, there.certificate, there.key)):
        certificate = x509.load_pem_x509_certificate(there.certificate.read_bytes())
        if certificate.not_valid_after_utc > moment + timedelta(days=DAYS):
            return there
    return create(folder, now=moment, days=KEPT_DAYS)


def create(folder: Path, *, now: datetime | None = None, days: int = DAYS) -> TlsFiles:
    """A fresh authority and a certificate of it for 127.0.0.1 and localhost, good for so many days, as files of this
    folder."""
    moment = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("d365edi sandbox authority")
    ca = _builder(ca_name, ca_name, ca_key.public_key(), moment, days)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = _builder(_name("localhost"), ca_name, key.public_key(), moment, days)
    leaf = leaf.add_extension(x509.SubjectAlternativeName(names), critical=False)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    identity = _files(folder)
    identity.authority.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    identity.certificate.write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    identity.key.touch(mode=0o600)
    identity.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return identity


def _files(folder: Path) -> TlsFiles:
    return TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
