"""Whether two addresses are the same place: compared by street, zip and country, however each side spells them.

Knows: spellings of streets and zips. Does not know: D365's fields, whose address it is.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from d365edi.documents.values import TradeParty

ZIP_PLUS_FOUR = 9
"""Digits of a zip of the United States with its extension, which one side may leave out."""
_INITIALS = re.compile(r"\b(\w)\.\s?(?=\w\b)")
_BETWEEN = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address that are compared; empty where a side does not say one. `country` is its ISO code."""

    street: str
    zip: str
    city: str
    country: str


def address_of(party: TradeParty) -> Address:
    """The address that a party of an order has."""
    street = " ".join(part for part in (party.street, party.second_street) if part)
    return Address(street, party.zip or "", party.city or "", party.country or "")


def same_place(left: Address, right: Address, words: Mapping[str, str]) -> bool:
    """Whether both are one place: the same street, and the same zip, or city where one has no zip. Countries that both say by
    code must be equal. `words` are spellings of a word in an address = the one that counts."""
    street = normal(left.street, words)
    if not street or street != normal(right.street, words):
        return False
    if len(left.country) == len(right.country) == 2 and left.country.casefold() != right.country.casefold():
        return False
    zips = _zip(left.zip), _zip(right.zip)
    if all(zips):
        return zips[0] == zips[1]
    city = normal(left.city, words)
    return bool(city) and city == normal(right.city, words)


def normal(text: str, words: Mapping[str, str]) -> str:
    """A text without case, accents and punctuation, each word as it counts: `7 Main St.` is `7 main street`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    parts = _BETWEEN.sub(" ", _INITIALS.sub(r"\1", plain)).split()
    return " ".join(words.get(part, part) for part in map(_long, parts))


def _long(word: str) -> str:
    """A German street's name with its ending written out."""
    return f"{word}asse" if word.endswith("str") and len(word) > len("str") else word


def _zip(text: str) -> str:
    found = "".join(letter for letter in text.casefold() if letter.isalnum())
    return found[:5] if found.isdigit() and len(found) == ZIP_PLUS_FOUR else found
