"""What differs between servers, or is documented nowhere, as switches: each with its values, the default first.

    Switches.of("offset=-0500", "bearer", "page_cap=100")

Knows: names and values. Does not know: what a switch does (who answers looks it up).
"""

from dataclasses import dataclass, fields
from typing import Any, Self

CHOICES: dict[str, tuple[str, ...]] = {
    "empty": ("404", "400", "[]"),
    "location": ("plain", "%3A", "relative", "other-host"),
    "coded": ("messages", "everywhere", "nowhere"),
    "rows": ("text", "int"),
    "base64": ("plain", "wrapped"),
    "offset": ("+0000", "-0500", "+05:30", "Z"),
    "resolution": ("seconds", "milliseconds"),
    "name_filter": ("exact", "prefix", "%"),
    "move": ("keeps", "new"),
    "marked": ("listed", "hidden", "ignored"),
    "mailbox": ("traditional", "global"),
    "spelling": ("errorDescription", "errorDiscription", "html"),
    "accounts": ("shown", "refused"),
    "payload": ("any", "body", "query"),
    "colon": ("any", "raw", "encoded"),
    "delete": ("any", "bare", "empty"),
    "client_auth": ("any", "basic", "form"),
}
"""The values of each switch that is a word."""
NUMBERS = ("skew", "page_cap")
"""Switches that are whole numbers, 0 by default."""


class UnknownSwitch(ValueError):
    """A switch or a value that there is none of, with what there is."""


@dataclass(slots=True)
class Switches:
    """How this server answers.

    `empty`: a listing without rows. `location`: ids in what a creation answers. `coded`: values as `{code, display}` in
    mailboxmessages alone, in mailboxcontents too, or nowhere. `rows`: rowsAffected. `base64`: in lines of 76 or in one.
    `offset`, `resolution`: of creationDate. `name_filter`: `?name=`. `move`: whether a message keeps its id. `marked`: what a
    PUT of extractableCount 0 does to a listing; ignored: nothing at all. `mailbox`: global, a second message of a name (in
    any case) overwrites the first. `spelling`: of error bodies. `accounts`: whether useraccounts are shown. `payload`,
    `colon`, `delete`: forms of a request that are taken, of getpayload, ids in addresses, DELETE. `client_auth`: how the
    identity server wants clients to identify themselves.

    `skew`: seconds by which the server's clock is ahead. `page_cap`: rows of a page at most, 0 for no cap.
    `getpayload_counts`: a getpayload uses up the count. `documents_once`: a document serves one message. `bearer`: OAuth in
    place of Basic. `doc`: /svc/doc is served."""

    empty: str = "404"
    location: str = "plain"
    coded: str = "messages"
    rows: str = "text"
    base64: str = "plain"
    offset: str = "+0000"
    resolution: str = "seconds"
    name_filter: str = "exact"
    move: str = "keeps"
    marked: str = "listed"
    mailbox: str = "traditional"
    spelling: str = "errorDescription"
    accounts: str = "shown"
    payload: str = "any"
    colon: str = "any"
    delete: str = "any"
    client_auth: str = "any"
    skew: int = 0
    page_cap: int = 0
    getpayload_counts: bool = False
    documents_once: bool = False
    bearer: bool = False
    doc: bool = False

    @classmethod
    def of(cls, *texts: str) -> Self:
        """Switches set as on the command line: `name=value`, or `name` alone for those that are on or off.

        UnknownSwitch names what there is."""
        made = cls()
        for text in texts:
            made.set(text)
        return made

    def set(self, text: str) -> None:
        """Set one switch, written as on the command line. UnknownSwitch names what there is."""
        name, _, value = text.partition("=")
        if name not in (field.name for field in fields(self)):
            raise UnknownSwitch(f"there is no switch {name}; there are {', '.join(f.name for f in fields(self))}")
        setattr(self, name, _value(name, value))

    def shape(self) -> tuple[Any, ...]:
        """What a page of a listing depends on."""
        return self.coded, self.offset, self.resolution, self.name_filter, self.marked, self.page_cap


def _value(name: str, text: str) -> str | int | bool:
    if name in CHOICES:
        if text not in CHOICES[name]:
            raise UnknownSwitch(f"{name} cannot be {text}; it can be {', '.join(CHOICES[name])}")
        return text
    if name in NUMBERS:
        try:
            return int(text)
        except ValueError:
            raise UnknownSwitch(f"{name} cannot be {text}; it is a whole number, as {name}=60") from None
    if text not in ("", "on", "off"):
        raise UnknownSwitch(f"{name} cannot be {text}; it can be on, off")
    return text != "off"
