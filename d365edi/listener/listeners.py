"""Every listener of one set of settings, bound and ready to be served.

Knows: which settings concern which listener. Does not know: what is done with an event or a command.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from d365edi.listener import health
from d365edi.listener.admission import Admission
from d365edi.listener.commands import Verb, verbs_app
from d365edi.listener.events import Take, events_app
from d365edi.listener.health import Condition, Metrics, health_app
from d365edi.listener.protocol import DECISIONS
from d365edi.listener.server import Listener, Times
from d365edi.listener.sockets import BoundSockets, bind_unix, tls_context, try_unix
from d365edi.recurring import Recurring
from d365edi.settings import Settings
from d365edi.settings.daemon import loopback


@dataclass(frozen=True, slots=True)
class Served:
    """What the daemon does for callers: its commands by name, `views` those that only show something, `event` starts work,
    `metrics` gives Prometheus' text. `exhausted`: whether connections cannot be accepted, and since when."""

    verbs: Mapping[str, Verb]
    views: Mapping[str, Verb]
    event: Take
    condition: Callable[[], Condition]
    exhausted: Recurring
    metrics: Metrics | None = None


def bound_listeners(
    settings: Settings, served: Served, sockets: BoundSockets, until: contextlib.ExitStack
) -> list[Listener]:
    """The listeners. What `until` holds is closed and removed with it; `sockets` stay open over a reload.

    SettingsError where an address or a socket cannot be opened, or the certificate cannot be used."""
    return [*_for_commands(settings, served, until), *_for_networks(settings, served, sockets)]


def trial(sockets: BoundSockets) -> Callable[[Settings], None]:
    """Whether the listeners of other settings could be bound while `sockets` are: SettingsError where one could not."""

    def check(settings: Settings) -> None:
        daemon = settings.daemon
        for place, key in ((daemon.socket, "daemon.socket"), (daemon.read_socket, "daemon.read_socket")):
            if place is not None:
                try_unix(place, key)
        sockets.attempt(_addresses(settings))

    return check


def _addresses(settings: Settings) -> dict[str, str]:
    keys = {settings.daemon.listen: "daemon.listen", settings.daemon.health: "daemon.health"}
    return {address: key for address, key in keys.items() if address}


def _for_commands(settings: Settings, served: Served, until: contextlib.ExitStack) -> Iterator[Listener]:
    daemon = settings.daemon
    places = {daemon.socket: (0o600, "daemon.socket", verbs_app(served.verbs, settings.digest))}
    if daemon.read_socket:
        readers = {**served.views, "status": served.verbs["status"], **{name: served.verbs[name] for name in DECISIONS}}
        app = verbs_app(readers, settings.digest, dict.fromkeys(DECISIONS, daemon.deciders()))
        places[daemon.read_socket] = (0o660, "daemon.read_socket", app)
    for place, (mode, key, app) in places.items():
        bound = until.enter_context(bind_unix(place, mode, key))
        until.callback(_remove, place)
        yield Listener(app, bound, times=Times(answer=None), exhausted=served.exhausted)


def _for_networks(settings: Settings, served: Served, sockets: BoundSockets) -> Iterator[Listener]:
    daemon = settings.daemon
    context = tls_context(daemon.tls.certificate, settings.secret(daemon.tls.key)) if daemon.tls else None
    tcp = sockets.tcp(_addresses(settings))
    routes = health.routes(served.condition, served.metrics)
    if daemon.listen:
        events = settings.d365.events
        path, secret = (events.path, settings.secret(events.secret)) if events else ("", "")
        admission = Admission()
        app = events_app(path, secret, served.event, () if daemon.health else routes, trust=admission.trust)
        yield Listener(app, tcp[daemon.listen], context, admission=admission, exhausted=served.exhausted)
    if daemon.health:
        tls = None if loopback(daemon.health) else context
        yield Listener(health_app(routes), tcp[daemon.health], tls, exhausted=served.exhausted)


def _remove(path: Path) -> None:
    """On a disk that became read-only the socket stays; the next start replaces it."""
    with contextlib.suppress(OSError):
        path.unlink()
