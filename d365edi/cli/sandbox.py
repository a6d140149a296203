"""`d365edi sandbox`: a D365 tenant with Entra ID and a partner on SFTP to rehearse with, until Ctrl-C; and what they shall do.

Without a command it runs. With one (`order`, `post`, `show` ...) it asks the running one, which the settings lead to.

Knows: how a sandbox is started, and how its answers are shown. Does not know: what it simulates.
"""

from __future__ import annotations

import contextlib
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import typer

from d365edi.cli import FINE, PERSON, UNREACHABLE
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say, table
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.sandbox.stand_alone import Choice, StandAlone

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="A D365 tenant and a partner on SFTP to rehearse with; without a command it runs until Ctrl-C.",
)

Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for what becomes of it; 0: do not wait.")]
_STERLING = "[endpoints.sbi]"
Order = Annotated[str, typer.Argument(help="The number of an order, the partner's or D365's.")]


@app.callback(invoke_without_command=True)
def sandbox(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(help="D365's port; SFTP, `listen` and Sterling are at the next ones; 0: any.  [default: 8443]"),
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--directory", help="Keep everything in this folder, and go on from there next time.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the settings into this file, too, where there is none.")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="What goes wrong from the start; may be repeated.")
    ] = None,
    sterling: Annotated[
        bool,
        typer.Option("--sterling", help="With an IBM Sterling B2B Integrator, and a partner with mailboxes there."),
    ] = False,
    switch: Annotated[
        list[str] | None,
        typer.Option("--switch", help="How Sterling answers, as offset=-0500 or bearer; may be repeated."),
    ] = None,
    us: Annotated[str, typer.Option(help="Our identity on interchanges.  [default: ZZ:NORTHBAYGOODS]")] = "",
    them: Annotated[str, typer.Option(help="The partner's.  [default: ZZ:ACMERETAIL]")] = "",
) -> None:
    """Start the sandbox on loopback and print settings that reach it. Nothing leaves this machine.

    Without --directory all of it is gone at the end."""
    if context.invoked_subcommand is None:
        from d365edi.sandbox.stand_alone import Choice

        choice = Choice(port, us, them, tuple(fault or ()), sterling, tuple(switch or ()))
        with _folder(directory) as folder:
            anyio.run(_serve, folder, choice, write, directory is not None)
        raise typer.Exit(FINE)


@contextlib.contextmanager
def _folder(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        yield directory.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="d365edi-sandbox-") as made:
        yield Path(made)


async def _serve(folder: Path, choice: Choice, write: Path | None, kept: bool) -> None:
    from d365edi.cli.demo_stage import store_secrets
    from d365edi.sandbox.stand_alone import opened

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with opened(folder, choice, kept=kept) as here:
            store_secrets(folder, here.sandbox.secrets)
            print("\n".join(_presented(here, _written(here, write))), flush=True)  # TOML: no line may be broken
            async for _ in signals:
                break


def _written(here: StandAlone, write: Path | None) -> Path:
    """Write the settings where there are none yet; the file to use."""
    own = here.folder / "settings.toml"
    if write is not None and not _fresh(write, here.settings) and write.read_text() != here.settings:
        raise SettingsError(f"{write} exists and says something else", remedy="name a new file")
    host = f'"{here.sandbox.d365_host}"'
    if not _fresh(own, here.settings) and host not in own.read_text():
        print(f"# {_short(own)} is kept as it is: it does not name {host}, where D365 is now.")
    elif _STERLING in here.settings and _STERLING not in own.read_text():
        print(f"# {_short(own)} is kept as it is: it has no {_STERLING} yet; add it from below.")
    return write or own


def _fresh(file: Path, text: str) -> bool:
    """Write a file that is not there yet; False where it is."""
    try:
        with file.open("x") as fresh:
            fresh.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise SettingsError(message, remedy="name a file in a folder that you may write to") from None
    return True


def _presented(here: StandAlone, file: Path) -> Iterator[str]:
    sandbox, shown = here.sandbox, _short(file)
    yield f"# D365 and Entra ID:    https://{sandbox.d365_host}"
    yield f"# acme's SFTP server:   127.0.0.1:{sandbox.partner.port}, folder {_short(sandbox.partner.home)}"
    if sandbox.sterling is not None:
        yield f"# Sterling:             {sandbox.sterling.simulator.url}"
    yield from (f"# Goes wrong:           {name}" for name in here.commands.lasting)
    yield f"# These settings reach it; they are in {shown}:\n\n{here.settings}"
    yield f"# The daemon:           d365edi run --settings {shown}"
    yield f"# acme sends an order:  d365edi sandbox order --settings {shown}"
    yield "# The sandbox runs until Ctrl-C."


