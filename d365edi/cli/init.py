"""`d365edi init`: asks for what no program can know, and writes a settings file to begin with.

Every answer is tried in the file at once, so that a wrong one is asked for again with the reason. An existing file is never
written over.

Knows: how it asks, and where the file goes. Does not know: what is in it (that is `settings.starter`).
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, SettingsFile, say
from d365edi.errors import SettingsError

Given = str | None


def init(
    *,
    host: Annotated[Given, typer.Option(help="The host of D365.")] = None,
    tenant: Annotated[Given, typer.Option(help="The directory in Entra ID: its id or domain.")] = None,
    client_id: Annotated[Given, typer.Option(help="The client id of the application in Entra ID.")] = None,
    company: Annotated[Given, typer.Option(help="The company in D365.")] = None,
    partner: Annotated[Given, typer.Option(help="A short name for the partner.")] = None,
    account: Annotated[Given, typer.Option(help="Its customer account in the company.")] = None,
    us: Annotated[Given, typer.Option(help="Our qualifier:id on interchanges.")] = None,
    them: Annotated[Given, typer.Option(help="The partner's qualifier:id.")] = None,
    sftp_host: Annotated[Given, typer.Option(help="The host of the partner's SFTP server.")] = None,
    sftp_port: Annotated[Given, typer.Option(help="Its port.")] = None,
    sftp_user: Annotated[Given, typer.Option(help="Our user name there.")] = None,
    timezone: Annotated[Given, typer.Option(help="The time zone of schedules and dates.")] = None,
    login: Annotated[Literal["key", "password"], typer.Option(help="How we log in at the SFTP server.")] = "key",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; what no option says is as in the example.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Ask for the values of one D365 and one partner, and write the settings file. Never overwrites one.

    Where nobody is at the terminal nothing is asked."""
    given = {
        "host": host, "tenant": tenant, "client-id": client_id, "company": company, "partner": partner, "account": account,
        "us": us, "them": them, "sftp-host": sftp_host, "sftp-port": sftp_port, "sftp-user": sftp_user, "timezone": timezone,
    }  # fmt: skip
    if settings.exists():
        raise SettingsError(f"{settings} exists", remedy=f"edit it, then: d365edi check{_option(settings)}")
    known = {name: value for name, value in given.items() if value is not None}
    asked = not yes and sys.stdin.isatty()
    draft = _Draft(settings.absolute(), login)
    draft.tried(known)
    answers = _answers(draft, known) if asked else known
    draft.write(answers)
    say(_next(settings, draft.partner(answers), login, given=set(answers)))


class _Draft:
    """The file as it would be with some answers."""

    def __init__(self, path: Path, login: str) -> None:
        from d365edi.settings import starter

        self._starter, self._path, self._login = starter, path, login

    def text(self, answers: Mapping[str, str]) -> str:
        service = self._path.parent == self._starter.SERVICE
        return self._starter.filled(answers, login=self._login, service=service)

    def tried(self, answers: Mapping[str, str]) -> None:
        """SettingsError where the file with these answers is wrong."""
        for name, remedy in self._starter.WORDS.items():
            if name in answers and not self._starter.NAMES[name].fullmatch(answers[name]):
                raise SettingsError(f'"{answers[name]}" cannot be the {name}', remedy=remedy)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "settings.toml"
            file.write_text(self.text(answers))
            try:
                client.load(file)
            except SettingsError as error:
                raise SettingsError(re.sub(rf"(?m)^{re.escape(str(file))}:\d+: ", "", str(error))) from None

    def partner(self, answers: Mapping[str, str]) -> str:
        return answers.get("partner", "acme")

    def write(self, answers: Mapping[str, str]) -> None:
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            os.fchmod(file, 0o640)  # whatever the umask: the service reads it by the group of its folder
            with contextlib.suppress(PermissionError):
                os.fchown(file, -1, self._path.parent.stat().st_gid)
            with os.fdopen(file, "w") as fresh:
                fresh.write(self.text(answers))
        except OSError as error:
            remedy = f"make its folder: mkdir -p {self._path.parent}" if isinstance(error, FileNotFoundError) else ""
            remedy = remedy or "run this as a user who may, or name another file with --settings"
            raise SettingsError(f"{self._path} cannot be written: {error.strerror}", remedy=remedy) from None


def _answers(draft: _Draft, known: Mapping[str, str]) -> dict[str, str]:
    """Ask for everything that is not known yet, until each answer is right. Enter takes what stands in brackets."""
    from d365edi.settings.starter import QUESTIONS

    answers = dict(known)
    for question in QUESTIONS:
        while question.name not in answers:
            starts = _zone() if question.name == "timezone" else ""
            given = typer.prompt(question.asks, default=starts or question.starts).strip()
            try:
                draft.tried({**answers, question.name: given})
            except SettingsError as error:
                say([error])
            else:
                answers[question.name] = given
    return answers


def _zone() -> str:
    """This machine's time zone by name, "" where it has none."""
    _, _, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name


def _next(settings: Path, partner: str, login: str, *, given: set[str]) -> Iterator[str]:
    from d365edi.settings.starter import QUESTIONS, SERVICE

    option, service = _option(settings), settings.absolute().parent == SERVICE
    yield f"{settings} is written."
    for left in (question for question in QUESTIONS if question.name not in given):
        yield f"  as in the example: {left.asks[0].lower()}{left.asks[1:]}: {left.starts}"
    yield "Next:"
    program = "sudo d365edi" if service and os.environ.get("SUDO_USER") else "d365edi"
    yield "  # the client secret, from a prompt:"
    yield f"  {program} secrets set d365{'' if service else ' --new-key'}{option}"
    name = f"{partner}-ssh-key" if login == "key" else f"{partner}-password"
    yield "  # the private key, from its file:" if login == "key" else "  # the password, from a prompt:"
    yield f"  {program} secrets set {name}{option}{' < FILE' if login == 'key' else ''}"
    yield f"  {program} check{option}"
    yield "  # shows the host key of the partner's server, to be entered in host_keys:"
    yield f"  {program} ping{option}"


def _option(settings: Path) -> str:
    return "" if settings == DEFAULT_SETTINGS else f" --settings {settings}"
