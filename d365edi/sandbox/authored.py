"""Orders that the sandbox makes up: a retailer's 850s with several lines, in the many spellings that files come in.

The same seed and day give the same bytes.

Knows: the form of such an order. Does not know: who reads it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from . import x12
from .drops import Drop
from .partner import PartnerProfile

UNKNOWN = "ACME-999"
"""The buyer's item that the sandbox's D365 does not know until it is entered there."""
FIRST = 4500123
_SPELLINGS = (("*>~", ""), ("*>~", "\n"), ("|>~", "\r\n"), ("*:\n", ""), ("^>~", ""), ("*<\x15", ""))
STORES = (
    ("0007", "700 DISTRIBUTION WAY", "COLUMBUS", "OH", "43215"),
    ("0012", "12 HARBOR STREET", "OAKLAND", "CA", "94607"),
    ("0031", "3100 PRAIRIE AVENUE", "DALLAS", "TX", "75201"),
)
"""Code, street, city, state and zip of the places that goods go to."""


@dataclass(frozen=True, slots=True)
class Article:
    """Something that is sold: ids by qualifier as the buyer writes them, unit, price and name."""

    ids: tuple[tuple[str, str], ...]
    unit: str
    price: Decimal
    name: str


ARTICLES = (
    Article((("UP", "614141000012"), ("VN", "NB-100"), ("IN", "900001")), "EA", Decimal("12.5"), "GRANOLA 12OZ"),
    Article((("UP", "614141000029"), ("VN", "NB-200"), ("IN", "900002")), "EA", Decimal("7.225"), "OAT MILK 32OZ"),
    Article(
        (("UP", "614141000036"), ("VN", "NB-300"), ("IN", "900003")), "CA", Decimal("96"), "PEANUT BUTTER 8 X 40OZ"
    ),
    Article((("IN", "900004"),), "EA", Decimal("3.19"), "MUSTARD 8OZ"),
    Article((("UP", "614141000050"),), "CA", Decimal("41.4"), "TOMATO SOUP 12 X 10OZ"),
    Article((("VN", "NB-600"),), "EA", Decimal("18.75"), "OLIVE OIL 25OZ"),
    Article((("BP", "ACME-4711"),), "EA", Decimal("5.05"), "SEA SALT 26OZ"),
    Article((("SK", "55-0081"), ("UP", "614141000081")), "CA", Decimal("120.96"), "SPARKLING WATER 24 X 12OZ"),
)
UNKNOWN_ARTICLE = Article((("BP", UNKNOWN),), "EA", Decimal("4.4"), "SEASONAL GIFT BOX")


def orders(profile: PartnerProfile, *, seed: int, day: date, count: int = 8) -> list[Drop]:
    """So many orders of one partner, one in each file, numbered from 4500123 on; the last but one names an
    unknown item."""
    random = Random(seed)
    drops = []
    for at in range(count):
        articles = random.sample(ARTICLES, random.randint(2, 5))
        if at == count - 2:
            articles = [*articles[:2], UNKNOWN_ARTICLE]
        drops.append(_drop(profile, random, day, at, articles))
    return drops


def order(profile: PartnerProfile, *, seed: int, day: date, at: int, unknown: bool = False) -> Drop:
    """The order that follows so many others, one in a file, to be shipped on its day; `unknown`: its last line names an
    unknown item, and no other order that one, so that it stays unknown whatever D365 learned."""
    random = Random(f"{seed}-{at}")
    articles = random.sample(ARTICLES, random.randint(2, 5))
    articles = [*articles[:2], replace(UNKNOWN_ARTICLE, ids=(("BP", f"{UNKNOWN}-{at + 1}"),))] if unknown else articles
    return _drop(profile, random, day, at, articles, at_once=True)


def _drop(
    profile: PartnerProfile, random: Random, day: date, at: int, articles: list[Article], *, at_once: bool = False
) -> Drop:
    number = str(FIRST + at)
    delimiters, newline = _SPELLINGS[at % len(_SPELLINGS)]
    sets = [("850", _body(number, random, day, articles, at_once))]
    moment = datetime.combine(day, time(6)) + timedelta(minutes=at)
    data = x12.write(
        profile.address, "PO", sets, interchange=101 + at, group=1 + at, at=moment,
        version=profile.version, usage=profile.usage, delimiters=delimiters, newline=newline,
    )  # fmt: skip
    return Drop(f"PO-{number}.edi", profile.name, data)


def _body(number: str, random: Random, day: date, articles: list[Article], at_once: bool) -> list[x12.Segment]:
    store, street, city, state, zip_code = random.choice(STORES)
    body = [
        ["BEG", "00", "SA", number, "", f"{day:%Y%m%d}"],
        ["CUR", "BY", "USD"],
        ["REF", "IA", "0078123"],
        ["REF", "DP", f"{random.randint(1, 60):03}"],
        ["PER", "BD", "PAT BUYER", "TE", "5555550100"],
        ["DTM", "010", f"{day + timedelta(days=0 if at_once else random.randint(3, 9)):%Y%m%d}"],
        ["N1", "BT", "ACME RETAIL CO", "92", "1000"],
        ["N1", "ST", f"ACME RETAIL DC {int(store)}", "92", store],
        ["N3", street],
        ["N4", city, state, zip_code, "US"],
    ]
    quantities, total = Decimal(0), Decimal(0)
    for line, article in enumerate(articles, 1):
        quantity = random.choice((6, 12, 24, 48, 120))
        ids = [part for pair in article.ids for part in pair]
        body.append(["PO1", str(line), str(quantity), article.unit, str(article.price), "", *ids])
        body.append(["PID", "F", "08", "", "", article.name])
        quantities += quantity
        total += (quantity * article.price).quantize(Decimal("0.01"))
    body += [
        ["CTT", str(len(articles)), str(quantities)],
        ["AMT", "TT", str(total.normalize() if total % 1 else int(total))],
    ]
    return body
