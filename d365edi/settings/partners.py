"""[partners.NAME]: identities, pickups, acknowledgments, accounts; what is received and sent is in `receive` and `send`.

Knows: the settings of a partner. Does not know: what the rows of maps and guides mean.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from d365edi.edi.overlay import OF_A_SET, named
from d365edi.edi.syntax import Standard, standard_of

from .envelope import X12, Edifact, Envelope
from .items import Item
from .locations import Location
from .receive import Receive
from .section import Destination, PickupSource, Schedule, SettingsSection
from .send import Send, check_batched, check_listed, check_split
from .taxation import TaxAgreement
from .values import Company, Duration, Flag, Name, SetId, Text, invalid, nearest


def _of_envelopes(value: Mapping[str, str]) -> Mapping[str, str]:
    known = named(("interchange", "group"))
    for name in value:
        if name not in known:
            full = sorted(each for each in known if each.partition(".")[2] == name)
            remedy = (
                "write " + " or ".join(f'"{each}"' for each in full)
                if full
                else nearest(name, known) or "README, Rules, lists them"
            )
            if name in named(OF_A_SET):
                remedy = "write it under guide.severity of the flow, without acks"
            raise invalid("belongs to no rule of an interchange or a group", remedy, inside=(name,))
    return value


class Acks(SettingsSection):
    """Acknowledgments: those we send for received files, and those we expect for sent ones."""

    send: Literal["997", "999", "none"] = "997"
    """What answers each of their X12 groups; an EDIFACT interchange is answered by a CONTRL unless this is "none"."""
    to: Destination | None = None
    """Where it is uploaded."""
    ta1: Literal["asked", "always", "never"] = "asked"
    """When an interchange is answered by a TA1: where ISA14 asks or it is rejected; each; none."""
    strictness: Literal["lenient", "strict"] = "lenient"
    """Lenient: what can be understood is accepted with its errors reported; strict: any error rejects its set."""
    severity: Annotated[Mapping[Text, Literal["error", "warning", "note", "off"]], AfterValidator(_of_envelopes)] = (
        Field(default_factory=dict)
    )
    """What a violated rule of an interchange or a group is worth, by level and name: `"interchange.empty-envelope" = "note"` lets
    interchanges without a group pass that only say that their line is alive."""
    loop: Literal["errors", "all", "none"] = "errors"
    """Which sets the 997 reports one by one (AK2 to AK5)."""
    expect_within: Duration | None = None
    """Our groups are answered within this time, or are overdue; left out: they send no acknowledgments."""


class Duplicates(SettingsSection):
    """What was received before. skip: ignored; warn: ignored with a warning; hold: a person decides; take: processed as new."""

    same_name_same_bytes: Literal["skip", "warn"] = "skip"
    """The very file again."""
    same_name_new_bytes: Literal["hold", "take"] = "hold"
    """A known name with other bytes: a new version."""
    new_name_same_bytes: Literal["warn", "skip", "hold", "take"] = "warn"
    """Known bytes under another name."""
    same_interchange: Literal["hold", "reject", "take"] = "hold"
    """Other bytes with a control number (ISA13, UNB 0020) that they used before; reject: answered by TA1 025 or UCI 26."""
    same_document: Literal["hold", "skip"] = "hold"
    """A document of theirs under a number that was received before, with nothing changed; skip: closed, as it always is in a flat
    file."""
    reused_after: Duration | None = None
    """A control number last used longer ago than this is taken as a new one; left out: never."""


class Retry(SettingsSection):
    """How long a delivery is retried."""

    budget: Duration = timedelta(hours=6)
    """After this much time without success a person decides. Time in which the endpoint lets nobody in, or has no such folder,
    does not count."""


_EASTERNMOST = timedelta(hours=14)
"""A day begins so long before it does in UTC at most."""


def _since(value: object) -> object:
    if value in ("now", "all"):
        return value
    day = value if isinstance(value, date) and not isinstance(value, datetime) else None
    with suppress(ValueError):
        day = date.fromisoformat(value) if isinstance(value, str) else day
    if day is None:
        raise invalid('is neither "now" nor "all" nor a date', "write since = 2025-01-31")
    if day > (datetime.now(UTC) + _EASTERNMOST).date():
        sentence = "is in the future: what comes until then would be left alone, too"
        raise invalid(sentence, 'write since = "now", or a day that has begun')
    return day


class Pickup(Schedule):
    """A place where their files are fetched. Contents are routed by the interchange's ids and the set's type."""

    from_: Annotated[PickupSource, Field(alias="from")]
    """The endpoint, folder and pattern of file names."""
    holds: SetId | None = None
    """Flat files (CSV, fixed columns) of this receive flow: "PurchaseOrder"; left out: EDI."""
    since: Annotated[date | Literal["now", "all"], BeforeValidator(_since)] = "all"
    """What lay there before the first poll is left alone and reported ("now"), or fetched ("all"), or fetched where it is not
    older than this day. Left out: "all", and "now" in a mailbox of Sterling."""
    shared: Flag = False
    """What carries another partner's ids belongs to that partner: one place for several of them."""


