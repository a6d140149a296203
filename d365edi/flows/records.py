"""Which of the listed records of D365 are new to a flow, which it has, and about which a person decides.

A record is known by flow, company and whole key, or by the key that an earlier version of its table had. A message of before that
has no key; it stands for its flow, its company and its name, and gets the key of its record at the first poll. What has its name
and another key may have been left out then, as the flow had that name already: it is reported once, stored and held, and never
sent by itself.

    record in the first poll by key                        what happens
    ------------------------------------------------------ ---------------------------------------------------------
    has the key in the payload of a message of its name    known, the message gets the key
    alone has the name of a message without a payload      known, the message gets the key
    has the name of a message of its company otherwise     held
    has the name of a message of another company           new; held where a baseline was taken in its own company
    has a name that the flow does not know                 new

Knows: keys, names, messages without a key. Does not know: the cursor, connections, how a record becomes a document.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from d365edi.endpoints.base import Remote
from d365edi.flows.partner import SendFlow
from d365edi.journal import Message, Tx
from d365edi.odata import canonical
from d365edi.odata.plan import ReadPlan


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that is stored and not sent by itself, and why."""

    remote: Remote
    reason: str


@dataclass(frozen=True, slots=True)
class SortedRecords:
    """The records of a listing that the flow does not have: to be sent, and to be decided about."""

    new: tuple[Remote, ...]
    held: tuple[HeldRecord, ...] = ()


def assign(
    messages: Mapping[int, str], listed: Sequence[str], *, first: bool
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Which record each message without a key stands for, and the keys of records that remain.

    `messages` is the key in the payload of each message of one name ("" where it has none), `listed` the keys of that name.
    One that has no payload stands for the only record that remains at the `first` poll; later it stands for none."""
    keys = {id: key for id, key in messages.items() if key}
    left = tuple(key for key in listed if key not in keys.values())
    blank = next((id for id, key in messages.items() if not key), None)
    if first and blank is not None and len(left) == 1:
        return {**keys, blank: left[0]}, ()
    return keys, left


def unknown(tx: Tx, send: SendFlow, company: str, remotes: Iterable[Remote]) -> list[Remote]:
    """The records whose key the flow does not have in this company."""
    return [remote for remote in remotes if known(tx, send, company, remote) is None]


def known(tx: Tx, send: SendFlow, company: str, remote: Remote) -> Message | None:
    """The message that the flow made of a record, under its key or the one that it had in an earlier version."""
    message = tx.records.known(send.name, company, remote.key)
    if message is None and remote.earlier_key:
        message = tx.records.known(send.name, company, remote.earlier_key)
    return message


def name_for(tx: Tx, send: SendFlow, partner: str, remote: Remote) -> str:
    """The name of a record's message: one that the flow has already gets the company and the day."""
    return remote.full_name if remote.full_name and tx.records.named(partner, send.name, remote.name) else remote.name


def sort(
    tx: Tx, send: SendFlow, partner: str, company: str, plan: ReadPlan, remotes: Sequence[Remote]
) -> SortedRecords:
    """Sort a listing. Messages get their keys where that leaves nothing to decide; else at the poll after the held are stored,
    so that a stop between two of these changes nothing."""
    last = tx.records.last_by_name(send.name, company)
    named: dict[str, list[Remote]] = {}
    for remote in unknown(tx, send, company, remotes):
        named.setdefault(remote.name, []).append(remote)
    stored = {remote.name for remote in remotes if last and _stored_since(tx, send, company, remote, last)}
    new: list[Remote] = []
    held: list[HeldRecord] = []
    for name, records in named.items():
        messages = tx.records.without_key(partner, send.name, company, name)
        if not messages:
            other = tx.records.elsewhere(partner, send.name, company, name, last) if last else None
            if other is not None and _baseline_taken(tx, send, partner, company):
                held += [HeldRecord(remote, _elsewhere(remote, plan, company, other)) for remote in records]
            else:
                new += records
            continue
        in_payloads = {message.id: _key(tx, plan, message) for message in messages}
        keys, left = assign(in_payloads, [remote.key for remote in records], first=bool(last) and name not in stored)
        if left:
            found = [remote for remote in records if remote.key in left]
            held += [HeldRecord(remote, _named_alike(remote, plan, company, messages[0])) for remote in found]
            continue
        for id, key in keys.items():
            tx.records.give_key(id, key)
    return SortedRecords(tuple(new), tuple(held))


def _stored_since(tx: Tx, send: SendFlow, company: str, remote: Remote, last: int) -> bool:
    message = known(tx, send, company, remote)
    return message is not None and message.id > last


def _key(tx: Tx, plan: ReadPlan, message: Message) -> str:
    """The key in a message's payload; "" where it has none: those of a baseline, and where its retention is over."""
    if not message.size or not tx.payloads.kept(message.digest):
        return ""
    return plan.key_of(canonical.loads(tx.payloads.get(message.digest))["header"])


def _baseline_taken(tx: Tx, send: SendFlow, partner: str, company: str) -> bool:
    lines = tx.audit.query(action="baseline", partner=partner, limit=100_000)
    details = [json.loads(line.detail) for line in lines]
    return any(each["flow"] == send.name and each["company"].lower() == company.lower() for each in details)


def _named_alike(remote: Remote, plan: ReadPlan, company: str, message: Message) -> str:
    was = f"was collected before (message {message.id})"
    if not message.size:
        was = f"was posted before the first start (message {message.id}), and its key was not recorded then"
    return f"{_described(remote, plan)}: a record of this name {was}; {_decide(remote, company)}"


def _elsewhere(remote: Remote, plan: ReadPlan, company: str, message: Message) -> str:
    was = (
        f"{message.path} has a record of this name (message {message.id}), so that it was not recorded whether this one "
        "was posted before the first start"
    )
    return f"{_described(remote, plan)}: {was}; {_decide(remote, company)}"


def _described(remote: Remote, plan: ReadPlan) -> str:
    key = canonical.loads(remote.key)
    return f"{remote.name} ({', '.join(f'{part} {key[part]}' for part in plan.key)})"


def _decide(remote: Remote, company: str) -> str:
    name = remote.name
    return (
        f"it is not sent by itself: see in {company} whether the partner has it; send it with: d365edi release {name}, "
        f'or close it with: d365edi reject {name} --why "..."'
    )
