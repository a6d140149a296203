"""[partners.NAME.x12] and [partners.NAME.edifact]: the agreed interchanges with a partner.

Knows: identities, versions, service characters. Does not know: what is in an interchange, who the partner is.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax

from .section import SettingsSection
from .values import Delimiters, Flag, GroupId, Text, X12Id, invalid


def _version(value: str) -> str:
    if value[:6] not in ("004010", "005010") or (not value[6:].isalnum() and value[6:]) or len(value) > 12:
        raise invalid("is not a supported version", 'write "004010" or "005010", with a suffix as "004010VICS"')
    return value


GroupIds = Literal["any", "warn", "hold"]
"""What becomes of a group of theirs whose ids are not those agreed on. In use they often differ from the interchange's, as
codes of a division or an application, so only ids that the settings name are compared."""


EnvelopeBy = Literal["ours", "sterling"]
"""Who puts sets into envelopes. "ours": we do, and read theirs. "sterling": Sterling does, and takes off and answers theirs,
so we read and write bare sets, and that a message was fetched is all that is known of it."""


BARE: EnvelopeBy = "sterling"
"""Who writes envelopes where we do not."""


class X12(SettingsSection):
    """The agreed X12 envelope: identities, version and delimiters."""

    envelope: EnvelopeBy = "ours"
    """Who puts sets into envelopes: we do (ours), or Sterling does, and sets are bare both ways (sterling)."""
    us: X12Id
    """Our qualifier and id on interchanges: "01:123456789"."""
    them: X12Id
    """Theirs."""
    group_us: GroupId | None = None
    """Our code on groups (GS02, GS03); left out: our id."""
    group_them: GroupId | None = None
    """Theirs; left out: their id."""
    group_ids: GroupIds = "warn"
    """Groups of theirs for another code than `group_us`, or from another than `group_them` (GS03, GS02), as far as these are
    given: processed with a warning; or "hold": a person decides, "any": not compared."""
    version: Annotated[str, AfterValidator(_version)] = "004010"
    """The version that we write (GS08)."""
    usage: Literal["P", "T"] = "P"
    """Production or test (ISA15)."""
    delimiters: Delimiters = "*>~"
    """Element, component, terminator and, for 005010, repetition separator."""
    newline: Flag = False
    """A line break after each terminator."""
    uppercase: Flag = False
    """Text is written in upper case."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _two_of_us(self.us, self.them)
        for key, given, identity in (("us", self.group_us, self.us), ("them", self.group_them, self.them)):
            if given is None and len(identity.id) < 2:
                raise invalid(f"has an id of one character for {key}, and a group's has two", f"write group_{key}")
        if set(self.delimiters) & set(self.us.id + self.them.id + self.group_sender + self.group_receiver):
            raise invalid("has a delimiter that is part of an id", "choose other delimiters")
        if self.version >= "005" and "^" in self.delimiters[:3] and len(self.delimiters) == 3:
            raise invalid('uses "^", which 005010 repeats with', "write a fourth delimiter, as ^>~!")
        if self.newline and self.delimiters[2] in "\r\n":
            raise invalid("ends segments with a line break and adds another", "write newline = false")
        return self

    @property
    def group_sender(self) -> str:
        """GS02 of what we write."""
        return self.group_us or self.us.id

    @property
    def group_receiver(self) -> str:
        """GS03 of what we write."""
        return self.group_them or self.them.id

    @property
    def syntax(self) -> Syntax:
        """The service characters of what we write; 005010 repeats with "^" where no fourth delimiter is given."""
        signs = self.delimiters
        repetition = signs[3:] or ("^" if self.version >= "005" else "")
        return Syntax("X12", signs[0], signs[1], signs[2], repetition, suffix="\n" if self.newline else "")


def _two_of_us(us: Party, them: Party) -> None:
    if us == them:
        raise invalid("has the same identity for us and for them")


def _identity(value: object) -> Party:
    if isinstance(value, Party):
        return value
    remedy = 'write qualifier and id as in UNB (0007, 0004), as "14:4012345000009", or the id alone'
    found = re.fullmatch(r"(?:([0-9A-Z]{1,4}):)?([^:]+)", value) if isinstance(value, str) else None
    if found is None:
        raise invalid("is not qualifier:id", remedy)
    if len(found[2]) > 35:
        message = f"has an id of {len(found[2])} characters, and an interchange has room for 35 (UNB, 0004)"
        raise invalid(message, remedy)
    if found[2] != found[2].strip(" ") or not found[2].isascii() or not found[2].isprintable():
        raise invalid("has an id with blanks at its ends or characters beyond ASCII", remedy)
    return Party(found[1] or "", found[2])


SyntaxId = Literal["UNOA", "UNOB", "UNOC", "UNOW", "UNOY"]
ENCODINGS: dict[SyntaxId, str] = {"UNOA": "ascii", "UNOB": "ascii", "UNOC": "latin-1", "UNOW": "utf-8", "UNOY": "utf-8"}
"""Syntax identifiers (0001) that we write, and the character set of each (ISO 9735)."""


class Edifact(SettingsSection):
    """The agreed EDIFACT envelope: identities, version and characters."""

    envelope: EnvelopeBy = "ours"
    """Who puts sets into envelopes: we do (ours), or Sterling does, and sets are bare both ways (sterling)."""
    us: Annotated[Party, BeforeValidator(_identity)]
    """Our qualifier and id in UNB: "14:4012345000009", or an id without qualifier."""
    them: Annotated[Party, BeforeValidator(_identity)]
    """Theirs."""
    version: Literal["D96A", "D01B"] = "D96A"
    """The directory of the messages that we write (UNH, 0052 and 0054)."""
    group_us: Text | None = None
    """Our id on their groups (UNG, 0044), which we write none of; left out: any."""
    group_them: Text | None = None
    """Theirs (UNG, 0040); left out: any."""
    group_ids: GroupIds = "warn"
    """Groups of theirs with other ids than these: processed with a warning; or "hold": a person decides, "any": not compared."""
    association: Text | None = None
    """The code of the association's subset (UNH, 0057): "EAN008"."""
    syntax_id: SyntaxId = "UNOC"
    """The character set (UNB, 0001)."""
    usage: Literal["P", "T"] = "P"
    """Production or test (UNB, 0035)."""
    una: Flag = False
    """A UNA at the beginning although the service characters are the usual ones."""
    newline: Flag = False
    """A line break after each terminator."""
    uppercase: Flag = False
    """Text is written in upper case."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _two_of_us(self.us, self.them)
        if self.una and self.envelope == BARE:
            raise invalid('has a UNA, which belongs to an envelope, and envelope = "sterling"', "write una = false")
        return self

    @property
    def syntax(self) -> Syntax:
        """The service characters of what we write: the usual ones of ISO 9735."""
        return Syntax(
            "EDIFACT",
            "+",
            ":",
            "'",
            release="?",
            suffix="\n" if self.newline else "",
            encoding=ENCODINGS[self.syntax_id],
        )


Envelope = X12 | Edifact
"""The envelope of either standard."""
