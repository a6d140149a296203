"""Checks between sections: endpoints that exist, companies that are configured, identities that distinguish partners
(for mailboxes see mailbox_checks.py, for records of D365 record_checks.py).

They use the tree as written, not as validated, so that these errors are reported together with those inside a section.

Knows: the names of sections and keys. Does not know: how values are written; what has the wrong type is skipped here.
"""

from collections.abc import Iterator, Mapping

from d365edi.errors import SettingsError

from . import mailbox_checks, record_checks
from .errors import ErrorReporter
from .files import Key
from .values import nearest
from .written import partners, table, text

ROLES = ("customer", "vendor")
"""What a partner is to a company of ours."""

RESERVED_ENDPOINTS = {"d365": "D365", "alerts": "the channels of alerts"}
"""Names that no endpoint of the settings may have, and what has them."""


def check(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Every error between sections."""
    yield from _reserved_endpoints(reporter)
    yield from _uses_of_endpoints(reporter)
    yield from _relative_moves(reporter)
    yield from _companies(reporter)
    yield from _identities(reporter)
    yield from _accounts(reporter)
    yield from _events(reporter)
    yield from _ends_of_secrets(reporter)
    yield from mailbox_checks.check(reporter)
    yield from record_checks.check(reporter)


def _reserved_endpoints(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Endpoints of a name that is another's in `status`, metrics, `ping` and the journal."""
    for name in table(reporter.written, "endpoints"):
        if name in RESERVED_ENDPOINTS:
            sentence = f"is the name of {RESERVED_ENDPOINTS[name]} in status, metrics and ping"
            remedy = f'call it otherwise, as [endpoints.{name}-files], and so wherever endpoint = "{name}" stands'
            yield reporter.report(("endpoints", name), sentence, remedy, value=name)


def _uses_of_endpoints(reporter: ErrorReporter) -> Iterator[SettingsError]:
    endpoints = table(reporter.written, "endpoints")
    taken: dict[tuple[str, str], Key] = {}
    for partner, body in partners(reporter.written):
        keys = [(*partner, "acks", "to")]
        keys += [(*partner, "pickup", name, "from") for name in table(body, "pickup")]
        keys += [(*partner, "send", name, "to") for name in table(body, "send")]
        for key in keys:
            place = table(reporter.written, *key)
            name, path = text(place, "endpoint"), text(place, "path")
            if name and name not in endpoints:
                remedy = nearest(name, endpoints) or f"write [endpoints.{name}]"
                yield reporter.report((*key, "endpoint"), "is not an endpoint", remedy, value=name)
            if key[-1] == "from" and name and path:
                if first := taken.get((name, path)):
                    sentence = (
                        f"is picked up twice: also by [{'.'.join(first[:-1])}] at {reporter.locations.where(*first)}"
                    )
                    remedy = "keep one: files are routed by the ids inside them"
                    if first[1] != key[1]:
                        remedy = (
                            "keep one, with shared = true: what carries another partner's ids is then that partner's"
                        )
                    yield reporter.report((*key, "path"), sentence, remedy, value=path)
                taken.setdefault((name, path), key)
                yield from _moved(reporter, (*key, "path"), path, name)


def _moved(reporter: ErrorReporter, key: Key, path: str, endpoint: str) -> Iterator[SettingsError]:
    to = text(table(reporter.written, "endpoints", endpoint, "after"), "move_to").rstrip("/")
    if to and to == path.rpartition("/")[0].rstrip("/"):
        yield reporter.report(
            key, f"reads the folder that [endpoints.{endpoint}] moves files to", "choose another move_to", value=path
        )


def _relative_moves(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Folders to move files to that are taken from the login folder, though files are picked up by paths from the root."""
    read: dict[str, str] = {}
    for _, body in partners(reporter.written):
        for name in table(body, "pickup"):
            place = table(body, "pickup", name, "from")
            if text(place, "path").startswith("/"):
                read.setdefault(text(place, "endpoint"), text(place, "path").rpartition("/")[0])
    for endpoint, path in read.items():
        to = text(table(reporter.written, "endpoints", endpoint, "after"), "move_to")
        if to and not to.startswith("/") and text(table(reporter.written, "endpoints", endpoint), "kind") == "sftp":
            sentence = f'is taken from the login folder, and files are picked up in "{path or "/"}"'
            remedy = f'write it from the root, as move_to = "{path}/{to.removeprefix("./")}"'
            yield reporter.report(("endpoints", endpoint, "after", "move_to"), sentence, remedy, value=to)


def _companies(reporter: ErrorReporter) -> Iterator[SettingsError]:
    companies = table(reporter.written, "d365").get("companies")
    if not isinstance(companies, list) or not companies:
        return
    seen = set[str]()
    for number, company in enumerate(companies):
        if str(company).casefold() in seen:
            sentence = "is there twice: D365 tells companies apart without regard to case"
            yield reporter.report(("d365", "companies", str(number)), sentence, "keep one of the two", value=company)
        seen.add(str(company).casefold())
    for partner, body in partners(reporter.written):
        named: list[tuple[Key, object]] = []
        for role in ROLES:
            named += [((*partner, role, company), company) for company in table(body, role)]
        for kind in ("receive", "send"):
            for flow in table(body, kind):
                named.append(((*partner, kind, flow, "company"), table(body, kind, flow).get("company")))
        for key, company in named:
            if isinstance(company, str) and company not in companies:
                remedy = nearest(company, companies) or "add it to [d365] companies, or correct it"
                yield reporter.report(key, "is not one of [d365] companies", remedy, value=company)


def _identities(reporter: ErrorReporter) -> Iterator[SettingsError]:
    seen: dict[tuple[str, str, str], Key] = {}
    for partner, body in partners(reporter.written):
        for standard in ("x12", "edifact"):
            envelope = table(body, standard)
            us, them = text(envelope, "us"), text(envelope, "them")
            if not us or not them:
                continue
            key = (*partner, standard, "them")
            if first := seen.get((standard, us, them)):
                other = f"{first[1]}'s (at {reporter.locations.where(*first)})"
                sentence = f"is also {other} with the same `us`: a file could belong to either"
                remedy = "give each partner its own identity, or merge the two partners"
                yield reporter.report(key, sentence, remedy, value=them)
            seen.setdefault((standard, us, them), key)


def _accounts(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """Accounts that are another partner's, too: both would be sent what is posted for them, unless both say that they
    share it. D365 tells accounts and companies apart without regard to case; a vendor may have the number of a customer."""
    owners: dict[tuple[str, str, str], tuple[str, Key]] = {}
    shares = {key[1] for key, body in partners(reporter.written) if body.get("shares_account") is True}
    for partner, company, account, key in (*_accounts_of(reporter), *_further_accounts(reporter)):
        role = "vendor" if "vendor" in key else "customer"
        owner, first = owners.setdefault((role, company.casefold(), account.casefold()), (partner, key))
        if owner != partner and not {owner, partner} <= shares:
            where = reporter.locations.where(*first)
            what = "orders" if role == "vendor" else "invoices"
            sentence = f"is also {owner}'s in {company} (at {where}): both would be sent its {what}"
            both = "" if "locations" in key else ", or write shares_account = true under both"
            remedy = f"keep it with one of the two{both}"
            yield reporter.report(key, sentence, remedy, value=account)


def _accounts_of(reporter: ErrorReporter) -> Iterator[tuple[str, str, str, Key]]:
    for key, body in partners(reporter.written):
        for role in ROLES:
            accounts = table(body, role)
            for company in accounts:
                if text(accounts, company):
                    yield key[1], company, text(accounts, company), (*key, role, company)


def _further_accounts(reporter: ErrorReporter) -> Iterator[tuple[str, str, str, Key]]:
    for key, body in partners(reporter.written):
        customer = table(body, "customer")
        for code in table(body, "locations"):
            row = table(body, "locations", code)
            company = text(row, "company") or (next(iter(customer)) if len(customer) == 1 else "")
            if text(row, "account"):
                yield key[1], company, text(row, "account"), (*key, "locations", code, "account")


def _events(reporter: ErrorReporter) -> Iterator[SettingsError]:
    listens = "listen" in table(reporter.written, "daemon")
    events = bool(table(reporter.written, "d365", "events"))
    if events and not listens:
        yield reporter.report(
            ("d365", "events"), "needs a listener, and [daemon] has no `listen`", 'add listen = "0.0.0.0:8443" there'
        )
    for partner, body in partners(reporter.written):
        for flow in table(body, "send"):
            if "on_event" in table(body, "send", flow) and not events:
                key = (*partner, "send", flow, "on_event")
                yield reporter.report(
                    key, "is never received", "add events = { path = ..., secret = { secret = ... } } to [d365]"
                )


def _ends_of_secrets(reporter: ErrorReporter) -> Iterator[SettingsError]:
    """The last day of a secret that no key names would be told for nothing."""
    known = set(_named_secrets(reporter.written))
    for name in table(reporter.written, "alerts", "secrets"):
        if name not in known:
            remedy = nearest(name, known) or "correct the name, or remove it"
            yield reporter.report(("alerts", "secrets", name), "is no secret of these settings", remedy)


def _named_secrets(tree: object) -> Iterator[str]:
    if isinstance(tree, Mapping):
        if set(tree) == {"secret"} and isinstance(tree["secret"], str):
            yield tree["secret"]
        for inner in tree.values():
            yield from _named_secrets(inner)
