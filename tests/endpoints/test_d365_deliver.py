"""An order is made once, with all its lines, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from d365edi.endpoints.base import Delivered, NotDelivered, Receipt, Unclear
from d365edi.errors import CredentialsRejected, Disputed, EndpointError, Refused, Unavailable
from d365edi.odata.plan import Query
from tests.endpoints.d365_scene import Scene, order

HEADERS, BATCH = "/data/SalesOrderHeadersV4", "/data/$batch"
RECEIPT_DETAIL = {"set": "SalesOrderHeadersV4", "company": "usmf", "lines": "2"}


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def failed(scene: Scene, error: type[EndpointError]) -> EndpointError:
    """The error with which a delivery ends."""
    with pytest.raises(error) as caught:
        await scene.deliver(order())
    assert isinstance(caught.value, Disputed) == (error is Disputed)
    return caught.value


async def test_an_order_is_made_with_its_lines_and_its_number_is_the_receipt(scene: Scene) -> None:
    receipt = await scene.deliver(order())
    number = scene.orders[0][0]
    assert (receipt, scene.orders) == (Receipt(number, RECEIPT_DETAIL), [(number, 2)])
    assert scene.steps == ["intent", "header"]
    line = scene.sim.state.rows("SalesOrderLinesV3", CustomersLineNumber=2)[0]
    assert (line["OrderedSalesQuantity"], line["SalesPrice"], line["dataAreaId"]) == (2, Decimal("12.50"), "usmf")


async def test_lines_go_in_one_batch(scene: Scene) -> None:
    await scene.deliver(order(lines=40))
    assert (scene.sim.count("POST", "$batch"), scene.orders[0][1]) == (1, 40)


async def test_a_header_alone_needs_no_batch(scene: Scene) -> None:
    await scene.deliver(order(lines=0))
    assert (scene.sim.count("POST", "$batch"), scene.orders[0][1]) == (0, 0)


async def test_delivering_again_with_the_progress_changes_nothing(scene: Scene) -> None:
    first = await scene.deliver(order())
    assert (await scene.deliver(order()), scene.posts(), scene.orders[0][1]) == (first, 1, 2)


async def test_an_order_made_by_somebody_else_is_a_question(scene: Scene) -> None:
    await scene.deliver(order())
    number = scene.orders[0][0]
    scene.progress.clear()
    error = await failed(scene, Disputed)
    assert error.message == (
        f"sales order {number} of usmf carries PO 4500123 already, with the same lines, and was not made of this "
        "document: is it the same?"
    )
    assert error.remedy == (
        f"release this document if it is, and {number} counts as made of it; else change the reference of {number} in D365 "
        "and release this one"
    )
    assert (scene.posts(), scene.progress["theirs"]) == (1, number)


@pytest.mark.parametrize("step", [{}, {"step": "withdrawn"}])
async def test_an_order_that_a_person_says_is_the_same_is_ours_and_nothing_is_written(
    scene: Scene, step: dict[str, str]
) -> None:
    made = await scene.deliver(order())
    scene.progress.clear()
    scene.progress.update(step)
    await failed(scene, Disputed)
    scene.progress["same"] = scene.progress["theirs"]
    receipt = await scene.deliver(order())
    assert (receipt, scene.orders, scene.posts()) == (made, [(made.id, 2)], 1)


async def test_an_order_that_a_person_says_is_the_same_stays_a_question_while_its_lines_differ(scene: Scene) -> None:
    made = await scene.deliver(order(lines=1))
    scene.progress.clear()
    await failed(scene, Disputed)
    scene.progress["same"] = scene.progress["theirs"]
    error = await failed(scene, Disputed)
    assert error.message == (
        f"sales order {made.id} of usmf carries PO 4500123 already, and is not taken as the same: it has other lines than "
        "this document (1 line instead of 2)"
    )
    assert (scene.orders, scene.posts()) == ([(made.id, 1)], 1)


async def test_the_word_of_a_person_is_about_one_order_and_no_other(scene: Scene) -> None:
    await scene.deliver(order())
    scene.progress.clear()
    scene.progress["same"] = "another"
    assert "is it the same?" in (await failed(scene, Disputed)).message


async def test_somebody_elses_order_with_other_lines_says_so(scene: Scene) -> None:
    await scene.deliver(order(lines=1))
    scene.progress.clear()
    assert "with other lines (1 line instead of 2)" in (await failed(scene, Disputed)).message


async def test_an_order_of_another_customer_or_company_does_not_matter(scene: Scene) -> None:
    scene.sim.state.add("CustomersV3", dataAreaId="demf", CustomerAccount="US-003", SalesCurrencyCode="EUR")
    for company, customer in (("demf", "US-003"), ("usmf", "US-004")):
        fields = {"OrderingCustomerAccountNumber": customer, "CustomersOrderReference": "4500123"}
        scene.sim.state.add("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=f"X-{company}", **fields)
    assert (await scene.deliver(order())).id not in ("X-demf", "X-usmf")


async def test_a_star_in_a_purchase_order_number_finds_no_other_order(scene: Scene) -> None:
    await scene.deliver(order("45-1"))
    scene.progress.clear()
    receipt = await scene.deliver(order("45*1"))
    assert [number for number, _ in scene.orders].index(receipt.id) == 1


async def test_a_lost_answer_to_the_header_makes_no_second_one(scene: Scene) -> None:
    scene.sim.faults.drop(method="POST", path=HEADERS, after_work=True)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "unclear", None), scene.orders[0][1]) == (True, 0)
    receipt = await scene.deliver(order())
    assert (scene.orders, scene.posts()) == ([(receipt.id, 2)], 1)


async def test_while_a_request_may_still_be_carried_out_nobody_acts(scene: Scene) -> None:
    scene.sim.faults.drop(method="POST", path=HEADERS, after_work=False)
    await failed(scene, Unavailable)
    scene.clock.now += 30
    error = await failed(scene, Unavailable)
    assert (getattr(error, "retry_after", 0), scene.posts()) == (pytest.approx(90, abs=0.01), 0)
    assert await scene.endpoint.probe(scene.request(order())) == NotDelivered(pytest.approx(90, abs=0.01))  # type: ignore[arg-type]
    scene.clock.now += 90.1
    await scene.deliver(order())
    assert (scene.posts(), scene.orders[0][1], scene.steps[-2:]) == (1, 2, ["intent", "header"])


async def test_an_intent_without_a_request_is_waited_for_as_well(scene: Scene) -> None:
    await scene.checkpoint("intent", {"at": f"{scene.clock.now}"})
    assert getattr(await failed(scene, Unavailable), "retry_after", 0) == pytest.approx(120)


@pytest.mark.parametrize(("after", "wait"), [(7, 7), (None, 10)])
async def test_a_throttled_header_is_known_not_to_be_made_and_tried_again_when_the_gate_opens(
    scene: Scene, after: float | None, wait: float
) -> None:
    scene.sim.faults.answer(429, method="POST", path=HEADERS, retry_after=after)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "retry_after", 0), getattr(error, "unclear", None)) == (wait, False)
    scene.clock.now += wait
    await scene.deliver(order())
    assert (scene.orders[0][1], scene.steps) == (2, ["intent", "not_done", "intent", "header"])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("html", [True, False])
async def test_a_server_error_on_the_header_is_unclear(scene: Scene, status: int, html: bool) -> None:
    scene.sim.faults.answer(status, method="POST", path=HEADERS, html=html)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "unclear", None), scene.steps) == (True, ["intent", "unclear"])
    scene.clock.now += 121
    await scene.deliver(order())
    assert [count for _, count in scene.orders] == [2]


async def test_a_refused_header_names_document_and_reason_and_can_be_released(scene: Scene) -> None:
    with pytest.raises(Refused) as caught:
        await scene.deliver(order(CurrencyCode="XXX"))
    assert caught.value.message == (
        "PO 4500123: The value 'XXX' in field 'Currency' is not found in the related table 'Currencies'. (field CurrencyCode)"
    )
    await scene.deliver(order())
    assert ([count for _, count in scene.orders], scene.steps) == ([2], ["intent", "not_done", "intent", "header"])


async def test_after_a_refusal_an_order_that_appears_is_somebody_elses(scene: Scene) -> None:
    with pytest.raises(Refused):
        await scene.deliver(order(CurrencyCode="XXX"))
    other = Scene(clock=scene.clock)
    other.sim, other.endpoint = scene.sim, scene.endpoint
    await other.deliver(order())
    assert "was not made of this document" in (await failed(scene, Disputed)).message


async def test_a_refused_line_leaves_nothing_behind(scene: Scene) -> None:
    scene.sim.state.blocked.add("D0002")
    plan = order()
    plan = replace(plan, lines=(plan.lines[0], {**plan.lines[1], "ItemNumber": "D0002"}))
    with pytest.raises(Refused) as caught:
        await scene.deliver(plan)
    assert caught.value.message.startswith(
        "PO 4500123: line 2 of 2: Item 'D0002' is blocked for 'Sales order'.; sales order "
    )
    assert caught.value.message.endswith("begun for it, has been deleted again")
    assert (scene.orders, scene.progress["SalesOrderNumber"], scene.steps[-1]) == ([], "", "withdrawn")
    scene.sim.state.blocked.clear()
    receipt = await scene.deliver(plan)
    assert scene.orders == [(receipt.id, 2)]


@pytest.mark.parametrize("shape", ["single", "nested"])
async def test_a_failed_changeset_is_understood_in_both_shapes(scene: Scene, shape: str) -> None:
    scene.sim.state.failed_changeset = shape
    scene.sim.state.needs_site.add("D0001")
    error = await failed(scene, Refused)
    assert "line 1 of 2: Inventory dimension Site is mandatory" in error.message


async def test_a_batch_that_is_answered_in_json_is_read(scene: Scene) -> None:
    """The header was made and its lines stayed unclear until nobody tried any more."""
    scene.sim.state.json_batches = True
    receipt = await scene.deliver(order(lines=12))
    assert (scene.orders, scene.steps) == ([(receipt.id, 12)], ["intent", "header"])


@pytest.mark.parametrize("shape", ["single", "nested"])
async def test_a_refusal_in_a_json_answer_names_its_line(scene: Scene, shape: str) -> None:
    scene.sim.state.json_batches, scene.sim.state.failed_changeset = True, shape
    scene.sim.state.blocked.add("D0002")
    plan = order()
    plan = replace(plan, lines=(plan.lines[0], {**plan.lines[1], "ItemNumber": "D0002"}))
    with pytest.raises(Refused, match="line 2 of 2: Item 'D0002' is blocked"):
        await scene.deliver(plan)
    assert (scene.orders, scene.steps[-1]) == ([], "withdrawn")


async def test_a_throttled_line_in_a_json_answer_is_known_not_to_be_made(scene: Scene) -> None:
    scene.sim.state.json_batches = True
    scene.sim.faults.answer(429, method="POST", path="/data/SalesOrderLinesV3*", retry_after=7, inner=True)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "retry_after", 0), getattr(error, "unclear", None)) == (7, False)
    scene.clock.now += 7
    await scene.deliver(order())
    assert [count for _, count in scene.orders] == [2]


@pytest.mark.parametrize(
    ("setting", "takes", "left", "deletes"),
    [("refuse", True, 1, 0), ("encode", True, 0, 1), ("encode", False, 1, 1)],
)
async def test_a_header_whose_number_has_a_slash_is_deleted_where_the_setting_says_so(
    scene: Scene, setting: str, takes: bool, left: int, deletes: int
) -> None:
    scene.sim.state.sequences["SalesOrderNumber"], scene.sim.state.slash_keys = "SO/{:06}", takes
    scene.endpoint = scene.open(slash_keys=setting)
    scene.sim.state.blocked.add("D0001")
    error = await failed(scene, Refused)
    assert (len(scene.orders), scene.sim.count("DELETE", "SalesOrderHeadersV4")) == (left, deletes)
    assert "SO/000001" in error.message
    assert ('slash_keys = "encode" under [d365]' in str(error)) == (setting == "refuse")


async def test_a_header_that_cannot_be_deleted_is_named_and_filled_after_release(scene: Scene) -> None:
    scene.sim.state.blocked.add("D0001")
    scene.sim.faults.answer(403, method="DELETE", path="/data/SalesOrderHeadersV4*")
    error = await failed(scene, Refused)
    number = scene.orders[0][0]
    assert (f"sales order {number} exists without these lines" in error.message, number in error.remedy) == (True, True)
    assert scene.progress["SalesOrderNumber"] == number
    scene.sim.state.blocked.clear()
    receipt = await scene.deliver(order())
    assert (receipt.id, scene.orders, scene.posts()) == (number, [(number, 2)], 1)


@pytest.mark.parametrize("done", [True, False])
async def test_a_lost_answer_to_the_deletion_ends_in_one_order_or_none(scene: Scene, done: bool) -> None:
    scene.sim.state.blocked.add("D0001")
    scene.sim.faults.drop(method="DELETE", path="/data/SalesOrderHeadersV4*", after_work=done)
    await failed(scene, Unavailable)
    assert len(scene.orders) == (0 if done else 1)
    assert "has been deleted again" in (await failed(scene, Refused)).message
    scene.sim.state.blocked.clear()
    assert scene.orders == []
    receipt = await scene.deliver(order())
    assert scene.orders == [(receipt.id, 2)]


async def test_a_header_that_got_lines_by_hand_meanwhile_is_not_deleted(scene: Scene) -> None:
    checkpoint = scene.checkpoint

    async def somebody_types(step: str, facts: Mapping[str, str]) -> None:
        await checkpoint(step, facts)
        if step == "withdrawing":
            number = scene.orders[0][0]
            scene.sim.state.add("SalesOrderLinesV3", dataAreaId="usmf", InventoryLotId="L", SalesOrderNumber=number)

    scene.sim.state.blocked.add("D0001")
    with pytest.raises(Refused, match="it has got lines meanwhile"):
        await scene.endpoint.deliver(scene.request(order()), somebody_types)
    assert [count for _, count in scene.orders] == [1]
    assert "has other lines than were sent" in (await failed(scene, Disputed)).message


async def test_trouble_with_the_token_leaves_nothing_unclear(scene: Scene) -> None:
    await scene.endpoint.ask(Query("UnitsOfMeasure"))
    scene.sim.faults.answer(401, method="POST", path=HEADERS)
    scene.sim.faults.drop(path="*/oauth2/*")
    error = await failed(scene, Unavailable)
    assert (getattr(error, "unclear", None), scene.steps) == (False, ["intent", "not_done"])


async def test_a_lost_answer_to_the_lines_makes_no_second_ones(scene: Scene) -> None:
    scene.sim.faults.drop(method="POST", path=BATCH, after_work=True)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "unclear", None), scene.orders[0][1]) == (True, 2)
    receipt = await scene.deliver(order())
    assert (scene.orders, scene.sim.count("POST", "$batch")) == ([(receipt.id, 2)], 1)


async def test_lines_that_may_still_be_written_are_waited_for(scene: Scene) -> None:
    scene.sim.faults.drop(method="POST", path=BATCH, after_work=False)
    await failed(scene, Unavailable)
    scene.clock.now += 100
    assert getattr(await failed(scene, Unavailable), "retry_after", 0) == pytest.approx(20)
    scene.clock.now += 20
    receipt = await scene.deliver(order())
    assert (scene.orders, scene.posts()) == ([(receipt.id, 2)], 1)


@pytest.mark.parametrize("inner", [True, False])
async def test_throttled_lines_are_undone_together_and_tried_again_when_the_gate_opens(
    scene: Scene, inner: bool
) -> None:
    path = "/data/SalesOrderLinesV3" if inner else BATCH
    scene.sim.faults.answer(429, method="POST", path=path, retry_after=9, inner=inner)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "retry_after", 0), getattr(error, "unclear", None)) == (9, False)
    assert (scene.orders[0][1], scene.progress["lines_at"]) == (0, "")
    scene.clock.now += 9
    await scene.deliver(order())
    assert ([count for _, count in scene.orders], scene.posts()) == ([2], 1)


async def test_an_html_page_in_place_of_the_batchs_answer_is_unclear(scene: Scene) -> None:
    scene.sim.faults.answer(200, method="POST", path=BATCH, html=True)
    error = await failed(scene, Unavailable)
    assert (getattr(error, "unclear", None), scene.orders[0][1]) == (True, 0)


async def test_our_header_with_other_lines_is_a_question(scene: Scene) -> None:
    await scene.deliver(order())
    line = scene.sim.state.rows("SalesOrderLinesV3", CustomersLineNumber=2)[0]
    line["OrderedSalesQuantity"] = Decimal(3)
    error = await failed(scene, Disputed)
    assert "has other lines than were sent: line 2 (CustomersLineNumber 2, ItemNumber D0001," in error.message
    assert isinstance(await scene.endpoint.probe(scene.request(order())), Unclear)


async def test_lines_that_d365_changed_on_the_way_in_are_a_question(scene: Scene) -> None:
    plan = replace(order(), compare=("ExternalItemNumber",))
    plan = replace(plan, lines=tuple({**line, "ExternalItemNumber": "BUYER-1"} for line in plan.lines))
    await scene.deliver(plan)
    for row in scene.sim.state.rows("SalesOrderLinesV3"):
        row["ExternalItemNumber"] = "OTHER"
    with pytest.raises(Disputed, match="ExternalItemNumber BUYER-1"):
        await scene.deliver(plan)


async def test_an_order_that_ended_without_lines_is_never_written(scene: Scene) -> None:
    scene.sim.faults.drop(method="POST", path=BATCH, after_work=False)
    await failed(scene, Unavailable)
    scene.sim.state.rows("SalesOrderHeadersV4")[0]["SalesOrderStatus"] = "Invoiced"
    scene.clock.now += 500
    error = await failed(scene, Disputed)
    assert "lacks its lines and is ended already (SalesOrderStatus Invoiced)" in error.message
    assert (scene.orders[0][1], scene.sim.count("DELETE", "SalesOrderHeadersV4")) == (0, 0)


async def test_an_invoiced_order_with_all_its_lines_is_a_receipt_and_is_not_written(scene: Scene) -> None:
    receipt = await scene.deliver(order())
    scene.sim.post_invoice(receipt.id)
    before = len(scene.sim.log)
    assert await scene.deliver(order()) == receipt
    assert {seen.method for seen in scene.sim.log[before:]} == {"GET"}


async def test_several_orders_under_one_key_are_a_question(scene: Scene) -> None:
    receipt = await scene.deliver(order())
    other = dict(scene.sim.state.rows("SalesOrderHeadersV4")[0], SalesOrderNumber="SO-BY-HAND")
    scene.sim.state.add("SalesOrderHeadersV4", **other)
    error = await failed(scene, Disputed)
    assert error.message == f"2 sales orders of usmf carry PO 4500123: {receipt.id}, SO-BY-HAND; which is it?"


async def test_our_order_is_found_by_its_number_when_its_reference_was_changed(scene: Scene) -> None:
    receipt = await scene.deliver(order())
    scene.sim.state.rows("SalesOrderHeadersV4")[0]["CustomersOrderReference"] = "changed"
    assert (await scene.deliver(order()), scene.posts()) == (receipt, 1)


async def test_our_order_that_was_deleted_by_hand_is_a_question(scene: Scene) -> None:
    receipt = await scene.deliver(order())
    for entity_set in ("SalesOrderLinesV3", "SalesOrderHeadersV4"):
        for record in scene.sim.state.store.rows(entity_set):
            scene.sim.state.store.delete(record)
    error = await failed(scene, Disputed)
    assert (
        f"sales order {receipt.id}, made for PO 4500123, is not in usmf any more" in error.message,
        scene.posts(),
    ) == (True, 1)


async def test_a_refused_token_says_nothing_about_the_order_and_deletes_nothing(scene: Scene) -> None:
    scene.sim.faults.answer(401, method="POST", path=BATCH, times=2)
    with pytest.raises(CredentialsRejected) as caught:
        await scene.deliver(order())
    assert ("refuses the application's token" in caught.value.message, [count for _, count in scene.orders]) == (
        True,
        [0],
    )
    await scene.deliver(order())
    assert [count for _, count in scene.orders] == [2]


async def test_more_lines_than_a_batch_takes_are_refused_before_anything_is_made(scene: Scene) -> None:
    with pytest.raises(Refused, match="5001 lines; D365 takes 5000"):
        await scene.deliver(order(lines=5001))
    assert (scene.orders, scene.steps) == ([], [])


async def test_a_payload_that_is_no_plan_is_refused(scene: Scene) -> None:
    request = replace(scene.request(order()), payload=b"<html>")
    with pytest.raises(Refused, match="no plan"):
        await scene.endpoint.deliver(request, scene.checkpoint)


async def test_probe_tells_what_stands_there_without_writing(scene: Scene) -> None:
    assert await scene.endpoint.probe(scene.request(order())) == NotDelivered(0.0)
    receipt = await scene.deliver(order())
    assert await scene.endpoint.probe(scene.request(order())) == Delivered(receipt)
    scene.progress.clear()
    assert isinstance(await scene.endpoint.probe(scene.request(order())), Unclear)


async def test_a_plan_that_odata_cannot_say_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match="cannot be searched: 'No Name'"):
        await scene.deliver(replace(order(), lookup={"No Name": "x"}))
