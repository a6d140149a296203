"""What an order needs before D365 is asked: what holds it, what closes it, what it becomes."""

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.matching import intake
from d365edi.matching.intake import Action, IntakePolicy


@pytest.mark.parametrize(
    ("code", "table", "expected"),
    [
        ("original", {}, "create"),
        (None, {}, "create"),
        ("cancellation", {}, "hold"),
        ("replace", {"05": "ignore"}, "ignore"),
        ("replace", {"5": "ignore"}, "ignore"),
        ("replace", {"replace": "ignore"}, "ignore"),
        ("22", {}, "hold"),
        ("original", {"00": "hold"}, "hold"),
        ("original", {"9": "hold"}, "hold"),
        ("confirmation", {"06": "create"}, "create"),
        ("22", {"22": "create"}, "create"),
    ],
)
def test_only_an_original_creates_unless_a_flow_says_otherwise(
    code: str | None, table: dict[str, Action], expected: str
) -> None:
    assert intake.purpose_action(code, table) == expected


def order(**values: object) -> PurchaseOrder:
    return PurchaseOrder.of({"number": "4500123", "purpose": "original", "lines": [], **values})


def test_a_new_order_is_created_as_it_is() -> None:
    assert intake.judge(order(), IntakePolicy()) == intake.Judgment()
    assert intake.take(order(), IntakePolicy()) == (order(), ())


def test_a_change_is_held_with_the_setting_that_creates_it_and_takes_no_key() -> None:
    judged = intake.judge(order(purpose="replace"), IntakePolicy(place="partners.acme.receive.850"))
    [finding] = judged.findings
    assert str(finding) == (
        "PO 4500123: purpose replace asks for a change or a copy, not a new order; decide by hand, then: "
        'd365edi reject 4500123 --why "...", or list it under purpose in [partners.acme.receive.850]'
    )
    assert (finding.severity, judged.claims, judged.ignored) == ("error", False, "")


def test_the_code_that_they_wrote_is_named() -> None:
    [finding] = intake.judge(order(purpose="duplicate", kept={"purpose": "31"}), IntakePolicy()).findings
    assert (
        finding.message == "PO 4500123: purpose duplicate (they wrote 31) asks for a change or a copy, not a new order"
    )


def test_an_ignored_purpose_closes_the_order() -> None:
    judged = intake.judge(order(purpose="duplicate"), IntakePolicy(purpose={"07": "ignore"}))
    assert (judged.findings, judged.ignored) == ((), "purpose duplicate is ignored by setting")
