"""The daemon's start and the daemon at rest.

    python -m tests.bench.idle [SECONDS] [STARTS]

Start: how long it takes until it is ready, in turns with a process that only imports the same modules; what it does besides
importing is the difference. Rest: memory, and processor time while nothing comes. It is started by its real command against
the simulators, its flows walk every second, and systemd's socket is played here. The clock means little on a busy machine;
processor time does.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bench.ground import Ground, ground

TICKS = os.sysconf("SC_CLK_TCK")
_IMPORTED = re.compile(r"^import time:.*\|\s*(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of the clock and of the processor."""

    clock: float
    cpu: float


def processor(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> dict[str, float]:
    """Resident memory in MB, now and at its highest."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1e3 for name in ("VmRSS", "VmHWM")}


@contextlib.contextmanager
def started(where: Ground, *options: str, said: IO[str] | int = subprocess.DEVNULL) -> Iterator[tuple[int, Start]]:
    """A daemon that is ready: its process id, and what that took; stopped at the end. `options` are Python's, `said` gets
    what it writes.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notify = where.world.folder / "notify"
        notify.unlink(missing_ok=True)
        notified.bind(str(notify))
        notified.settimeout(60)
        settings = str(where.world.write_settings())
        command = [sys.executable, *options, "-m", "d365edi", "run", "--settings", settings]
        environ = {**os.environ, **where.world.environ, "NOTIFY_SOCKET": str(notify)}
        began = time.perf_counter()
        with subprocess.Popen(command, env=environ, stdout=said, stderr=said) as daemon:
            while b"READY=1" not in notified.recv(4096):
                pass
            yield daemon.pid, Start(time.perf_counter() - began, processor(daemon.pid))
            daemon.terminate()
            daemon.wait(30)


def imports(where: Ground) -> list[str]:
    """The modules that a daemon has imported when it is ready."""
    with tempfile.TemporaryFile("w+") as said:
        with started(where, "-X", "importtime", said=said):
            pass
        said.seek(0)
        return [name for name in _IMPORTED.findall(said.read()) if not name.endswith("__main__")]


def imported(modules: list[str]) -> Start:
    """What a process takes that imports these modules and ends."""
    loop = "for name in sys.stdin.read().split():\n try: importlib.import_module(name)\n except ImportError: pass"
    release, hold = os.pipe()
    code = f"import gc, importlib, os, sys\ngc.disable()\n{loop}\nos.write(1, b'.')\nos.read({release}, 1)"
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(release,),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(" ".join(modules).encode())
        process.stdin.close()
        process.stdout.read(1)
        taken = Start(time.perf_counter() - began, processor(process.pid))
        os.close(hold)
    os.close(release)
    return taken


def measure(seconds: float, starts: int) -> None:
    """Starts in turns, one rest, one stop; prints the figures."""
    with tempfile.TemporaryDirectory() as folder, ground(Path(folder) / "ground") as where:
        modules = imports(where)
        ready, alone = list[Start](), list[Start]()
        for _ in range(starts):
            alone.append(imported(modules))
            with started(where) as (_, start):
                ready.append(start)
        for name in ("clock", "cpu"):
            both = [(getattr(one, name), getattr(other, name)) for one, other in zip(ready, alone, strict=True)]
            whole, part = (statistics.median(each) for each in zip(*both, strict=True))
            more = statistics.median(one - other for one, other in both)
            print(f"ready after {whole:.2f} s, its imports alone {part:.2f}, {more:.2f} more ({name}, {starts} starts)")
        with started(where) as (pid, _):
            time.sleep(3)
            before, at = processor(pid), time.perf_counter()
            time.sleep(seconds)
            used = (processor(pid) - before) / (time.perf_counter() - at)
            held = memory(pid)
            asked = time.perf_counter()
        stopped = time.perf_counter() - asked
    print(
        f"resident {held['VmRSS']:.0f} MB (most {held['VmHWM']:.0f}), processor {used:.1%} over {seconds:.0f} idle seconds "
        f"with two flows every second, stopped in {stopped:.2f} s"
    )


if __name__ == "__main__":
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
