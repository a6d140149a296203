"""A reload that cannot be served leaves what is served as it is, and says why."""

from __future__ import annotations

import os
import signal
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from d365edi.errors import D365EdiError, SettingsError
from tests.running import StandIn, every, running, until


async def test_bad_settings_at_sighup_are_said_and_the_old_ones_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = StandIn([every("a", 0.05)])
    async with running(tmp_path, app) as here:
        here.write(more="lissten = 1")
        os.kill(os.getpid(), signal.SIGHUP)
        seen = ""

        def notified() -> bool:
            nonlocal seen
            seen += capsys.readouterr().err
            return "the old ones stay" in seen

        await until(notified)
        before = app.ended.count("a")
        await until(lambda: app.ended.count("a") > before + 1)
    assert (len(app.opened), "lissten" in seen, here.code) == (1, True, 0)


async def test_a_reload_changes_to_no_other_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = StandIn([every("a", 3600)])
    async with running(tmp_path, app) as here:
        await until(lambda: "a" in app.ended)
        written = here.file.read_text()
        here.file.write_text(written.replace('journal = "journal.db"', 'journal = "other.db"'))
        with pytest.raises(D365EdiError, match=r"other\.db"):
            await here.ask("check")
        os.kill(os.getpid(), signal.SIGHUP)
        seen = ""

        def notified() -> bool:
            nonlocal seen
            seen += capsys.readouterr().err
            return "the old ones stay" in seen and "move the journal" in seen

        await until(notified)
    assert (len(app.opened), here.code, (tmp_path / "other.db").exists()) == (1, 0, False)


async def test_settings_that_only_fail_when_the_app_opens_give_way_to_the_old_ones(tmp_path: Path) -> None:
    app = StandIn([every("a", 0.05)])
    app.refuses = lambda settings: (
        SettingsError("a map is wrong") if settings.daemon.stop_within == timedelta(seconds=7) else None
    )
    async with running(tmp_path, app) as here:
        here.write(stop_within="7s")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(app.opened) == 2)
        before = app.ended.count("a")
        await until(lambda: app.ended.count("a") > before)
    assert [settings.daemon.stop_within for settings in app.opened] == [timedelta(seconds=5)] * 2
    assert here.code == 0


async def test_a_door_that_cannot_be_opened_after_sighup_gives_way_to_the_old_one(tmp_path: Path) -> None:
    app = StandIn([every("a", 3600)])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with running(tmp_path, app) as here:
            here.write(more=f'listen = "127.0.0.1:{taken.getsockname()[1]}"')
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: len(app.opened) == 3)
    assert ([settings.daemon.listen for settings in app.opened][::2], here.code) == ([None, None], 0)
