"""Alerts by mail: SMTP (RFC 5321) over TLS, by STARTTLS (RFC 3207) or from the first byte (RFC 8314); plain text (RFC 3676).

The Message-ID is the same in every attempt: mail servers that look for repetitions find one whose reply was lost.

Knows: SMTP through aiosmtplib, [alerts.mail]. Does not know: incidents, when anything is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from typing import TYPE_CHECKING

from d365edi import log
from d365edi.alerts import trust
from d365edi.alerts.message import Message
from d365edi.errors import CredentialsRejected, EndpointError, PlaceRefused, Unreachable

if TYPE_CHECKING:
    from d365edi.settings import Mail as MailSettings

TIMEOUT = 10.0
"""Seconds for one command of SMTP."""


class Mail:
    """A mail server, and who is written to. No connection is kept."""

    def __init__(self, settings: MailSettings, password: str) -> None:
        self._settings = settings
        self._password = password
        self._tls = trust.context(settings.ca_file, "alerts.mail")

    async def send(self, id: str, message: Message) -> None:
        """As `channels.Wire`. Recipients that the server refuses beside others that it takes are reported in the log."""
        import aiosmtplib  # noqa: PLC0415 - only a mail needs it

        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host.strip("[]"),
            port=settings.port,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls,
            username=settings.username,
            password=self._password or None,
            local_hostname=socket.gethostname(),
            timeout=TIMEOUT,
        )
        try:
            await client.connect()
            refused, _ = await client.send_message(self.written(id, message))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _verdict(error, settings) from None
        finally:
            transport = client.transport
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()
            await _gone(transport)
        for address, answer in refused.items():
            log.say("WARNING", "alerts:mail", "refused", f"{address} was refused: {answer}; correct [alerts.mail] to")

    def written(self, id: str, message: Message) -> EmailMessage:
        """The mail: headers in ASCII or encoded words, text in UTF-8."""
        mail = EmailMessage(policy=POLICY)
        mail["From"] = self._settings.sender
        mail["To"] = ", ".join(self._settings.to)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromisoformat(message.at))
        mail["Message-ID"] = f"<{id}@{self._settings.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is to answer that he is on holiday
        mail.set_content(message.text)
        return mail


async def _gone(transport: asyncio.BaseTransport | None) -> None:
    """End a connection now: one that still waits for the other side's end of TLS would outlive a short command."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
        for _ in range(2):  # the loop closes the socket in a later round
            await asyncio.sleep(0)


def _verdict(error: Exception, settings: MailSettings) -> EndpointError:
    """What an error of the library says about the server, the login or the message."""
    import aiosmtplib  # noqa: PLC0415

    where = f"{settings.host}:{settings.port}"
    said = log.one_line(str(getattr(error, "message", "") or error) or type(error).__name__)
    code = getattr(error, "code", 0)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and code >= 500:
        name = settings.password.secret if settings.password else "NAME"
        remedy = f"correct username and password under [alerts.mail]: d365edi secrets set {name}; then: systemctl reload d365edi"
        return CredentialsRejected(f"{where} refuses the login: {code} {said}", remedy=remedy)
    if "CERTIFICATE" in said.upper():
        remedy = "check ca_file under [alerts.mail] and the server's certificate"
        return CredentialsRejected(f"{where} has a certificate that is not trusted: {said}", remedy=remedy)
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        answers = {each.recipient: each.code for each in error.recipients}
        if all(answer >= 500 for answer in answers.values()):
            remedy = "correct `to` under [alerts.mail]"
            return PlaceRefused(f"{where} refuses every recipient ({', '.join(answers)})", remedy=remedy)
        return Unreachable(f"{where} takes no mail for {', '.join(answers)} at present")
    passing = isinstance(error, OSError) or 400 <= code < 500  # RFC 5321, 4.2.1: 4yz may succeed later
    if passing:
        return Unreachable(f"{where} does not take mail: {f'{code} ' if code else ''}{said}")
    remedy = "check host, port and tls under [alerts.mail]"
    return PlaceRefused(f"{where} refuses the message: {f'{code} ' if code else ''}{said}", remedy=remedy)
