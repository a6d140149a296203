"""The figures of a daemon at one moment as Prometheus reads them: names and units after its conventions.

    https://prometheus.io/docs/practices/naming/: base units, `_seconds`, `_bytes`, `_total` of what only grows; a state that
    ends is a gauge. Labels are partners, endpoints, places and flows of the settings, and words of this program: no number,
    no file name.

Where the journal cannot be read, `d365edi_journal_readable` is 0 and what is read from it has no samples; the rest stands.
To be imported when it is first asked for: prometheus-client takes several megabytes.

A part of `app`. Knows: prometheus-client. Does not know: where the figures come from.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from d365edi.condition import Kind
from d365edi.endpoints.health import Health
from d365edi.flows.latency import Latency
from d365edi.histogram import Distribution
from d365edi.journal.alerts import IncidentState
from d365edi.journal.states import AckState, DeliveryState, DocumentState, MessageState, PickedUpState
from d365edi.snapshot import FromJournal, Snapshot

VERSION = version("d365edi")
STATES: Mapping[str, tuple[str, ...]] = {
    "messages": get_args(MessageState),
    "documents": get_args(DocumentState),
    "deliveries": get_args(DeliveryState),
    "acks": tuple(state for state in get_args(AckState) if state != "none"),
    "picked_up": tuple(state for state in get_args(PickedUpState) if state != "none"),
}
"""What the journal counts, and the states. Each is shown, also where nothing is in it."""
NAMES: Mapping[str, str] = {"acks": "acknowledgments", "picked_up": "pick_ups"}
"""How metrics name what is called otherwise there."""
OTHERS = ""
"""The partner of what the journal has of partners that are not in the settings any more."""


def text(snapshot: Snapshot) -> str:
    """The snapshot in Prometheus' text format, 0.0.4, with the figures of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(families(snapshot)))
    ProcessCollector(registry=registry)
    return generate_latest(registry).decode()


