"""The settings file to begin with: `starter.toml` beside this file, with a user's own values in it.

Knows: which of its values are to be replaced, and what to ask for each. Does not know: who asks.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SERVICE = Path("/etc/d365edi")
"""Settings in this folder are those of the service: its files are in its own folder, and systemd passes the vault's key."""
STATE = "/var/lib/d365edi"
READ_SOCKET = "/run/d365edi/read.sock"
"""Where the service's unit has a folder for the group that may look without root."""


@dataclass(frozen=True, slots=True)
class Question:
    """A value to ask for: its name among the options, the sentence, and what the starter file has."""

    name: str
    asks: str
    starts: str


QUESTIONS = (
    Question("host", "The host of D365, without https://", "contoso.operations.dynamics.com"),
    Question("tenant", "The directory in Entra ID: its id or domain", "contoso.onmicrosoft.com"),
    Question("client-id", "The client id of the application in Entra ID", "00000000-0000-0000-0000-000000000000"),
    Question("company", "The company in D365", "usmf"),
    Question("partner", "A short name for the partner", "acme"),
    Question("account", "Its customer account in the company", "US-003"),
    Question("us", "Our qualifier and id on interchanges", "01:123456789"),
    Question("them", "The partner's qualifier and id", "08:6111250008"),
    Question("sftp-host", "The host of the partner's SFTP server", "sftp.acme.example"),
    Question("sftp-port", "Its port", "22"),
    Question("sftp-user", "Our user name there", "contoso"),
    Question("timezone", "The time zone of schedules and dates", "America/Chicago"),
)
_NUMBERS = ("sftp-port",)
NAMES = {
    "client-id": re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "company": re.compile(r"[A-Za-z0-9_-]+"),
    "partner": re.compile(r"(?!(?:d365|alerts)$)[a-z0-9]+(?:-[a-z0-9]+)*"),
}
"""What has a form of its own, or stands in the file as a key too: what it may be; secrets are named after the partner."""
WORDS = {
    "client-id": "write the application's id, as 00000000-0000-0000-0000-000000000000 (its secret goes into the vault)",
    "company": "write its id as in D365, as usmf",
    "partner": "use small letters, digits and dashes, as acme (d365 and alerts mean something else)",
}
"""What to write for each of these."""


def text() -> str:
    """The starter file as it is shipped."""
    return files(__package__).joinpath("starter.toml").read_text(encoding="utf-8")


def filled(answers: Mapping[str, str], *, login: str = "key", service: bool = False) -> str:
    """The starter file with these answers (`Question.name` to value; without one the shipped value stays).

    `login`: by "key" or "password". `service`: journal and vault are in the service's folder, its key is systemd's."""
    shipped = text()
    if login == "password":
        shipped = shipped.replace('key       = { secret = "acme-ssh-key" }', 'password  = { secret = "acme-password" }')
    if service:
        shipped = re.sub(r"(?m)^key_file .*\n", "", shipped)
        shipped = re.sub(r'"(journal\.db|vault)"', rf'"{STATE}/\1"', shipped)
        shipped = re.sub(r"(?m)^journal .*\n", rf'\g<0>read_socket = "{READ_SOCKET}"\n', shipped)
    places: dict[str, str] = {}
    for question in QUESTIONS:
        given = answers.get(question.name, question.starts)
        if question.name in NAMES:
            places[rf"\b{question.starts}\b"] = given
        elif question.name in _NUMBERS:
            places[rf"(?<== ){question.starts}$"] = given if given.isdecimal() else json.dumps(given)
        else:
            places[re.escape(json.dumps(question.starts))] = json.dumps(given, ensure_ascii=False).replace(
                "\x7f", "\\u007f"
            )
    return _replaced(shipped, places)


def _replaced(shipped: str, places: Mapping[str, str]) -> str:
    """All patterns at once, so that no answer is looked through for another; what is longer goes first."""
    order = sorted(places, key=len, reverse=True)
    pattern = re.compile("|".join(f"({each})" for each in order), re.MULTILINE)
    return pattern.sub(lambda found: places[order[(found.lastindex or 1) - 1]], shipped)
