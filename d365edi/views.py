"""What the running daemon shows of its journal to people who cannot read the file themselves.

What is shown is made by functions that the command line gives (`View`), each by a connection of its own: a long search does not
keep the flows from reading.

A part of `app`. Knows: the journal's place, the partners, the zone. Does not know: what is shown, who asks.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from d365edi.flows.partner import TradingPartner
from d365edi.journal import Journal, Tx

AT_ONCE = 2
"""So many views are made at a time; who asks meanwhile waits."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a view is given besides the journal: the partners by name, and the daemon's zone."""

    partners: Callable[[], Mapping[str, TradingPartner]]
    zone: tzinfo | None


View = Callable[[Tx, Known, Mapping[str, Any]], Any]
"""Shows something of the journal: of a transaction and of what was asked for something that JSON can say. D365EdiError where
that is not to be had."""


class Views:
    """Views of one journal, by name."""

    def __init__(self, journal: Path, known: Known, views: Mapping[str, View]) -> None:
        self._journal = journal
        self._known = known
        self._views = views
        self._limit = anyio.CapacityLimiter(AT_ONCE)

    def verbs(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        """Each view as a function of what was asked."""
        return {name: partial(self._show, view) for name, view in self._views.items()}

    async def _show(self, view: View, asked: dict[str, Any]) -> Any:
        async with self._limit, await Journal.open_readonly(self._journal) as journal:
            return await journal.read(lambda tx: view(tx, self._known, asked))
