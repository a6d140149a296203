"""What is said in files and in the environment arrives in the tree, typed, with its place kept."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax
from d365edi.errors import SecretError, SettingsError
from d365edi.settings import LocalFolder, Move, Sftp, load

from .conftest import RIGHT, Reading


def test_values_arrive_typed_and_what_is_left_out_has_its_default(reading: Reading, tmp_path: Path) -> None:
    settings = reading()
    acme = settings.partners["acme"]
    assert settings.daemon.timezone == ZoneInfo("America/Chicago")
    assert settings.daemon.journal == tmp_path / "journal.db"
    assert settings.daemon.socket == tmp_path / "journal.sock"
    assert settings.d365.base_url == settings.d365.resource == "https://contoso.operations.dynamics.com"
    assert acme.x12 is not None
    assert acme.x12.them == Party("08", "6111250008")
    assert acme.x12.syntax == Syntax()
    assert acme.pickup["edi"].every == timedelta(minutes=5)
    assert acme.receive["850"].purpose == {"00": "create"}
    assert acme.send["810"].since == "now"


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ('"auto"', (None, None, None, True)),
        ('{ default = ["A"], delimiter = "~", escape = false }', (("A",), None, "~", False)),
    ],
)
def test_dimensions_are_a_word_or_a_table(reading: Reading, written: str, known: tuple[object, ...]) -> None:
    given = reading(("companies", f"dimensions = {written}\ncompanies")).d365.dimensions
    assert (given.default, given.ledger, given.delimiter, given.escape) == known


def test_dimensions_may_be_built_by_d365(reading: Reading) -> None:
    assert reading(("companies", 'dimensions = "d365"\ncompanies')).d365.dimensions.built == "d365"


def test_nothing_can_be_changed(reading: Reading) -> None:
    settings = reading()
    with pytest.raises(ValidationError):
        settings.log.level = "DEBUG"  # type: ignore[misc]
    x12 = settings.partners["acme"].x12
    assert x12 is not None
    with pytest.raises(ValidationError):
        x12.usage = "T"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("written", "after"),
    [('"delete"', "delete"), ('"leave"', "leave"), ('{ move_to = "/done" }', Move(move_to="/done"))],
)
def test_after_is_a_word_or_a_table(reading: Reading, written: str, after: object) -> None:
    endpoint = reading(('host = "sftp', f'after = {written}\nhost = "sftp')).endpoints["acme"]
    assert endpoint.after == after


def test_an_endpoint_s_kind_decides_what_it_is(reading: Reading, tmp_path: Path) -> None:
    settings = reading(("[partners.acme]", '[endpoints.here]\nkind = "folder"\npath = "."\n[partners.acme]'))
    assert isinstance(settings.endpoints["acme"], Sftp)
    here = settings.endpoints["here"]
    assert isinstance(here, LocalFolder)
    assert here.path == tmp_path


@pytest.mark.parametrize("written", ["2025-01-31", '"2025-01-31"'])
def test_since_may_be_a_date_as_toml_or_text_writes_it(reading: Reading, written: str) -> None:
    settings = reading(('of = "SalesInvoice"', f'of = "SalesInvoice"\nsince = {written}'))
    assert settings.partners["acme"].send["810"].since == date(2025, 1, 31)


def test_a_version_5010_repeats_with_a_caret_and_a_newline_follows_where_asked(reading: Reading) -> None:
    extra = 'them = "08:6111250008", version = "005010X220", newline = true, delimiters = "|:!" }'
    x12 = reading(('them = "08:6111250008" }', extra)).partners["acme"].x12
    assert x12 is not None
    assert x12.syntax == Syntax("X12", "|", ":", "!", "^", suffix="\n")


def test_a_pickup_s_path_parts_into_folder_and_pattern(reading: Reading) -> None:
    found = {}
    for path in ("/outbound/*", "/*.edi", "in/x?.txt", "*"):
        source = reading(("/outbound/*", path)).partners["acme"].pickup["edi"].from_
        found[path] = (source.folder, source.pattern)
    assert found == {
        "/outbound/*": ("/outbound", "*"),
        "/*.edi": ("/", "*.edi"),
        "in/x?.txt": ("in", "x?.txt"),
        "*": ("", "*"),
    }


def test_a_file_s_name_is_filled_in_and_keeps_a_document_s_number_from_leading_elsewhere(reading: Reading) -> None:
    to = reading(
        ('path = "/inbound" }', 'path = "/inbound", file = "{partner}_{number}_{control:09}_{date}{time}.x" }')
    )
    at = datetime(2025, 1, 31, 7, 5, 9, tzinfo=UTC)
    send = to.partners["acme"].send["810"]
    assert send.to.name(partner="acme", set="810", control=42, number="INV/../1", at=at) == (
        "acme_INV_.._1_000000042_20250131070509.x"
    )


def test_an_included_file_adds_tables_to_those_of_the_main_file(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "partners.d").mkdir()
    (tmp_path / "partners.d" / "items.toml").write_text('[partners.acme.items]\n"A-1" = "D1"\n')
    (tmp_path / "partners.d" / "zeta.toml").write_text(
        '[partners.zeta]\nx12 = { us = "01:123456789", them = "ZZ:ZETA" }\n'
    )
    settings = reading(("[daemon]", 'include = ["partners.d/*.toml"]\n[daemon]'))
    assert settings.partners["acme"].items["A-1"].item == "D1"
    assert sorted(settings.partners) == ["acme", "zeta"]
    assert settings.where("partners", "acme", "items", "A-1") == f"{tmp_path}/partners.d/items.toml:2"
    assert settings.where("partners", "acme", "x12", "us") == f"{tmp_path}/settings.toml:21"


def test_where_finds_dotted_keys_inline_tables_and_the_nearest_table_of_what_nobody_said(reading: Reading) -> None:
    settings = reading()
    receive = ("partners", "acme", "receive", "850")
    lines = [
        settings.where(*receive, "map", "fields", "ship_by"),
        settings.where("partners", "acme", "acks", "to", "path"),
        settings.where(*receive, "guide", "mandatory"),
        settings.where("log", "level"),
    ]
    assert [place.rpartition("settings.toml:")[2] for place in lines] == ["30", "21", "27", "1"]


def test_the_environment_lies_over_the_files_key_by_key(reading: Reading, tmp_path: Path) -> None:
    environ = {
        "D365EDI_LOG__LEVEL": "DEBUG",
        "D365EDI_ENDPOINTS__ACME__PORT": "2222",
        "D365EDI_PARTNERS__ACME__X12__NEWLINE": "true",
        "D365EDI_PARTNERS__ACME__SEND__810__EVERY": "1m",
        "D365EDI_PARTNERS__ACME__PICKUP__EDI__FROM__PATH": "[a-z]*.edi",
        "D365EDI_PARTNERS__ACME__ITEMS__ACME_4711": "D0002",
        "D365EDI_D365__COMPANIES": '["usmf", "frrt"]',
        "D365EDI_DAEMON__RETAIN": '{ payloads = "10d" }',
        "PATH": "/bin",
    }
    settings = reading(
        ("[partners.acme.pickup", '[partners.acme.items]\n"ACME-4711" = "D0001"\n[partners.acme.pickup'),
        environ=environ,
    )
    acme, endpoint = settings.partners["acme"], settings.endpoints["acme"]
    assert isinstance(endpoint, Sftp)
    assert (settings.log.level, endpoint.port, endpoint.host) == ("DEBUG", 2222, "sftp.acme.example")
    assert acme.x12 is not None
    assert (acme.x12.newline, acme.send["810"].every) == (True, timedelta(minutes=1))
    assert acme.pickup["edi"].from_.path == "[a-z]*.edi"
    assert {theirs: row.item for theirs, row in acme.items.items()} == {"ACME-4711": "D0002"}
    assert settings.d365.companies == ("usmf", "frrt")
    assert settings.daemon.retain.payloads == timedelta(days=10)
    assert settings.where("endpoints", "acme", "port") == "environment D365EDI_ENDPOINTS__ACME__PORT"
    assert settings.where("daemon", "retain", "payloads") == "environment D365EDI_DAEMON__RETAIN"
    assert settings.where("endpoints", "acme", "host") == f"{tmp_path}/settings.toml:14"


def test_variables_of_other_purposes_are_left_alone(reading: Reading) -> None:
    reading(environ={"D365EDI_SECRET_D365": "s", "D365EDI_FAILPOINT": "x", "D365EDI_SETTINGS": "y", "HOME": "z"})


def test_the_process_s_own_environment_is_read_where_none_is_handed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.toml").write_text(RIGHT)
    monkeypatch.setenv("D365EDI_LOG__FORMAT", "json")
    assert os.environ["D365EDI_LOG__FORMAT"] == load(tmp_path / "s.toml").log.format


def test_secrets_are_revealed_by_the_keyring_that_is_handed_in(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(RIGHT)
    settings = load(
        tmp_path / "s.toml", {"x": "y"}, keyring=lambda store, environ: lambda name: f"{name} {environ['x']}"
    )
    assert [(named.name, named.key, named.where) for named in settings.references()] == [
        ("d365", "d365.client_secret", f"{tmp_path}/s.toml:9"),
        ("acme-ssh-key", "endpoints.acme.key", f"{tmp_path}/s.toml:16"),
    ]
    reference = settings.d365.client_secret
    assert reference is not None
    assert settings.secret(reference) == "d365 y"


def test_a_secret_that_is_nowhere_is_reported_with_the_key_that_names_it(tmp_path: Path) -> None:
    def reveal(name: str) -> str:
        raise SecretError(f'there is no secret "{name}"')

    (tmp_path / "s.toml").write_text(RIGHT)
    settings = load(tmp_path / "s.toml", {}, keyring=lambda store, environ: reveal)
    reference = settings.d365.client_secret
    assert reference is not None
    with pytest.raises(SecretError) as caught:
        settings.secret(reference)
    assert str(caught.value) == f'{tmp_path}/s.toml:9: [d365.client_secret] there is no secret "d365"'


def test_without_a_keyring_no_secret_is_revealed(reading: Reading) -> None:
    reference = reading().d365.client_secret
    assert reference is not None
    with pytest.raises(SecretError):
        reading().secret(reference)


def test_two_readings_do_not_disturb_each_other(reading: Reading) -> None:
    first = reading()
    with pytest.raises(SettingsError):
        reading(("companies", "compnies"))
    assert reading() == first
