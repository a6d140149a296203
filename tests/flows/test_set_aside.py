"""What is logged of a document that D365 does not take has commands that work as they are printed."""

from __future__ import annotations

from pathlib import Path

from d365edi.flows.deliver import _set_aside
from d365edi.journal import NumberedDocument
from tests.journal.conftest import fresh_tx
from tests.journal.rows import delivery, document, message


def test_the_log_of_a_held_order_names_the_whole_command(tmp_path: Path) -> None:
    with fresh_tx(tmp_path / "tables.db") as tx:
        order = document(tx, message(tx), number="4500123")
        made = delivery(tx, documents=[NumberedDocument(order.id)], name="PO-77.edi")
        tx.documents.set_state(order.id, "delivering")
        tx.deliveries.attempting(made.id)
        said, count = _set_aside(tx, made, "is it the same order? reject this document if it is", disputed=True)
        assert (said, count) == ('is it the same order? d365edi reject 4500123 --why "..." if it is', 1)
        assert tx.documents.get(order.id).reason == "is it the same order? reject this document if it is"
