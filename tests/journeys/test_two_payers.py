"""Two partners who count their payments alike and are paid by journals of one name: neither is taken for the other's."""

from __future__ import annotations

import anyio
import pytest

from tests.journeys.test_payments import FLOW, columns, drop, furnished, journals, post, wants
from tests.journeys.world import World

BETA = """
[partners.beta]
customer = {{ usmf = "US-004" }}
vendor   = {{ usmf = "US-102" }}
[partners.beta.pickup.columns]
from  = {{ endpoint = "acme", path = "{root}/outbound/beta/*.csv" }}
every = "1s"
holds = "Remittance"
"""


@pytest.fixture
def two(town: World) -> World:
    """Two partners who pay with a number of their own each, EFT1 both, into journals of one name."""
    paying = wants(furnished(town), set="Remittance")
    flow = FLOW.format(set="Remittance", create="VendorPayment", journal="VendPay", more="")
    paying.extra += BETA.format(root=paying.prefix) + flow.replace("partners.acme", "partners.beta")
    post(paying, "W-1", account="US-102")
    (paying.partner.outbound / "beta").mkdir()
    drop(paying, columns(), "pay.csv")
    return paying


def beta_pays(world: World) -> None:
    (world.partner.outbound / "beta" / "pay.csv").write_bytes(columns(items=(("W-1", "5"),)))


def booked(world: World) -> list[tuple[str, int]]:
    return sorted((name, len(lines)) for name, lines in journals(world).items())


@pytest.mark.parametrize("lost", ["/data/$batch", "/data/VendorPaymentJournalHeaders"])
async def test_a_payment_waits_for_another_of_its_number_that_is_half_written(two: World, lost: str) -> None:
    """Acme's is turned away and then loses its answer, so that its journal has no lines when beta's is looked up."""
    faults = two.simulator.faults
    faults.answer(429, method="POST", path=lost, retry_after=1)
    faults.drop(method="POST", path=lost, after_work="$batch" not in lost, times=2)
    async with two.app() as app:
        await app.once()
        beta_pays(two)
        with anyio.fail_after(30):
            while booked(two) != [("EFT1", 2), ("EFT1 (again)", 1)]:
                await app.once()
                assert await app.journal.read(lambda tx: tx.documents.in_state("held")) == []
                await anyio.sleep(0.1)


async def test_a_payment_waits_for_a_decision_about_another_of_its_number(two: World, lines: list[str]) -> None:
    """Acme's lines are refused, and its journal cannot be deleted again: only a person knows what becomes of it."""
    two.simulator.faults.answer(400, method="POST", path="/data/VendorPaymentJournalLines", inner=True)
    two.simulator.faults.answer(403, method="DELETE")
    async with two.app() as app:
        await app.once()
        assert booked(two) == [("EFT1", 0)]
        beta_pays(two)
        for _ in range(2):
            await app.once()
        (acme,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        (beta,) = await app.journal.read(lambda tx: tx.documents.in_state("ready"))
        assert (acme.partner, beta.partner) == ("acme", "beta")
        said = "payment EFT1 of acme is begun under the same number; this one is written after it"
        assert (beta.reason, sum(said in line for line in lines)) == (said, 1)
        await app.release("EFT1", "pat")
        for _ in range(2):
            await app.once()
    assert booked(two) == [("EFT1", 2), ("EFT1 (again)", 1)]
