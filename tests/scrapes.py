"""What a scrape of /metrics says, parsed as Prometheus does."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

PREFIX = "d365edi_"
Scrape = dict[str, float]
"""Each sample by its name without the prefix and its labels in their order: `endpoint_up{endpoint="acme"}`."""


def parsed(text: str) -> Scrape:
    """The samples of an answer in Prometheus' text format."""
    return {
        named(sample.name.removeprefix(PREFIX), sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def named(name: str, labels: dict[str, str]) -> str:
    """A sample as it is written in an expression."""
    inside = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels))
    return f"{name}{{{inside}}}" if inside else name
