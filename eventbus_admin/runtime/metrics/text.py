"""Prometheus' text format, version 0.0.4; pure.

See https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_SAMPLES = 2_000
"""So many of one family are told; how many were left out is told too."""
MAX_LABEL_CHARS = 200

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


@dataclass(frozen=True)
class Family:
    """One metric with all its samples."""

    name: str
    kind: str
    """`gauge` or `counter`."""
    help: str
    samples: Sequence[Sample]


def gauge(name: str, help_text: str, value: float | Iterable[Sample]) -> Family:
    """Return a metric that goes up and down: one value, or a sample for each set of labels."""
    return Family(f"eventbus_{name}", "gauge", help_text, _samples(value))


def counter(name: str, help_text: str, value: float | Iterable[Sample]) -> Family:
    """Return a metric that only goes up, until what counts it begins anew."""
    return Family(f"eventbus_{name}", "counter", help_text, _samples(value))


def render(families: Iterable[Family]) -> str:
    """Return the whole answer."""
    told = list(families)
    cut = [
        ({"family": one.name}, float(len(one.samples) - MAX_SAMPLES))
        for one in told
        if len(one.samples) > MAX_SAMPLES
    ]
    told.append(gauge("metrics_left_out", "Samples beyond 2,000 of a family, not told.", cut))
    return "".join(_family(one) for one in told)


def _samples(value: float | Iterable[Sample]) -> Sequence[Sample]:
    return [({}, value)] if isinstance(value, int | float) else list(value)


def _family(family: Family) -> str:
    text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    lines = [f"# HELP {family.name} {text}", f"# TYPE {family.name} {family.kind}"]
    lines += [
        f"{family.name}{_labels(labels)} {_number(value)}"
        for labels, value in family.samples[:MAX_SAMPLES]
    ]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    cut = value[:MAX_LABEL_CHARS]
    return cut.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
