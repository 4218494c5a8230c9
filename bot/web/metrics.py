"""I count what operators watch, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.channels.alerting import Alerting
    from bot.channels.outbox import Outbox
    from bot.loop import Loop


class Findings(Collector):
    """The rows of the guard's record by shop, rule and event, as the store counted them last."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.counted: Sequence[tuple[str, str, str, int]] = ()

    def collect(self) -> Iterable[CounterMetricFamily]:
        """One family."""
        labels = ["shop", "rule", "event"]
        family = CounterMetricFamily(
            "kuaihui_guard_findings", "What the guard's rules said, and what became", labels=labels
        )
        for shop, rule, event, number in self.counted:
            family.add_metric([shop, rule, event], number)
        yield family


LATE = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds


class Metrics:
    """The counters of one server; nothing is global, so that two servers in one process do not mix."""

    def __init__(self, loop: Loop) -> None:
        """Gauges read the loop when they are asked."""
        self.registry = CollectorRegistry()
        self.events = Counter("kuaihui_events_total", "Webhook events accepted", registry=self.registry)
        self.duplicates = Counter("kuaihui_duplicates_total", "Webhook events seen before", registry=self.registry)
        self.refused = Counter("kuaihui_refused_total", "Requests refused", ["reason"], registry=self.registry)
        self.verdicts = Counter("kuaihui_verdicts_total", "Replies checked", ["verdict"], registry=self.registry)
        self.reloads = Counter(
            "kuaihui_library_reloads_total", "Libraries read again", ["shop"], registry=self.registry
        )
        self.library_broken = Gauge(
            "kuaihui_library_broken",
            "Mistakes in script files; the old ones serve on",
            ["shop"],
            registry=self.registry,
        )
        self.findings = Findings()
        self.registry.register(self.findings)
        depth = Gauge("kuaihui_inbox_depth", "Events that wait for the engine", registry=self.registry)
        depth.set_function(lambda: loop.depth)
        late = Gauge("kuaihui_alarm_lateness_seconds", "Lateness of the last alarm", registry=self.registry)
        late.set_function(lambda: loop.lateness)
        loop.late_by = Histogram(
            "kuaihui_alarms_late_seconds", "How late alarms rang", buckets=LATE, registry=self.registry
        ).observe

        self.outbox = Gauge("kuaihui_outbox_waiting", "Pushes that wait for a chat tool", registry=self.registry)
        self.dead = Gauge("kuaihui_outbox_dead", "Pushes that were given up", registry=self.registry)
        self.disabled = Gauge("kuaihui_destinations_disabled", "Destinations that want no more", registry=self.registry)

    def watch(self, outbox: Outbox) -> None:
        """Show what the outbox does, too."""
        resting = Gauge("kuaihui_destinations_resting", "Destinations that are away", registry=self.registry)
        resting.set_function(lambda: len(outbox.resting))
        pushes = Gauge(
            "kuaihui_outbox_pushes", "Pushes since the start, by outcome", ["outcome"], registry=self.registry
        )
        pushes.labels("delivered").set_function(lambda: outbox.delivered)
        pushes.labels("retried").set_function(lambda: outbox.retried)
        pushes.labels("given_up").set_function(lambda: outbox.failed)

    def hear(self, alerting: Alerting) -> None:
        """Show what the group robots do, too."""
        messages = Gauge(
            "kuaihui_robot_messages", "Group messages since the start, by outcome", ["outcome"], registry=self.registry
        )
        messages.labels("said").set_function(lambda: alerting.said)
        messages.labels("retried").set_function(lambda: alerting.retried)
        messages.labels("refused").set_function(lambda: alerting.failed)
        alerting.late_by = Histogram(
            "kuaihui_robot_late_seconds",
            "From the instant that a warning or miss was meant to its group message",
            buckets=LATE,
            registry=self.registry,
        ).observe

    def page(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)
