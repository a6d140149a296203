"""The drill at random: the daemon, D365 and the SFTP server are killed again and again while orders and invoices flow.

    python -m tests.crash.random --kills 300 [--seed N] [--pace SECONDS] [--folder FOLDER] [--sterling ask|again]

All three are processes of their own. At the end every order is in D365 once, every invoice at its partner once, every file
answered once, every backup a whole one, and nothing is held; else the first difference is printed with its history. The seed
chooses what is sent and who is killed when; what the processes do meanwhile
is theirs. With `--sterling` the partners have mailboxes in place of folders (see `random_mailboxes`).
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncssh

from d365edi.errors import JournalError
from d365edi.sandbox import tls
from d365edi.sandbox.d365 import CLIENT_SECRET
from d365edi.sandbox.partner import SimulatedPartner
from tests.crash.ledgers import Books, Difference, history
from tests.crash.programs import FORKED, Program, run_backup, run_d365, run_daemon, run_sftp
from tests.crash.traffic import PROFILES, Addresses, Trade, settings
from tests.servers.openssh import free_port

TICK = 0.02
PATIENCE = 90.0
"""Seconds after the last kill within which all must have arrived, unless a drill has more."""
MOST_OPEN = 6
"""No more orders are sent while so many are not in D365."""
WEIGHTS = {"daemon": 6, "d365": 2, "sftp": 2}


# -- the drill --------------------------------------------------------------------------------------------------------
@dataclass
class Drill:
    """Everything of one run. `pace` is how many seconds pass between two kills at most; `weights` say who is killed how often,
    `noted` and `differences` what else is told at the end."""

    folder: Path
    chance: random.Random
    pace: float
    trades: list[Trade]
    programs: dict[str, Program]
    environ: dict[str, str]
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    copying: list[BaseProcess] = field(default_factory=list)
    asked_at: float = 0.0
    patience: float = PATIENCE
    noted: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def books(self) -> Books:
        """The ledgers."""
        return Books(self.folder, self.trades)

    def kills(self) -> int:
        """How often one of the three was killed."""
        return sum(program.kills for program in self.programs.values())

    def disturb(self, kills: int) -> None:
        """Trade and kill."""
        next_kill = time.monotonic() + self.pace
        while self.kills() < kills:
            self.trade()
            for program in self.programs.values():
                program.keep_up()
            if time.monotonic() >= next_kill:
                self._kill()
                next_kill = time.monotonic() + self.chance.uniform(0, self.pace)
            time.sleep(TICK)

    def settle(self) -> bool:
        """Whether all arrives once nobody is killed any more."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            for program in self.programs.values():
                program.back_at = 0.0
                program.keep_up()
            with contextlib.suppress(JournalError):
                if self.settled():
                    return True
            time.sleep(0.3)
        return False

    def settled(self) -> bool:
        """Whether all has arrived and nothing is open."""
        return self.books.settled()

    def stop(self) -> None:
        """End all processes: the daemon as systemd ends it, so that it closes its journal."""
        if daemon := self.programs["daemon"].process:
            daemon.terminate()
            daemon.join(20)
        for process in (*(program.process for program in self.programs.values()), *self.copying):
            if process is not None:
                process.kill()
                process.join()

    def trade(self) -> None:
        """Now and then an order, a look at what has arrived, a copy of the journal."""
        if self.chance.random() < 0.12 and sum(len(trade.partner.waiting()) for trade in self.trades) < MOST_OPEN:
            self.chance.choice(self.trades).send(self.chance)
        if time.monotonic() > self.asked_at + 0.4:
            self.asked_at = time.monotonic()
            self.chance.choice(self.trades).billed()
        self.copy()

    def copy(self) -> None:
        """Now and then a copy of the journal."""
        self.copying = [process for process in self.copying if process.is_alive()]
        books = Books(self.folder, self.trades)
        if not self.copying and self.chance.random() < 0.04 and books.journal.exists():
            copying = FORKED.Process(target=run_backup, args=(books.journal, books.copies), daemon=True)
            copying.start()
            self.copying.append(copying)

    def _kill(self) -> None:
        """One of the three or two at once; a backup that is being made dies with it now and then."""
        names = self.chance.choices(list(self.weights), list(self.weights.values()), k=self.chance.choice((1, 1, 1, 2)))
        for name in names:
            self.programs[name].kill(self.chance.choice((0.0, self.chance.uniform(0, 0.5))))
        if self.chance.random() < 0.3:
            for process in self.copying:
                process.kill()


