"""Where the figures are taken: the D365 simulator and OpenSSH's sshd in processes of their own, a folder full of orders.

python -m tests.bench.ground FOLDER ITEMS WAIT VENDORS BILLS     serves until its standard input closes; prints one line of JSON
when it stands, and answers each line of its input: `change` changes a vendor; told is how many requests for vendors came, and how
many sales orders and vendor invoices there are.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from d365edi.sandbox import serve, tls
from d365edi.sandbox.d365 import Simulator
from tests.journeys import bills as billed
from tests.journeys.world import World, seed
from tests.servers.openssh import OpenSsh, openssh

PLACES = 40
"""Distribution centres of the partner, each an address of the customer in D365."""


def their_place(place: int) -> str:
    """The partner's code for one of its distribution centres."""
    return f"{1000 + place}"


def their_number(item: int) -> str:
    """The partner's number for one of the many items that D365 knows."""
    return f"ACME-{item:07d}"


def _slow(app: ASGIApp, seconds: float) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(seconds)
        await app(scope, receive, send)

    return called


async def _serve(folder: Path, items: int, wait: float, vendors: int, orders: int) -> None:
    simulator = Simulator(companies=("usmf",), default_company="usmf")
    seed(simulator)
    for place in range(PLACES):
        simulator.state.add(
            "CustomerPostalAddresses",
            dataAreaId="usmf",
            CustomerAccountNumber="US-003",
            CustomerLegalEntityId="usmf",
            AddressLocationId=f"DC{place:03d}",
            AddressDescription=their_place(place),
            IsRoleDelivery="Yes",
        )
    for item in range(items):
        ours = f"M{item:07d}"
        simulator.state.add(
            "ReleasedProductsV2", dataAreaId="usmf", ItemNumber=ours, ProductNumber=ours, SalesUnitSymbol="ea"
        )
        simulator.state.add(
            "CustomerProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=ours,
            CustomerAccountNumber="US-003",
            CustomerProductNumber=their_number(item),
        )
    if orders:
        billed.furnish(simulator.state)
    for number in range(orders):
        billed.enter(simulator.state, f"PO-B{number}", (("D0001", 12, "10.5"), ("D0002", 3, "99.99")))
    for vendor in range(vendors):
        simulator.state.add("VendorsV3", **_vendor(vendor))
    identity = tls.create(folder / "tls")
    async with serve.serve(_slow(simulator.app, wait) if wait else simulator.app, identity) as port:
        sys.stdout.write(json.dumps({"port": port, "ca": str(identity.authority)}) + "\n")
        sys.stdout.flush()
        while said := await anyio.to_thread.run_sync(sys.stdin.readline):
            if said.startswith("change"):
                changed = f"Changed {len(simulator.log)}"
                simulator.state.add("VendorsV3", **_vendor(vendors // 2), VendorSearchName=changed)
            made = sum(len(simulator.state.rows(set)) for set in ("SalesOrderHeadersV4", "VendorInvoiceHeaders"))
            told = {"requests": simulator.count("GET", "VendorsV3"), "made": made}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _vendor(number: int) -> dict[str, str]:
    """A vendor as others are: half of the fields that a list names have a value."""
    return {
        "dataAreaId": "usmf",
        "VendorAccountNumber": f"V-{number:07}",
        "VendorOrganizationName": f"Supplier of parts number {number}",
        "VendorGroupId": str(10 + number % 5),
        "CurrencyCode": "USD",
        "LanguageId": "en-US",
        "DefaultPaymentTermsName": "Net30",
        "PrimaryPhoneNumber": f"+1 512 555 {number % 10000:04}",
        "PrimaryEmailAddress": f"sales{number}@example.com",
        "AddressStreet": f"{number % 900 + 1} Harbor Road",
        "AddressCity": "Austin",
        "AddressStateId": "TX",
        "AddressZipCode": "78701",
    }


@dataclass
class Ground:
    """What stands: a world whose simulator lives elsewhere, and sshd. `change_vendor` changes a vendor in D365 and gives the
    number of requests for vendors until then; `made` gives the number of sales orders and vendor invoices."""

    world: World
    ssh: OpenSsh
    change_vendor: Callable[[], int]
    made: Callable[[], int]


@contextlib.contextmanager
def ground(folder: Path, items: int = 0, wait: float = 0.0, vendors: int = 0, bills: int = 0) -> Iterator[Ground]:
    """Start both servers, D365 with so many items more than the world's three, vendors, and orders for `bills`; stop them at
    the end.

    D365 answers each request after `wait` seconds and what it works.
    """
    from d365edi.sandbox.partner import SimulatedPartner  # noqa: PLC0415 - only the parent needs it
    from tests.journeys.world import PROFILE  # noqa: PLC0415

    (folder / "var").mkdir(parents=True)
    (folder / "ssh").mkdir()
    partner = SimulatedPartner(PROFILE, folder / "home")
    numbers = [str(items), str(wait), str(vendors), str(bills)]
    command = [sys.executable, "-m", "tests.bench.ground", str(folder), *numbers]
    with (
        openssh(folder / "ssh") as ssh,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        told = json.loads(process.stdout.readline())
        world = World(
            folder, Simulator(), f"127.0.0.1:{told['port']}", Path(told["ca"]), partner, ssh, str(partner.home)
        )

        def ask(line: bytes, what: str) -> int:
            assert process.stdout is not None
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()
            return int(json.loads(process.stdout.readline())[what])

        try:
            yield Ground(world, ssh, partial(ask, b"change\n", "requests"), partial(ask, b"tell\n", "made"))
        finally:
            process.stdin.close()
            process.wait(10)


if __name__ == "__main__":
    anyio.run(_serve, Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
