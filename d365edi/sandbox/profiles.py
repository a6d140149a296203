"""The partners of the sandbox: one that the sandbox made up, and those whose ids the samples carry (`profiles.toml`).

Knows: where they are listed. Does not know: files, servers.
"""

import tomllib
from importlib.resources import files
from typing import Any

from .partner import PartnerProfile

COMPANY = "usmf"


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


PROFILES = tuple(
    PartnerProfile(name=name, **{field: _frozen(value) for field, value in table.items()})
    for name, table in tomllib.loads(files(__package__).joinpath("profiles.toml").read_text(encoding="utf-8")).items()
)
ACME = PROFILES[0]
