"""Who is let in: connections are accepted, counted and paced, and room is made where all places are taken.

A connection that owes a request waits for a limited time, and is the first to go: where CONNECTIONS are open, or no file
descriptor is free, the oldest such connection of the address that has most of them is closed for the next caller. So an address
that opens many and says nothing takes places from itself. One that opens more than RATE a second waits before it is served, and
is refused where that would take longer than PATIENCE; not so one that has sent an event with the right secret within TRUSTED.

Knows: sockets and the event loop. Does not know: HTTP, TLS.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from d365edi import log
from d365edi.listener.pace import ADDRESSES, Pace, network
from d365edi.recurring import Recurring

CONNECTIONS = 200
"""Open at a time on one listener."""
RATE, AT_ONCE = 20.0, 40.0
"""New connections a second of one address, and how many at once after a quiet time."""
PATIENCE = 5.0
"""Seconds that a connection of an address in a hurry waits for its turn, at most. D365 gives up after ten."""
TRUSTED = 600.0
"""Seconds for which an address that sent an event with the right secret may open as many connections as it likes."""
RETRY = 1.0
"""Seconds without accepting where no file descriptor is free."""
STEADY = 10.0
"""Seconds without such a failure after which it is over."""
QUIET = 60.0
"""Seconds after which addresses that asked for too much are reported as quiet again."""


@dataclass(eq=False, slots=True)
class Place:
    """What one connection takes. `waiting`: it owes a request; `leave` closes it at once."""

    address: str
    leave: Callable[[], object] = bool
    waiting: bool = True


@dataclass(slots=True)
class Admission:
    """The open connections of one listener, the oldest first. `retry`, `steady`: what happens where no descriptor is free."""

    pace: Pace = field(default_factory=lambda: Pace(RATE, AT_ONCE))
    most: int = CONNECTIONS
    retry: float = RETRY
    steady: float = STEADY
    _open: dict[Place, None] = field(default_factory=dict)
    _trusted: dict[str, float] = field(default_factory=dict)
    _hurry: Recurring = field(default_factory=Recurring)
    _hurried_at: float = 0.0

    def admit(self, address: str) -> float | None:
        """Seconds until a new connection of this address may be served; None where it is refused. Without an address (a Unix
        socket) there is nothing to wait for."""
        if len(self._open) >= self.most and not self.make_room():
            return None
        trusted = self.pace.clock() < self._trusted.get(network(address), 0.0) if address else True
        wait = 0.0 if trusted else self.pace.wait(address, PATIENCE)
        self._report(address, wait)
        return wait if wait <= PATIENCE else None

    def trust(self, address: str) -> None:
        """It has sent an event with the right secret: it need not wait for a while."""
        now = self.pace.clock()
        if len(self._trusted) >= ADDRESSES:
            self._trusted = {each: until for each, until in self._trusted.items() if now < until}
        self._trusted[network(address)] = now + TRUSTED

    def enter(self, place: Place) -> None:
        """It is open."""
        self._open[place] = None

    def left(self, place: Place) -> None:
        """It is closed."""
        self._open.pop(place, None)

    def make_room(self) -> bool:
        """Close the oldest connection that owes a request, of the address that has most of them. False where there is none."""
        waiting = [place for place in self._open if place.waiting]
        if not waiting:
            return False
        counts = Counter(network(place.address) for place in waiting)
        oldest = max(waiting, key=lambda place: counts[network(place.address)])  # the first of several
        self.left(oldest)
        oldest.leave()
        return True

    def _report(self, address: str, wait: float) -> None:
        now = self.pace.clock()
        if wait:
            self._hurried_at = now
            if (lasts := self._hurry.failed("hurry")) is not None:
                sentence = f"{address} opens more than {self.pace.rate:.0f} connections a second and has to wait{lasts}"
                log.say("WARNING", "listener", "slowed", sentence)
        elif self._hurry.failures and now - self._hurried_at > QUIET and (lasted := self._hurry.ended()):
            log.say("INFO", "listener", "quiet", f"no address opens too many connections any more, after {lasted}")


class Acceptor:
    """Accepts on one listening socket, in the loop that runs."""

    def __init__(
        self,
        listening: socket.socket,
        admission: Admission,
        exhausted: Recurring,
        serve: Callable[[socket.socket, str, float], None],
    ) -> None:
        self.listening = listening
        self.admission = admission
        self.exhausted = exhausted
        self.serve = serve
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []

    def start(self) -> None:
        """Accept from now on. `serve` is given each connection, its caller's address and how many seconds it has to wait."""
        self.listening.setblocking(False)
        self._loop.add_reader(self.listening, self._ready)

    def stop(self) -> None:
        """Accept no more. Who calls now waits in the kernel's queue."""
        self._loop.remove_reader(self.listening)
        for timer in self._timers:
            timer.cancel()

    def _ready(self) -> None:
        """Accept one: without a free descriptor a second accept fails even where nobody calls (accept(2))."""
        try:
            accepted, caller = self.listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            self._pause(error)
            return
        address = caller[0] if isinstance(caller, tuple) else ""
        wait = self.admission.admit(address)
        if wait is None:
            accepted.close()
            return
        accepted.setblocking(False)
        self.serve(accepted, address, wait)

    def _pause(self, error: OSError) -> None:
        """Nothing can be accepted: EMFILE, ENFILE, ENOBUFS or ENOMEM (accept(2)). The socket would be ready at once again."""
        cause = f"no connection can be accepted: {error.strerror}"
        if (lasts := self.exhausted.failed(cause)) is not None:
            log.say("ERROR", "listener", "full", f"{cause}; callers wait{lasts}")
        self.admission.make_room()
        self.stop()
        self._timers = [
            self._loop.call_later(self.admission.retry, self.start),
            self._loop.call_later(self.admission.steady, self._recovered),
        ]

    def _recovered(self) -> None:
        if (lasted := self.exhausted.ended()) is not None:
            log.say("INFO", "listener", "accepts", f"connections are accepted again after {lasted}")
