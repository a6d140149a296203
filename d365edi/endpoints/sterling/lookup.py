"""One message, asked for by its id. A right that is missing there says where it is now, and nothing of the mailbox it was in.

Knows: the collection of messages. Does not know: who asks.
"""

from d365edi.endpoints.sterling import responses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.responses import Message
from d365edi.errors import PlaceRefused


async def message(client: Client, id: str, place: str) -> Message | None:
    """A message that was in the mailbox `place`, wherever it is now. None where it is gone; `closed` where a rule or a person
    has moved it into a mailbox that we may not view (403)."""
    try:
        return responses.message(await client.get(client.path("mailboxmessages", id), place=place))
    except NotFound:
        return None
    except PlaceRefused:
        return Message(id, "", "", closed=True)
