"""What a partner's file is read as: interchanges, or bare sets where another system takes the envelopes off.

Knows: the agreed envelopes. Does not know: what happens to what was read.
"""

from collections.abc import Iterator
from dataclasses import replace

from d365edi.edi import bare, reader, sniff
from d365edi.edi.bare import AgreedEnvelope
from d365edi.edi.header import NOISE, headless
from d365edi.edi.interchange import FileReport
from d365edi.flows.partner import TradingPartner
from d365edi.settings.envelope import BARE


def read(partner: TradingPartner, payload: bytes) -> FileReport | None:
    """The partner's file with the partner's options; None where neither an interchange nor a bare set of theirs is in it."""
    agreed = agreed_for(partner, payload)
    if agreed is None and sniff.sniff(payload) is None:
        return None
    return reader.read(payload, replace(partner.options, agreed=agreed))


def agreed_for(partner: TradingPartner, payload: bytes) -> AgreedEnvelope | None:
    """What stands for the envelope of a file that begins with bare sets; None for any other, and where envelopes are ours."""
    return next((agreed for agreed in _agreed(partner) if bare.begins(payload, agreed)), None)


def unread(partner: TradingPartner, name: str, payload: bytes) -> str:
    """Why nothing of a file could be read, and what to do: where it has sets, the settings may lack that they come bare."""
    close = f'{sniff.missing(payload)}; then: d365edi reject {name} --why "..."'
    standard = headless(payload.lstrip(NOISE))
    if standard is None or standard not in partner.settings.envelopes:
        return close
    setting = f'envelope = "sterling" under [partners.{partner.name}] {standard.lower()}'
    return f"{close}; or, where another system takes envelopes off, write {setting}, and: d365edi release {name}"


def _agreed(partner: TradingPartner) -> Iterator[AgreedEnvelope]:
    for each in partner.settings.envelopes.values():
        if each.envelope == BARE:
            yield AgreedEnvelope(each.them, each.us, each.version, each.usage, each.syntax)


def complete(partner: TradingPartner, payload: bytes) -> bool:
    """Whether the end of a file has arrived: the trailer of an interchange, or of a set where sets come bare."""
    return sniff.complete(payload, bare=agreed_for(partner, payload) is not None)
