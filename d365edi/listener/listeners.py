"""Every listener of one set of settings, bound and ready to be served.

Knows: which settings concern which listener. Does not know: what is done with an event or a command.
"""

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from d365edi.listener import health
from d365edi.listener.commands import Verb, verbs_app
from d365edi.listener.events import Take, events_app
from d365edi.listener.health import Condition, Metrics, health_app
from d365edi.listener.server import Listener, Times
from d365edi.listener.sockets import BoundSockets, bind_unix, tls_context
from d365edi.recurring import Recurring
from d365edi.settings import Settings
from d365edi.settings.daemon import loopback


@dataclass(frozen=True, slots=True)
class Served:
    """What the daemon does for callers: its commands by name, `event` starts work, `metrics` gives Prometheus' text.
    `exhausted`: whether connections cannot be accepted, and since when."""

    verbs: Mapping[str, Verb]
    event: Take
    condition: Callable[[], Condition]
    exhausted: Recurring
    metrics: Metrics | None = None


def bound_listeners(
    settings: Settings, served: Served, sockets: BoundSockets, until: contextlib.ExitStack
) -> list[Listener]:
    """The listeners. What `until` holds is closed and removed with it; `sockets` stay open over a reload.

    SettingsError where an address or the socket cannot be opened, or the certificate cannot be used."""
    daemon = settings.daemon
    private = until.enter_context(bind_unix(daemon.socket))
    until.callback(functools.partial(daemon.socket.unlink, missing_ok=True))
    context = tls_context(daemon.tls.certificate, settings.secret(daemon.tls.key)) if daemon.tls else None
    keys = {daemon.listen: "daemon.listen", daemon.health: "daemon.health"}
    tcp = sockets.tcp({address: key for address, key in keys.items() if address})
    listeners = [
        Listener(
            verbs_app(served.verbs, settings.digest), private, times=Times(answer=None), exhausted=served.exhausted
        )
    ]
    routes = health.routes(served.condition, served.metrics)
    if daemon.listen:
        events = settings.d365.events
        path, secret = (events.path, settings.secret(events.secret)) if events else ("", "")
        app = events_app(path, secret, served.event, () if daemon.health else routes)
        listeners.append(Listener(app, tcp[daemon.listen], context, exhausted=served.exhausted))
    if daemon.health:
        tls = None if loopback(daemon.health) else context
        listeners.append(Listener(health_app(routes), tcp[daemon.health], tls, exhausted=served.exhausted))
    return listeners