class Partner(SettingsSection):
    """A trading partner."""

    customer: Mapping[Company, Text] = Field(default_factory=dict)
    """Company = the partner's customer account in it."""
    vendor: Mapping[Company, Text] = Field(default_factory=dict)
    """Company = the partner's vendor account in it: a partner may be customer, vendor or both."""
    vendors: Mapping[Text, Text] = Field(default_factory=dict)
    """Their code of a vendor (N1 VN, SU; a column) = our vendor account, in an order that names one of several."""
    shares_account: bool = False
    """Another partner, which says so too, has one of the accounts: both are sent what is posted for it."""
    x12: X12 | None = None
    """The agreed X12 envelope."""
    edifact: Edifact | None = None
    """The agreed EDIFACT envelope; a partner has one of the two, or both."""
    acks: Acks = Acks()
    """Acknowledgments, both ways."""
    duplicates: Duplicates = Duplicates()
    """What was received before."""
    retry: Retry = Retry()
    """How long a delivery is retried."""
    pickup: Mapping[Name, Pickup] = Field(default_factory=dict)
    """Places where their files are fetched."""
    receive: Mapping[SetId, Receive] = Field(default_factory=dict)
    """What happens to each received set."""
    send: Mapping[SetId, Send] = Field(default_factory=dict)
    """What we send."""
    items: Mapping[Text, Item] = Field(default_factory=dict)
    """Their item = ours, or the variant of ours that it is; others are looked up in D365."""
    locations: Mapping[Text, Location] = Field(default_factory=dict)
    """Their code of a place = a location of an address, our site and warehouse, or the account that orders for it."""
    sets: Mapping[Text, Text] = Field(default_factory=dict)
    """Their kit, prepack or assortment = our item for it, or "components": each component a sales line; others hold."""
    tax: TaxAgreement | None = None
    """Rates of value added tax that our invoices to the partner state; left out: only its amount."""
    codes: Mapping[Text, Mapping[Text, Text]] = Field(default_factory=dict)
    """Field = table of their code = ours."""

    @property
    def envelopes(self) -> dict[Standard, Envelope]:
        """The agreed envelope of each standard that is traded."""
        found: dict[Standard, Envelope | None] = {"X12": self.x12, "EDIFACT": self.edifact}
        return {standard: envelope for standard, envelope in found.items() if envelope is not None}

    def accounts(self, send: Send) -> Mapping[str, tuple[str, ...]]:
        """Which customers, or which vendor, the partner is in each company that a send flow serves, its own account first."""
        if send.lists:
            return {send.company or "": ()}
        if send.to_vendor:
            return {company: (self.vendor[company],) for company in ((send.company,) if send.company else self.vendor)}
        companies = (send.company,) if send.company else tuple(self.customer)
        return {
            company: tuple(dict.fromkeys((self.customer[company], *self._further(company)))) for company in companies
        }

    def _further(self, company: str) -> Iterator[str]:
        for row in self.locations.values():
            if row.account is not None and row.company in (None, company):
                yield row.account

    @model_validator(mode="after")
    def _routes(self) -> Self:
        edi = [set_id for set_id in (*self.receive, *self.send) if standard_of(set_id) != "FLAT"]
        for set_id in edi:
            name = standard_of(set_id).lower()
            if getattr(self, name) is None:
                raise invalid(f"exchanges {set_id} and has no `{name}`", f"write {name} = {{ us = ..., them = ... }}")
        for name, pickup in self.pickup.items():
            if pickup.holds is not None and (standard_of(pickup.holds) != "FLAT" or pickup.holds not in self.receive):
                remedy = f"write [partners.NAME.receive.{pickup.holds}], or leave `holds` out for EDI"
                raise invalid(f"picks up {pickup.holds} as {name} and receives no such flat file", remedy)
        sent: dict[str, str] = {}
        for set_id, out in self.send.items():
            if first := sent.get(out.of):
                raise invalid(f"sends each {out.of} twice, as {first} and as {set_id}", "keep one of the two")
            sent[out.of] = set_id
            if standard_of(set_id) == "FLAT" and out.guard.demands:
                raise invalid(f"demands places of {set_id}, which has no segments", "leave guard.demands out")
            check_batched(set_id, out)
            check_listed(set_id, out)
            check_split(set_id, out)
        answered = any(standard_of(set_id) != "FLAT" for set_id in self.receive)
        if answered and self.acks.send != "none" and self.acks.to is None:
            message = "does not configure where acknowledgments are sent"
            raise invalid(message, "write acks.to = { endpoint = ..., path = ... }")
        return self

    @model_validator(mode="after")
    def _further_accounts(self) -> Self:
        for code, row in self.locations.items():
            if row.account is None:
                continue
            inside = ("locations", code, "account")
            if row.company is None and len(self.customer) != 1:
                remedy = 'write company = "usmf" beside it'
                raise invalid("is an account, and not said of which company", remedy, inside=inside)
            if row.company is not None and row.company not in self.customer:
                remedy = f'write customer = {{ {row.company} = "US-003" }}'
                raise invalid(
                    f"is an account of {row.company}, where the partner is no customer", remedy, inside=inside
                )
        return self
