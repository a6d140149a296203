"""Says in the log that sending or retention is held in whole: when it begins, at each start, and once an hour while it lasts.

A part of `app`. Knows: what of the journal is held, the commands that end it. Does not know: why, who releases it (that is said
where it happens).
"""

from collections.abc import Callable, Iterator

from d365edi import log
from d365edi.condition import RELEASE_RETENTION
from d365edi.journal import Journal
from d365edi.journal.counters import RELEASE
from d365edi.recurring import Recurring, span


class HoldReports:
    """One for each opened app; `clock` is the monotonic one, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states = {"sending": Recurring(clock), "retention": Recurring(clock)}

    def report(self, journal: Journal) -> None:
        """A line for each hold of which one is due."""
        for name, why, sentence in _holds(journal):
            state = self._states[name]
            if not why:
                state.ended()
            elif state.failed(why) is not None:
                lasts = self._clock() - state.since
                log.say("WARNING", "journal", "held", sentence + (f" (for {span(lasts)})" if lasts >= 1 else ""))


def _holds(journal: Journal) -> Iterator[tuple[str, str, str]]:
    nothing = "nothing is sent to partners"
    yield "sending", journal.held, f"sending is held, so {nothing}: {journal.held}; {RELEASE}"
    why = journal.retention_held
    yield "retention", why, f"payloads past their retention stay: {why}; {RELEASE_RETENTION}"
