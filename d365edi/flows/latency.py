"""How long documents took from one side to the other, since the start, by partner.

    order            from the file that is stored here to the sales order in D365
    send             from the record that was read in D365 to the file at the partner. D365 tells the day of posting only
    acknowledgment   from the file that is stored here to its 997, 999, TA1 or CONTRL at the partner

What a person held meanwhile counts with the time that it was held.

Knows: seconds. Does not know: the journal, who reads the figures.
"""

from typing import Literal

from d365edi.histogram import Distribution, Histogram

Latency = Literal["order", "send", "acknowledgment"]

BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Seconds, from one to a day."""


def of(*, to_d365: bool, documents: bool) -> Latency:
    """Which latency a delivery ends: one to D365, one to a partner, with documents or without."""
    if to_d365:
        return "order"
    return "send" if documents else "acknowledgment"


class Latencies:
    """A histogram for each latency and partner."""

    def __init__(self) -> None:
        self._histograms: dict[tuple[Latency, str], Histogram] = {}

    def observe(self, what: Latency, partner: str, *seconds: float) -> None:
        """So many documents, or an acknowledgment, have arrived, after so long each."""
        histogram = self._histograms.setdefault((what, partner), Histogram(BOUNDS))
        for each in seconds:
            histogram.observe(each)

    def now(self) -> dict[tuple[Latency, str], Distribution]:
        """What was counted so far."""
        return {key: histogram.now() for key, histogram in self._histograms.items()}
