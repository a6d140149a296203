# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""Mailboxes of Sterling in the settings: defaults of their own, and each contradiction with file, line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from d365edi.errors import SettingsError
from d365edi.settings import Settings, Sterling, load
from d365edi.settings.file_patterns import can_meet, file_pattern

RIGHT = """\
[daemon]
timezone = "America/Chicago"
journal = "journal.db"
[d365]
host = "contoso.operations.dynamics.com"
tenant = "contoso.onmicrosoft.com"
client_id = "6f2c0c0e"
client_secret = { secret = "d365" }
companies = ["usmf"]
[endpoints.sbi]
kind = "sterling"
url = "https://b2bi.contoso.com:5075/B2BAPIs/svc/"
username = "d365edi"
password = { secret = "sbi" }
[endpoints.files]
kind = "folder"
path = "."
[partners.acme]
customer = { usmf = "US-003" }
x12 = { us = "01:123456789", them = "08:6111250008" }
acks = { to = { endpoint = "sbi", path = "/acme/to" } }
[partners.acme.pickup.edi]
from = { endpoint = "sbi", path = "/acme/from/*" }
every = "1m"
[partners.acme.receive.820]
create = "CustomerPayment"
company = "usmf"
[partners.acme.send.810]
of = "SalesInvoice"
to = { endpoint = "sbi", path = "/acme/to" }
every = "15m"
[partners.globex]
customer = { usmf = "US-004" }
x12 = { us = "01:123456789", them = "ZZ:GLOBEX", envelope = "sterling" }
[partners.globex.pickup.edi]
from = { endpoint = "sbi", path = "/globex/from/*" }
every = "1m"
[partners.globex.receive.850]
create = "SalesOrder"
company = "usmf"
[partners.globex.send.810]
of = "SalesInvoice"
to = { endpoint = "sbi", path = "/globex/to" }
every = "15m"
[partners.acme.receive.820.d365.header.constants]
JournalName = "CustPay"
"""

URL = 'url = "https://b2bi.contoso.com:5075/B2BAPIs/svc/"'
USER = 'username = "d365edi"'
PASSWORD = 'password = { secret = "sbi" }'
OAUTH = 'oauth = { token_url = "https://identity.contoso.com/oauth2/token", client_id = "d365edi", client_secret = { secret = "o" } }'
TO = 'to = { endpoint = "sbi", path = "/acme/to" }\nevery'
GLOBEX = 'x12 = { us = "01:123456789", them = "ZZ:GLOBEX", envelope = "sterling" }'
GLOBEX_TO = 'to = { endpoint = "sbi", path = "/globex/to" }'
GLOBEX_FROM = 'from = { endpoint = "sbi", path = "/globex/from/*" }'
BOTH = 'write username and password = { secret = "sterling" }, or oauth = { ... }: settings.example.toml explains both'
NAME = 'write file = "{partner}_{set}_{control:09}.edi"'


def to(file: str, more: str = "") -> str:
    return f'to = {{ endpoint = "sbi", path = "/acme/to", file = "{file}"{more} }}\nevery'


