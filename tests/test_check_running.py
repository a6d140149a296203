"""`check --running` tries what a reload would open, and touches nothing that is open."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from d365edi.errors import D365EdiError
from tests.running import StandIn, every, running, until


async def test_check_tries_the_listeners_that_a_reload_would_open(tmp_path: Path) -> None:
    app = StandIn([every("a", 3600)])
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        port, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        async with running(tmp_path, app, more=f'listen = "127.0.0.1:{other}"') as here:
            await until(lambda: "a" in app.ended)
            for more, said in (
                (f'listen = "127.0.0.1:{port}"', f"[daemon.listen] cannot listen on 127.0.0.1:{port}: "),
                (f'health = "127.0.0.1:{port}"', f"[daemon.health] cannot listen on 127.0.0.1:{port}: "),
                ('read_socket = "none/read.sock"', f"there is no folder {tmp_path}/none; the folder must exist"),
                (f'read_socket = "{tmp_path}"', f"cannot open the socket {tmp_path}: it is a folder"),
            ):
                here.write(more=more)
                with pytest.raises(D365EdiError) as caught:
                    await here.ask("check")
                assert said in str(caught.value)
            here.write(more=f'listen = "127.0.0.1:{other}"\nread_socket = "read.sock"')
            answered, sentences = await here.ask("check")
            assert (answered, sentences[-1]) == (True, "1 secrets are referred to, and all are stored.")
            assert (await here.ask("status"))[0], "what it has tried disturbs nothing"
    assert not (tmp_path / "read.sock").exists()
