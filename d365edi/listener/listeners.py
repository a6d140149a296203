"""Every listener of one set of settings, bound and ready to be served.

Knows: which settings concern which listener. Does not know: what is done with an event or a command.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from d365edi.listener import health
from d365edi.listener.commands import Verb, verbs_app
from d365edi.listener.events import Take, events_app
from d365edi.listener.health import Condition, Metrics
from d365edi.listener.server import Listener
from d365edi.listener.sockets import BoundSockets, bind_unix, tls_context
from d365edi.settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """What the daemon does for callers: its commands by name, `event` starts work, `metrics` gives Prometheus' text."""

    verbs: Mapping[str, Verb]
    event: Take
    condition: Callable[[], Condition]
    metrics: Metrics | None = None


def bound_listeners(
    settings: Settings, served: Served, sockets: BoundSockets, until: contextlib.ExitStack
) -> Iterator[Listener]:
    """The listeners. What `until` holds is closed and removed with it; `sockets` stay open over a reload.

    SettingsError where an address or the socket cannot be opened, or the certificate cannot be used."""
    place = settings.daemon.socket
    private = until.enter_context(bind_unix(place))
    until.callback(functools.partial(place.unlink, missing_ok=True))
    yield Listener(verbs_app(served.verbs, settings.digest), private)
    if address := settings.daemon.listen:
        events, tls = settings.d365.events, settings.daemon.tls
        secret = settings.secret(events.secret) if events else ""
        routes = health.routes(served.condition, served.metrics)
        app = events_app(events.path if events else "", secret, served.event, routes)
        context = tls_context(tls.certificate, settings.secret(tls.key)) if tls else None
        yield Listener(app, sockets.tcp(address), context)
    else:
        sockets.close()
