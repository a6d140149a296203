"""Commands of d365edi as processes that go on: a sandbox, a daemon. Started, waited for, ended by a signal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PATIENCE = 30.0
RUNS = "# The sandbox runs until Ctrl-C."
READY = " ready "


@dataclass
class Going:
    """A process, and each line that it printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def until(self, words: str, times: int = 1) -> None:
        """Wait until it has printed these words so often."""
        end = time.monotonic() + PATIENCE
        while self.text.count(words) < times:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() < end, f"it did not say {words!r}:\n{self.text}"
            time.sleep(0.02)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def going(command: Sequence[str], until: str, folder: Path, **environ: str) -> Iterator[Going]:
    """Start a command in `folder` and wait until it prints `until`; it is ended on leaving where it still goes on."""
    process = subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(**environ)
    )
    assert process.stdout is not None
    here = Going(process)
    reader = threading.Thread(target=_read, args=(process.stdout, here.lines))
    reader.start()
    try:
        here.until(until)
        yield here
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
        reader.join()
        process.stdout.close()


def _read(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line)  # noqa: PERF402 - each as it comes


def environment(**more: str) -> dict[str, str]:
    """Ours with this d365edi first on the path, without settings of ours."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("D365EDI_")}
    return ours | {"PATH": f"{Path(sys.executable).parent}:{ours['PATH']}", "PYTHONUNBUFFERED": "1"} | more


def d365edi(*words: str) -> list[str]:
    """A command line of ours."""
    return [sys.executable, "-m", "d365edi", *words]
