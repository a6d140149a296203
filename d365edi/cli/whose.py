"""Whose a file is, read with that partner's settings: by the ids in it, or where sets come bare by the partner that is named.

Knows: what the bytes say of their partner. Does not know: output.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.edi import reader, sniff
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import FileReport
from d365edi.errors import SettingsError
from d365edi.flows import contents
from d365edi.flows.partner import TradingPartner


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of interchanges or of bare sets: what it is, what is in it, and its partner where it has one."""

    what: str
    report: FileReport
    partner: TradingPartner | None


def read_file(data: bytes, partners: Sequence[TradingPartner] = (), name: str = "") -> ReadFile | None:
    """A file as the daemon reads it from a pickup of the partner `name`, "" for a pickup of the partner that it is from. What is
    from us to a partner is read without settings. None where neither interchanges nor bare sets are in it. SettingsError where no
    partner is called so."""
    if name and name not in (each.name for each in partners):
        known = ", ".join(each.name for each in partners) or "none"
        raise SettingsError(f'the settings have no partner "{name}"', remedy=f"known are: {known}")
    mine = [each for each in partners if name in ("", each.name)]
    bare = [each for each in mine if contents.agreed_for(each, data) is not None]
    if bare:
        return _bare(data, bare)
    what = sniff.sniff(data)
    if what is None:
        return None
    report = reader.read(data)
    ours = any(each.envelope_of(found.receiver, found.sender) for each in partners for found in report.interchanges)
    theirs = (
        each for each in mine if any(each.envelope_of(found.sender, found.receiver) for found in report.interchanges)
    )
    partner = next(theirs, mine[0] if name and not ours else None)
    return ReadFile(what, reader.read(data, partner.options) if partner is not None else report, partner)


def _bare(data: bytes, partners: Sequence[TradingPartner]) -> ReadFile:
    """Bare sets of the one partner that may send them; of several the daemon knows by the pickup which."""
    agreed = contents.agreed_for(partners[0], data)
    assert agreed is not None
    what = f"{agreed.syntax.standard} sets without an envelope"
    if len(partners) == 1:
        report = contents.read(partners[0], data)
        assert report is not None
        return ReadFile(what, report, partners[0])
    names = ", ".join(each.name for each in partners)
    message = f"Nothing in it says whose it is, and several partners send sets without an envelope: {names}"
    remedy = "name the one in whose pickup it lies, as --partner " + partners[0].name
    return ReadFile(
        what, FileReport(findings=[Finding("file", "error", "", message, remedy=remedy, rule="whose")]), None
    )
