"""A row of `deliveries`, and which states may follow which: of the delivery and of its acknowledgment.

Knows: states, columns. Does not know: SQL, who changes them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from d365edi.journal.states import ANSWERS, AckState, DeliveryState, PickedUpState
from d365edi.journal.table import Transitions

TRANSITIONS: Transitions = {
    "pending": frozenset({"attempting", "waiting", "quarantined", "cancelled"}),
    "attempting": frozenset({"attempting", "delivered", "waiting", "quarantined"}),
    "waiting": frozenset({"attempting", "waiting", "pending", "delivered", "quarantined", "cancelled"}),
    "quarantined": frozenset({"quarantined", "pending", "delivered", "cancelled"}),
    "delivered": frozenset(),
    "cancelled": frozenset(),
}
ANSWERED = frozenset(ANSWERS)
"""States of an acknowledgment that came."""
ACK_TRANSITIONS: Transitions = {
    "none": frozenset(),
    "awaited": ANSWERED | {"awaited", "overdue"},
    "overdue": ANSWERED,
    **{answer: frozenset(ANSWERS[place:]) for place, answer in enumerate(ANSWERS)},
}
PICKED_UP_TRANSITIONS: Transitions = {
    "none": frozenset({"awaited", "fetched"}),
    "awaited": frozenset({"fetched", "overdue", "gone", "none"}),
    "overdue": frozenset({"fetched", "gone", "none"}),
    "fetched": frozenset(),
    "gone": frozenset(),
}
"""A late pick-up still closes it; it is not asked any more where the same bytes are sent again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. `digest` names its bytes; `until` is 0 unless it waits; control numbers are ours.

    Of an interchange with several groups `functional_id` and `group` are the first one's.

    `progress` is all that attempts recorded, `receipt` the name a person would search for on the other side.

    `extract`: how often the other side may fetch it (0: any number of times, or nobody counts), `picked_up_within` so many
    seconds after it was delivered (None: whenever it likes); `picked_up_detail` says how sure `picked_up` is."""

    id: int
    message: int | None
    parent: int | None
    partner: str
    flow: str
    endpoint: str
    path: str
    name: str
    kind: str
    digest: str
    order_key: str
    interchange: int | None
    functional_id: str
    group: int | None
    state: DeliveryState
    reason: str
    attempts: int
    first_failed_at: float | None
    until: float
    ack: AckState
    ack_due: float | None
    ack_detail: str
    extract: int
    picked_up_within: float | None
    picked_up: PickedUpState
    picked_up_due: float | None
    picked_up_at: float | None
    picked_up_detail: str
    created_at: float
    state_at: float
    delivered_at: float | None
    receipt: str
    receipt_detail: Mapping[str, str]
    progress: Mapping[str, str]

    @property
    def rests(self) -> bool:
        """Whether it waits for its endpoint or place, not for a time (see `Deliveries.rests`)."""
        return self.state == "waiting" and self.until <= self.state_at


def from_row(row: tuple[Any, ...]) -> Delivery:
    """The row of a `SELECT` of its columns, in their order."""
    return Delivery(*(*row[:-2], json.loads(row[-2]), json.loads(row[-1])))


def to_json(facts: Mapping[str, str]) -> str:
    """Facts as they are stored."""
    return json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":"))
