"""The table [daemon] read alone is that of all settings, and is read by itself only where nothing about it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi import settings
from d365edi.errors import SettingsError
from d365edi.settings.daemon_table import load_daemon

TEXT = """
include = ["more/*.toml"]
[daemon]
timezone = "America/Chicago"
journal = "var/journal.db"
[d365]
host = "contoso.example"
tenant = "contoso"
client_id = "client"
client_secret = { secret = "d365" }
companies = ["usmf"]
"""
ENVIRON = {
    "D365EDI_DAEMON__STOP_WITHIN": "7s",
    "D365EDI_DAEMON__RETAIN__PAYLOADS": "800d",
    "D365EDI_LOG__LEVEL": "DEBUG",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Settings, with a part of the table in a file that they include."""
    for folder in ("more", "var"):
        (tmp_path / folder).mkdir()
    (tmp_path / "more" / "a.toml").write_text('[daemon]\nlisten = "127.0.0.1:8443"\n')
    (tmp_path / "settings.toml").write_text(TEXT)
    return tmp_path / "settings.toml"


def test_it_is_that_of_all_settings_with_includes_environment_and_digest(file: Path) -> None:
    table, whole = load_daemon(file, ENVIRON), settings.load(file, ENVIRON)
    assert table is not None
    assert (table.daemon, table.digest) == (whole.daemon, whole.digest)
    assert (table.daemon.journal, table.daemon.listen) == (file.parent / "var" / "journal.db", "127.0.0.1:8443")


@pytest.mark.parametrize(
    ("old", "new"), [("America/Chicago", "America/Chicgo"), ("journal =", "jurnal ="), ("[daemon]", "[deamon]")]
)
def test_where_it_is_wrong_all_settings_have_to_say_so(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))
    assert load_daemon(file, {}) is None


def test_what_is_wrong_elsewhere_does_not_matter(file: Path) -> None:
    file.write_text(file.read_text().replace("client_id", "client_idd"))
    assert load_daemon(file, {}) is not None


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load_daemon(tmp_path / "settings.toml", {})


def test_every_name_of_the_package_is_found_and_no_other() -> None:
    assert [name for name in settings.__all__ if not hasattr(settings, name)] == []
    assert not hasattr(settings, "Nothing")
