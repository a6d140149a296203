"""How a command reaches the running sandbox: by the address of D365 in the settings, on this machine only.

Knows: the client side of `d365edi.sandbox.control`. Does not know: what the commands do.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from d365edi.cli import client
from d365edi.errors import Refused, SettingsError, Unavailable

LOOPBACK = ("127.0.0.1", "localhost")
PATIENCE = 30.0


class Running:
    """The sandbox that these settings lead to. SettingsError where D365 is on another machine."""

    def __init__(self, settings: Path) -> None:
        self.settings = settings
        d365 = client.load(settings).d365
        host, _, port = d365.host.partition(":")
        if host not in LOOPBACK:
            message = f"{d365.host} is no sandbox on this machine"
            remedy = "name the settings of one: --settings DIR/settings.toml, as d365edi sandbox prints them"
            raise SettingsError(message, where=str(settings), key="d365.host", remedy=remedy)
        self._address = (host, int(port or 443))
        self._trust = ssl.create_default_context(cafile=d365.ca_file)

    def ask(self, command: str, **arguments: Any) -> Any:
        """Let it follow a command. Unavailable where it does not run, Refused with its sentence where it cannot."""
        connection = http.client.HTTPSConnection(*self._address, timeout=PATIENCE, context=self._trust)
        try:
            connection.request(
                "POST", f"/sandbox/{command}", json.dumps(arguments), {"Content-Type": "application/json"}
            )
            reply = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            at = ":".join(map(str, self._address))
            remedy = "start it: d365edi sandbox --directory DIR"
            raise Unavailable(f"no sandbox answers at {at} ({error})", remedy=remedy) from None
        finally:
            connection.close()
        if "answer" not in reply:
            raise Refused(str(reply.get("error", "it does not answer as a sandbox does")))
        return reply["answer"]

    def files(self, folder: str) -> list[str]:
        """The names in a folder of the partner."""
        return list(self.ask("show")["files"][folder])

    def received(self, partner: str) -> list[str]:
        """The names of what a customer received, but for acknowledgments."""
        return list(self.ask("show")["received"].get(partner, ()))

    def messages(self) -> list[tuple[str, str, str]]:
        """Mailbox, name and sender of every message that there ever was at Sterling, in the order in which they came."""
        return [(row["mailbox"], row["name"], row["by"]) for row in self.ask("show").get("messages", ())]

    def gone(self, id: int) -> bool:
        """Whether a message lies at Sterling no more."""
        return any(row["id"] == id and row["gone"] for row in self.ask("show").get("messages", ()))

    def sales_orders(self, number: str) -> list[str]:
        """D365's numbers for an order of the partner."""
        return [row["sales_order"] for row in self.ask("show")["orders"] if row["their_order"] == number]

    def verdict(self, invoice: str) -> str:
        """What the partner says to an invoice; "" as long as it has not read it."""
        return next((row["the_partner"] for row in self.ask("show")["invoices"] if row["invoice"] == invoice), "")

    @staticmethod
    def until(true: Callable[[], object], within: float) -> bool:
        """Ask again and again until something is so; False where it is not within so many seconds."""
        end = time.monotonic() + within
        while not true():
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True
