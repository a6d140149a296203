"""Whom a client of ours trusts, by which certificate it is known itself, and what the last handshake showed.

A pin is the SHA-256 of the server's own certificate. It is compared inside the handshake, so that no byte of a request, and no
password, leaves before it is right. A pin stands in place of chain, name and end of the certificate, which a self-signed one
cannot show; where authorities are named beside it, both must hold.

Knows: TLS. Does not know: HTTP, settings. No private key is written to a disk.
"""

import hashlib
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.streams.tls import TLSAttribute

from d365edi import certificates
from d365edi.errors import SecretError, SettingsError


@dataclass(frozen=True, slots=True)
class Handshake:
    """One that succeeded: the protocol ("TLSv1.2"), and the server's own certificate (DER)."""

    protocol: str
    certificate: bytes


class PinError(ssl.SSLCertVerificationError):
    """The server shows a certificate that no pin names; `shown` would be its pin."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"it shows {shown}")
        self.shown = shown


class Trust:
    """A client's TLS context, and the `last` handshake of a connection that was made with it.

    It trusts the system's authorities and those of a PEM file, or these `pins` ("sha256:..."), and shows our `certificate` (PEM
    or PFX, with its key) where it is asked for. SettingsError where a file holds no certificates, SecretError where the key
    cannot be used. TLS 1.2 and up."""

    def __init__(
        self, ca_file: Path | None = None, pins: Sequence[str] = (), *, certificate: bytes = b"", password: str = ""
    ) -> None:
        self.pins = frozenset(pins)
        self.last: Handshake | None = None
        self.context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a self-signed server may itself be the authority
        context.sslobject_class = _compared(self)
        if pins and ca_file is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context.load_default_certs()
        if ca_file is not None:
            _add(context, ca_file)
        if certificate:
            _show(context, certificate, password)

    @property
    def by_chain(self) -> bool:
        """Whether the server's certificate must be signed by an authority, for its name."""
        return self.context.verify_mode != ssl.CERT_NONE


def digest(certificate: bytes) -> str:
    """A certificate (DER) as a pin."""
    return f"sha256:{hashlib.sha256(certificate).hexdigest()}"


async def presented(host: str, port: int, *, within: float = 10.0) -> bytes:
    """The certificate (DER) that a server shows, whoever it is: nothing is sent to it. Raises OSError, ssl.SSLError, or
    TimeoutError after so many seconds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with anyio.fail_after(within):
        stream = await anyio.connect_tcp(host, port, tls=True, ssl_context=context, tls_standard_compatible=False)
        try:
            shown = stream.extra(TLSAttribute.peer_certificate_binary)  # noqa: S610 (anyio's, not Django's)
            return shown or b""
        finally:
            await anyio.aclose_forcefully(stream)


def pin_remedy(pin: str) -> str:
    """What to write where a certificate that nobody vouches for is the right one. `pin`: its digest."""
    return f'where it is the server\'s own, which its operator can say, write pins = ["{pin}"]'


def _compared(trust: Trust) -> type[ssl.SSLObject]:
    """Connections whose handshake ends with the comparison."""

    class Compared(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            shown = self.getpeercert(binary_form=True) or b""
            if trust.pins and digest(shown) not in trust.pins:
                raise PinError(digest(shown))
            trust.last = Handshake(self.version() or "", shown)

    return Compared


def _add(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {ca_file} cannot be used: {error}"
        raise SettingsError(message, key="ca_file", remedy="give certificate authorities in PEM") from error


def _show(context: ssl.SSLContext, certificate: bytes, password: str) -> None:
    pair = certificates.pair(certificate, certificate, password.encode())
    memory = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(memory, pair.pem)
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    except (OSError, ssl.SSLError) as error:
        remedy = "give the certificate with its chain and the key that belongs to it"
        raise SecretError(f"the client certificate cannot be used: {error}", remedy=remedy) from error
    finally:
        os.close(memory)
