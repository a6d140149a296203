"""The starter file is right as it is shipped, and with whatever answers take the place of its values."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.settings import load, starter

TOKENS = {question.name: question.starts for question in starter.QUESTIONS}


def test_it_is_short_and_what_no_answer_changes(tmp_path: Path) -> None:
    shipped = starter.text()
    assert starter.filled({}) == starter.filled(TOKENS) == shipped
    assert len([line for line in shipped.splitlines() if line and not line.startswith(("#", "["))]) <= 25
    (tmp_path / "settings.toml").write_text(shipped)
    settings = load(tmp_path / "settings.toml", {})
    assert [reference.name for reference in settings.references()] == ["d365", "acme-ssh-key"]


def test_each_answer_takes_the_place_of_its_value_and_of_no_other() -> None:
    for question in starter.QUESTIONS:
        answer = {"sftp-port": "2222", "company": "demf", "partner": "globex"}.get(question.name, f"X{question.name}X")
        changed = starter.filled({question.name: answer})
        before, after = starter.text().splitlines(), changed.splitlines()
        differ = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert differ, question.name
        assert all(old.replace(question.starts, answer) == new or question.starts in answer for old, new in differ)


@given(
    st.fixed_dictionaries({name: st.text(min_size=1) for name in TOKENS if name not in ("sftp-port", *starter.NAMES)})
)
def test_any_answers_stand_in_it_as_they_were_given(answers: dict[str, str]) -> None:
    tree = tomllib.loads(starter.filled({**answers, "partner": "contoso", "company": "acme"}))
    partner, endpoint = tree["partners"]["contoso"], tree["endpoints"]["contoso"]
    assert (tree["d365"]["host"], tree["d365"]["tenant"]) == (answers["host"], answers["tenant"])
    assert tree["d365"]["companies"] == ["acme"]
    assert (endpoint["host"], endpoint["username"]) == (answers["sftp-host"], answers["sftp-user"])
    assert partner["x12"] == {"us": answers["us"], "them": answers["them"]}
    assert partner["customer"] == {"acme": answers["account"]}
    assert tree["daemon"]["timezone"] == answers["timezone"]


@pytest.mark.parametrize("login", ["key", "password"])
def test_a_service_has_its_files_in_its_own_folder_and_no_key_file(login: str) -> None:
    tree = tomllib.loads(starter.filled({}, login=login, service=True))
    assert tree["daemon"]["journal"] == "/var/lib/d365edi/journal.db"
    assert tree["daemon"]["read_socket"] == "/run/d365edi/read.sock"
    assert tree["secrets"] == {"vault": "/var/lib/d365edi/vault"}
    assert tree["endpoints"]["acme"][login] == {"secret": "acme-ssh-key" if login == "key" else "acme-password"}
