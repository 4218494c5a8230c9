"""I count what operators watch, for Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.web.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.channels.alerting import Alerting
    from bot.channels.outbox import Outbox
    from bot.loop import Loop
    from bot.ports import Event, Store


class Counts(NamedTuple):
    """What the store counts. `findings`: rows of the guard's record by shop, rule and event; `outcomes`: what agents did
    with scripts, by shop and action, with the last row's number, in rows above
    `after`; `waiting`, `dead`: pushes by destination; `alarm`: when the earliest is to ring.
    """

    findings: Sequence[tuple[str, str, str, int]]
    outcomes: Sequence[tuple[str, str, int, int]]
    after: int
    waiting: Mapping[str, int]
    dead: Mapping[str, int]
    disabled: Sequence[str]
    alerts: int
    alarm: int | None


def counts(store: Store, after: int) -> Counts:
    """As they are now; `outcomes` of rows numbered above `after`."""
    sizes = store.outbox_sizes()
    return Counts(
        findings=store.ruling_counts(),
        outcomes=store.pick_counts(after),
        after=after,
        waiting={name: waiting for name, waiting, _ in sizes},
        dead={name: dead for name, _, dead in sizes},
        disabled=[one.name for one in store.disabled()],
        alerts=store.alerts_size(),
        alarm=store.next_alarm(),
    )


class Told(Collector):
    """What is counted elsewhere: in the store, and by who follows the feed."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.findings: Sequence[tuple[str, str, str, int]] = ()
        self.outcomes: Tally[tuple[str, str]] = Tally()  # by shop and action
        self.after = 0  # up to this row of the store
        self.feed: Tally[tuple[str, str]] = Tally()  # by shop and type
        self.suggestions: Tally[tuple[str, str]] = Tally()  # by shop, shown or silent

    def hear(self, events: Sequence[Event]) -> None:
        """Rows of the feed as they are written."""
        for event in events:
            self.feed[event.shop, event.type] += 1
            if event.type == "suggestion.created":
                self.suggestions[event.shop, "silent" if '"silent":true' in event.data else "shown"] += 1

    def know(self, told: Counts) -> None:
        """What the store counts; of scripts, what it counts beyond what is known."""
        self.findings = told.findings
        if told.after == self.after:  # else somebody else asked meanwhile
            for shop, action, number, last in told.outcomes:
                self.outcomes[shop, action] += number
                self.after = max(self.after, last)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """A family each."""
        for name, text, labels, rows in (
            (
                "guard_findings",
                "What the guard's rules said, and what became",
                "shop rule event",
                self.findings,
            ),
            ("suggestion_outcomes", "What agents did with scripts", "shop outcome", _rows(self.outcomes)),
            ("suggestions", "Suggestions made since the start", "shop result", _rows(self.suggestions)),
            ("feed_events", "Events told since the start", "shop type", _rows(self.feed)),
        ):
            family = CounterMetricFamily(f"kuaihui_{name}", text, labels=labels.split())
            for *values, number in rows:
                family.add_metric([str(value) for value in values], float(number))
            yield family


def _rows(tally: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    return sorted((*place, number) for place, number in tally.items())


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
        self.config_reloads = Counter("kuaihui_config_reloads_total", "New configs taken", registry=self.registry)
        self.config_broken = Gauge(
            "kuaihui_config_broken", "Mistakes in the config; the one before goes on", registry=self.registry
        )
        self.timing, self._told = Timing(), Told()
        self.registry.register(self.timing)
        self.registry.register(self._told)
        loop.heard_by = self._told.hear
        depth = Gauge("kuaihui_inbox_depth", "Events that wait for the engine", registry=self.registry)
        depth.set_function(lambda: loop.depth)
        late = Gauge("kuaihui_alarm_lateness_seconds", "Lateness of the last alarm", registry=self.registry)
        late.set_function(lambda: loop.lateness)
        loop.late_by = Histogram(
            "kuaihui_alarms_late_seconds", "How late alarms rang", buckets=LATE, registry=self.registry
        ).observe

        self._overdue = Gauge(
            "kuaihui_alarm_overdue_seconds", "By how much the earliest alarm is late now", registry=self.registry
        )
        self._places = {
            name: Gauge(f"kuaihui_destination_{name}", text, ["destination"], registry=self.registry)
            for name, text in (
                ("waiting", "Pushes that wait for a destination"),
                ("dead", "Pushes to a destination that were given up"),
                ("state", "0: it is served; 1: it is away and rests; 2: it wants no more"),
            )
        }
        self._outbox = Gauge("kuaihui_outbox_waiting", "Pushes that wait for a chat tool", registry=self.registry)
        self._dead = Gauge("kuaihui_outbox_dead", "Pushes that were given up", registry=self.registry)
        self._disabled = Gauge(
            "kuaihui_destinations_disabled", "Destinations that want no more", registry=self.registry
        )
        self._alerts = Gauge(
            "kuaihui_robot_waiting", "Warnings and misses that robots have to say", registry=self.registry
        )
        self._states: Callable[[], Mapping[str, bool]] = dict

    def ask(self, store: Store) -> Counts:
        """What the store counts, as `know` wants it."""
        return counts(store, self._told.after)

    def know(self, told: Counts, now: float) -> None:
        """What the store counted at an instant."""
        self._told.know(told)
        self._overdue.set(max(0.0, now - told.alarm) if told.alarm is not None else 0.0)
        self._outbox.set(sum(told.waiting.values()))
        self._dead.set(sum(told.dead.values()))
        self._disabled.set(len(told.disabled))
        self._alerts.set(told.alerts)
        away = self._states()
        for gauge in self._places.values():
            gauge.clear()
        for name in sorted({*told.waiting, *told.dead, *told.disabled, *away}):
            self._places["waiting"].labels(name).set(told.waiting.get(name, 0))
            self._places["dead"].labels(name).set(told.dead.get(name, 0))
            self._places["state"].labels(name).set(2 if name in told.disabled else int(away.get(name, False)))

    def watch(self, outbox: Outbox) -> None:
        """Show what the outbox does, too."""
        self._states = lambda: outbox.states
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
