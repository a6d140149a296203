"""The figures of a snapshot as Prometheus parses them: names, units, labels; nothing where nothing is known."""

from __future__ import annotations

import re
from typing import Any

from d365edi import metrics
from d365edi.endpoints.figures import EndpointFigures
from d365edi.endpoints.health import Health
from d365edi.histogram import Distribution
from d365edi.journal import Oldest, PlaceStatus
from d365edi.snapshot import FlowFigures, FromJournal, Snapshot
from tests.conftest import ROOT
from tests.scrapes import Scrape, named, parsed

NOW = 1_750_000_000.0
ACME = ("acme", "/outbound/*")


def scraped(snapshot: Snapshot) -> Scrape:
    return parsed(metrics.text(snapshot))


def value(seen: Scrape, name: str, **labels: str) -> float | None:
    return seen.get(named(name, labels))


def snapshot(**changes: Any) -> Snapshot:
    """Two partners, one of whom has an order that is held; a third that is not in the settings any more."""
    counts = {
        "documents": {"acme": {"held": 1, "delivered": 7}, "gone": {"delivered": 3}, "went": {"delivered": 2}},
        "acks": {"acme": {"overdue": 2}},
    }
    oldest = [Oldest("documents", "acme", "held", NOW - 3600), Oldest("documents", "gone", "held", NOW - 60)]
    places = [PlaceStatus(*ACME, NOW - 5, 4, 1), PlaceStatus("acme", "/old/*", NOW - 9e6, 0, 0)]
    usual: dict[str, Any] = {
        "partners": ["acme", "globex"],
        "places": frozenset({ACME}),
        "journal": FromJournal(counts, oldest, places, {"acme": 2}, {"told": 2}, {"mail": 3}),
    }
    return Snapshot(NOW, **{**usual, **changes})


def test_every_state_of_every_partner_of_the_settings_is_shown_and_others_are_one() -> None:
    seen = scraped(snapshot())
    assert value(seen, "documents", partner="acme", state="held") == 1
    assert value(seen, "documents", partner="globex", state="held") == 0
    assert value(seen, "documents", partner="", state="delivered") == 5
    assert value(seen, "acknowledgments", partner="acme", state="overdue") == 2
    assert value(seen, "oldest_waiting_seconds", partner="acme", what="documents", state="held") == 3600
    assert value(seen, "oldest_waiting_seconds", partner="", what="documents", state="held") == 60
    assert set(re.findall(r'partner="(.*?)"', " ".join(seen))) == {"acme", "globex", ""}


def test_only_places_of_the_settings_are_shown() -> None:
    seen = scraped(snapshot(health=[Health("acme", reached_at=NOW)]))
    assert value(seen, "place_offered_files", endpoint="acme", path="/outbound/*") == 4
    assert value(seen, "place_listed_timestamp_seconds", endpoint="acme", path="/outbound/*") == NOW - 5
    assert "/old/" not in " ".join(seen)
    assert value(seen, "not_taken_files", endpoint="acme") == 2


def test_an_endpoint_is_up_by_its_last_attempt_and_unknown_before_the_first() -> None:
    failing = Health("acme", reached_at=NOW - 60, kind="unreachable", failing_since=NOW - 30)
    place = Health("d365", "Orders", "lookup", kind="place", failing_since=NOW)
    seen = scraped(snapshot(health=[failing, Health("d365", reached_at=NOW), place, Health("new")]))
    assert [value(seen, "endpoint_up", endpoint=name) for name in ("acme", "d365", "new")] == [0, 1, None]
    assert value(seen, "endpoint_reached_timestamp_seconds", endpoint="acme") == NOW - 60
    assert [value(seen, "endpoint_failing_places", endpoint=name) for name in ("acme", "d365")] == [0, 1]


def test_durations_are_histograms_and_counters_only_grow() -> None:
    one = Distribution((0.1, 1.0), (1, 3, 4), 12.5)
    seen = scraped(
        snapshot(
            endpoints={"acme": EndpointFigures({"fetch": one}, {"place": 2}, 42.0)},
            latencies={("order", "acme"): one, ("send", "globex"): one},
        )
    )
    assert value(seen, "endpoint_operation_seconds_bucket", endpoint="acme", operation="fetch", le="1.0") == 3
    assert value(seen, "endpoint_operation_seconds_bucket", endpoint="acme", operation="fetch", le="+Inf") == 4
    assert value(seen, "endpoint_operation_seconds_sum", endpoint="acme", operation="fetch") == 12.5
    assert value(seen, "endpoint_throttled_seconds_total", endpoint="acme") == 42
    assert value(seen, "endpoint_failures_total", endpoint="acme", kind="place") == 2
    assert value(seen, "order_latency_seconds_count", partner="acme") == 4
    assert value(seen, "send_latency_seconds_count", partner="globex") == 4


def test_troubles_are_counted_by_kind_and_flows_named() -> None:
    flows = [FlowFigures("acme.pickup.edi", ran_at=NOW - 2), FlowFigures("acme.send.810", fails=True)]
    seen = scraped(snapshot(troubles=["place", "place", "held"], live=False, flows=flows))
    assert [value(seen, "troubles", kind=kind) for kind in ("place", "held", "journal")] == [2, 1, 0]
    assert value(seen, "live") == 0
    assert value(seen, "flow_last_run_timestamp_seconds", flow="acme.pickup.edi") == NOW - 2
    assert [value(seen, "flow_failing", flow=flow.name) for flow in flows] == [0, 1]


def test_incidents_and_alerts_are_counted() -> None:
    seen = scraped(snapshot())
    assert [value(seen, "incidents", state=state) for state in ("told", "due")] == [2, 0]
    assert value(seen, "alerts_waiting", channel="mail") == 3


def test_without_the_journal_it_says_so_and_the_rest_stands() -> None:
    seen = scraped(snapshot(journal=None, writable=False, health=[Health("acme", reached_at=NOW)]))
    assert (value(seen, "journal_readable"), value(seen, "journal_writable")) == (0, 0)
    assert value(seen, "endpoint_up", endpoint="acme") == 1
    assert [name for name in seen if re.match(r"documents|deliveries|messages|place_|oldest", name)] == []
    assert value(scraped(snapshot()), "journal_readable") == 1


def test_names_follow_prometheus_conventions() -> None:
    """Base units, `_total` of counters alone, a help sentence for each; README's table has every one."""
    endpoints = {"acme": EndpointFigures({"fetch": Distribution((1.0,), (0, 0), 0.0)}, {"place": 1}, 1.0)}
    made = list(metrics.families(snapshot(endpoints=endpoints, free=1, flows=[FlowFigures("a")])))
    listed = re.findall(r"`d365edi_(\w+)", (ROOT / "README.md").read_text())
    for family in made:
        assert family.name.removeprefix("d365edi_") + ("_total" if family.type == "counter" else "") in listed
        assert re.fullmatch(r"d365edi_[a-z0-9_]+", family.name), family.name
        assert not re.search(r"(milli|minutes|hours|kilo|_ms|percent)", family.name)
        assert not family.name.endswith("_total")
        assert family.documentation.endswith(".")
        assert family.type != "histogram" or family.name.endswith("_seconds")
    [rules] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"d365edi_(\w+)", rules)) <= {*listed}