def _short(path: Path) -> Path:
    """A path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


# ------------------------------------------------------------------------------------------- of the running sandbox
@app.command()
def order(
    file: Annotated[
        Path | None, typer.Argument(help="A file to leave as it is; left out: an order is made up.")
    ] = None,
    *,
    unknown_item: Annotated[
        bool, typer.Option("--unknown-item", help="Order an item that D365 does not know.")
    ] = False,
    learn: Annotated[bool, typer.Option("--learn", help="D365 learns before what the file orders.")] = False,
    wait: Wait = 15.0,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """The partner leaves an order in its folder; shows what becomes of it.

    Exit code 1 where no sales order came of it, 3 where nobody took it."""
    from d365edi.cli.sandbox_client import Running

    running = Running(settings)
    before = running.files("inbound/acks")
    data = file.read_bytes().decode("latin-1") if file else ""
    left = running.ask("order", data=data, name=file.name if file else "", unknown=unknown_item, learn=learn)
    say([f"acme left {left['file']}" + (f" with {', '.join(left['orders'])}" if left["orders"] else "")])
    if wait:
        raise typer.Exit(_followed(running, left, before, wait, held=unknown_item))


def _followed(running: Any, left: dict[str, Any], before: Sequence[str], wait: float, *, held: bool) -> int:
    """Wait for what comes of a file, and say it. The exit code."""
    began = time.monotonic()
    taken = running.until(lambda: left["file"] not in running.files("outbound"), wait)
    if not taken:
        say([f"nobody took it within {wait:.0f} s; why not: d365edi status --settings {running.settings}"])
        return UNREACHABLE
    say([f"it was taken after {time.monotonic() - began:.1f} s"])
    running.until(lambda: set(running.files("inbound/acks")) - set(before), wait)
    say(f"acme received {name}" for name in running.files("inbound/acks") if name not in before)
    running.until(lambda: all(running.sales_orders(number) for number in left["orders"]), 0 if held else wait)
    for number in left["orders"]:
        found = running.sales_orders(number)
        say([f"D365 has {number} as {', '.join(found)}" if found else f"D365 has no sales order for {number}"])
        say([f"its history: d365edi why {number} --settings {running.settings}"])
    if not left["orders"]:
        say([f"{left['file']} holds no order, so no sales order comes of it; what became of it:"])
        say([f"d365edi why {left['file']} --settings {running.settings}"])
        return PERSON
    return FINE if held or all(running.sales_orders(number) for number in left["orders"]) else PERSON


@app.command()
def learn(order: Order, *, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """D365 learns the items and the address that an order of the partner names; then release what is held."""
    from d365edi.cli.sandbox_client import Running

    known = Running(settings).ask("learn", order=order)["items"]
    say(
        [
            f"D365 knows the items of {order}: {', '.join(known)}",
            f"continue it: d365edi release {order} --settings {settings}",
        ]
    )


@app.command()
def post(
    orders: Annotated[list[str], typer.Argument(help="The numbers of orders, the partner's or D365's.")],
    *,
    slip: Annotated[bool, typer.Option("--slip", help="The packing slip in place of the invoice.")] = False,
    wait: Wait = 15.0,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """D365 posts the invoice of an order, or one for several, and sends the business event; shows what the partner received.

    Exit code 3 where the partner received nothing."""
    from d365edi.cli.sandbox_client import Running

    running = Running(settings)
    before = running.ask("show")["received"]
    posted = running.ask("post", orders=orders, slip=slip)
    if slip:
        say([f"D365 posted packing slip {posted['slip']}, and a poll will find it"])
        return
    event = "taken" if posted["event"] else "not taken, and a poll will find it"
    say([f"D365 posted {posted['invoice']}; its business event was {event}"])
    if not wait:
        return
    partner = posted["partner"]
    had = set(before.get(partner, ()))
    if not running.until(lambda: set(running.received(partner)) - had, wait):
        say([f"{partner} received nothing within {wait:.0f} s: d365edi status --settings {settings}"])
        raise typer.Exit(UNREACHABLE)
    say(f"{partner} received {name}" for name in running.received(partner) if name not in had)
    running.until(lambda: running.verdict(posted["invoice"]), 2)
    say([f"{partner} says: {running.verdict(posted['invoice']) or 'nothing yet'}"])


@app.command()
def confirm(
    number: Annotated[
        str, typer.Argument(help="A purchase order of D365; left out: the one at Sterling's supplier.")
    ] = "",
    *,
    wait: Wait = 15.0,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """D365 confirms a purchase order; shows what the supplier at Sterling received, and its invoice.

    Exit code 3 where it received nothing."""
    from d365edi.cli.sandbox_client import Running
    from d365edi.sandbox.mailbox_partner import BILL

    running = Running(settings)
    before = len(running.messages())
    confirmed = running.ask("confirm", order=number)
    say([f"D365 confirmed {confirmed['order']} as {confirmed['confirmation']}"])
    if not wait:
        return
    if not running.until(lambda: any(name == BILL for _, name, _ in running.messages()[before:]), wait):
        say([f"nothing came to Sterling within {wait:.0f} s: d365edi status --settings {settings}"])
        raise typer.Exit(UNREACHABLE)
    say(f"{by} left {name} in {mailbox}" for mailbox, name, by in running.messages()[before:])
    say([f"its history: d365edi why {confirmed['order']} --settings {settings}"])


@app.command()
def pay(
    invoice: Annotated[str, typer.Argument(help="A pending vendor invoice in D365, by the supplier's number.")],
    *,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """D365 posts a vendor invoice, and the supplier at Sterling leaves an 820 that it was paid."""
    from d365edi.cli.sandbox_client import Running

    paid = Running(settings).ask("pay", invoice=invoice)
    say(
        [
            f"D365 posted {invoice} as {paid['voucher']}",
            f"{paid['by']} left {paid['payment']} in {paid['mailbox']}",
            f"its history: d365edi why {paid['payment']} --settings {settings}",
        ]
    )


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="A file of your own.")],
    *,
    at: Annotated[str, typer.Option("--at", help="A mailbox at Sterling: /grocer/out.")],
    wait: Wait = 15.0,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Leave a file as a message in a mailbox at Sterling.

    Exit code 3 where nobody took it."""
    from d365edi.cli.sandbox_client import Running

    running = Running(settings)
    try:
        data = file.read_bytes().decode("latin-1")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", remedy="name another file") from None
    id = running.ask("put", at=at, name=file.name, data=data)["id"]
    say([f"{file.name} lies in {at} as message {id}"])
    if not wait:
        return
    if not running.until(lambda: running.gone(id), wait):
        say([f"nobody took it within {wait:.0f} s; why not: d365edi status --settings {settings}"])
        raise typer.Exit(UNREACHABLE)
    say(["it was taken", f"its history: d365edi why sbi:{id} --settings {settings}"])


