"""When what d365edi logs in or answers with ends: certificates by themselves, secrets by the day that the settings name.

Knows: X.509, PFX, settings. Does not know: who is told, how long before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, time
from functools import partial
from typing import TYPE_CHECKING

from d365edi.alerts.findings import End, of_ends
from d365edi.certificates import every
from d365edi.errors import SecretError

if TYPE_CHECKING:
    from d365edi.settings import Certificate, SecretRef, Settings

_RELOAD = "systemctl reload d365edi"


def of(settings: Settings, reveal: Callable[[SecretRef], str]) -> list[End]:
    """The end of the listener's certificate, of client certificates and of each secret whose last day is named.

    A certificate that cannot be read is left out: who uses it reports that."""
    return [*_listener(settings), *_client(settings, reveal), *_secrets(settings)]


def of_secrets(settings: Settings, now: datetime) -> tuple[list[str], list[str]]:
    """A sentence for each secret that has ended by the day that is named, and for each that ends within `[alerts] expires`."""
    within = settings.alerts.expires.total_seconds() if settings.alerts else 0.0
    found: tuple[list[str], list[str]] = ([], [])
    for end in _secrets(settings):
        for each in of_ends(
            [end], now.timestamp(), within, partial(datetime.fromtimestamp, tz=settings.daemon.timezone)
        ):
            found[end.at > now.timestamp()].append(f"[alerts.secrets] {each.what}; {each.remedy}")
    return found


def _listener(settings: Settings) -> Iterator[End]:
    if (tls := settings.daemon.tls) is not None:
        remedy = f"put the new one with its chain there, its key in the vault (d365edi secrets set {tls.key.secret}); "
        what = f"the certificate {tls.certificate} of the listener"
        yield from _end("daemon.tls", what, _read(tls.certificate.read_bytes), b"", f"{remedy}then: {_RELOAD}")


def _client(settings: Settings, reveal: Callable[[SecretRef], str]) -> Iterator[End]:
    """The certificates that we log in with: at D365, and at gateways in front of a Sterling."""
    if settings.d365.certificate is not None:
        remedy = "make a new one and upload it to the application in Entra ID"
        yield from _certificate(reveal, settings.d365.certificate, "d365.certificate", "for D365", remedy)
    for name, endpoint in settings.endpoints.items():
        if endpoint.kind == "sterling" and endpoint.client_certificate is not None:
            key, remedy = f"endpoints.{name}.client_certificate", "have a new one made by whoever runs the gateway"
            yield from _certificate(reveal, endpoint.client_certificate, key, f"for {name}", remedy)


def _certificate(
    reveal: Callable[[SecretRef], str], certificate: Certificate, key: str, what_for: str, renew: str
) -> Iterator[End]:
    password = reveal(certificate.password).encode() if certificate.password else b""
    if certificate.content is not None:
        name, data = f'"{certificate.content.secret}"', reveal(certificate.content).encode()
        put = f"d365edi secrets set {certificate.content.secret}"
    else:
        assert certificate.file is not None
        name, data, put = str(certificate.file), _read(certificate.file.read_bytes), f"put it at {certificate.file}"
    what = f"the certificate {name} {what_for}"
    yield from _end(key, what, data, password, f"{renew}; {put}; then: {_RELOAD}")


def _secrets(settings: Settings) -> Iterator[End]:
    for name, day in (settings.alerts.secrets if settings.alerts else {}).items():
        at = datetime.combine(day, time.max, settings.daemon.timezone).timestamp()
        remedy = (
            f"make a new one where this one was made; d365edi secrets set {name}; "
            f"write its day under [alerts] secrets; then: {_RELOAD}"
        )
        yield End(f"secret {name}", f'the secret "{name}"', at, remedy)


def _end(name: str, what: str, data: bytes, password: bytes, remedy: str) -> Iterator[End]:
    """The end of whichever certificate of a chain ends first."""
    with contextlib.suppress(SecretError):
        yield End(name, what, min(each.not_valid_after_utc.timestamp() for each in every(data, password)), remedy)


def _read(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except OSError:
        return b""
