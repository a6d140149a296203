"""A real SMTP server (aiosmtpd) with TLS from the first byte or by STARTTLS, a login, and faults by reply code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from d365edi.sandbox.tls import TlsFiles


@dataclass
class MailServer:
    """What arrived, as (recipients, mail); `refuse` has the reply to each command that is to fail ("MAIL", "RCPT", "DATA").

    `lose`: how many more mails are taken and not answered: the connection ends in place of the reply."""

    login: tuple[str, str]
    port: int = 0
    arrived: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    lose: int = 0
    logins: int = 0

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, mail in self.arrived]

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins += 1
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refuse.get(f"RCPT {address}", self.refuse.get("RCPT", "250 OK"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.arrived.append((list(envelope.rcpt_tos), mail))
        if self.lose:
            self.lose -= 1
            _abort(server)
        return "250 OK"


def _abort(session: SMTP) -> None:
    if isinstance(session.transport, asyncio.WriteTransport):
        session.transport.abort()


@contextlib.asynccontextmanager
async def mail_server(
    identity: TlsFiles,
    *,
    implicit: bool = False,
    plain: bool = False,
    login: tuple[str, str] = ("d365edi", "mail-word"),
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Serve on a port of loopback, in the caller's event loop, until the block ends; `plain`: without any TLS."""
    made = MailServer(login)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.certificate, identity.key)

    logging.getLogger("mail.log").setLevel(logging.ERROR)  # the server's own log is no line of ours

    open_now: list[SMTP] = []

    def session() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a login before STARTTLS: the whole connection is TLS
            open_now.append(made_session())
            return open_now[-1]

    def made_session() -> SMTP:
        return SMTP(
            made,
            hostname="localhost",
            tls_context=None if implicit or plain else context,
            require_starttls=not implicit and not plain,
            authenticator=made.authenticate,
            auth_required=True,
            auth_require_tls=not implicit and not plain,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", port, ssl=context if implicit else None)
    try:
        made.port = server.sockets[0].getsockname()[1]
        yield made
    finally:
        server.close()
        await server.wait_closed()
        for each in open_now:
            _abort(each)
        await asyncio.sleep(0)
