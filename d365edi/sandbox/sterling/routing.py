"""What routing rules do, when a test calls them.

    keep         fetch the message and leave it: its count goes down
    delete       fetch it and take it away
    deenvelope   take its interchange apart: each set, bare, is a message in `to`
    envelope     put its bare sets into an envelope with numbers of its own: a message in `to`

Each message is offered to the rules once; what none of them wants then is not looked at again unless it is submitted once more.

Knows: the actions. Does not know: HTTP, when a server would do it (once a minute).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from .envelopes import enveloped, stripped
from .mailboxes import Message
from .server import Rule, Server


def run(server: Server) -> list[Message]:
    """Let every rule see the messages that no rule has seen, oldest first; those that were fetched."""
    routed = []
    for rule in server.rules:
        mailbox = server.state.find(rule.path)
        for message in _offered(server, mailbox.messages.values() if mailbox else ()):
            if fnmatchcase(message.name, rule.pattern):
                _act(server, rule, message)
                routed.append(message)
    for path in {rule.path for rule in server.rules}:
        mailbox = server.state.find(path)
        for message in _offered(server, mailbox.messages.values() if mailbox else ()):
            server.state.change(message, routable=False)
    return routed


def _offered(server: Server, messages: Iterable[Message]) -> list[Message]:
    now = server.state.now()
    found = [message for message in messages if message.routable and message.extractable(now)]
    return sorted(found, key=lambda message: (message.created, message.id))


def _act(server: Server, rule: Rule, message: Message) -> None:
    state = server.state
    state.change(message, routable=False)
    data, by = state.take(message), f"rule {rule.name}"
    if rule.action == "deenvelope":
        for place, bare in enumerate(stripped(data), 1):
            state.put(rule.to, f"{place}-{message.name}", bare, by=by)
    elif rule.action == "envelope":
        if rule.address is None:
            raise ValueError(f"rule {rule.name} has no address for its envelopes")
        control = 1 + sum(1 for made in state.messages.values() if made.by == by)
        at = datetime.fromtimestamp(state.now(), UTC)
        state.put(rule.to, message.name, enveloped(data, rule.address, control, at), by=by)
    if rule.action != "keep":
        state.remove(message, f"taken by {by}")