class _Once:
    """A collector of families that are made already."""

    def __init__(self, made: Iterable[Metric]) -> None:
        self._made = list(made)

    def collect(self) -> Iterable[Metric]:
        return self._made


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Every family of metrics of this program."""
    yield from _daemon(snapshot)
    yield from _files(snapshot)
    if snapshot.journal is not None:
        yield from _from_journal(snapshot, snapshot.journal)
    yield from _endpoints(snapshot)
    yield from _latencies(snapshot)


def _gauge(name: str, help: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"d365edi_{name}", help, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(name: str, help: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]) -> Metric:
    family = CounterMetricFamily(f"d365edi_{name}", help, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _histogram(
    name: str, help: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], Distribution]]
) -> Metric:
    family = HistogramMetricFamily(f"d365edi_{name}", help, labels=labels)
    for values, one in samples:
        buckets = [*zip(map(str, one.bounds), one.counts, strict=False), ("+Inf", one.counts[-1])]
        family.add_metric(values, buckets, one.total)
    return family


def _daemon(seen: Snapshot) -> Iterator[Metric]:
    yield _gauge("build_info", "The version that runs.", ["version"], [([VERSION], 1)])
    yield _gauge("live", "1 while a restart would not help, as /healthz/live says.", (), [((), seen.live)])
    counts = dict.fromkeys(get_args(Kind), 0)
    for kind in seen.troubles:
        counts[kind] = counts.get(kind, 0) + 1
    by_kind = (([kind], count) for kind, count in counts.items())
    yield _gauge("troubles", "What is the matter now, as `d365edi status` shows it, by kind.", ["kind"], by_kind)
    ran = [([flow.name], flow.ran_at) for flow in seen.flows if flow.ran_at is not None]
    yield _gauge("flow_last_run_timestamp_seconds", "When a flow ended last.", ["flow"], ran)
    fails = (([flow.name], float(flow.fails)) for flow in seen.flows)
    yield _gauge("flow_failing", "1 while a flow fails whenever it runs.", ["flow"], fails)


def _files(seen: Snapshot) -> Iterator[Metric]:
    readable = seen.journal is not None
    yield _gauge("journal_readable", "0 where the journal could not be read for this answer.", (), [((), readable)])
    yield _gauge("journal_writable", "0 while the journal cannot commit.", (), [((), seen.writable)])
    yield _counter("journal_commits", "Transactions committed since the start.", (), [((), seen.commits)])
    size = (([name], size) for name, size in seen.size.items())
    yield _gauge("journal_size_bytes", "The size of the journal and of its log.", ["file"], size)
    if seen.free is not None:
        yield _gauge("journal_free_bytes", "Room that is left on the journal's disk.", (), [((), seen.free)])


def _from_journal(seen: Snapshot, journal: FromJournal) -> Iterator[Metric]:
    for what, states in STATES.items():
        name = NAMES.get(what, what)
        help = f"{name.replace('_', '-').capitalize()} in the journal, by the state they are in."
        counts = _by_partner(seen.partners, states, journal.counts.get(what, {}))
        yield _gauge(name, help, ["partner", "state"], counts)
    oldest: dict[tuple[str, str, str], float] = {}
    for one in journal.oldest:
        key = (one.partner if one.partner in seen.partners else OTHERS, one.what, one.state)
        oldest[key] = max(oldest.get(key, 0.0), seen.now - one.since)
    help = "The age of the oldest that is in a state which is not final."
    yield _gauge("oldest_waiting_seconds", help, ["partner", "what", "state"], oldest.items())
    places = [place for place in journal.places if (place.endpoint, place.path) in seen.places]
    labels = ["endpoint", "path"]
    offered = (([place.endpoint, place.path], place.offered) for place in places)
    yield _gauge("place_offered_files", "Files that a place offered when it was listed last.", labels, offered)
    passed = (([place.endpoint, place.path], place.passed) for place in places)
    yield _gauge("place_passed_over_files", "Names there that were passed over.", labels, passed)
    listed = (([place.endpoint, place.path], place.looked_at) for place in places)
    yield _gauge("place_listed_timestamp_seconds", "When a place was listed last.", labels, listed)
    names = dict.fromkeys([health.endpoint for health in seen.health])
    not_taken = (([name], journal.not_taken.get(name, 0)) for name in names)
    yield _gauge("not_taken_files", "Files that cannot be taken, or not be cleared.", ["endpoint"], not_taken)
    incidents = (([state], journal.incidents.get(state, 0)) for state in get_args(IncidentState))
    yield _gauge("incidents", "Incidents that alerts are about, by their state.", ["state"], incidents)
    waiting = (([channel], count) for channel, count in journal.alerts.items())
    yield _gauge("alerts_waiting", "Alerts that are to be sent.", ["channel"], waiting)


def _by_partner(
    partners: Sequence[str], states: Sequence[str], counts: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[Sequence[str], float]]:
    for partner in partners:
        for state in states:
            yield (partner, state), counts.get(partner, {}).get(state, 0)
    if others := [known for name, known in counts.items() if name not in partners]:
        for state in states:
            yield (OTHERS, state), sum(known.get(state, 0) for known in others)


def _endpoints(seen: Snapshot) -> Iterator[Metric]:
    own = [health for health in seen.health if not health.use]
    up = (([health.endpoint], _up(health)) for health in own if _known(health))
    yield _gauge("endpoint_up", "1 where the last attempt was answered; none before the first.", ["endpoint"], up)
    reached = (([health.endpoint], health.reached_at) for health in own if health.reached_at is not None)
    yield _gauge("endpoint_reached_timestamp_seconds", "When it answered last.", ["endpoint"], reached)
    failing = {health.endpoint: 0 for health in own}
    for health in seen.health:
        failing[health.endpoint] += bool(health.use and health.failing_since is not None)
    help = "Folders and tables there that fail while the endpoint itself answers."
    yield _gauge("endpoint_failing_places", help, ["endpoint"], (([name], count) for name, count in failing.items()))
    throttled = (([name], each.throttled) for name, each in seen.endpoints.items())
    help = "How long it was not asked because it had asked for a pause."
    yield _counter("endpoint_throttled_seconds", help, ["endpoint"], throttled)
    failures = (([name, kind], count) for name, each in seen.endpoints.items() for kind, count in each.failures.items())
    yield _counter("endpoint_failures", "Operations that failed.", ["endpoint", "kind"], failures)
    took = (([name, verb], one) for name, each in seen.endpoints.items() for verb, one in each.operations.items())
    yield _histogram("endpoint_operation_seconds", "How long operations took.", ["endpoint", "operation"], took)


def _known(health: Health) -> bool:
    return health.reached_at is not None or health.failing_since is not None


def _up(health: Health) -> float:
    return float(health.failing_since is None)


_LATENCIES: Mapping[Latency, str] = {
    "order": "From a partner's file that is stored here to the sales order in D365.",
    "send": "From a record that was found in D365 to the file at the partner.",
    "acknowledgment": "From a partner's file that is stored here to our acknowledgment at the partner.",
}


def _latencies(seen: Snapshot) -> Iterator[Metric]:
    for what, help in _LATENCIES.items():
        samples = [([partner], one) for (of, partner), one in seen.latencies.items() if of == what]
        yield _histogram(f"{what}_latency_seconds", help, ["partner"], samples)
