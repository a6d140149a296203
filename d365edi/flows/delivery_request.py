"""What is handed to an endpoint for a delivery: its bytes are read whole, or, of a file that is stored in pieces, piece by piece
while the endpoint sends it.

Knows: where the bytes of a delivery are. Does not know: protocols, what the bytes mean.
"""

from functools import partial

from d365edi.endpoints.base import DeliveryRequest
from d365edi.endpoints.payload import LargePayload
from d365edi.flows.context import FlowContext
from d365edi.journal import Delivery, Tx


def data(tx: Tx, ctx: FlowContext, delivery: Delivery) -> bytes | int:
    """The bytes of a delivery, or how many they are where they are to be read in pieces. JournalError where they are not here."""
    size = tx.payloads.in_pieces(delivery.digest) if ctx.endpoints[delivery.endpoint].in_pieces else 0
    return size or tx.payloads.get(delivery.digest)


def of(ctx: FlowContext, delivery: Delivery, data: bytes | int) -> DeliveryRequest:
    """The request for a delivery with what `data` gave."""
    what, extract = (delivery.id, delivery.path, delivery.name), delivery.extract
    if isinstance(data, bytes):
        return DeliveryRequest(*what, data, delivery.progress, extract)
    large = LargePayload(data, delivery.digest, partial(_read, ctx, delivery.digest))
    return DeliveryRequest(*what, b"", delivery.progress, extract, large)


async def _read(ctx: FlowContext, digest: str, place: int) -> bytes:
    return await ctx.journal.read(lambda tx: tx.payloads.piece(digest, place))
