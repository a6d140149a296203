"""Where the goods of an order and of each of its lines go, and which customer account orders or pays. Pure, as `references` is.

The partner's own table of places comes first. Places that are not in it are addresses of the customer in D365, found by the
partner's code, else by street and zip; or, where that is agreed and for goods that go to a consumer, the address in the order
itself. What is neither holds the order: goods must not go to a guess. An order that names no place goes to the customer's
default address; one that names no ship-to but another party that goods may go to (a consignee, a store) holds. A new order
(BEG02 NE) for an address without a code that is none of the customer's is for a consumer, too.

Knows: ship-tos of orders, the partner's table. Does not know: HTTP, settings files, entity names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from d365edi.documents import OrderChange, PurchaseOrder, Remittance
from d365edi.documents.values import TradeParty
from d365edi.edi.findings import Finding
from d365edi.matching.addresses import Address, address_of, same_place
from d365edi.matching.lookup import Lookup, PartnerLocation, Profile, UnresolvedReference, tables, unmet
from d365edi.matching.resolution import WHOLE, ReferenceKind, ResolvedReference
from d365edi.odata.plan import Query
from d365edi.odata.quoting import eq

Ordering = PurchaseOrder | OrderChange
Found = ResolvedReference | UnresolvedReference
IN_ORDER = "order"
"""The value of an `address` that is written as it stands in the order."""


def ordering(order: Ordering, profile: Profile) -> Profile:
    """The profile with the customer account that places this order: the one that the table has for its ship-to or its buyer."""
    for party in (order.parties.ship_to, order.parties.buyer):
        row = _row(party, profile)
        if row is not None and row.account is not None:
            return replace(profile, customer=row.account)
    return profile


def paying(payment: Remittance, profile: Profile) -> dict[str, str]:
    """The customer accounts that a payment is of: for each of its entities (ENT04) that the table has, else the partner's own.
    Each account with the first code that it stands for."""
    accounts: dict[str, str] = {}
    for entity in payment.entities:
        row = _row(TradeParty(id=entity.id), profile)
        account = row.account if row is not None and row.account is not None else profile.customer
        accounts.setdefault(account or "", entity.id or "")
    return accounts or {profile.customer or "": ""}


def delivery_places(order: Ordering, profile: Profile) -> tuple[list[ResolvedReference], list[UnresolvedReference]]:
    """The places of an order and of the lines with one of their own: what the table says of them, and what is to look up.

    `profile` is that of the account which places the order."""
    head, found = order.parties.ship_to, list[Found]()
    if not names_place(head) and _dropship(order):
        message = "its goods go to a consumer, and it names no ship-to"
        found.append(_held(order, profile, head, WHOLE, message, "ask the partner to send it with an address"))
    elif not names_place(head) and profile.ship_to != "default":
        found += _received(order, profile)
    for party, lines in _by_place(order):
        found += locate(party, lines, order, profile)
    known = [each for each in found if isinstance(each, ResolvedReference)]
    return known, [each for each in found if isinstance(each, UnresolvedReference)]


def _received(order: Ordering, profile: Profile) -> Iterator[UnresolvedReference]:
    """What holds an order that names no ship-to, and another party that its goods may go to."""
    party = next((each for each in order.parties.others if each.role in tables()["location"]["receivers"]), None)
    if party is not None and not all(names_place(line.ship_to) for line in order.lines):
        who = " ".join(filter(None, (party.role, party.id or party.name)))
        message = f"it names no ship-to, and its goods may go to {who}"
        default = f'set ship_to = "default" under [{profile.flow}] for the customer\'s address'
        yield _held(order, profile, order.parties.ship_to, WHOLE, message, f"map that one as ship-to, or {default}")


def names_place(party: TradeParty) -> bool:
    """Whether an order says of a party by anything who or where it is."""
    return any((party.id, party.name, party.street, party.city, party.zip))


def _by_place(order: Ordering) -> Iterator[tuple[TradeParty, tuple[int, ...]]]:
    """Each place with the lines that it is for. A line that repeats the place of the order has none of its own."""
    head = order.parties.ship_to
    if names_place(head):
        yield head, WHOLE
    lines: dict[object, list[int]] = {}
    for number, line in enumerate(order.lines, 1):
        if names_place(line.ship_to) and not _same(line.ship_to, head):
            lines.setdefault(_key(line.ship_to), []).append(number)
    for numbers in lines.values():
        yield order.lines[numbers[0] - 1].ship_to, tuple(numbers)


def _key(party: TradeParty) -> object:
    return party.id or (party.name, address_of(party))


def _same(line: TradeParty, head: TradeParty) -> bool:
    if line.id and head.id:
        return line.id == head.id
    return same_place(address_of(line), address_of(head), tables()["location"]["words"]) or _key(line) == _key(head)


def locate(party: TradeParty, lines: tuple[int, ...], order: Ordering, profile: Profile) -> Iterator[Found]:
    """Where a place is for us, for these lines of the order (`WHOLE`: for all of it).

    Nothing comes of a place that is left to the customer's default address."""
    row = _row(party, profile)
    if row is not None:
        yield from _listed(row, party, lines, order, profile)
        return
    in_order = profile.ship_to == "order" or _dropship(order)
    if in_order and not _missing(party):
        yield ResolvedReference("address", IN_ORDER, lines)
    elif in_order and party.id is None:
        message = f"has no {' and no '.join(_missing(party))}, and the goods go to the address in the order"
        remedy = "ask the partner to send it with a whole address, or map its place"
        yield _held(order, profile, party, lines, message, f"{remedy} under [{profile.flow}.map]")
    elif profile.ship_to != "default" or in_order:
        yield _of_customer(party, lines, order, profile)


