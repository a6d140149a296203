"""Whose an interchange is, and what is said of one that is nobody's or of a set that no flow receives.

Knows: partners, their agreed ids. Does not know: what an interchange contains, the journal.
"""

from collections.abc import Iterable

from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport
from d365edi.flows.messages import similar_id_hint
from d365edi.flows.partner import TradingPartner


def owner(partners: Iterable[TradingPartner], sender: Party, receiver: Party) -> TradingPartner | None:
    """The partner that sent this interchange: both ids and both qualifiers must match. None where no partner does."""
    return next((partner for partner in partners if partner.envelope_of(sender, receiver) is not None), None)


def misrouted(
    partners: Iterable[TradingPartner],
    partner: TradingPartner | None,
    interchange: InterchangeReport,
    owner: TradingPartner | None,
) -> str:
    """Why an interchange is not processed that was not sent by the `partner` in whose folder it was; None: in any folder."""
    got = f"it is from {interchange.sender} to {interchange.receiver}"
    if owner is not None and partner is not None:
        return (
            f"{got}, which is partner {owner.name}, but it was in a folder of {partner.name}; "
            f"put a copy into a folder of {owner.name} and reject this file"
        )
    standard = interchange.standard
    others = {
        each.name: envelopes[standard].them for each in partners if standard in (envelopes := each.settings.envelopes)
    }
    near = similar_id_hint(interchange.sender, others)
    name = partner.name if partner is not None else "NAME"
    table = f"[partners.{name}] {standard.lower()}"
    return f"{got}, and no partner has these ids ({_agreed(partner, interchange)}{near}); correct {table} or ask the sender"


def _agreed(partner: TradingPartner | None, interchange: InterchangeReport) -> str:
    if partner is None:
        return "whatever the folder"
    standard = interchange.standard
    agreed = partner.settings.envelopes.get(standard)
    return f"{partner.name} is from {agreed.them} to {agreed.us}" if agreed else f"{partner.name} has no {standard}"


def foreign(partner: TradingPartner, interchange: InterchangeReport, group: GroupReport) -> str:
    """How the ids of a group differ from those that the settings name, and what to do; "" where they do not.

    The sets of such a group are not processed where `group_ids` is "hold". Acknowledgments are not asked: they say by number
    what they answer."""
    envelope = partner.envelope_of(interchange.sender, interchange.receiver)
    if envelope is None or envelope.group_ids == "any" or group.functional_id in ("", "FA", "CONTRL"):
        return ""
    agreed = (("from", group.sender, envelope.group_them), ("to", group.receiver, envelope.group_us))
    differ = [(way, there, said) for way, there, said in agreed if said is not None and said != there]
    if not differ:
        return ""
    got, said = (" ".join(f"{way} {each[at] or '(nobody)'}" for way, *each in differ) for at in (0, 1))
    table = f"[partners.{partner.name}] {interchange.standard.lower()}"
    remedy = f'ask the sender whom it is for, or correct {table}: group_us and group_them, or group_ids = "any"'
    last = ", and release this file" if envelope.group_ids == "hold" else "; it was processed"
    return f"group {group.control} is {got}, and {said} was agreed; {remedy}{last}"


def holds_foreign(partner: TradingPartner, interchange: InterchangeReport) -> bool:
    """Whether a group with other ids is for a person."""
    envelope = partner.envelope_of(interchange.sender, interchange.receiver)
    return envelope is not None and envelope.group_ids == "hold"


def unrouted(partner: TradingPartner, report: SetReport) -> str:
    """Why a set is not processed that the partner has no flow for."""
    return (
        f"{report.id} {report.control} has no route; add [partners.{partner.name}.receive.{report.id}] "
        f"and release this file, or ask the partner not to send it and reject this one"
    )
