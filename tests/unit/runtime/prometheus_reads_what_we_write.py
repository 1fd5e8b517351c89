"""The text is what Prometheus' own parser reads back, whatever the labels hold."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from eventbus_admin.runtime.metrics.text import MAX_SAMPLES, counter, gauge, render


def read(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Every sample by its name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


@pytest.mark.parametrize(
    "value", ["plain", 'with "quotes"', "back\\slash", "two\nlines", "ünïcode →", "\\n", ""]
)
def test_labels_come_back_as_they_were(value: str) -> None:
    text = render([gauge("some", "Help with \\ and\na line.", [({"of": value}, 1.5)])])
    assert read(text)["eventbus_some"] == [({"of": value}, 1.5)]


@pytest.mark.parametrize("value", [0, 1, -3, 0.25, 1e18, True])
def test_numbers_come_back_as_they_were(value: float) -> None:
    assert read(render([gauge("some", "Help.", value)]))["eventbus_some"] == [({}, float(value))]


def test_kinds_are_told_once() -> None:
    text = render([counter("seen_total", "Help.", 3), gauge("now", "Help.", 4)])
    assert text.count("# TYPE eventbus_seen_total counter\n") == 1
    assert text.count("# TYPE eventbus_now gauge\n") == 1
    assert text.endswith("\n")


def test_what_is_too_much_is_cut_and_counted() -> None:
    many = [({"of": str(number)}, number) for number in range(MAX_SAMPLES + 3)]
    found = read(
        render([gauge("many", "Help.", many), gauge("long", "Help.", [({"of": "x" * 999}, 1)])])
    )
    assert len(found["eventbus_many"]) == MAX_SAMPLES
    assert found["eventbus_metrics_left_out"] == [({"family": "eventbus_many"}, 3)]
    assert len(found["eventbus_long"][0][0]["of"]) == 200
