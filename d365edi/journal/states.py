"""The words for how far something is: the values of the columns `state` and `ack`.

Knows: words. Does not know: which step may follow which (each table's own ladder).
"""

from typing import Literal

MessageState = Literal["received", "translated", "done", "duplicate", "quarantined"]
DocumentState = Literal["ready", "held", "delivering", "delivered", "rejected"]
DeliveryState = Literal["pending", "attempting", "delivered", "waiting", "quarantined", "cancelled"]
AckState = Literal["none", "awaited", "accepted", "accepted_with_errors", "partially", "rejected", "overdue"]
"""How far the acknowledgment of a delivery, or of one document in it, is."""
PickedUpState = Literal["none", "awaited", "fetched", "overdue", "gone"]
"""Whether the other side fetched what was delivered: not asked, not yet, yes, not in time, nobody can know."""
ANSWERS: tuple[AckState, ...] = ("accepted", "accepted_with_errors", "partially", "rejected")
"""The states of what is acknowledged, from the best to the worst: of two acknowledgments the worse counts."""
NOT_FETCHED = "check whether the routing rules there run (their schedule), and the partner's login"
"""What to do about a message that nobody fetched from its mailbox."""
SEND_AGAIN = "correct the data or the map, then: d365edi replay {} --from render --go"
"""What to do about a document that the partner did not accept, by the name of its file, its number or `--id` with an id."""
