"""Display values: built in the order of the format, parted again as D365 parts them, and what is held in place of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.matching import dimensions
from d365edi.matching.dimensions import ConstantValue, DimensionFormats, DimensionPolicy, Kind
from d365edi.matching.resolution import Resolution
from d365edi.odata.quoting import address

NAMES = ("BusinessUnit", "CostCenter", "Department")
SIGNS = ["-", ".", "_", "|", "~", "--", "..", "__", "||", "~~"]


def formats(delimiter: str = "-", *, escape: bool = True) -> DimensionFormats:
    return DimensionFormats(delimiter, {"default": NAMES, "ledger": ("MainAccount", "Department")}, escape)


BUILT = [
    ({"Department": "022"}, "-", "--022"),
    ({"BusinessUnit": "001"}, "-", "001"),
    ({"BusinessUnit": "001", "Department": "022"}, "-", "001--022"),
    ({"department": "022", "COSTCENTER": "7"}, "~", "~7~022"),
    ({"CostCenter": "A-1"}, "-", "-A\\-1"),
    ({"CostCenter": "A-1"}, "~", "~A-1"),
    ({"CostCenter": "A--1"}, "--", "--A\\--1"),
    ({"BusinessUnit": "A"}, "||", "A"),
]


@pytest.mark.parametrize(("values", "delimiter", "text"), BUILT)
def test_the_text_has_the_order_of_the_format(values: dict[str, str], delimiter: str, text: str) -> None:
    policy = DimensionPolicy(values=values)
    assert dimensions.problems(policy, (), formats(delimiter)) == ()
    assert dimensions.answered(Resolution(), policy, formats(delimiter)).of("dimensions", 0, None) == text


@given(
    st.sampled_from(SIGNS),
    st.dictionaries(st.sampled_from(NAMES), st.text("-._|~\\aB1 é", min_size=1, max_size=30)),
    st.booleans(),
)
def test_what_is_written_is_read_as_it_was_meant_or_held(delimiter: str, values: dict[str, str], escape: bool) -> None:
    policy, made = DimensionPolicy(values=values), formats(delimiter, escape=escape)
    if dimensions.problems(policy, (), made):
        assert any(delimiter[0] in value or value.endswith("\\") for value in values.values())
        return
    text = dimensions.display(values, NAMES, made)
    read = dimensions.segments(text, delimiter)
    padded = [*read, *[""] * (len(NAMES) - len(read))]
    assert dict(zip(NAMES, padded, strict=True)) == {name: values.get(name, "") for name in NAMES}
    assert not text.endswith(delimiter) or values[NAMES[len(read) - 1]]


@given(st.sampled_from(SIGNS), st.text("-._|~aB1 ", min_size=1, max_size=20))
def test_an_account_is_one_segment(delimiter: str, account: str) -> None:
    answers = Resolution(customer=account, invoice_customer=account)
    text = dimensions.answered(answers, DimensionPolicy(), DimensionFormats(delimiter)).of("customer_ledger", 0, None)
    assert text is not None
    assert dimensions.segments(text, delimiter) == [account]


HELD = [
    ({"Region": "1"}, {}, '"Region" under [partners.acme.receive.850.dimensions] is no dimension of the active format'),
    ({"Department": "x" * 31}, {}, "has 31 characters, and D365 takes 30"),
    ({"Department": "022"}, {"names": {}}, "no default dimension format is active in D365"),
    ({"BusinessUnit": "A-1"}, {"escape": False}, 'make "A-1", which D365 reads as other values'),
    ({"BusinessUnit": "A\\", "CostCenter": "1"}, {}, "which D365 reads as other values"),
    ({"BusinessUnit": "a-", "CostCenter": "1"}, {"delimiter": "--"}, "which D365 reads as other values"),
]


@pytest.mark.parametrize(("values", "change", "said"), HELD)
def test_what_d365_would_refuse_or_misread_is_held(values: dict[str, str], change: dict, said: str) -> None:  # type: ignore[type-arg]
    policy = DimensionPolicy("partners.acme.receive.850", values)
    of = {"delimiter": "-", "names": {"default": NAMES}, "escape": True, **change}
    (finding,) = dimensions.problems(policy, (), DimensionFormats(**of))
    assert said in str(finding)
    assert "then release the document" in str(finding)


CONSTANTS = [
    ("default", "A-B-C", None),
    ("default", "A\\-B-C-D", None),
    ("default", "A-B-C-D", "has 4 segments, and the active default format has 3: BusinessUnit, CostCenter, Department"),
    ("ledger", "600100-022", None),
    ("ledger", "600100-1-2", "has 3 segments, and the active ledger format has 2"),
    ("account", "US\\-101", None),
    ("account", "US-101", "has 2 segments, and an account has 1"),
    ("default", "y" * 31, "has 31 characters"),
]


@pytest.mark.parametrize(("kind", "text", "said"), CONSTANTS)
def test_a_text_of_the_user_s_own_is_checked(kind: Kind, text: str, said: str | None) -> None:
    constant = ConstantValue("DimensionDisplayValue", text, "partners.acme.receive.810.d365.header.constants", kind)
    found = [str(each) for each in dimensions.problems(DimensionPolicy(), [constant], formats())]
    assert len(found) == (said is not None)
    assert all(said and said in each and f'DimensionDisplayValue = "{text}"' in each for each in found)


def test_a_text_of_the_user_s_own_needs_an_active_format() -> None:
    constant = ConstantValue("DimensionDisplayValue", "A", "partners.acme.receive.810.d365.header.constants", "default")
    (found,) = dimensions.problems(DimensionPolicy(), [constant], DimensionFormats("-"))
    assert "no default dimension format is active in D365" in str(found)


@pytest.mark.parametrize(
    ("name", "types", "kind"),
    [
        ("DefaultLedgerDimensionDisplayValue", {}, "default"),
        ("MainAccountIdDisplayValue", {}, "ledger"),
        ("AccountDisplayValue", {}, "account"),
        ("AccountDisplayValue", {"AccountType": "Vend"}, "account"),
        ("OffsetAccountDisplayValue", {"OffsetAccountType": "Ledger"}, "ledger"),
        ("FinTagDisplayValue", {}, None),
        ("ItemNumber", {}, None),
    ],
)
def test_which_fields_are_display_values(name: str, types: dict[str, str], kind: str | None) -> None:
    assert dimensions.kind_of(name, types) == kind


def row(kind: str, text: str) -> dict[str, str]:
    return {"DimensionFormatType": f"DataEntity{kind}DimensionFormat", "FinancialDimensionFormat": text}


@pytest.mark.parametrize(
    ("delimiter", "text", "names"),
    [
        ("-", "A-B-C", ("A", "B", "C")),
        ("~", "A~B", ("A", "B")),
        ("~", "A-B", ("A", "B")),
        ("-", "A", ("A",)),
        ("--", "A--B", ("A", "B")),
        ("__", "Cost_Center__B", ("Cost_Center", "B")),
    ],
)
def test_the_names_of_a_format(delimiter: str, text: str, names: tuple[str, ...]) -> None:
    found = dimensions.formats_of([row("Default", text), row("BudgetRegister", "X-Y")], delimiter)
    assert found == {"default": names}


def test_the_delimiter_is_the_member_s_sign() -> None:
    rows = [{"DimensionSegmentDelimiter": "DoubleBar"}]
    assert (dimensions.delimiter_of(rows), dimensions.delimiter_of([])) == ("||", "")
    assert dimensions.delimiter_of([{"DimensionSegmentDelimiter": "Comma"}]) == ""


def test_the_queries_are_what_the_tenant_answers() -> None:
    assert "IsActive eq Microsoft.Dynamics.DataEntities.NoYes'Yes'" in address(dimensions.formats_query()).replace(
        "%20", " "
    ).replace("%27", "'")
    assert address(dimensions.delimiter_query()).startswith("DimensionParameters?")
