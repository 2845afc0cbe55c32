"""Reads what the example `formats` of autoexec-metrics wrote with the parsers of others.

`cargo xtask parsers` starts it with the folder. The OpenMetrics text must be accepted by prometheus_client's strict parser,
the OTLP request by protobuf as an ExportMetricsServiceRequest, and both must hold the numbers of report.json.
Exit code 0: so it is. 1: something is refused or differs; every complaint is a line.
"""

import json
import math
import re
import sys
from importlib.metadata import version
from pathlib import Path

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

PREFIX = "example"
GEN_AI_NAMES = {
    "model_call_duration": "gen_ai.client.operation.duration",
    "model_call_tokens": "gen_ai.client.token.usage",
}
GEN_AI_LABELS = {
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "operation": "gen_ai.operation.name",
    "type": "gen_ai.token.type",
}
SCALES = {"ns": 1e9}

complaints = []


def expect(what, found, wanted):
    same = found is not None and math.isclose(found, wanted, rel_tol=1e-12)
    if not same:
        complaints.append(f"{what}: {found} where report.json says {wanted}")


def series(key):
    """Name and labels of a series as report.json writes it."""
    name, brace, rest = key.partition("{")
    labels = re.findall(r'([^,=]+)="((?:\\.|[^"\\])*)"', rest) if brace else []
    unescape = lambda text: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)
    return name, {label: unescape(value) for label, value in labels}


def clean(text):
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def recorded(entry):
    """Unit, count, sum and median of a timer or histogram of report.json, in the exported unit."""
    unit = next((key.removeprefix("sum_") for key in entry if key.startswith("sum_")), "")
    scale = SCALES.get(unit, 1)
    end = f"_{unit}" if unit else ""
    return unit, entry["count"], entry["sum" + end] / scale, entry["p50" + end] / scale


def check_openmetrics(text, report):
    families = list(text_string_to_metric_families(text))
    samples = {}
    for family in families:
        for sample in family.samples:
            samples[(sample.name, frozenset(sample.labels.items()))] = sample.value

    def value(name, labels, suffix="", **more):
        labels = {clean(label): value for label, value in labels.items()} | more
        return samples.get((f"{PREFIX}_{clean(name)}{suffix}", frozenset(labels.items())))

    agreeing = 0
    for key, entry in {**report["timers"], **report["histograms"]}.items():
        name, labels = series(key)
        unit, count, total, median = recorded(entry)
        unit = "seconds" if unit == "ns" else unit
        name = f"{name}_{unit}" if unit and not name.endswith(f"_{unit}") else name
        expect(f"count of {key}", value(name, labels, "_count"), count)
        expect(f"sum of {key}", value(name, labels, "_sum"), total)
        expect(f"last bucket of {key}", value(name, labels, "_bucket", le="+Inf"), count)
        own = {clean(label): value for label, value in labels.items()}
        for (sample, pairs), held in samples.items():
            pairs = dict(pairs)
            le = pairs.pop("le", None)
            if sample == f"{PREFIX}_{clean(name)}_bucket" and pairs == own:
                # Half of the values are at most the median; a bound within 0.1 % of it may miss them.
                if float(le) > median * 1.001 and held < count / 2:
                    complaints.append(f"bucket {le} of {key}: {held} of {count}, below the median {median}")
                if float(le) < median * 0.999 and held > count / 2:
                    complaints.append(f"bucket {le} of {key}: {held} of {count}, above the median {median}")
        agreeing += 1
    for key, wanted in report["counters"].items():
        name, labels = series(key)
        expect(key, value(name.removesuffix("_total"), labels, "_total"), wanted)
        agreeing += 1
    for key, wanted in report["gauges"].items():
        name, labels = series(key)
        expect(key, value(name, labels), wanted)
        agreeing += 1
    print(
        f"OpenMetrics: accepted by prometheus-client {version('prometheus-client')}: {len(families)} families, "
        f"{len(samples)} samples; {agreeing} series compared with report.json"
    )


def check_otlp(text, report):
    request = json_format.Parse(text, ExportMetricsServiceRequest())
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    points = {}
    for metric in metrics:
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points:
            labels = frozenset((pair.key, pair.value.string_value) for pair in point.attributes)
            points[(metric.name, labels)] = point
            if point.start_time_unix_nano >= point.time_unix_nano:
                complaints.append(f"{metric.name} ends before it starts")

    def find(name, labels):
        if name in GEN_AI_NAMES:
            labels = {GEN_AI_LABELS.get(label, label): value for label, value in labels.items()}
            labels.setdefault("gen_ai.operation.name", "chat")
            return points.get((GEN_AI_NAMES[name], frozenset(labels.items())))
        name = re.sub(r"[^A-Za-z0-9_.\-/]", "_", name)
        return points.get((f"{PREFIX}.{name}", frozenset(labels.items())))

    def number(point):
        return point and getattr(point, point.WhichOneof("value"))

    agreeing = 0
    for key, entry in {**report["timers"], **report["histograms"]}.items():
        _, count, total, _ = recorded(entry)
        point = find(*series(key))
        expect(f"OTLP count of {key}", point and point.count, count)
        expect(f"OTLP sum of {key}", point and point.sum, total)
        if point:
            expect(f"OTLP buckets of {key}", sum(point.bucket_counts), count)
            expect(f"OTLP bounds of {key}", len(point.explicit_bounds) + 1, len(point.bucket_counts))
        agreeing += 1
    for key, wanted in {**report["counters"], **report["gauges"]}.items():
        name, labels = series(key)
        # report.json has the unit in the name, OTLP beside it.
        plain = re.sub(r"_(bytes|seconds|tokens|ratio|ns)$", "", name)
        point = find(name, labels) or find(plain, labels)
        expect(f"OTLP {key}", number(point), wanted)
        agreeing += 1
    print(
        f"OTLP: accepted by protobuf {version('protobuf')} with opentelemetry-proto {version('opentelemetry-proto')}: "
        f"{len(metrics)} metrics, {len(points)} points; {agreeing} series compared with report.json"
    )


def main(folder):
    read = lambda name: (Path(folder) / name).read_text(encoding="utf-8")
    report = json.loads(read("report.json"))
    for name, check in (("metrics.txt", check_openmetrics), ("otlp.json", check_otlp)):
        try:
            check(read(name), report)
        except (ValueError, json_format.ParseError) as refused:
            complaints.append(f"{name} is refused: {refused}")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