@app.command()
def show(
    set: Annotated[str, typer.Argument(help="An entity set of D365, as SalesOrderLinesV3: its rows as JSON.")] = "",
    *,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """What D365 holds: sales orders and invoices, or the rows of one entity set; files of the partner, Sterling's messages."""
    from d365edi.cli.sandbox_client import Running

    held = Running(settings).ask("show", set=set)
    if set or json:
        as_json(held)
        return
    table(
        "Sales orders in D365",
        held["orders"],
        dict.fromkeys(("sales_order", "their_order", "company", "lines", "status")),
    )
    table(
        "Invoices in D365",
        held["invoices"],
        dict.fromkeys(("invoice", "sales_order", "company", "amount", "the_partner")),
    )
    files = [{"folder": folder, "file": name} for folder, names in held["files"].items() for name in names]
    table("Files of acme", files, dict.fromkeys(("folder", "file")))
    if "messages" in held:
        columns = ("mailbox", "id", "name", "by", "count", "gone")
        table("Messages at Sterling", held["messages"], dict.fromkeys(columns))


@app.command()
def fault(
    name: Annotated[str, typer.Argument(help="What goes wrong from now on; left out: what goes wrong is listed.")] = "",
    *,
    end: Annotated[bool, typer.Option("--end", help="End it; all, where none is named.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Begin a fault, end it, or list what goes wrong and what could."""
    from d365edi.cli.sandbox_client import Running
    from d365edi.sandbox.named_faults import FAULTS

    lasting = Running(settings).ask("fault", name=name, end=end)
    rows = [{"fault": each, "lasts": each in lasting, "what": FAULTS[each].says} for each in FAULTS]
    table("Faults", rows, dict.fromkeys(("fault", "lasts", "what")))
