"""Mistakes that show only when maps and guides meet, with file, line and key; and what was agreed about envelopes, in a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi import partners
from d365edi.errors import SettingsError
from d365edi.settings import load
from tests.flows.translating import desk
from tests.settings.conftest import RIGHT

RECEIVE = "partners.acme.receive.850"
ROW = 'map.fields.ship_by = "DTM[175]02"'
MISTAKES = {
    'guide.mandatory = ["REX"]': (30, f"{RECEIVE}.guide.mandatory.REX", 'the guide has no "REX"'),
    'guide.severity = { lenght = "off" }': (30, f"{RECEIVE}.guide.severity.lenght", 'did you mean "length"?'),
    'guide.elements = { BEX13 = "AN 1/10" }': (30, f"{RECEIVE}.guide.elements.BEX13", "is no place in a segment"),
    'guide.colour = "blue"': (30, f"{RECEIVE}.guide.colour", 'a guide has no "colour"'),
}
DEMANDS = {
    "REX[IA]02": '"REX[IA]02" is no place in the 810, so it would be missing from each; did you mean "REF"?',
    "REF[IA]19": '"REF[IA]19" is no place in the 810, so it would be missing from each; correct it',
    "BIG04-2": '"BIG04-2" is no place in the 810',
}
EMPTY = (
    b"ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*000000007*0*P*>~"
    b"IEA*0*000000007~"
)
ALIVE = ("acks = { to =", 'acks = { severity = { "interchange.empty-envelope" = "note" }, to =')


REMEDIES = {
    "empty-envelope": 'write "group.empty-envelope" or "interchange.empty-envelope"',
    "element.length": "guide.severity",
    "interchange.emty-envelope": 'did you mean "interchange.empty-envelope"?',
}


def refused(tmp_path: Path, text: str) -> str:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        partners.compiled(load(tmp_path / "settings.toml"))
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("row", MISTAKES)
def test_a_mistake_in_a_partner_s_guide_names_file_line_and_key(tmp_path: Path, row: str) -> None:
    line, key, sentence = MISTAKES[row]
    said = refused(tmp_path, RIGHT.replace(ROW, row))
    assert said.startswith(f"settings.toml:{line}: [{key}] ")
    assert sentence in said


def test_a_set_without_a_map_names_file_line_and_key(tmp_path: Path) -> None:
    said = refused(
        tmp_path, RIGHT.replace(f"[{RECEIVE}]", f'[partners.acme.receive.861]\ncompany = "usmf"\n[{RECEIVE}]')
    )
    assert said.startswith(
        'settings.toml:27: [partners.acme.receive.861] there is no x12 map "861"; did you mean "860"?'
    )


@pytest.mark.parametrize("place", DEMANDS)
def test_a_place_that_no_document_has_is_not_demanded(tmp_path: Path, place: str) -> None:
    said = refused(tmp_path, RIGHT + f'guard = {{ demands = ["{place}"] }}\n')
    assert said.startswith(f"settings.toml:36: [partners.acme.send.810.guard.demands] {DEMANDS[place]}")


@pytest.mark.parametrize("place", ["REF[IA]02", "BIG04", "CAD", "SAC[C]05"])
def test_a_place_of_the_set_may_be_demanded(tmp_path: Path, place: str) -> None:
    (tmp_path / "settings.toml").write_text(RIGHT + f'guard = {{ demands = ["{place}"] }}\n')
    assert partners.compiled(load(tmp_path / "settings.toml"))


@pytest.mark.parametrize("name", REMEDIES)
def test_a_rule_that_is_none_of_an_envelope_is_refused(tmp_path: Path, name: str) -> None:
    said = refused(tmp_path, RIGHT.replace(ALIVE[0], ALIVE[1].replace("interchange.empty-envelope", name)))
    assert said.startswith("settings.toml:21: [partners.acme.acks.severity.")
    assert '] "note" belongs to no rule of an interchange or a group; ' in said
    assert REMEDIES[name] in said


@pytest.mark.parametrize(("agreed", "state"), [(False, "quarantined"), (True, "done")])
async def test_an_empty_interchange_needs_a_person_unless_it_was_agreed(
    tmp_path: Path, agreed: bool, state: str
) -> None:
    async with desk(tmp_path, *([ALIVE] if agreed else [])) as made:
        read = await made.read(EMPTY)
    assert (read.message.state, read.documents) == (state, [])
    assert bool(read.said("quarantined")) is not agreed
