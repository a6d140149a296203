"""The cases: what each file says, what must become of it, by which rule. Read from the tables beside this module.

A case is named by its first file. `what` is the input in plain words, `expected` the right end with its `rule` (the clause of a
standard, or what an order can mean). The rest is that end in comparable form; a key that is left out is not compared:

    files      the files in the order in which they arrive; left out: the one that names the case
    us, them   the addresses in the interchange, where they are not the usual ones
    receive    the sets that the partner may send beside orders; an order change is held, any other is kept
    barcodes   item = the unit that its barcode is for in D365, where that is no piece
    looks      how often the pickup looks for a file, until it is taken; left out: as often as it takes
    check      the verdict of `d365edi check` on every file: good, held, rejected, or bad for either of the two; "": not compared
    message    the state of each file's message; one word: of all of them; "": not compared
    documents  number = state ("delivered", "held" ...), or a list of states where the number comes twice; {} for none
    orders     customer's reference = lines of the sales order, as "12 ea D0001 at 10.5" or, where the price quantity counts,
               "500 ea D0001 at 125 per 100"
    ship_to    where the sales orders go: the code of an address of the customer, or name and street as they stand on the order
    currency, deliver_by   of the sales orders
    answer     segments of our acknowledgments, in this order; one that ends in "…" is the beginning of one; [] for no answer
    unanswered segments that no acknowledgment of ours may have
    says       fragments of reasons and log lines; remarks: of what `check` finds; silent: fragments that must be in neither
    shows      lines of what `check` prints, in this order, as in `answer`
    posted     what is posted in D365 afterwards: "invoice"
    invoice    of the 810 that goes out: each line as "500 at 1.25", the price of one; the total
    answers    what was sent before and is answered here, each with the numbers that the file names; ack: its state afterwards
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
INPUTS = HERE / "inputs"
LISTS = ("says", "silent", "remarks", "unanswered", "posted", "receive")


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that went out before: its set and the control numbers of its interchange, group and set."""

    kind: str = "810"
    interchange: int = 3
    functional_id: str = "IN"
    group: int | None = 3
    set: str = "0001"


@dataclass(frozen=True, slots=True)
class Case:
    """One row; the module says what its keys mean. None: not compared."""

    name: str
    what: str
    expected: str
    rule: str = ""
    files: tuple[str, ...] = ()
    us: str = ""
    them: str = ""
    receive: tuple[str, ...] = ()
    barcodes: Mapping[str, str] = field(default_factory=dict)
    looks: int = 5
    check: str = "good"
    message: str | list[str] = "done"
    documents: Mapping[str, str | list[str]] | None = None
    orders: Mapping[str, list[str]] | None = None
    ship_to: str | None = None
    currency: str | None = None
    deliver_by: str | None = None
    answer: list[str] | None = None
    unanswered: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    shows: list[str] | None = None
    posted: tuple[str, ...] = ()
    invoice: list[str] | None = None
    answers: tuple[Sent, ...] = ()
    ack: str | None = None

    @property
    def language(self) -> Literal["x12", "edifact", "csv"]:
        """What the first file is written in."""
        if self.name.endswith(".csv"):
            return "csv"
        return "edifact" if self.bytes_of(self.name)[:2] == b"UN" else "x12"

    @staticmethod
    def bytes_of(name: str) -> bytes:
        """The contents of an input."""
        return (INPUTS / name).read_bytes()


def cases() -> dict[str, Case]:
    """Every case of every table, by the name of its first file. TypeError for a key that there is not."""
    return {case.name: case for path in sorted(HERE.glob("*.toml")) for case in _read(path)}


def _read(path: Path) -> Iterator[Case]:
    known = {each.name for each in fields(Case)}
    for name, row in tomllib.loads(path.read_text()).items():
        if unknown := row.keys() - known:
            raise TypeError(f"{path.name}: {name} has {', '.join(sorted(unknown))}")
        lists: dict[str, Any] = {key: tuple(row[key]) for key in LISTS if key in row}
        sent = tuple(Sent(**each) for each in row.get("answers", ()))
        yield Case(**{**row, **lists, "name": name, "files": tuple(row.get("files", (name,))), "answers": sent})
