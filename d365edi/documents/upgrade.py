"""The body of a document that an older version stored, in today's words: translated when it is read, never where it is
stored.

A body says in `version` of which version its words are; one without is of version 1, from before that was written. A step makes
of the plain values of one version those of the next.

Knows: what the words of each version were. Does not know: today's documents, the journal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Plain = dict[str, Any]
"""The fields of a document or of a part of it, as in JSON."""
Step = Callable[[str, Plain], None]
"""Changes a body of the given kind (`Invoice`, `PurchaseOrder` ...) in place."""

VERSION = 2
"""The version of the words that are written today. Raise it with a step, in the release that changes a word."""


def upgrade(kind: str, values: Plain) -> Plain:
    """The fields of a body in today's words, without `version`. Raises ValueError for a version that is not known here."""
    version = values.pop("version", 1)
    if version not in (*STEPS, VERSION):
        raise ValueError(
            f"it is of version {version}, and this d365edi reads up to {VERSION}; install the newer one again"
        )
    for number in range(version, VERSION):
        for step in STEPS[number]:
            step(kind, values)
    return values


def items(values: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    """The document (named "") and, at any depth, every item of a list (named by its list): what has `kept` of its own."""
    yield name, values
    for key, each in values.items():
        if isinstance(each, list):
            for item in each:
                if isinstance(item, dict):
                    yield from items(item, key)
        elif isinstance(each, dict) and key != "kept":
            inside = items(each)
            next(inside)
            yield from inside


def texts(item: Plain, way: str = "") -> Iterator[tuple[str, Plain, str]]:
    """The texts of an item but those in its lists: dotted name, the part that it is in, its name there."""
    for key, each in [*item.items()]:
        if isinstance(each, str):
            yield way + key, item, key
        elif isinstance(each, dict) and key != "kept":
            yield from texts(each, f"{way}{key}.")


def _words(kind: str, values: Plain) -> None:  # noqa: ARG001
    """Codes that were stored as they came are words now, most with the code under `kept`."""
    for name, item in items(values):
        for dotted, part, key in texts(item):
            field = ".".join([name, *dotted.split(".")][-2:])
            field = field if field in WORDS else key
            words = WORDS.get(field)
            if field == "terms.basis" and dotted in item.get("kept", {}):
                words = BASES  # beside days after a date EDIFACT's maps kept the qualifier of PAT; X12's kept nothing
            if words is not None and (word := words.get(code := part[key])) is not None:
                part[key] = word
                if field not in PLAIN or code in PLAIN[field]:
                    item.setdefault("kept", {})[dotted] = code


def _categories(kind: str, values: Plain) -> None:  # noqa: ARG001
    """The category of a tax (EDIFACT's 5305) was in `exempt`, as X12's exemption code (441) is. EDIFACT's types of taxes have
    three letters, X12's two."""
    for name, item in items(values):
        if name == "taxes" and "exempt" in item and len(item.get("type", "")) == len("VAT"):
            item["category"] = item.pop("exempt")


def _table(**words: str) -> dict[str, str]:
    """Code = word, of word = codes."""
    return {code: word.replace("_", " ") for word, codes in words.items() for code in codes.split(" ")}


BASES = _table(invoice="5", invoice_receipt="9", delivery="29", specified="66", invoice_transmission="69")
"""EDIFACT's data element 2475, of which X12's 333 has codes with other meanings."""
PLAIN: Mapping[str, frozenset[str]] = {
    "purpose": frozenset({"7", "31"}),
    "answers.date_kind": frozenset({"69", "67", "17"}),
    "packages.packaging": frozenset(),
    "packages.weight_kind": frozenset(),
    "packages.weight_unit": frozenset(),
}
"""Fields whose codes are not kept, but for these, which mean the same as another one."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "purpose": _table(
        original="00 9", cancellation="01 1", addition="02 2", deletion="03 3", change="04 4", replace="05 5",
        confirmation="06 6", duplicate="07 7 31",
    ),
    "charges.code": _table(
        freight="D240 FC", discount="C310 DI", handling="D500 HD", delivery="C040 DL", insurance="D980 IN",
        pallet="F180 PN", promotion="F800 PAD", quantity_discount="F910 QD", trade_discount="I170 TD",
        volume_discount="I530 VAB", truckload_discount="I310 TAE", adjustment="A170 AJ", tax="H850 TX",
        other="F050 ADR",
    ),
    "charges.handling": _table(
        bill_back="01 1", off_invoice="02 2", check_to_customer="03 3", credit_customer="04 4", paid_by_vendor="05 5",
        paid_by_customer="06 6", optional="07 7", off_gross_quantity="08 8", information="15",
    ),
    "taxes.type": _table(
        all="TX", value_added="VA VAT", goods_and_services="GS GST", excise="FT EXC", local_sales="LS LOC",
        state="SP STT", other="ZZ OTH",
    ),
    "terms.basis": _table(
        ship="1", delivery="2", invoice="3", specified="4", invoice_receipt="5", invoice_transmission="8"
    ),
    "packages.packaging": _table(carton="CTN CT"),
    "packages.weight_kind": _table(gross="G"),
    "packages.weight_unit": _table(lb="LB", kg="KG"),
    "answers.date_kind": _table(ships="068 11", arrives="067 69 67 17"),
    "price_basis": _table(
        unit="UM CA CP CT DI DR FX NT PQ PR QT ST VQ WH BR PU TU", each="PE WE TE LE QE CU", ten="PN", dozen="PD LD TD WD",
        hundred="HP LC QH TC WC", thousand="TP LM QS TM WM", ten_thousand="TT", hundred_thousand="HT", gram="PG",
        kilogram="PK", ounce="PO", troy_ounce="PA", pound="PP", ton="PT", milliliter="ML", liter="PL", foot="PF",
        hundred_feet="HF", thousand_feet="TF", yard="PY", thousand_square_feet="PS", retail="RE RC RD RM RT RS SR",
        period="DP WI BW SM PM SA PB ME", open="AP ES FO NE NQ NS PV TB", free="NC", weight="NW PW TW",
        other="AA AB AI AW BD DS EC EH FB KA KP KR LR QR SC SW",
    ),
}  # fmt: skip
"""Fields (`unit`; `charges.code`, if only in that part or list) with the codes of both standards that became words."""

STEPS: Mapping[int, Sequence[Step]] = {1: (_categories, _words)}
"""Version = what makes of its words those of the next one."""
