"""What an acknowledgment said of what we sent, in the shape that 997, 999 and CONTRL are all read into.

Knows: groups, sets, verdicts. Does not know: how any of them is written.
"""

from dataclasses import dataclass
from typing import Literal

from d365edi.edi.findings import Finding
from d365edi.edi.interchange import Verdict

Loop = Literal["errors", "all", "none"]
"""Which sets an acknowledgment of ours reports one by one."""


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """What they said of one of our sets: AK5 or UCM with its codes, and the errors in words."""

    id: str
    control: str
    verdict: Verdict
    codes: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What they said of one of our groups (997, 999) or interchanges (CONTRL). `control` is AK102, our GS06, or UCI01; the
    verdicts M, W and X count as R."""

    functional_id: str
    control: str
    version: str
    verdict: Verdict
    included: int
    received: int
    accepted: int
    codes: tuple[str, ...] = ()
    sets: tuple[SetAnswer, ...] = ()
    receipt: bool = False
    """They say only that it has come (CONTRL, action 8)."""
