"""The files that partners leave: samples that others wrote, and orders made up here, all ready to be dropped.

Knows: the manifest of the samples and how an interchange is put into another envelope. Does not know: who picks the
files up.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from . import x12
from .partner import PartnerProfile


@dataclass(frozen=True, slots=True)
class Drop:
    """One file to leave: its name, whose it is, its bytes, and for a sample the name it has in the folder of
    samples."""

    name: str
    partner: str
    data: bytes
    sample: str = ""


def sample_names() -> list[str]:
    """The samples in the package, without their suffix, in the order of names."""
    folder = files(__package__).joinpath("samples")
    return sorted(entry.name.removesuffix(".x12") for entry in folder.iterdir() if entry.name.endswith(".x12"))


def sample(name: str) -> bytes:
    """A sample as its author wrote it."""
    return files(__package__).joinpath("samples", f"{name}.x12").read_bytes()


def samples(profiles: Mapping[str, PartnerProfile]) -> list[Drop]:
    """Every sample as its partner drops it, in the order of the manifest."""
    manifest = tomllib.loads(files(__package__).joinpath("samples", "manifest.toml").read_text(encoding="utf-8"))
    return [_drop(name, entry, profiles[entry["partner"]]) for name, entry in manifest.items()]


def _drop(name: str, entry: dict[str, Any], profile: PartnerProfile) -> Drop:
    data = sample(name)
    if "envelope" in entry:
        data = readdress(data, profile, replace=entry.get("replace", {}), **entry["envelope"])
    return Drop(f"{name}.edi", profile.name, data, name)


def readdress(
    data: bytes, profile: PartnerProfile, *, interchange: int, group: int, functional: str, replace: Mapping[str, str]
) -> bytes:
    """The same sets under another envelope, in the same delimiters; `replace` gives order numbers (BEG03) others."""
    (found,) = x12.split(data)
    segments = [list(segment) for segment in found.segments]
    isa, iea = segments[0], segments[-1]
    isa[1:5] = ["00", " " * 10, "00", " " * 10]
    isa[5:9] = [profile.them[0], profile.them[1].ljust(15), profile.us[0], profile.us[1].ljust(15)]
    isa[13] = iea[2] = f"{interchange:09}"
    for segment in segments:
        if segment[0] == "GS":
            segment[1:4] = [functional, profile.group_them, profile.group_us]
            segment[6] = str(group)
        elif segment[0] == "GE":
            segment[2] = str(group)
        elif segment[0] == "BEG":
            segment[3] = replace.get(segment[3], segment[3])
    return x12.join(found, segments)
