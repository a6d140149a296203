"""What a document or a delivery waits for, by what the running daemon says is the matter.

Knows: the troubles that `status` shows. Does not know: the journal, how the daemon is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from d365edi.cli.console import clock

D365 = "d365"
"""The name of D365 among the endpoints."""
ABSENT = {
    "hangs": "the daemon does not answer; see its log, and restart it: systemctl restart d365edi",
    "killed": "the daemon was killed, and goes on with it once it runs: systemctl start d365edi",
    "none": "no daemon runs, which goes on with it: systemctl start d365edi, or d365edi run",
}
"""What is said where there is nobody to ask, by the state of the daemon (`client.DaemonState`)."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is the matter: the daemon's `state`, and its troubles as `condition.rows` has them."""

    state: str
    troubles: Sequence[Mapping[str, Any]] = ()

    def of(self, *endpoints: str) -> Iterator[str]:
        """Why what is for these endpoints has to wait, a sentence for each trouble; also where nothing is sent at all."""
        if self.state in ABSENT:
            yield ABSENT[self.state]
        for row in self.troubles:
            if row["name"].partition(":")[0] in endpoints:
                yield f"waits for {row['name']}: it rests{_until(row)}, because {_why(row)}"
            elif row["kind"] in ("broken", "journal") or (row["kind"] == "held" and endpoints != (D365,)):
                yield f"waits for {row['name']}, because {_why(row)}"


def _until(row: Mapping[str, Any]) -> str:
    return f" until {clock(row['until'])}" if row["until"] else ""


def _why(row: Mapping[str, Any]) -> str:
    return "; ".join(filter(None, (row["why"], row["remedy"])))