@contextlib.contextmanager
def drill(folder: Path, seed: int, pace: float) -> Iterator[Drill]:
    """Set everything up; nothing runs yet."""
    for name in ("var", "copies", "home"):
        (folder / name).mkdir(parents=True)
    host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    identity = tls.create(folder / "tls")
    at = Addresses(free_port(), free_port(), identity.authority, host.export_public_key().decode().strip())
    file = folder / "settings.toml"
    file.write_text(settings(folder, at))
    environ = {"D365EDI_SECRET_D365": CLIENT_SECRET, "D365EDI_SECRET_SSH_KEY": client.export_private_key().decode()}
    keys = host.export_private_key().decode(), client.export_public_key().decode()
    logs = {name: str(folder / f"{name}.log") for name in WEIGHTS}
    made = Drill(
        folder,
        random.Random(seed),
        pace,
        [Trade(SimulatedPartner(profile, folder / "home" / profile.name)) for profile in PROFILES],
        {
            "d365": Program(run_d365, (folder / "d365.rows", identity, at.d365, logs["d365"])),
            "sftp": Program(run_sftp, (folder / "home", at.sftp, *keys, logs["sftp"])),
            "daemon": Program(run_daemon, (file, environ, logs["daemon"])),
        },
        environ,
    )
    try:
        yield made
    finally:
        made.stop()


@dataclass(frozen=True)
class Result:
    """What a run came to: how much went through and who was killed how often, what differs, and where it can be looked up."""

    counts: dict[str, int]
    books: Books
    environ: dict[str, str]
    differences: list[Difference]

    def history(self) -> str:
        """What the journal knows of the first difference that is about something."""
        about = next((each.about for each in self.differences if each.about), "")
        return history(self.books.folder / "settings.toml", about, self.environ) if about else ""


Opened = Callable[[Path, int, float], AbstractContextManager[Drill]]


def run(folder: Path, *, kills: int, seed: int, pace: float = 1.5, opened: Opened = drill) -> Result:
    """A whole run below this folder, which must be empty, of what `opened` sets up."""
    with opened(folder, seed, pace) as made:
        made.disturb(kills)
        made.settle()
        made.stop()
        ended = [
            Difference(f"{name} ended by itself with {code}")
            for name, program in made.programs.items()
            for code in program.ended
        ]
        books = made.books
        kills_of = {f"kills of {name}": each.kills for name, each in made.programs.items()}
        counts = books.counts() | kills_of | made.noted
        return Result(counts, books, made.environ, [*ended, *made.differences, *books.differences()])


def main() -> int:
    """The command line; exit code 1 where the ledgers differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.random", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--pace", type=float, default=1.5, help="seconds between two kills at most")
    parser.add_argument("--folder", type=Path, help="where all files stay; a temporary folder where it is left out")
    parser.add_argument(
        "--sterling", choices=["ask", "again"], help="mailboxes in place of folders, and `absent` there"
    )
    given = parser.parse_args()
    opened: Opened = drill
    if given.sterling:
        from tests.crash import random_mailboxes  # noqa: PLC0415 - it is made of what is here

        opened = partial(random_mailboxes.drill, absent=given.sterling)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        result = run(folder, kills=given.kills, seed=given.seed, pace=given.pace, opened=opened)
        figures = ", ".join(f"{count} {what}" for what, count in result.counts.items())
        print(f"seed {given.seed}: {figures}; {time.monotonic() - began:.0f} s")
        for difference in result.differences[:20]:
            print(difference.sentence)
        print(result.history() if result.differences else "both ledgers are equal")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
