"""Certificates with their private keys, read as they will be used: what is wrong with them, and when they end.

Both forms that are in use: PEM (a chain, a key, or both in one text) and PFX (PKCS #12).

Knows: X.509, keys. Does not know: settings, who uses a certificate. No error here carries a key or a password.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    pkcs12,
)

from d365edi.errors import SecretError

SOON = timedelta(days=30)
"""A certificate that ends within this time is worth a sentence."""
_PEM = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate, those that it is signed by (`chain`), and its private key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: object

    @property
    def rsa(self) -> bool:
        """Whether the key is an RSA key."""
        return isinstance(self.key, RSAPrivateKey)

    @property
    def pem(self) -> bytes:
        """All of it as one PEM text, the key without a password: for memory alone."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
        shown = b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.chain))
        return shown + bytes(key)

    def ends(self, now: datetime) -> Iterator[tuple[str, bool]]:
        """What is to be said about the time for which it and its chain are valid; True where it cannot be used now."""
        for one in (self.certificate, *self.chain):
            name = one.subject.rfc4514_string() or f"number {one.serial_number:x}"
            if one.not_valid_after_utc <= now:
                yield f"the certificate {name} ended on {one.not_valid_after_utc:%Y-%m-%d}", True
            elif one.not_valid_before_utc > now:
                yield f"the certificate {name} is valid only from {one.not_valid_before_utc:%Y-%m-%d} on", True
            elif one.not_valid_after_utc - now < SOON:
                yield f"the certificate {name} ends on {one.not_valid_after_utc:%Y-%m-%d}", False


def pair(certificates: bytes, key: bytes, password: bytes = b"") -> KeyPair:
    """A certificate (PEM with its chain) and its key (PEM, perhaps in the same text), or both in a PFX. SecretError where one
    cannot be read, or the key is none of this certificate's."""
    if not certificates.lstrip().startswith(_PEM) and _PEM not in certificates:
        return _pfx(certificates, password)
    chain = chain_of(certificates)
    private = private_key(key, password)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    for one in chain:
        if one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == public:
            return KeyPair(one, tuple(other for other in chain if other is not one), private)
    name = chain[0].subject.rfc4514_string()
    message = f"the private key does not belong to the certificate {name}"
    raise SecretError(message, remedy="give the key that it was requested with, or the certificate of this key")


def chain_of(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM text. SecretError where there is none, or one is damaged."""
    try:
        found = x509.load_pem_x509_certificates(data)
    except ValueError:
        kind = "has no certificate" if b"CERTIFICATE-----" not in data else "has a damaged certificate"
        raise SecretError(kind, remedy="give a PEM file with the certificate and its chain") from None
    return tuple(found)


def subject_and_end(data: bytes) -> tuple[str, datetime]:
    """Whose certificate (DER) it is, and when it ends. SecretError where it cannot be read."""
    try:
        read = x509.load_der_x509_certificate(data)
    except ValueError:
        raise SecretError("the certificate cannot be read") from None
    return read.subject.rfc4514_string() or f"number {read.serial_number:x}", read.not_valid_after_utc


def every(data: bytes, password: bytes = b"") -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM text or a PFX, whatever keys stand beside them. SecretError where it cannot be read."""
    if _PEM in data:
        return chain_of(data)
    _, leaf, others = _opened(data, password)
    return tuple(each for each in (leaf, *others) if each is not None)


def private_key(data: bytes, password: bytes = b"") -> object:
    """The private key in a PEM text. SecretError with what is there in its place, or why it does not open."""
    begins = [line for line in data.splitlines() if line.startswith(_PEM)]
    block = next((line for line in begins if b"PRIVATE KEY" in line), b"")
    if not block:
        raise _no_private_key(data)
    if data.count(b"\n") < 2:
        raise SecretError(
            "the private key lost its line breaks", remedy="store it from its file: d365edi secrets set NAME --file KEY"
        )
    try:
        return load_pem_private_key(_only(data, block), password or None)
    except TypeError:
        if password:
            return load_pem_private_key(_only(data, block), None)  # a password of a key that has none
        message = "the private key is encrypted, and no password is named"
        raise SecretError(message, remedy="name it, or take it away: openssl pkey -in KEY -out NEWKEY") from None
    except (ValueError, UnsupportedAlgorithm):
        if password or b"ENCRYPTED" in data:
            raise SecretError("the password does not open the private key", remedy="store the right one") from None
        raise SecretError("the private key is damaged", remedy="store it again from its file") from None


def _only(data: bytes, block: bytes) -> bytes:
    """The block of the private key, where certificates stand beside it."""
    start = data.index(block)
    end = block.replace(b"BEGIN", b"END").strip()
    stop = data.find(end, start)
    return data[start : stop + len(end)] + b"\n" if stop >= 0 else data[start:]


def _no_private_key(data: bytes) -> SecretError:
    remedy = "store the private key: d365edi secrets set NAME --file KEY"
    try:
        load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        what = "a certificate without a private key" if b"CERTIFICATE-----" in data else "no private key in PEM"
        return SecretError(f"there is {what}", remedy=remedy)
    return SecretError("there is a public key in place of the private key", remedy=remedy)


def _opened(data: bytes, password: bytes) -> tuple[object, x509.Certificate | None, list[x509.Certificate]]:
    """The key, the certificate and the others of a PFX."""
    try:
        return pkcs12.load_key_and_certificates(data, password or None)
    except ValueError:
        if data[:1] != b"\x30":  # an ASN.1 SEQUENCE (X.690, 8.9), which each PFX is
            raise SecretError(
                "it is neither PEM nor PFX", remedy="give a file with certificate and key in one of them"
            ) from None
        raise SecretError("the password does not open the PFX file", remedy="store the right one") from None


def _pfx(data: bytes, password: bytes) -> KeyPair:
    key, certificate, others = _opened(data, password)
    if key is None or certificate is None:
        missing = "private key" if key is None else "certificate"
        raise SecretError(f"the PFX file has no {missing}", remedy="export it again with both")
    return KeyPair(certificate, tuple(others), key)
