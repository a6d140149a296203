"""How much one address may ask for: a token bucket each.

Knows: addresses and the monotonic clock. Does not know: what is asked for.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ADDRESSES = 4096
"""So many addresses are remembered; the one that came first is forgotten then."""


@dataclass(slots=True)
class Pace:
    """`rate` a second for each address, and `burst` at once after a quiet time."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)

    def wait(self, address: str, most: float = 0.0) -> float:
        """Seconds until one more may be served. Where that is `most` or less it counts as served, else it does not."""
        source = network(address)
        now = self.clock()
        # The moment at which all that was served is paid for, at `rate` a second.
        paid = max(now, self._until.get(source, now)) + 1 / self.rate
        wait = max(0.0, paid - now - self.burst / self.rate)
        if wait <= most:
            if source not in self._until and len(self._until) >= ADDRESSES:
                del self._until[next(iter(self._until))]
            self._until[source] = paid
        return wait


def network(address: str) -> str:
    """The address itself; of IPv6 its network of 64 bits, which is what one caller has at the least (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
