"""Dosing to a target mass by a scale: coarse, then fine; the in-flight mass is learned from dose to dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field
from simpy.events import Event

from cellwright.errors import CellFault
from cellwright.hardware.waits import leave_running
from cellwright.sequences.dosing_devices import DosingPump, DosingScale, DosingValve, WeighingResult
from cellwright.sequences.settings import Settings
from cellwright.sequences.supervision import Step

Positive = Annotated[float, Field(gt=0, le=10_000)]


class DosingFault(CellFault):
    """Why a dose was interrupted. The pump has stopped and the valve is closed.

    got_g: the last plausible reading of this dose, g. coming_g: mass that should have followed after that reading, g.
    stands_g: the whole reading of the scale, without ``coming_g``, g.
    """

    got_g: float = 0.0
    coming_g: float = 0.0
    stands_g: float | None = None


class LineBlocked(DosingFault):
    """The pump ran without flow, though the drum should have plenty."""


class DrumEmpty(DosingFault):
    """The pump ran without flow, and by the inventory the drum is empty."""


class AirInLine(DosingFault):
    """The flow stopped for a while and returned: a bubble passed."""


class ScaleDrifts(DosingFault):
    """The reading changed slowly, though nothing was pumped."""


class ScaleJumped(DosingFault):
    """The reading changed by more than the pump can deliver: somebody touched the scale, or it is broken."""


class DoseInterrupted(DosingFault):
    """A condition of the dose ended: the can was lifted, or the door opened."""


class DoseNotReached(DosingFault):
    """The target was not reached within the time, or the number of pulses, that a dose may take."""


@dataclass(kw_only=True)
class LineMemory:
    """Values learned for one line; zero where nothing was learned yet.

    flow_g_per_s: at coarse speed. in_flight_g: mass that still reached the scale after the pump was stopped.
    fine_g_per_ml: mass that a pulse delivers for each mL that a new pump would move. left_g: in the drum, by the
    inventory. doses: the number of doses learned from.
    """

    flow_g_per_s: float = 0.0
    in_flight_g: float = 0.0
    fine_g_per_ml: float = 0.0
    left_g: float = 0.0
    doses: int = 0


class DosingRules(Settings):
    """Parameters and limits of a dose. Times in s, masses in g; all are assumed, to be adjusted after a first run.

    coarse_rpm, fine_rpm: speeds of the pump. tolerance_g: tolerance of a dose; a few drops. margin_g: how far before
    the learned point the coarse run stops; its variation. settle_s: from standstill until a weighing: fall, thread and
    filter. samples: of a weighing. poll_s: the longest time between two samples of the scale. max_pulses, max_dose_s:
    of a dose. dry_s: so long without flow means no flow. bubble_s: how long it then waits for a bubble to pass.
    drift_g: how far two weighings may differ with nothing pumped between; six times their noise. jump_g: how far the
    reading may change beyond what the pump can deliver. empty_g: with less than this by the inventory, the drum may be
    empty.
    """

    source: str = "chosen on the simulated mixer, never tried on a real one"
    coarse_rpm: Positive = 180
    fine_rpm: Positive = 30
    tolerance_g: Positive = 0.15
    margin_g: Positive = 1.5
    settle_s: Positive = 0.6
    samples: Annotated[int, Field(ge=2, le=1000)] = 16
    poll_s: Positive = 0.5
    max_pulses: Annotated[int, Field(ge=1, le=1000)] = 40
    max_dose_s: Positive = 600
    dry_s: Positive = 2.0
    bubble_s: Positive = 4.0
    drift_g: Positive = 0.2
    jump_g: Positive = 2.0
    empty_g: Positive = 300


@dataclass(frozen=True, slots=True)
class Dose:
    """A finished dose: its mass by the scale, the number of pulses after the coarse run, and its duration.

    stands_g: the whole reading of the scale, for the next dose.
    """

    dosed_g: float
    stands_g: float
    pulses: int
    took_s: float


def dose_to_mass(
    pump: DosingPump,
    valve: DosingValve,
    scale: DosingScale,
    target_g: float,
    memory: LineMemory,
    rules: DosingRules,
    guards: Sequence[Event] = (),
    stood_g: float | None = None,
) -> Step:
    """Dose ``target_g`` grams through one line. For use in a step with ``yield from``; returns a Dose.

    stood_g: the last reading of the scale, if nothing was pumped since; it must still show that. guards: events that
    interrupt the dose, such as the can being lifted. Raises a DosingFault that names the cause; the pump has then
    stopped, the valve is closed, and the dosed mass is in ``got_g``. An overshoot raises nothing: the caller can see it
    in the Dose.
    """
    return _Dosing(pump, valve, scale, target_g, memory, rules, guards, stood_g).run()


@dataclass
class _Dosing:
    """One running dose."""

    pump: DosingPump
    valve: DosingValve
    scale: DosingScale
    target_g: float
    memory: LineMemory
    rules: DosingRules
    guards: Sequence[Event]
    stood_g: float | None
    start_g: float = 0.0
    has_begun: bool = False
    got_g: float = 0.0
    coming_g: float = 0.0
    pulses: int = 0
    dry_pulses: int = 0
    began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.env = self.pump.board.env
        self.began_s = self.env.now

    def run(self) -> Step:
        self.pump.zero()
        try:
            self.start_g = yield from self._settled()
            self._check_drift()
            self.has_begun = True
            if self.target_g > self._min_coarse_g():
                yield from self._coarse()
            while self.target_g - self.got_g > self.rules.tolerance_g:
                yield from self._pulse(self.target_g - self.got_g)
        except DosingFault as trouble:
            trouble.got_g, trouble.coming_g = self.got_g, self.coming_g
            trouble.stands_g = self.start_g + self.got_g if self.has_begun else self.stood_g
            raise
        finally:
            self.memory.left_g -= max(0.0, self.got_g)
        self.memory.doses += 1
        return Dose(self.got_g, self.start_g + self.got_g, self.pulses, self.env.now - self.began_s)

    def _check_drift(self) -> None:
        """Nothing was pumped since the last weighing, so the reading must be the same."""
        moved_g = 0.0 if self.stood_g is None else self.start_g - self.stood_g
        if abs(moved_g) > self.rules.jump_g:
            raise ScaleJumped(f"{self.scale.name} jumped by {moved_g:+.1f} g with nothing pumped.")
        if abs(moved_g) > self.rules.drift_g:
            raise ScaleDrifts(f"{self.scale.name} drifted by {moved_g:+.2f} g with nothing pumped.")

    # ---- coarse ----

    def _flow_g_per_s(self) -> float:
        """The flow at coarse speed: as learned, or two thirds of a new pump's with a liquid like water."""
        return self.memory.flow_g_per_s or 0.67 * self.pump.flow_ml_per_s(self.rules.coarse_rpm)

    def _in_flight_g(self) -> float:
        """The in-flight mass: as learned, or the flow of one second, which is rather too much than too little."""
        return self.memory.in_flight_g or self._flow_g_per_s()

    def _min_coarse_g(self) -> float:
        return 2 * self._in_flight_g() + self.rules.margin_g

    def _coarse(self) -> Step:
        """Run until the mass on the scale and the mass in flight make the dose, less a margin."""
        stop_at_g = self.target_g - self._in_flight_g() - self.rules.margin_g
        shown_g = yield from self._run_to(stop_at_g, self.rules.coarse_rpm, self._flow_g_per_s())
        yield from self._weigh(2 * self._in_flight_g())
        self._learn("in_flight_g", self.got_g - shown_g)

    def _run_to(self, stop_at_g: float, rpm: float, flow_g_per_s: float) -> Step:
        """Pump at ``rpm`` until the scale shows ``stop_at_g`` of this dose; returns its reading as the pump stopped.

        Raises the cause of a missing flow.
        """
        rules, env = self.rules, self.env
        lag_s = self._in_flight_g() / self._flow_g_per_s()
        max_dose_s = 2 * self.target_g / flow_g_per_s + lag_s + rules.dry_s + rules.bubble_s
        turning = leave_running(self.pump.dispense(max_dose_s * self.pump.flow_ml_per_s(rpm), rpm))
        self.valve.open()
        max_g_per_s = (1.25 if self.memory.flow_g_per_s else 2.0) * flow_g_per_s
        flow = _FlowMonitor(env.now + lag_s, self.got_g, flow_g_per_s, rules.dry_s)
        shown_g, shown_s = self.got_g, env.now
        while shown_g < stop_at_g and turning.callbacks is not None:
            wait_s = 0.5 * (stop_at_g - shown_g) / flow_g_per_s
            yield env.any_of([env.timeout(min(max(wait_s, self.scale.period_s), rules.poll_s)), *self.guards])
            in_air_g = self.memory.in_flight_g or 0.5 * flow.g_per_s
            self.coming_g = flow.g_per_s * (env.now - shown_s) + in_air_g
            yield from self._stop_if_interrupted()
            self.valve.hold()
            now_g = (yield from self.scale.sample()) - self.start_g
            yield from self._stop_if_jumped(now_g - shown_g, max_g_per_s * (env.now - shown_s))
            shown_g, shown_s = now_g, env.now
            self.got_g, self.coming_g = shown_g, in_air_g
            flow.update(env.now, shown_g)
            if flow.is_back or flow.dry_for_s(env.now) > rules.bubble_s:
                yield from self._stop()
                yield from self._weigh(2 * self._in_flight_g())
                raise self._no_flow_fault(flow)
        yield from self._stop()
        if rpm == rules.coarse_rpm and flow.steady_g_per_s:
            self._learn("flow_g_per_s", flow.steady_g_per_s)
        return shown_g

    def _no_flow_fault(self, flow: _FlowMonitor) -> DosingFault:
        name, rules = self.pump.name, self.rules
        if flow.is_back:
            return AirInLine(f"{name} pumped air for some seconds; bleed its line.")
        left_g = self.memory.left_g - self.got_g
        if left_g < rules.empty_g:
            return DrumEmpty(
                f"{name} brings nothing more, and its drum should hold {max(0.0, left_g):.0f} g; change it."
            )
        return LineBlocked(
            f"{name} brings nothing, though its drum should hold {left_g / 1000:.1f} kg; clear its line, or look "
            "whether the drum is as full as booked."
        )

    # ---- fine ----

    def _pulse(self, left_g: float) -> Step:
        """Dose most of the remaining mass in one pulse, and weigh."""
        rules = self.rules
        self._check_dose_limits()
        self.pulses += 1
        g_per_ml = self.memory.fine_g_per_ml or 1.0
        share = 0.7 if left_g > 1.0 or not self.memory.fine_g_per_ml else 0.9
        ml = max(share * left_g / g_per_ml * 1.5**self.dry_pulses, self.pump.smallest_ml())
        before_g = self.got_g
        self.coming_g = ml * g_per_ml
        self.valve.open()
        yield self.env.any_of([self.pump.dispense(ml, rules.fine_rpm), *self.guards])
        yield from self._stop_if_interrupted()
        self.valve.close()
        yield from self._weigh(3 * ml * max(g_per_ml, 1.0))
        came_g = self.got_g - before_g
        if ml * g_per_ml > 0.5 and came_g > 0.25 * ml * g_per_ml:
            self._learn("fine_g_per_ml", came_g / ml)
        # A drop may stay on the nozzle, so that one small pulse delivers nothing; several in a row do.
        self.dry_pulses = self.dry_pulses + 1 if came_g < 0.2 * ml * g_per_ml else 0
        if self.dry_pulses >= 4:
            yield from self._run_to(self.target_g - self.rules.tolerance_g, rules.fine_rpm, self._fine_flow_g_per_s())
            yield from self._weigh(2 * self._in_flight_g())
            self.dry_pulses = 0

    def _fine_flow_g_per_s(self) -> float:
        return self._flow_g_per_s() * self.rules.fine_rpm / self.rules.coarse_rpm

    def _check_dose_limits(self) -> None:
        rules, took_s = self.rules, self.env.now - self.began_s
        if self.pulses >= rules.max_pulses or took_s > rules.max_dose_s:
            raise DoseNotReached(
                f"{self.pump.name} dosed {self.got_g:.2f} g of {self.target_g:.2f} g in {self.pulses} pulses and "
                f"{took_s:.0f} s; a dose may take {rules.max_pulses} pulses and {rules.max_dose_s:g} s."
            )

    # ---- stopping and weighing ----

    def _stop(self) -> Step:
        yield self.pump.stop_abruptly()
        self.valve.close()

    def _stop_if_interrupted(self) -> Step:
        come = [guard for guard in self.guards if guard.callbacks is None or guard.triggered]
        if come:
            yield from self._stop()
            raise DoseInterrupted(f"{getattr(come[0], 'what', 'what must stay').split(' ')[0]} opened in mid-dose.")

    def _stop_if_jumped(self, moved_g: float, max_g: float) -> Step:
        if not self._is_believable(moved_g, max_g):
            yield from self._stop()
            self._check_jump(moved_g, max_g)

    def _is_believable(self, moved_g: float, max_g: float) -> bool:
        return -self.rules.jump_g < moved_g < max_g + self.rules.jump_g

    def _check_jump(self, moved_g: float, max_g: float) -> None:
        if not self._is_believable(moved_g, max_g):
            raise ScaleJumped(f"{self.scale.name} jumped by {moved_g:+.1f} g; the pump can have brought {max_g:.1f} g.")

    def _weigh(self, max_g: float) -> Step:
        """Weigh this dose once everything has landed: at most ``max_g`` more than the last reading."""
        settled_g = yield from self._settled()
        self._check_jump(settled_g - self.start_g - self.got_g, max_g)
        self.got_g, self.coming_g = settled_g - self.start_g, 0.0

    def _settled(self) -> Step:
        yield self.env.timeout(self.rules.settle_s)
        weighing: WeighingResult = yield from self.scale.weigh(self.rules.samples)
        yield from self._stop_if_interrupted()
        if weighing.spread_g > self.rules.jump_g:
            raise ScaleJumped(f"{self.scale.name} did not settle: its samples are {weighing.spread_g:.1f} g apart.")
        return weighing.mean_g

    def _learn(self, name: str, observed: float) -> None:
        """Exponential smoothing with a factor of 0.5; the first observation is taken as it is."""
        known = getattr(self.memory, name)
        setattr(self.memory, name, (known + observed) / 2 if known else observed)