def _listed(
    row: PartnerLocation, party: TradeParty, lines: tuple[int, ...], order: Ordering, profile: Profile
) -> Iterator[Found]:
    """What the partner's table says. Where it names neither location nor account, the address is looked up; one that D365
    does not have is then the customer's default."""
    if row.account is not None and row.account != profile.customer:
        message = f"is customer {row.account}, and the order is customer {profile.customer}'s"
        remedy = f"enter the order by hand, or correct it under [partners.{profile.partner}.locations]"
        yield _held(order, profile, party, lines, message, remedy)
        return
    values: Mapping[ReferenceKind, str | None] = {
        "location": row.location,
        "site": row.site,
        "warehouse": row.warehouse,
    }
    for kind, value in values.items():
        if value is not None:
            own = f"[partners.{profile.partner}.locations]"
            yield ResolvedReference(kind, value, lines, party.id or "", source=own)
    if row.location is None and row.account is None and profile.ship_to != "default":
        yield replace(_of_customer(party, lines, order, profile), miss=None, refused=None, optional=True)


def _of_customer(party: TradeParty, lines: tuple[int, ...], order: Ordering, profile: Profile) -> UnresolvedReference:
    """The place among the customer's addresses in D365."""
    subject = party.id or party.name or ""
    what = described(party, lines, profile)
    table = f"[partners.{profile.partner}.locations]"
    listed = f'add "{party.id}" under {table}' if party.id else "give it a code"
    other = "default" if _missing(party) else "order"
    setting = f'set ship_to = "{other}" under [{profile.flow}]'
    entered = f"enter it as an address of the customer in D365{f' (description {party.id})' if party.id else ''}"
    release = f"then: d365edi release {order.number}"
    miss: Finding | ResolvedReference = unmet(
        "location", subject, f"{what} is no address of customer {profile.customer}",
        f"{listed}, or {entered}, or {setting}, {release}",
    )  # fmt: skip
    if party.id is None and order.type in tables()["location"]["consumer"] and not _missing(party):
        miss = ResolvedReference("address", IN_ORDER, lines)
    refused = unmet(
        "location", subject, f"{what} cannot be looked up, D365 does not let us read addresses of customers",
        f"give the application's user a role that may, or {listed}, or {setting}, {release}",
    )  # fmt: skip
    several = f"{what} is several addresses of customer {profile.customer}"
    lookups = tuple(_lookups(party, profile)) if profile.customer else ()
    return UnresolvedReference("location", subject, lines, lookups, miss, several, refused=refused)


def any_address() -> Query:
    """One address of any customer: whether addresses may be read at all."""
    table = tables()["location"]
    return Query(table["set"], select=("dataAreaId", table["account"]), top=1)


def _lookups(party: TradeParty, profile: Profile) -> Iterator[Lookup]:
    table = tables()["location"]
    filters = (eq("dataAreaId", profile.company), eq(table["account"], profile.customer))
    preferred = tuple(table["preferred"].items())
    for field in table["codes"] if party.id else ():
        query = Query(table["set"], filters, choice=(field, (party.id or "",)))
        yield Lookup(query, field, (party.id or "",), table["ours"], preferred)
    if party.street:
        wanted, words = address_of(party), table["words"]

        def same(row: Mapping[str, object]) -> bool:
            return any(same_place(wanted, known, words) for known in _addresses(row))

        yield Lookup(Query(table["set"], filters), "", (), table["ours"], preferred, same)


def _addresses(row: Mapping[str, object]) -> Sequence[Address]:
    """The address of a row of D365, which may have the number of the house in a field of its own."""
    table = tables()["location"]
    street, house, zip, city, country = (
        str(row.get(table[name]) or "") for name in ("street", "house", "zip", "city", "country")
    )
    return [Address(text, zip, city, country) for text in dict.fromkeys((street, f"{street} {house}".strip(" ")))]


def described(party: TradeParty, lines: tuple[int, ...], profile: Profile) -> str:
    """A place as a sentence names it: which lines it is for, its code, where that stands, name and address."""
    place = " ".join(part for part in (party.city, party.state, party.zip, party.country) if part)
    parts = (party.name, party.street, party.second_street, place)
    element = profile.ship_to_place if lines == WHOLE else profile.line_place
    known = ", ".join(part for part in (element, *parts) if part) if party.id else ", ".join(filter(None, parts[1:]))
    whose = "ship-to" if lines == WHOLE else f"ship-to of line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"
    return f'{whose} "{party.id or party.name or ""}"{f" ({known})" if known else ""}'


def _held(
    order: Ordering, profile: Profile, party: TradeParty, lines: tuple[int, ...], message: str, remedy: str
) -> UnresolvedReference:
    sentence = f"{described(party, lines, profile)} {message}" if names_place(party) else message
    finding = unmet("location", party.id or "", sentence, f"{remedy}, then: d365edi release {order.number}")
    return UnresolvedReference("location", party.id or "", lines, (), finding)


def _row(party: TradeParty, profile: Profile) -> PartnerLocation | None:
    row = profile.locations.get(party.id) if party.id else None
    if row is not None and row.account is not None and row.company not in ("", profile.company):
        return None
    return row


def _missing(party: TradeParty) -> list[str]:
    """What an address lacks that D365 asks for."""
    parts = {"street": party.street, "city or zip": party.city or party.zip, "country": party.country}
    return [name for name, value in parts.items() if not value]


def _dropship(order: Ordering) -> bool:
    return order.type in tables()["location"]["dropship"]
