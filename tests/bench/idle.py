"""The daemon at rest: seconds from its start until it is ready, memory, and processor time while nothing comes.

    python -m tests.bench.idle [SECONDS]

It is started by its real command against the simulators, its flows walk every second, and systemd's socket is played here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.ground import ground

TICKS = os.sysconf("SC_CLK_TCK")


def processor(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> dict[str, float]:
    """Resident memory in MB, now and at its highest."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1e3 for name in ("VmRSS", "VmHWM")}


def measure(seconds: float) -> None:
    """One start, one rest, one stop; prints the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ground(Path(folder) / "ground") as where,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
    ):
        notify = Path(folder) / "notify"
        told.bind(str(notify))
        told.settimeout(30)
        where.world.write_settings()
        command = [sys.executable, "-m", "d365edi", "run", "--settings", str(where.world.settings_file)]
        environ = {**os.environ, **where.world.environ, "NOTIFY_SOCKET": str(notify)}
        began = time.perf_counter()
        with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            while b"READY=1" not in told.recv(4096):
                pass
            ready = time.perf_counter() - began
            time.sleep(3)
            before, at = processor(daemon.pid), time.perf_counter()
            time.sleep(seconds)
            used = (processor(daemon.pid) - before) / (time.perf_counter() - at)
            held = memory(daemon.pid)
            daemon.terminate()
            asked = time.perf_counter()
            daemon.wait(30)
            stopped = time.perf_counter() - asked
    print(
        f"ready after {ready:.2f} s, resident {held['VmRSS']:.0f} MB (most {held['VmHWM']:.0f}), "
        f"processor {used:.1%} over {seconds:.0f} idle seconds with two flows every second, stopped in {stopped:.2f} s"
    )


if __name__ == "__main__":
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
