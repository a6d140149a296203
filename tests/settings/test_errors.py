# ruff: noqa: E501 - a sentence stands on one line, as it is reported
"""Each mistake is reported with file, line, key, value and what to do; all of them together; never a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from d365edi.errors import SecretError, SettingsError
from d365edi.settings import load

from .conftest import RIGHT, Reading

Reported = Callable[..., list[str]]

KEY = 'key = { secret = "acme-ssh-key" }'
PICK = 'every = "5m"'
X12 = 'x12 = { us = "01:123456789", them = "08:6111250008" }'
DOCUMENT = 'company = "usmf"'

ONE_MISTAKE = [
    # unknown keys, at every depth, with the nearest right name or all there are
    ("[daemon]", "[deamon]\nx = 1\n[daemon]", '1: [deamon] is no key of the settings; did you mean "daemon"?'),
    (PICK, f'{PICK}\njiter = "1s"', '26: [partners.acme.pickup.edi.jiter] is no key of [partners.acme.pickup.edi]; did you mean "jitter"?'),
    (KEY, f'{KEY}\ncomplete = {{ lokks = 1 }}', '17: [endpoints.acme.complete.lokks] is no key of [endpoints.acme.complete]; did you mean "looks"?'),
    ("map.fields", 'x."a b" = 1\nmap.fields', "30: [partners.acme.receive.850.x] is no key of [partners.acme.receive.850]; known are: create, then, company, purpose, unlike, ship_to, gtin_unit, price, agreed, ignore, stores, back, schedules, unknown_invoice, short_paid, dimensions, map, d365, guide, same, header_reference, posted_check, match, stocked, lines"),
    # what is not there yet is unknown, too
    ("[daemon]", "[telemetry.ops]\n[daemon]", '1: [telemetry] is no key of the settings; known are: include, daemon, log, secrets, alerts, d365, endpoints, partners'),
    ("timezone", "backup = {}\ntimezone", "2: [daemon.backup] is no key of [daemon]; known are: timezone, journal, socket, read_socket, decide_group, listen, health, tls, retain, stop_within"),
    ('kind = "sftp"', 'kind = "as2"', '13: [endpoints.acme.kind] "as2" must be "sftp" or "folder" or "sterling"'),
    # what is missing, what has the wrong type
    ('kind = "sftp"', "", '12: [endpoints.acme] lacks "kind"; add kind = ... here; settings.example.toml explains it'),
    ('host = "sftp.acme.example"', "", '12: [endpoints.acme] lacks "host"; add host = ... here; settings.example.toml explains it'),
    (KEY, f'{KEY}\nport = "22"', '17: [endpoints.acme.port] "22" must be a whole number; write port = 22'),
    (KEY, f"{KEY}\nport = true", "17: [endpoints.acme.port] true must be a whole number"),
    (KEY, f"{KEY}\nport = 65536", "17: [endpoints.acme.port] 65536 must be at most 65535"),
    ('username = "contoso"', "username = 7", '15: [endpoints.acme.username] 7 must be text in quotes; write username = "7"'),
    ('username = "contoso"', 'username = " "', '15: [endpoints.acme.username] " " is empty, or has blanks at its ends or control characters in it'),
    ('companies = ["usmf", "demf"]', 'companies = "usmf"', '10: [d365.companies] "usmf" must be a list; write companies = ["usmf"]'),
    ('companies = ["usmf", "demf"]', "companies = []", "10: [d365.companies] [] must not be empty"),
    (X12, X12.replace("}", ', newline = "yes" }'), '20: [partners.acme.x12.newline] "yes" must be true or false; write newline = true'),
    (X12, 'x12 = "01:1"', '20: [partners.acme.x12] "01:1" must be a table; write x12 = { us = ..., them = ... }, or its keys under [partners.acme.x12]'),
    # keys that belong elsewhere, tables without their name
    ("[partners.acme.send.810]", '[fields.x]\nship_by = "DTM[175]02"\n[partners.acme.send.810]', "32: [fields] is no key of the settings; rows of a map are written under its flow: [partners.NAME.receive.850.map.fields]"),
    ("map.fields", "fields", "30: [partners.acme.receive.850.fields] is no key of [partners.acme.receive.850]; rows of a map are written under map: [partners.acme.receive.850.map.fields]"),
    ("[partners.acme.send.810]", "[items]\nA = 'B'\n[partners.acme.send.810]", "32: [items] is no key of the settings; write its whole path: [partners.NAME.items]"),
    ("[partners.acme.pickup.edi]", "[pickup.edi]", "23: [pickup] is no key of the settings; write its whole path: [partners.NAME.pickup]"),
    ("[daemon]\n", '[daemon]\ninclude = ["x"]\n', "2: [daemon.include] is no key of [daemon]; write it at the top of the file, before the first [table]: include = ..."),
    ("[partners.acme]\n", "[partners]\nshares_account = true\n[partners.acme]\n", "19: [partners.shares_account] [partners] has `shares_account` and no name; write [partners.NAME] above"),
    # another case
    (DOCUMENT, 'company = "USMF"', '29: [partners.acme.receive.850.company] "USMF" is not one of [d365] companies; did you mean "usmf"?'),
    ("customer = { usmf", "customer = { USMF", '19: [partners.acme.customer.USMF] "USMF" is not one of [d365] companies; did you mean "usmf"?'),
    ('"usmf", "demf"]', '"usmf", "demf", "USMF"]', '10: [d365.companies.2] "USMF" is there twice: D365 tells companies apart without regard to case; keep one of the two'),
    ('kind = "sftp"', 'kind = "SFTP"', '13: [endpoints.acme.kind] "SFTP" must be "sftp" or "folder" or "sterling"; did you mean "sftp"?'),
    # names that mean something else
    ("[endpoints.acme]", '[endpoints.d365]\nkind = "folder"\npath = "/tmp"\n[endpoints.acme]', '12: [endpoints.d365] "d365" is the name of D365 in status, metrics and ping; call it otherwise, as [endpoints.d365-files], and so wherever endpoint = "d365" stands'),
    ("[endpoints.acme]", '[endpoints.alerts]\nkind = "folder"\npath = "/tmp"\n[endpoints.acme]', '12: [endpoints.alerts] "alerts" is the name of the channels of alerts in status, metrics and ping; call it otherwise, as [endpoints.alerts-files], and so wherever endpoint = "alerts" stands'),
    # where files go
    (KEY, f'{KEY}\nafter = "move"', '17: [endpoints.acme.after] "move" must be "delete" or "leave" or { move_to = "..." }; write after = { move_to = "/outbound/processed" }'),
    (KEY, f'{KEY}\nafter = "/done"', '17: [endpoints.acme.after] "/done" must be "delete" or "leave" or { move_to = "..." }; write after = { move_to = "/done" }'),
    (KEY, f'{KEY}\nafter = {{ move_to = "processed" }}', '17: [endpoints.acme.after.move_to] "processed" is taken from the login folder, and files are picked up in "/outbound"; write it from the root, as move_to = "/outbound/processed"'),
    ('acks = { to = { endpoint = "acme", path = "/inbound/acks" } }', 'acks = { to = "/inbound/acks" }', '21: [partners.acme.acks.to] "/inbound/acks" must be a table; write to = { endpoint = ..., path = ... }, or its keys under [partners.acme.acks.to]'),
    # single values
    ('"America/Chicago"', '"CST"', '2: [daemon.timezone] "CST" is not a time zone; name a place of it, as "America/Chicago" or "Europe/Berlin"'),
    ('"America/Chicago"', '"berlin"', '2: [daemon.timezone] "berlin" is not a time zone; did you mean "Europe/Berlin"?'),
    ('"America/Chicago"', '"America/Chigaco"', '2: [daemon.timezone] "America/Chigaco" is not a time zone; did you mean "America/Chicago"?'),
    ('"journal.db"', '"nowhere/journal.db"', '3: [daemon.journal] "nowhere/journal.db" is in a folder that does not exist: nowhere; correct the path, or create it: mkdir -p nowhere'),
    ('"journal.db"', '"."', '3: [daemon.journal] "." is a folder, not a file; name the file in it'),
    ("companies", 'ca_file = "ca.pem"\ncompanies', '10: [d365.ca_file] "ca.pem" is not a file that exists; correct the path, or put the file there'),
    ("[partners.acme]", '[endpoints.x]\nkind = "folder"\npath = "x"\n[partners.acme]', '20: [endpoints.x.path] "x" is not a folder that exists; correct the path, or create it: mkdir -p x'),
    (PICK, 'every = "5"', '25: [partners.acme.pickup.edi.every] "5" is not a duration; write a number and a unit, as "30s", "5m", "24h" or "400d"'),
    (PICK, 'every = "0s"', '25: [partners.acme.pickup.edi.every] "0s" must be longer than zero; write a number and a unit, as "30s", "5m", "24h" or "400d"'),
    (PICK, 'cron = "0 6 * * 1"', '25: [partners.acme.pickup.edi.cron] "0 6 * * 1" has "1" for the day of the week; name the weekday: mon, tue, wed, thu, fri, sat or sun'),
    (KEY, f'{KEY}\nmax_message = "64"', '17: [endpoints.acme.max_message] "64" is not a size; write a number and a unit, as "512kB" or "64MB"'),
    ('host = "contoso.operations', 'host = "https://contoso.operations', '6: [d365.host] "https://contoso.operations.dynamics.com" is not a host with an optional port; write it without scheme or path, as "contoso.example:443"'),
    ("companies", 'authority = "http://x.example"\ncompanies', '10: [d365.authority] "http://x.example" is not an https address; write it as "https://login.microsoftonline.com"'),
    (KEY, f'{KEY}\nhost_keys = ["SHA256:abc"]', '17: [endpoints.acme.host_keys.0] "SHA256:abc" is not a host key; write the public key as `d365edi ping` shows it, or its SHA256 fingerprint'),
    (KEY, f'{KEY}\nafter = "leav"', '17: [endpoints.acme.after] "leav" must be "delete" or "leave"; did you mean "leave"?'),
    (KEY, f'{KEY}\ncomplete = {{ sentinel = "done" }}', '17: [endpoints.acme.complete.sentinel] "done" does not contain the file\'s name; write it as "{name}.done"'),
    # identities and delimiters
    ("08:6111250008", "08:6111250008611125", '20: [partners.acme.x12.them] "08:6111250008611125" has an id of 16 characters, and an interchange has room for 15 (ISA06, ISA08); write qualifier and id as in ISA05 and ISA06, as "08:6111250008"'),
    ("08:6111250008", "6111250008", '20: [partners.acme.x12.them] "6111250008" is not qualifier:id; write qualifier and id as in ISA05 and ISA06, as "08:6111250008"'),
    ("08:6111250008", "01:123456789", "20: [partners.acme.x12] has the same identity for us and for them"),
    (X12, X12.replace("}", ', delimiters = "**~" }'), '20: [partners.acme.x12.delimiters] "**~" has the same delimiter twice; write element, component and terminator, and for 005010 the repetition separator, as "*>~" or "*>~^"'),
    (X12, X12.replace("}", ', delimiters = "*A~" }'), "20: [partners.acme.x12.delimiters] \"*A~\" has a delimiter that may occur in data: 'A'; write element, component and terminator, and for 005010 the repetition separator, as \"*>~\" or \"*>~^\""),
    (X12, X12.replace("}", ', version = "004011" }'), '20: [partners.acme.x12.version] "004011" is not a supported version; write "004010" or "005010", with a suffix as "004010VICS"'),
    (X12, X12.replace("}", ', version = "005010", delimiters = "^>~" }'), '20: [partners.acme.x12] uses "^", which 005010 repeats with; write a fourth delimiter, as ^>~!'),
    (X12, X12.replace("}", ', newline = true, delimiters = "*>\\n" }'), "20: [partners.acme.x12] ends segments with a line break and adds another; write newline = false"),
    (X12, X12.replace("}", ', delimiters = "*>~", group_us = "A*B" }'), "20: [partners.acme.x12] has a delimiter that is part of an id; choose other delimiters"),
    # partners
    ("acks = {", "# acks = {", "18: [partners.acme] does not configure where acknowledgments are sent; write acks.to = { endpoint = ..., path = ... }"),
    (PICK, "", '23: [partners.acme.pickup.edi] has no schedule; write every = "15m" or cron'),
    (PICK, f'{PICK}\ncron = "0 6 * * mon"', '23: [partners.acme.pickup.edi] has both `every` and `cron`; write every = "15m" or cron'),
    ("/outbound/*", "/outbound", '24: [partners.acme.pickup.edi.from.path] "/outbound" does not end in a pattern; name the files, as "/outbound/*"'),
    ("/outbound/*", "/out/*/x*", '24: [partners.acme.pickup.edi.from.path] "/out/*/x*" has a pattern in a folder\'s name; only the last part may have *, ? or [...]; name each folder'),
    ("/outbound/*", "/a/../b/*", '24: [partners.acme.pickup.edi.from.path] "/a/../b/*" contains ".."; write the path from the root'),
    ('path = "/inbound" }', 'path = "/inbound", file = "810.edi" }', '34: [partners.acme.send.810.to.file] "810.edi" gives every file the same name; write it as "810_{control:09}.edi", or with {number}, the document\'s'),
    ('path = "/inbound" }', 'path = "/inbound", file = "{nmber}" }', '34: [partners.acme.send.810.to.file] "{nmber}" has "{nmber}", which is not known; write it as "{set}_{control:09}.edi"; known are {partner}, {set}, {control}, {number}, {date}, {time}'),
    ('path = "/inbound" }', 'path = "/inbound", file = "{number:" }', '34: [partners.acme.send.810.to.file] "{number:" is not a file name\'s template; write it as "{set}_{control:09}.edi"; known are {partner}, {set}, {control}, {number}, {date}, {time}'),
    ('path = "/inbound" }', 'path = "/inbound", file = "../{number}" }', '34: [partners.acme.send.810.to.file] "../{number}" leaves its folder or hides the file; write it as "{set}_{control:09}.edi"; known are {partner}, {set}, {control}, {number}, {date}, {time}'),
    ("receive.850", "receive.orders", '27: [partners.acme.receive.orders] "orders" is not a transaction set; name it as its standard does: "850" in X12, "ORDERS" in EDIFACT; or as its map of columns: "PurchaseOrder"'),
    ('"SalesOrder"', '"SalesOrders"', '28: [partners.acme.receive.850.create] "SalesOrders" must be "SalesOrder" or "PurchaseOrder" or "VendorInvoice" or "VendorPayment" or "CustomerPayment"; did you mean "SalesOrder"?'),
    ('"DTM[175]02"', "3", '30: [partners.acme.receive.850.map.fields.ship_by] 3 is not a row; write a path, as ship_by = "DTM[175]02", or false'),
    ('map.fields.ship_by = "DTM[175]02"', 'map = "x"', '30: [partners.acme.receive.850.map] "x" must be a table'),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\nsince = "yesterday"', '34: [partners.acme.send.810.since] "yesterday" is neither "now" nor a date; write since = 2025-01-31'),
    ("US-003", "", '19: [partners.acme.customer.usmf] "" is empty, or has blanks at its ends or control characters in it'),
    (DOCUMENT, 'company = "demf"', '18: [partners.acme] receives orders for demf and is not a customer there; write customer = { demf = "US-003" }'),
    ("receive.850", "receive.ORDERS", '18: [partners.acme] exchanges ORDERS and has no `edifact`; write edifact = { us = ..., them = ... }'),
    (PICK, f'{PICK}\nholds = "PurchaseOrder"', '18: [partners.acme] picks up PurchaseOrder as edi and receives no such flat file; write [partners.NAME.receive.PurchaseOrder], or leave `holds` out for EDI'),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\nbatch = 0', "34: [partners.acme.send.810.batch] 0 must be at least 1"),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\nbatch = 1001', "34: [partners.acme.send.810.batch] 1001 must be at most 1000"),
    ('path = "/inbound" }\nevery', 'path = "/inbound", file = "810_{number}_{control:09}.edi" }\nbatch = 20\nevery', '34: [partners.acme.send.810.to.file] "810_{number}_{control:09}.edi" names the file by {number}, and up to 20 documents are in it; write "{control:09}" in its place, or leave batch out'),
    ('[partners.acme.send.810]', '[partners.acme.send.Invoice]\nbatch = 20', "33: [partners.acme.send.Invoice.batch] 20 is for interchanges, and a flat file holds one document; leave it out"),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\nto = { endpoint = "acme", path = "/inbound" }\nevery = "1h"\n[partners.acme.send.880]\nof = "SalesInvoice"', "18: [partners.acme] sends each SalesInvoice twice, as 810 and as 880; keep one of the two"),
    ("[partners.acme.send.810]", '[partners.acme.send.Invoice]\nguard = { demands = ["CAD"] }', "18: [partners.acme] demands places of Invoice, which has no segments; leave guard.demands out"),
    # places
    (DOCUMENT, f'{DOCUMENT}\nsame = "number"', '30: [partners.acme.receive.850.same] "number" is agreed about vendor invoices, and none are created; write create = "VendorInvoice", or leave same out'),
    ("[partners.acme.send.810]", '[partners.acme.receive.810]\ncreate = "VendorInvoice"\ncompany = "usmf"\nmatch = { price = "half" }\n[partners.acme.vendor]\nusmf = "US-101"\n[partners.acme.send.810]', '35: [partners.acme.receive.810.match.price] "half" is no percentage; write it as "0.5%", or "0%" for the same price'),
    ("[partners.acme.send.810]", '[partners.acme.receive.810]\ncreate = "VendorInvoice"\ncompany = "usmf"\n[partners.acme.send.810]', '18: [partners.acme] creates a VendorInvoice of each 810 and is not a vendor of usmf; write vendor = { usmf = "US-101" }, or [partners.NAME.vendors] for those that it names'),
    (DOCUMENT, f'{DOCUMENT}\nship_to = "mach"', '30: [partners.acme.receive.850.ship_to] "mach" must be "match" or "order" or "default"; did you mean "match"?'),
    ("[partners.acme.send.810]", '[partners.acme.tax]\nrates = { "19" = "X" }\n[partners.acme.send.810]', '33: [partners.acme.tax.rates.19] "X" is no category of a tax (5305); known are A, AA, AB, AC, B, C, E, G, H, O, S, Z'),
    ("[partners.acme.send.810]", '[partners.acme.tax]\nrates = { "19%" = "S" }\n[partners.acme.send.810]', '33: [partners.acme.tax.rates."19%"] "S" is not a rate in percent, or is there twice; write rates = { "19" = "S" }'),
    ("[partners.acme.send.810]", '[partners.acme.tax]\nrates = {}\n[partners.acme.send.810]', '33: [partners.acme.tax.rates] has no rate; write rates = { "19" = "S", "0" = "Z" }'),
    ("[partners.acme.send.810]", '[partners.acme.locations]\n"0007" = {}\n[partners.acme.send.810]', '33: [partners.acme.locations.0007] says nothing about the place; write a location, as "0007" = "ACME-DC7", or { site = ..., warehouse = ... }, or { account = ... }'),
    ("[partners.acme.send.810]", '[partners.acme.locations]\n"0007" = 1\n[partners.acme.send.810]', '33: [partners.acme.locations.0007] 1 is neither text nor a table; write it in quotes: "0007" = "ACME-DC7"'),
    ("[partners.acme.send.810]", '[partners.acme.locations]\n"0007" = { place = "X" }\n[partners.acme.send.810]', "33: [partners.acme.locations.0007.place] is no key of [partners.acme.locations.0007]; known are: location, site, warehouse, account, company"),
    ("[partners.acme.send.810]", '[partners.acme.locations]\n"0007" = { location = "X", company = "usmf" }\n[partners.acme.send.810]', '33: [partners.acme.locations.0007.company] "usmf" is the company of no account; leave it out, or write account'),
    ('customer = { usmf = "US-003" }', 'customer = { usmf = "US-003", demf = "DE-010" }\nlocations = { 0007 = { account = "US-004" } }', '20: [partners.acme.locations.0007.account] "US-004" is an account, and not said of which company; write company = "usmf" beside it'),
    ('customer = { usmf = "US-003" }', 'customer = { usmf = "US-003" }\nlocations = { 0007 = { account = "DE-010", company = "demf" } }', '20: [partners.acme.locations.0007.account] "DE-010" is an account of demf, where the partner is no customer; write customer = { demf = "US-003" }'),
    # which record fits which set, what it needs, what does nothing
    ("[partners.acme.send.810]", '[partners.acme.receive.810]\ncreate = "SalesOrder"\ncompany = "usmf"\n[partners.acme.send.810]', '33: [partners.acme.receive.810.create] "SalesOrder" is made of a PurchaseOrder, and 810 is read as an Invoice; write create = "VendorInvoice"'),
    ('"SalesOrder"', '"VendorInvoice"', '28: [partners.acme.receive.850.create] "VendorInvoice" is made of an Invoice, and 850 is read as a PurchaseOrder; write create = "SalesOrder" (of a customer) or "PurchaseOrder" (of a vendor)'),
    ("[partners.acme.send.810]", '[partners.acme.receive.860]\ncreate = "SalesOrder"\ncompany = "usmf"\n[partners.acme.send.810]', '33: [partners.acme.receive.860.create] "SalesOrder" is made of a PurchaseOrder, and 860 is read as an OrderChange; leave it out; then = "hold" (or "keep") says what happens to it'),
    ("send.810", "send.850", '33: [partners.acme.send.850.of] "SalesInvoice" is sent as an Invoice, and 850 is written from a PurchaseOrder; write of = "PurchaseOrderConfirmation" or "PurchaseOrder"'),
    ('of = "SalesInvoice"', 'of = "PackingSlip"', '33: [partners.acme.send.810.of] "PackingSlip" is sent as a ShipNotice, and 810 is written from an Invoice; write of = "SalesInvoice" (to a customer) or "VendorInvoice" (to a vendor) or "PendingVendorInvoice" (to a vendor)'),
    ("[partners.acme.send.810]", '[partners.acme.receive.810]\ncreate = "VendorInvoice"\ncompany = "usmf"\nship_to = "order"\n[partners.acme.vendor]\nusmf = "US-101"\n[partners.acme.send.810]', "35: [partners.acme.receive.810.ship_to] is about orders, and 810 is none; leave it out"),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\nchanged = "send"', "34: [partners.acme.send.810.changed] is about purchase orders, and 810 is none; leave it out"),
    (DOCUMENT, f'{DOCUMENT}\nunknown_invoice = "try"', "30: [partners.acme.receive.850.unknown_invoice] is about payments, and 850 is none; leave it out"),
    ("[partners.acme.send.810]", '[partners.acme.receive.PurchaseOrder]\ncompany = "usmf"\n[partners.acme.send.810]', '32: [partners.acme.receive.PurchaseOrder] is received, and no pickup has such files; write holds = "PurchaseOrder" under a pickup of the partner'),
    ('path = "/inbound" }', 'path = "/inbound", file = "vendors.csv" }', '34: [partners.acme.send.810.to.file] "vendors.csv" gives every file the same name; write it as "vendors_{control:09}.csv", or with {number}, the document\'s'),
    ("[endpoints.acme]", '[partners.twin]\nx12 = { us = "01:11", them = "01:22" }\n[partners.twin.pickup.edi]\nfrom = { endpoint = "acme", path = "/outbound/*" }\nevery = "1h"\n[endpoints.acme]', "29: [partners.acme.pickup.edi.from.path] \"/outbound/*\" is picked up twice: also by [partners.twin.pickup.edi] at settings.toml:15; keep one, with shared = true: what carries another partner's ids is then that partner's"),
    # between sections
    ("[partners.acme]\n", '[partners.twin]\ncustomer = { usmf = "US-004" }\n[partners.acme]\nlocations = { 0007 = { account = "US-004" } }\n', "21: [partners.acme.locations.0007.account] \"US-004\" is also twin's in usmf (at settings.toml:19): both would be sent its invoices; keep it with one of the two"),
    ("[partners.acme]\n", '[partners.twin]\ncustomer = { usmf = "us-003" }\nshares_account = true\n[partners.acme]\n', "22: [partners.acme.customer.usmf] \"US-003\" is also twin's in usmf (at settings.toml:19): both would be sent its invoices; keep it with one of the two, or write shares_account = true under both"),
    ('to = { endpoint = "acme", path = "/inbound/acks"', 'to = { endpoint = "acne", path = "/inbound/acks"', '21: [partners.acme.acks.to.endpoint] "acne" is not an endpoint; did you mean "acme"?'),
    ('customer = { usmf', 'customer = { usfm = "US-004", usmf', '19: [partners.acme.customer.usfm] "usfm" is not one of [d365] companies; did you mean "usmf"?'),
    ("[partners.acme]", f"[partners.twin]\n{X12}\n[partners.acme]", "22: [partners.acme.x12.them] \"08:6111250008\" is also twin's (at settings.toml:19) with the same `us`: a file could belong to either; give each partner its own identity, or merge the two partners"),
    (PICK, f'{PICK}\n[partners.acme.pickup.two]\nfrom = {{ endpoint = "acme", path = "/outbound/*" }}\nevery = "1h"', '27: [partners.acme.pickup.two.from.path] "/outbound/*" is picked up twice: also by [partners.acme.pickup.edi] at settings.toml:24; keep one: files are routed by the ids inside them'),
    (KEY, f'{KEY}\nafter = {{ move_to = "/outbound/" }}', '25: [partners.acme.pickup.edi.from.path] "/outbound/*" reads the folder that [endpoints.acme] moves files to; choose another move_to'),
    ('of = "SalesInvoice"', 'of = "SalesInvoice"\non_event = "X"', '34: [partners.acme.send.810.on_event] is never received; add events = { path = ..., secret = { secret = ... } } to [d365]'),
    ("companies", 'events = { path = "/e", secret = { secret = "e" } }\ncompanies', '10: [d365.events] needs a listener, and [daemon] has no `listen`; add listen = "0.0.0.0:8443" there'),
    ("timezone", 'decide_group = "d365edi-decide"\ntimezone', '1: [daemon] has a `decide_group` and no `read_socket`; add read_socket = "/run/d365edi/read.sock"'),
    ("timezone", f'read_socket = "/run/{"x" * 120}"\ntimezone', "1: [daemon] has a socket path of more than 107 bytes; write a shorter one: socket = ..."),
    ("timezone", 'health = "0.0.0.0:8444"\ntimezone', "1: [daemon] listens on a public address without `tls`; add tls = { certificate = ..., key = { secret = ... } }"),
    ("timezone", 'listen = "127.0.0.1:8443"\nhealth = "127.0.0.1:8443"\ntimezone', "1: [daemon] has one address for `listen` and `health`; leave `health` out, or give it a port of its own"),
    ("timezone", 'listen = "0.0.0.0:8443"\ntimezone', "1: [daemon] listens on a public address without `tls`; add tls = { certificate = ..., key = { secret = ... } }"),
    ('client_secret = { secret = "d365" }', "", '5: [d365] has neither `client_secret` nor `certificate`; write client_secret = { secret = "d365" } or certificate = { file = "..." }'),
    ("companies", 'dimensions = "of"\ncompanies', '10: [d365.dimensions] "of" is neither "auto" nor "d365"; write "auto", or a table, as { default = ["Department", "CostCenter"] }'),
    ("companies", 'dimensions = { default = [] }\ncompanies', '10: [d365.dimensions.default] [] names no dimension; write them in the order of the format, as ["Department", "CostCenter"]'),
    ("companies", 'dimensions = { ledger = ["A", "a"] }\ncompanies', '10: [d365.dimensions.ledger] ["A", "a"] names a dimension twice; name each once, in the order of the format'),
    (KEY, "", '12: [endpoints.acme] has neither `key` nor `password`; write key = { secret = "..." }'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), ONE_MISTAKE)
def test_one_mistake_is_reported_with_line_key_value_and_remedy(
    reported: Reported, old: str, new: str, line: str
) -> None:
    assert reported((old, new)) == [f"settings.toml:{line}"]


def test_all_that_a_payment_lacks_is_reported_in_one_reading(reported: Reported) -> None:
    section = '[partners.acme.receive.820]\ncreate = "VendorPayment"\ncompany = "usmf"\n[partners.acme.send.810]'
    assert reported(("[partners.acme.send.810]", section), ("customer = { usmf", "customer = { demf")) == [
        "settings.toml:18: [partners.acme] receives orders for usmf and is not a customer there; "
        'write customer = { usmf = "US-003" }',
        "settings.toml:18: [partners.acme] creates a VendorPayment of each 820 and is not a vendor of usmf; "
        'write vendor = { usmf = "US-101" }, or [partners.NAME.vendors] for those that it names',
        "settings.toml:32: [partners.acme.receive.820] a VendorPayment needs JournalName, and nothing says it; "
        'write JournalName = "..." under [partners.acme.receive.820.d365.header.constants]',
    ]


def test_all_mistakes_are_reported_together_in_the_order_of_the_file(reported: Reported, reading: Reading) -> None:
    lines = reported(
        ('"usmf", "demf"', '"usmf", "demff"'),
        ("timezone", "timezon"),
        ('endpoint = "acme", path = "/outbound/*"', 'endpoint = "acmee", path = "/outbound/*"'),
        environ={"D365EDI_LOG__LEVEL": "LOUD"},
    )
    assert lines == [
        'settings.toml:1: [daemon] lacks "timezone"; add timezone = ... here; settings.example.toml explains it',
        'settings.toml:2: [daemon.timezon] is no key of [daemon]; did you mean "timezone"?',
        'settings.toml:10: [d365.companies.1] "demff" is not a company; write its dataAreaId as D365 does, as "usmf" (four characters at most)',
        'settings.toml:24: [partners.acme.pickup.edi.from.endpoint] "acmee" is not an endpoint; did you mean "acme"?',
        'environment D365EDI_LOG__LEVEL: [log.level] "LOUD" must be "DEBUG" or "INFO" or "WARNING" or "ERROR"',
    ]
    with pytest.raises(SettingsError) as caught:
        reading(("timezone", "timezon"), ("tenant", "tenat"))
    assert caught.value.key == "daemon"
    assert [other.key for other in caught.value.others] == ["daemon.timezon", "d365", "d365.tenat"]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("D365EDI_LOG_LEVEL", "INFO", "D365EDI_LOG_LEVEL: is not a setting; two underscores separate a table and its key: D365EDI_LOG__LEVEL"),
        ("D365EDI_LOGS__LEVEL", "INFO", 'D365EDI_LOGS__LEVEL: is not a setting; did you mean "log"?'),
        ("D365EDI_TELEMETRY__OPS", "INFO", "D365EDI_TELEMETRY__OPS: is not a setting; its first word must be a section: include, daemon, log, secrets, alerts, d365, endpoints, partners"),
        ("D365EDI_LOG__LEVL", "INFO", 'D365EDI_LOG__LEVL: [log.levl] is no key of [log]; did you mean "level"?'),
        ("D365EDI_LOG__", "INFO", "D365EDI_LOG__: is not a setting; two underscores separate a table and its key: D365EDI_LOG__KEY"),
        ("D365EDI_LOG", "INFO", 'D365EDI_LOG: [log] "INFO" must be a table; write log = { ... = ... }, or its keys under [log]'),
        ("D365EDI_ENDPOINTS__ACME__PORT", "many", 'D365EDI_ENDPOINTS__ACME__PORT: [endpoints.acme.port] "many" must be a whole number'),
        ("D365EDI_ENDPOINTS__ACME__PASSWORD", "hunter2", 'D365EDI_ENDPOINTS__ACME__PASSWORD: [endpoints.acme.password] contains a secret itself; settings contain only names of secrets; write { secret = "acme-password" } and run: d365edi secrets set acme-password; change it, too: it was readable here'),
    ],
)  # fmt: skip
def test_a_variable_that_looks_like_a_setting_and_is_none_is_reported(
    reported: Reported, variable: str, value: str, line: str
) -> None:
    assert reported(environ={variable: value}) == [f"environment {line}"]


def test_a_variable_for_an_unknown_endpoint_makes_no_endpoint_in_silence(reported: Reported) -> None:
    assert reported(environ={"D365EDI_ENDPOINTS__ACNE__PORT": "22"}) == [
        'environment D365EDI_ENDPOINTS__ACNE__PORT: [endpoints.acne] lacks "kind"; '
        "add kind = ... here; settings.example.toml explains it"
    ]


HUNTER = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (KEY, f'password = "{HUNTER}"'),
        (KEY, f'password = {{ secret = "{HUNTER}!" }}'),
        (KEY, f'password = {{ value = "{HUNTER}" }}'),
        (KEY, f'password = ["{HUNTER}"]'),
        (KEY, f'pasword = "{HUNTER}"\n{KEY}'),
        (KEY, f'{KEY}\npassword = {{ secret = "p", literal = "{HUNTER}" }}'),
        ('{ secret = "d365" }', f'"{HUNTER}"'),
        ('{ secret = "d365" }', f'{{ secret = ["{HUNTER}"] }}'),
        ('"sftp.acme.example"', f'"sftp://contoso:{HUNTER}@sftp.acme.example"'),
    ],
)
def test_no_error_shows_what_may_be_a_secret(reading: Reading, old: str, new: str) -> None:
    with pytest.raises(SettingsError) as caught:
        reading((old, new))
    assert HUNTER not in "".join(traceback.format_exception(caught.value))
    assert HUNTER not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_literal_secret_is_a_secret_error_that_says_how_to_name_it(reading: Reading) -> None:
    with pytest.raises(SecretError) as caught:
        reading((KEY, f'key = "{HUNTER}"'))
    assert caught.value.key == "endpoints.acme.key"
    assert caught.value.remedy == (
        'write { secret = "acme-key" } and run: d365edi secrets set acme-key; change it, too: it was readable here'
    )


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.toml", {})
    assert str(caught.value) == (
        f"{tmp_path}/none.toml: there is no such file; name another with --settings, "
        f"or make it: d365edi init --settings {tmp_path}/none.toml"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[daemon]\nx = \n", '2: this is not TOML: x has no value; write x = "..."'),
        (
            b"[daemon]\nx = [1\n",
            '3: this is not TOML: Unclosed array; end the list with ], and separate its values by commas: ["a", "b"]',
        ),
        (
            b"[daemon]\n[daemon]\n",
            "2: this is not TOML: [daemon] stands twice, first at line 1; put the keys of both under one header, or correct the name",
        ),
        (b"[daemon]\nx = '\xff'\n", "2: the file is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_that_is_not_toml_is_reported_with_the_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert str(caught.value) == f"{path}:{sentence}"


def test_mistakes_of_included_files_are_reported_with_their_own_places(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(f'include = ["*.inc", "absent.toml"]\n{RIGHT}')
    (tmp_path / "a.inc").write_text('[partners.acme.x12]\nus = "01:2"\n[d365]\ntenant = "other"\n')
    (tmp_path / "b.inc").write_text("include = []\n[partners.acme]\nretries = {}\n")
    (tmp_path / "c.inc").write_text("[broken\n")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "s.toml", {})
    assert str(caught.value).replace(f"{tmp_path}/", "").split("\n") == [
        's.toml:1: [include] "absent.toml" is not a file that exists; correct the path, or put the file there',
        "a.inc:2: [partners.acme.x12.us] is set twice: here and at s.toml:21; keep one of the two",
        "a.inc:4: [d365.tenant] is set twice: here and at s.toml:8; keep one of the two",
        "b.inc:1: [include] an included file includes no others; write it in s.toml",
        'b.inc:3: [partners.acme.retries] is no key of [partners.acme]; did you mean "retry"?',
        "c.inc:1: this is not TOML: Expected ']' at the end of a table declaration; write [partners.acme]: one word for each level; other names in quotes",
    ]


def test_a_table_that_another_file_says_as_a_value_is_reported(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(f'include = ["more"]\n{RIGHT}')
    (tmp_path / "more").write_text("partners = 3\n")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "s.toml", {})
    assert (
        str(caught.value)
        == f"{tmp_path}/more:1: [partners] is set twice: here and at {tmp_path}/s.toml:19; keep one of the two"
    )


@pytest.mark.parametrize(
    "places",
    ['customer = { usmf = "US-003" }', 'customer = { usmf = "US-004" }\nlocations = { 0007 = { account = "US-003" } }'],
)
def test_an_account_of_two_partners_is_taken_where_both_say_that_they_share_it(tmp_path: Path, places: str) -> None:
    def read(*, one: bool, other: bool) -> dict[str, bool]:
        twin = f"[partners.twin]\n{places}\nshares_account = {str(one).lower()}\n"
        acme = f"[partners.acme]\nshares_account = {str(other).lower()}"
        (tmp_path / "s.toml").write_text(RIGHT.replace("[partners.acme]", f"{twin}{acme}"))
        settings = load(tmp_path / "s.toml", {"D365EDI_SECRET_D365": "s", "D365EDI_SECRET_ACME_SSH_KEY": "k"})
        return {name: partner.shares_account for name, partner in settings.partners.items()}

    assert read(one=True, other=True) == {"twin": True, "acme": True}
    for one, other in ((True, False), (False, True), (False, False)):
        with pytest.raises(SettingsError, match="both would be sent its invoices"):
            read(one=one, other=other)
