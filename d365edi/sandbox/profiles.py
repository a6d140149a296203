"""The partners of the sandbox: one that the sandbox made up, and those whose ids the samples carry (`profiles.toml`); those
of the buying day (`buying.toml`), and those whose mailboxes are at Sterling (`mailboxes.toml`).

Knows: where they are listed. Does not know: files, servers.
"""

import tomllib
from importlib.resources import files
from typing import Any

from .partner import PartnerProfile

COMPANY = "usmf"


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _read(file: str) -> tuple[PartnerProfile, ...]:
    tables = tomllib.loads(files(__package__).joinpath(file).read_text(encoding="utf-8"))
    return tuple(
        PartnerProfile(name=name, **{field: _frozen(value) for field, value in table.items()})
        for name, table in tables.items()
    )


PROFILES = _read("profiles.toml")
ACME = PROFILES[0]
BUYING = _read("buying.toml")
MAILBOXES = _read("mailboxes.toml")
