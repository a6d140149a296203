"""[endpoints.NAME] that hold files: SFTP servers and folders.

Knows: servers and folders, and when a file there is complete. Does not know: SFTP, partners.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from .section import Path, Secret, SettingsSection
from .values import Duration, Folder, Host, Size, Span, Text, Whole, invalid


def _sentinel(value: str) -> str:
    if value.count("{name}") != 1 or value == "{name}" or re.search(r"[/{}]", value.replace("{name}", "")):
        raise invalid("does not contain the file's name", 'write it as "{name}.done"')
    return value


class Completeness(SettingsSection):
    """When a file is complete: it is unchanged in so many sightings, or its sentinel exists."""

    looks: Annotated[Whole, Field(ge=1, le=10)] = 2
    """Equal sightings (size and time) before a file is fetched."""
    apart: Span = timedelta(seconds=3)
    """The time between the sightings of one run."""
    sentinel: Annotated[Text, AfterValidator(_sentinel)] | None = None
    """The name of the empty file that marks it complete, as "{name}.done"; then sightings are not counted."""

    @property
    def needed(self) -> int:
        """How many equal sightings a file needs: one where there is a sentinel."""
        return 1 if self.sentinel else self.looks

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.sentinel and self.model_fields_set & {"looks", "apart"}:
            raise invalid("has both a sentinel and `looks`", "write one of the two")
        return self


class Move(SettingsSection):
    """Move a file once it is stored here."""

    move_to: Path
    """The folder for fetched files."""


def word_or_table(value: object) -> str:
    """The tag of a value that is a word or a table of keys."""
    return "table" if isinstance(value, Mapping | SettingsSection) else "word"


After = Annotated[
    Annotated[Literal["delete", "leave"], Tag("word")] | Annotated[Move, Tag("table")], Discriminator(word_or_table)
]
"""What happens to a file once it is stored here: "delete", "leave" or { move_to = "..." }."""


class _Watched(SettingsSection):
    complete: Completeness = Completeness()
    """When a file is complete."""
    after: After = "leave"
    """What happens to it once it is stored here: "delete", "leave" or { move_to = "..." }."""
    temp_suffixes: tuple[Text, ...] = (".part", ".tmp", ".temp", ".filepart", ".uploading", ".writing", ".crdownload")
    """Endings of names that are still being written."""
    max_message: Size = 64_000_000
    """A larger file is not fetched."""
    in_flight: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Files handled at the same time."""
    deliver: Literal["rename", "direct", "sentinel"] = "rename"
    """How a file is uploaded: under a temporary name and renamed, directly, or directly with a sentinel after it."""


class Timeouts(SettingsSection):
    """Timeouts."""

    connect: Duration = timedelta(seconds=20)
    """To be connected and logged in."""
    login: Duration = timedelta(seconds=20)
    """The same for servers whose key exchange and login take longer than `connect`, some of them a minute."""
    read: Duration = timedelta(seconds=60)
    """To answer one request."""


class Algorithms(SettingsSection):
    """What old servers need and is known to be weak; asked for last, behind everything that is sound."""

    ciphers: tuple[Literal["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"], ...] = ()
    """Ciphers."""
    kex: tuple[
        Literal["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"], ...
    ] = ()
    """Key exchanges."""
    host_keys: tuple[Literal["ssh-dss"], ...] = ()
    """Types of host keys."""


def _host_key(value: str) -> str:
    remedy = "write the public key as `d365edi ping` shows it, or its SHA256 fingerprint"
    if re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", value):
        return value
    words = value.split(" ")
    if len(words) < 2 or not re.fullmatch(r"(ssh|ecdsa|sk-ssh|sk-ecdsa|rsa)-[a-z0-9@.-]+", words[0]):
        raise invalid("is not a host key", remedy)
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise invalid("is a host key that was cut or changed", remedy) from None
    # RFC 4253, 6.6: the blob begins with the key's own type.
    if blob[4 : 4 + int.from_bytes(blob[:4], "big")] != words[0].encode():
        raise invalid("is a host key that was cut or changed", remedy)
    return value


class Sftp(_Watched):
    """An SFTP server."""

    kind: Literal["sftp"]
    """The kind of endpoint."""
    host: Host
    """The server."""
    port: Annotated[Whole, Field(ge=1, le=65535)] = 22
    """Its port."""
    username: Text
    """Our login."""
    key: Secret | None = None
    """Our SSH private key."""
    passphrase: Secret | None = None
    """What the private key is encrypted with, where it is."""
    password: Secret | None = None
    """Our password, alone or after the key."""
    host_keys: tuple[Annotated[Text, AfterValidator(_host_key)], ...] = ()
    """The server's public keys or SHA256 fingerprints, several during a rotation; without one no server is trusted."""
    timeouts: Timeouts = Timeouts()
    """How long it may take."""
    algorithms: Algorithms = Algorithms()
    """Weak algorithms that an old server needs; each is reported at the start."""

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        if not self.key and not self.password:
            raise invalid("has neither `key` nor `password`", 'write key = { secret = "..." }')
        if self.passphrase and not self.key:
            raise invalid("has a passphrase and no `key`", 'write key = { secret = "..." }')
        return self


class LocalFolder(_Watched):
    """A local folder."""

    kind: Literal["folder"]
    """The kind of endpoint."""
    path: Folder
    """The folder; paths of pickups and deliveries are taken from it."""