ONE_MISTAKE = [
    # the server
    (URL, URL.replace("https", "http"), '12: [endpoints.sbi.url] "http://b2bi.contoso.com:5075/B2BAPIs/svc/" is not encrypted; write it with "https:"'),
    (URL, URL.replace("/svc/", "/svc"), '12: [endpoints.sbi.url] "https://b2bi.contoso.com:5075/B2BAPIs/svc" does not end in /svc/; write the whole path of the API, with a slash at its end, as settings.example.toml does'),
    (URL, URL.replace("https://", ""), '12: [endpoints.sbi.url] "b2bi.contoso.com:5075/B2BAPIs/svc/" is not an address; write it as https://HOST:PORT/PATH, without user, query or blanks'),
    (URL, URL.replace(":5075", ":port"), '12: [endpoints.sbi.url] "https://b2bi.contoso.com:port/B2BAPIs/svc/" is not an address; write it as https://HOST:PORT/PATH, without user, query or blanks'),
    (URL, URL.replace("b2bi.", "me:hunter2@b2bi."), '12: [endpoints.sbi.url] "https://***@b2bi.contoso.com:5075/B2BAPIs/svc/" is not an address; write it as https://HOST:PORT/PATH, without user, query or blanks'),
    (URL, f'{URL}\npins = ["sha256:12"]', '13: [endpoints.sbi.pins.0] "sha256:12" is not a pin; write "sha256:" and the 64 hexadecimal digits of the certificate\'s SHA-256, as `d365edi ping` shows them'),
    (URL, f'{URL}\nheaders = {{ Authorization = {{ secret = "x" }} }}', '13: [endpoints.sbi.headers.Authorization] "Authorization" is a header that we write ourselves; leave it out'),
    (URL, f'{URL}\nbatch_above = "8"', '13: [endpoints.sbi.batch_above] "8" is not a size; write a number and a unit, as "512kB" or "64MB"'),
    (URL, f'{URL}\ndialect.colon = "%3A"', '13: [endpoints.sbi.dialect.colon] "%3A" must be "raw" or "encoded"'),
    # the login
    (f"{USER}\n{PASSWORD}\n", "", f"10: [endpoints.sbi] has neither `username` nor `oauth`; {BOTH}"),
    (USER, 'username = "acme:d365edi"', '13: [endpoints.sbi.username] "acme:d365edi" has ":", which HTTP Basic cannot send in a user name (RFC 7617); let Sterling have a user of another name for us'),
    (USER, f"{USER}\n{OAUTH}", f"10: [endpoints.sbi] has `username` and `oauth`; {BOTH}"),
    (f"{PASSWORD}\n", "", '10: [endpoints.sbi] has a username and no password; write password = { secret = "sterling" }'),
    (USER, OAUTH, "10: [endpoints.sbi] has a password and no username; leave it out beside oauth"),
    # what is for files
    (URL, f"{URL}\ncomplete = {{ looks = 1 }}", "13: [endpoints.sbi.complete] is for files: a message of a mailbox is whole as soon as it is listed; leave it out"),
    (URL, f"{URL}\ntemp_suffixes = []", "13: [endpoints.sbi.temp_suffixes] [] is for files: a message of a mailbox is whole as soon as it is listed; leave it out"),
    (URL, f'{URL}\ndeliver = "rename"', '13: [endpoints.sbi.deliver] "rename" is for files: a mailbox takes a message in one step; leave it out'),
    # names of messages
    (TO, to("{set}_{number}.edi"), f'30: [partners.acme.send.810.to.file] "{{set}}_{{number}}.edi" has no {{control}}, and a mailbox takes a name more than once, or overwrites what has it; {NAME}'),
    (TO, to("a:{control:09}"), f'30: [partners.acme.send.810.to.file] "a:{{control:09}}" has ":", at which Sterling cuts a name; {NAME}'),
    (TO, to("x" * 70 + "_{number}_{control:09}"), f'30: [partners.acme.send.810.to.file] "{"x" * 56}…" gives names of 101 characters, and a mailbox is given 100 at most; {NAME}'),
    ('path = "/acme/to" } }', 'path = "/acme/to", file = "{set}:{control}" } }', f'21: [partners.acme.acks.to.file] "{{set}}:{{control}}" has ":", at which Sterling cuts a name; {NAME}'),
    # counts
    (TO, to("{control}", ', extract = "always", picked_up_within = "1h"'), '30: [partners.acme.send.810.to.picked_up_within] is waited for, and with extract = "always" nobody can know whether it was; leave it out, or write extract = 1'),
    (TO, to("{control}", ", extract = 0"), '30: [partners.acme.send.810.to.extract] 0 is not how often a message may be fetched; write a number from 1, or "always"'),
    (TO, 'to = { endpoint = "files", path = "to", extract = 2 }\nevery', "30: [partners.acme.send.810.to.extract] is for mailboxes, and [endpoints.files] is none of Sterling; leave it out"),
    ('every = "1m"\n[partners.acme.receive', 'every = "1m"\nsince = "never"\n[partners.acme.receive', '25: [partners.acme.pickup.edi.since] "never" is neither "now" nor "all" nor a date; write since = 2025-01-31'),
    ('every = "1m"\n[partners.acme.receive', 'every = "1m"\nsince = 2099-01-01\n[partners.acme.receive', '25: [partners.acme.pickup.edi.since] "2099-01-01" is in the future: what comes until then would be left alone, too; write since = "now", or a day that has begun'),
    ('every = "1m"\n[partners.acme.receive', 'every = "1m"\nsince = "2099-01-01"\n[partners.acme.receive', '25: [partners.acme.pickup.edi.since] "2099-01-01" is in the future: what comes until then would be left alone, too; write since = "now", or a day that has begun'),
    # paths
    ('"/acme/from/*"', '"acme/from/*"', '23: [partners.acme.pickup.edi.from.path] "acme/from/*" is no path from the root; write "/acme/from/*"'),
    (URL, f'{URL}\nafter = {{ move_to = "done" }}', '13: [endpoints.sbi.after.move_to] "done" is no path from the root; write "/done"'),
    ('"/acme/from/*"', '"/acme/from//*.edi"', '23: [partners.acme.pickup.edi.from.path] "/acme/from//*.edi" has two slashes; write "/acme/from/*.edi"'),
    (GLOBEX_TO, 'to = { endpoint = "sbi", path = "/globex/to/" }', '43: [partners.globex.send.810.to.path] "/globex/to/" ends in "/", and the path of a mailbox does not; write "/globex/to"'),
    (URL, f'{URL}\nafter = {{ move_to = "/done/" }}', '13: [endpoints.sbi.after.move_to] "/done/" ends in "/", and the path of a mailbox does not; write "/done"'),
    # one mailbox for several things
    ('"/acme/from/*"', '"/Acme/to/*"', '23: [partners.acme.pickup.edi.from.path] "/Acme/to/*" fetches what [partners.acme.acks.to] (at {file}:21) delivers to the same mailbox; deliver into one mailbox and fetch from another'),
    (URL, f'{URL}\nafter = {{ move_to = "/globex/To" }}', '13: [endpoints.sbi.after.move_to] "/globex/To" is the mailbox that [partners.globex.send.810.to] (at {file}:44) delivers to: its partner would fetch what was sent to us; move messages into a mailbox that nothing else uses'),
    (URL, f'{URL}\nafter = {{ move_to = "/Acme/from" }}', '13: [endpoints.sbi.after.move_to] "/Acme/from" is the mailbox that [partners.acme.pickup.edi.from] (at {file}:24) fetches from; move messages into a mailbox that nothing else uses'),
    (URL, f'{URL}\nafter = {{ move_to = "/acme/from" }}', '24: [partners.acme.pickup.edi.from.path] "/acme/from/*" reads the folder that [endpoints.sbi] moves files to; choose another move_to'),
    # names that meet
    (GLOBEX_TO, 'to = { endpoint = "sbi", path = "/Acme/To", file = "ACME_{set}_{control:09}.EDI" }', '43: [partners.globex.send.810.to.file] "ACME_{set}_{control:09}.EDI" can give a name that [partners.acme.send.810.to] (at {file}:30) gives in the same mailbox; add {partner} to `file` of both, as "{partner}_{set}_{control:09}.edi"'),
    ('path = "/acme/to" } }', 'path = "/acme/to", file = "{set}_{control}" } }\n[partners.acme.send.Vendor]\nof = "Vendor"\ncompany = "usmf"\nevery = "1h"\nto = { endpoint = "sbi", path = "/acme/to", file = "997_{control}" }', '26: [partners.acme.send.Vendor.to.file] "997_{control}" can give a name that [partners.acme.acks.to] (at {file}:21) gives in the same mailbox; add {set} to `file` of both, as "{partner}_{set}_{control:09}.edi"'),
    # envelopes that Sterling writes
    (GLOBEX, f'{GLOBEX}\nacks = {{ expect_within = "24h" }}', '35: [partners.globex.acks.expect_within] waits for acknowledgments, and x12.envelope = "sterling": they come to Sterling; leave it out; see picked_up_within of `to`'),
    (GLOBEX, f'{GLOBEX}\nacks = {{ send = "997", to = {{ endpoint = "sbi", path = "/globex/to" }} }}', '35: [partners.globex.acks.send] "997" acknowledges what they send, and x12.envelope = "sterling": Sterling does; write send = "none", or leave it out'),
    (GLOBEX_TO, f"{GLOBEX_TO}\nbatch = 5", '44: [partners.globex.send.810.batch] 5 puts several documents into one interchange, and x12.envelope = "sterling": each goes as a bare set of its own; leave it out'),
    (GLOBEX_FROM, f"{GLOBEX_FROM}\nshared = true", '37: [partners.globex.pickup.edi.shared] is for messages that say whose they are, and x12.envelope = "sterling": bare sets carry no ids; leave it out, and give each partner a mailbox of its own'),
    # who pays
    ('"CustomerPayment"', '"VendorPayment"', '18: [partners.acme] creates a VendorPayment of each 820 and is not a vendor of usmf; write vendor = { usmf = "US-101" }, or [partners.NAME.vendors] for those that it names'),
]  # fmt: skip


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Settings]:
    """Loads the right settings with `old` replaced by `new`."""

    def read(old: str = "", new: str = "", environ: dict[str, str] | None = None) -> Settings:
        assert old in RIGHT
        path = tmp_path / "settings.toml"
        path.write_text(RIGHT.replace(old, new, 1))
        return load(path, environ or {})

    return read