class _FlowMonitor:
    """Monitors the flow: less than half the usual flow for ``dry_s`` seconds counts as none.

    from_s: when the first of it should show on the scale. A line is dry only if a *reading* after those seconds says
    so: one that comes a moment late and shows the flow is no evidence of air.
    """

    def __init__(self, from_s: float, shown_g: float, usual_g_per_s: float, dry_s: float) -> None:
        self.is_back = False
        self.steady_g_per_s = 0.0
        self.g_per_s = usual_g_per_s
        self._enough_g = 0.5 * usual_g_per_s * dry_s
        self._dry_s = dry_s
        self._came = (from_s, shown_g)
        self._first: tuple[float, float] | None = None
        self._was_dry = False

    def update(self, now_s: float, shown_g: float) -> None:
        """Process a reading of the scale."""
        if shown_g - self._came[1] < self._enough_g:
            self._was_dry = self._was_dry or self.dry_for_s(now_s) > 0
            return
        self.is_back = self._was_dry
        self._came = (now_s, shown_g)
        if self._first is None:
            self._first = self._came
        elif now_s - self._first[0] > self._dry_s:
            self.g_per_s = self.steady_g_per_s = (shown_g - self._first[1]) / (now_s - self._first[0])

    def dry_for_s(self, now_s: float) -> float:
        """How long the flow has been missing beyond ``dry_s``, s."""
        return max(0.0, now_s - self._came[0] - self._dry_s)
