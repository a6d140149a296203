"""[endpoints.NAME]: where messages are picked up and put down.

Knows: servers and folders, and when a file there is whole. Does not know: SFTP, who leaves what.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from .section import Path, Secret, Section
from .values import Duration, Folder, Host, Size, Span, Text, Whole, invalid


def _sentinel(value: str) -> str:
    if value.count("{name}") != 1 or value == "{name}" or re.search(r"[/{}]", value.replace("{name}", "")):
        raise invalid("is not made of the file's name", 'write it as "{name}.done"')
    return value


class Complete(Section):
    """When a file is whole: it looks the same so often, or its sentinel stands beside it."""

    looks: Annotated[Whole, Field(ge=1, le=10)] = 2
    """Equal looks (size and time) before a file is taken."""
    apart: Span = timedelta(seconds=3)
    """Between the looks of one run."""
    sentinel: Annotated[Text, AfterValidator(_sentinel)] | None = None
    """The name of the empty file that says so, as "{name}.done"; then looks are not counted."""

    @property
    def needed(self) -> int:
        """How many equal looks a file needs: one beside its sentinel."""
        return 1 if self.sentinel else self.looks

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.sentinel and self.model_fields_set & {"looks", "apart"}:
            raise invalid("has a sentinel and counts looks", "write one of the two")
        return self


class Move(Section):
    """After a message is durable here, its file is moved."""

    move_to: Path
    """The folder there that holds what was taken."""


def _word_or_table(value: object) -> str:
    return "table" if isinstance(value, Mapping | Section) else "word"


After = Annotated[
    Annotated[Literal["delete", "leave"], Tag("word")] | Annotated[Move, Tag("table")], Discriminator(_word_or_table)
]
"""What becomes of a file once it is durable here: "delete", "leave" or { move_to = "..." }."""


class _Watched(Section):
    complete: Complete = Complete()
    """When a file is whole."""
    after: After = "leave"
    """What becomes of it once it is durable here: "delete", "leave" or { move_to = "..." }."""
    temp_suffixes: tuple[Text, ...] = (".part", ".tmp", ".temp", ".filepart", ".uploading", ".writing", ".crdownload")
    """Names that end so are still being written by somebody."""
    max_message: Size = 64_000_000
    """A larger file is not fetched but set aside."""
    in_flight: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Files handled at the same time."""
    deliver: Literal["rename", "direct", "sentinel"] = "rename"
    """How a file is put down: under a temp name and renamed, directly, or directly with a sentinel after it."""


class Timeouts(Section):
    """How long the other side may take."""

    connect: Duration = timedelta(seconds=20)
    """To be connected and logged in."""
    read: Duration = timedelta(seconds=60)
    """To answer one request."""


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
    # RFC 4253, 6.6: the key's own type stands first inside it.
    if blob[4 : 4 + int.from_bytes(blob[:4], "big")] != words[0].encode():
        raise invalid("is a host key that was cut or changed", remedy)
    return value


class Sftp(_Watched):
    """A server that speaks SFTP."""

    kind: Literal["sftp"]
    """The kind of endpoint."""
    host: Host
    """The server."""
    port: Annotated[Whole, Field(ge=1, le=65535)] = 22
    """Its port."""
    username: Text
    """Who we are there."""
    key: Secret | None = None
    """Our SSH private key."""
    password: Secret | None = None
    """Our password, alone or after the key."""
    host_keys: tuple[Annotated[Text, AfterValidator(_host_key)], ...] = ()
    """The server's public keys or SHA256 fingerprints, several during a rotation; without one nothing is trusted."""
    timeouts: Timeouts = Timeouts()
    """How long it may take."""

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        if not self.key and not self.password:
            raise invalid("has neither `key` nor `password`", 'write key = { secret = "..." }')
        return self


class LocalFolder(_Watched):
    """A folder of this machine."""

    kind: Literal["folder"]
    """The kind of endpoint."""
    path: Folder
    """The folder; paths of pickups and deliveries are taken from it."""


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)


Endpoint = Annotated[Annotated[Sftp, Tag("sftp")] | Annotated[LocalFolder, Tag("folder")], Discriminator(_kind)]
"""One of the kinds of endpoint, told apart by `kind`."""