@pytest.mark.parametrize(("old", "new", "line"), ONE_MISTAKE)
def test_a_contradiction_is_reported_with_line_key_and_remedy(
    reading: Callable[..., Settings], tmp_path: Path, old: str, new: str, line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        reading(old, new)
    file = str(tmp_path / "settings.toml")
    assert str(caught.value).split("\n") == [f"{file}:{line.replace('{file}', file)}"]


def test_defaults_depend_on_the_kind_of_endpoint_and_on_the_envelope(reading: Callable[..., Settings]) -> None:
    acme, globex = (reading().partners[name] for name in ("acme", "globex"))
    assert acme.acks.to is not None
    for target in (acme.send["810"].to, acme.acks.to):
        assert (target.file, target.extract, target.picked_up_within) == ("{partner}_{set}_{control:09}.edi", 1, None)
    assert (acme.pickup["edi"].since, acme.pickup["edi"].shared) == ("now", False)
    assert (acme.acks.send, globex.acks.send) == ("997", "none")
    files = reading('"sbi", path = "/acme', '"files", path = "/acme').partners["acme"]
    assert files.acks.to is not None
    assert (files.acks.to.file, files.acks.to.extract) == ("{set}_{control:09}.edi", 0)
    assert (
        reading('"sbi", path = "/acme/from', '"files", path = "/acme/from').partners["acme"].pickup["edi"].since
        == "all"
    )


def test_defaults_leave_everything_in_the_order_of_the_file(reading: Callable[..., Settings]) -> None:
    files = '[partners.files]\ncustomer = { usmf = "US-005" }\n[partners.acme]'
    assert list(reading("[partners.acme]", files).partners) == ["files", "acme", "globex"]
    first = '[partners.acme.send.Vendor]\nof = "Vendor"\ncompany = "usmf"\nevery = "1h"\nto = { endpoint = "files", path = "to" }\n'
    assert list(reading("[partners.acme.send.810]", f"{first}[partners.acme.send.810]").partners["acme"].send) == [
        "Vendor",
        "810",
    ]


def test_what_is_written_overrides_these_defaults(reading: Callable[..., Settings]) -> None:
    written = reading(TO, to("{control}.x12", ', extract = "always"')).partners["acme"].send["810"].to
    assert (written.file, written.extract) == ("{control}.x12", 0)
    within = reading(TO, to("{control}.x12", ', extract = 3, picked_up_within = "4h"')).partners["acme"].send["810"].to
    assert (within.extract, within.picked_up_within) == (3, timedelta(hours=4))
    dated = 'every = "1m"\nsince = 2026-01-31\nshared = true\n[partners.acme.receive'
    assert reading('every = "1m"\n[partners.acme.receive', dated).partners["acme"].pickup["edi"].since == date(
        2026, 1, 31
    )
    variable = {"D365EDI_PARTNERS__ACME__SEND__810__TO__EXTRACT": "2"}
    assert reading(environ=variable).partners["acme"].send["810"].to.extract == 2


@pytest.mark.parametrize(
    ("more", "server"),
    [
        ("https://B2BI.contoso.com:443/B2BAPIs/svc/", "https://b2bi.contoso.com/B2BAPIs/svc/"),
        ("https://b2bi.contoso.com:5074/B2BAPIs/svc/", "https://b2bi.contoso.com:5074/B2BAPIs/svc/"),
        ("https://[2001:DB8::1]:5074/test/svc/", "https://[2001:db8::1]:5074/test/svc/"),
    ],
)
def test_a_server_is_told_from_others_by_its_address_or_by_that_it_had_formerly(
    reading: Callable[..., Settings], more: str, server: str
) -> None:
    for settings in (reading(URL, f'url = "{more}"'), reading(URL, f'{URL}\nformerly = "{more}"')):
        found = settings.endpoints["sbi"]
        assert isinstance(found, Sterling)
        assert found.server == server


def test_a_server_on_this_machine_may_be_reached_without_tls(reading: Callable[..., Settings]) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        server = reading(URL, f'url = "http://{host}:5074/B2BAPIs/svc/"\nbatch_above = "8MB"').endpoints["sbi"]
        assert isinstance(server, Sterling)
        assert (server.url, server.batch_above) == (f"http://{host}:5074/B2BAPIs/svc/", 8_000_000)
        assert server.complete.needed == 1


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("{set}_{control:09}.edi", "{set}_{control:09}.edi", False),
        ("{control:09}.edi", "{control:09}.edi", True),
        ("{control:09}.edi", "{control}.edi", True),
        ("{set}_{control}", "{set}{control}", False),
        ("{set}_{control}", "810_{control}", True),
        ("{number}_{control}", "810_{control}", True),
        ("{number}-{control}", "ÄB_{control}", False),
        ("{date}{control:09}", "{control:09}{date}", True),
        ("{date}_{control:09}", "{time}_{control:09}", False),
        ("{control:>12}", "{control:09}", True),
        ("A{control}", "a{control}", True),
        ("{partner}_{control}", "{partner}_{control}", True),
    ],
)
def test_patterns_of_two_sets_meet_where_some_name_fits_both(one: str, other: str, meet: bool) -> None:
    patterns = [
        file_pattern(template, partner="acme", set=set, counter=set) for template, set in ((one, "810"), (other, "856"))
    ]
    assert None not in patterns
    assert can_meet(*patterns) is meet  # type: ignore[arg-type]
    assert can_meet(*patterns[::-1]) is meet  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("{control:09}.edi", "{control:09}.edi", False),
        ("{control:09}_{number}", "{control}.edi", False),
        ("{control}{date}", "{control}{date}", True),
        ("{number}_{control}", "{number}_{control}", True),
        ("X{control}", "{control}", False),
    ],
)
def test_one_counter_in_one_place_keeps_names_apart(one: str, other: str, meet: bool) -> None:
    patterns = [file_pattern(template, partner="acme", set="810", counter="ISA") for template in (one, other)]
    assert can_meet(*patterns) is meet  # type: ignore[arg-type]
