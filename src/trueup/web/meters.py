"""What this process counts about itself, for ``/metrics``. Every label has a bounded set of values."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from trueup.model.repair import Applied, ChangedSince, Failed, Previewed, Refused, RepairResult, Stale

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 1, 3, 10, 30, 120)


class Meters:
    """The counters of one app, in a registry of their own: several apps may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "trueup_requests",
            "Requests that were answered, by the route's template.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "trueup_request_seconds",
            "How long the answers took, by the route's template.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._repairs = Counter(
            "trueup_repairs", "Repairs that were asked for, by their result.", ("result",), registry=self.registry
        )
        for result in ("applied", "changed_since", "replayed", "stale", "refused", "busy", "failed"):
            self._repairs.labels(result)

    def request(self, *, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer. ``route`` is the template, None for an address that has none."""
        name = route or _OTHER
        self._requests.labels(method if method in _METHODS else _OTHER, name, str(status)).inc()
        self._seconds.labels(name).observe(seconds)

    def repair(self, result: RepairResult) -> None:
        """Count a repair that was asked for. A preview is none."""
        match result:
            case Applied(replayed=replayed):
                self._repairs.labels("replayed" if replayed else "applied").inc()
            case ChangedSince(applied=applied):
                self._repairs.labels("replayed" if applied.replayed else "changed_since").inc()
            case Stale():
                self._repairs.labels("stale").inc()
            case Refused():
                self._repairs.labels("refused").inc()
            case Failed(busy=busy):
                self._repairs.labels("busy" if busy else "failed").inc()
            case Previewed():
                pass
