# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicle brings which load: one assignment of all open missions to all vehicles.

The cost of a pair is in seconds of empty driving: lateness first (lateness.py), then the empty
way, the time that the load stands at the port and keeps the next from it, or that the vehicle
stands there and waits for the load, then the vehicle's charge. Missions may also be put off: for
each there is a slot in which it would be served when vehicles come free again, so that with more
missions than vehicles those go first whose waiting would cost most. A mission that has a vehicle
keeps it unless the change gains more than CHANGE, and more with each change that the mission has
seen, or its vehicle since it had a load. After CHANGES_MOST of one mission or TURNS_MOST of one
vehicle they stay together, whatever could be gained: nobody dithers for ever.

Source: rectangular linear sum assignment (Crouse 2016), as in scipy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from linehaul_floor.geometry import FloatArray
from scipy.optimize import linear_sum_assignment

from linehaul_fleet.charging import FLOOR
from linehaul_fleet.lateness import lateness_cost, weights
from linehaul_fleet.missions import Mission, due_of
from linehaul_fleet.offers import Offer
from linehaul_fleet.situation import Situation
from linehaul_floor import PlaceId

CHANGE = 30.0
"""[s] what it costs to change one's mind about a mission's vehicle; grows with each change."""
NOISE = 15.0
"""[s] by which arrivals must differ to count when one changes one's mind: so good is an ETA."""
CHANGES_MOST = 5
"""After so many changes a mission keeps its vehicle."""
TURNS_MOST = 3
"""A vehicle that has lost so many missions on its way to their loads keeps the one it has."""
STAND = 0.3
"""What a second of standing at a port costs."""
CHARGE = 30.0
"""[s] what an empty battery costs against a full one."""
UNPLUG = 20.0
"""[s] what it costs to take a vehicle off its charger."""
EMPTY_GUESS = 60.0
"""[s] empty way of missions that are put off."""
FLOW = 1.0
"""What a second costs that a load stands at a port, for itself and for each one behind it."""
MOST = 400
"""Missions that are looked at together, the most urgent ones."""
_NEVER = 1e9
_MUST = 1e6


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is planned for a mission: who (None: put off), when at the source, when delivered [s].

    empty: seconds of empty driving.
    """

    mission: Mission
    offer: Offer | None
    start: float
    arrival: float
    empty: float


@dataclass(frozen=True, slots=True)
class Times:
    """Times of all pairs of M missions and V offers [s].

    empty (M, V): driving to the source. start (M, V): when there. loaded (M, V): from source to
    target with both transfers. arrival (M, V): when delivered. inf where a vehicle cannot.
    """

    empty: FloatArray
    start: FloatArray
    loaded: FloatArray
    arrival: FloatArray


def assign(
    s: Situation, missions: Sequence[Mission], offers: Sequence[Offer], now: float
) -> list[Pairing]:
    """Return what is planned for each mission, at most one for each vehicle.

    Args:
        s: the situation.
        missions: those that can still get any vehicle, most urgent first.
        offers: one of each vehicle.
        now: plant time [s].
    """
    missions = missions[:MOST]
    if not missions:
        return []
    times = pair_times(s, missions, offers)
    slots = later_slots(times, offers, len(missions), now)
    cost = np.hstack([
        pair_costs(s, missions, offers, times, now),
        _put_off_costs(missions, times, slots, now),
    ])  # fmt: skip
    cost[~(cost < _NEVER)] = _NEVER
    rows, columns = linear_sum_assignment(cost)
    found = []
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        if j < len(offers) and cost[i, j] < _NEVER / 2:
            start, arrival = float(times.start[i, j]), float(times.arrival[i, j])
            empty = float(times.empty[i, j])
            found.append(Pairing(missions[i], offers[j], start, arrival, empty))
        else:
            start = float(slots[j - len(offers)]) if j >= len(offers) else inf
            loaded = _least_loaded(times)[i]
            found.append(Pairing(missions[i], None, start, start + float(loaded), EMPTY_GUESS))
    return found


def pair_times(s: Situation, missions: Sequence[Mission], offers: Sequence[Offer]) -> Times:
    """Return the times of all pairs."""
    shape = (len(missions), len(offers))
    empty, loaded = np.full(shape, inf), np.full(shape, inf)
    transfer = s.settings.transfer_time
    nodes = np.array([one.node for one in offers], int)
    classes = np.array([one.vehicle_class for one in offers])
    limits = np.array([s.desk.load_limit(one.vehicle, one.vehicle_class) for one in offers])
    mass = np.array([m.mass for m in missions])
    said = [s.desk.able(one.vehicle) for one in offers]
    slower = np.array([(one.slower, one.slower_loaded) for one in said]).reshape(-1, 2)
    by_way: dict[tuple[str, str], list[int]] = {}
    for i, m in enumerate(missions):
        by_way.setdefault((m.source, m.job.target), []).append(i)
    for name in dict.fromkeys(one.vehicle_class for one in offers):
        columns = np.flatnonzero(classes == name)
        pace = s.desk.pace_loaded(name)
        for (source_id, target_id), rows in by_way.items():
            source, target = s.plant.places[source_id], s.plant.places[target_id]  # type: ignore[index]
            if name not in source.classes or name not in target.classes:
                continue
            way = s.desk.travel.to(name, source.node)[nodes[columns]]  # type: ignore[arg-type]
            way = way * slower[columns, 0]
            drive = pace * s.desk.travel.time(name, source.node, target.node)  # type: ignore[arg-type]
            for i in rows:
                able = mass[i] <= limits[columns]
                empty[i, columns] = np.where(able, way, inf)
                loaded[i, columns] = np.where(
                    able, drive * slower[columns, 1] + 2.0 * transfer, inf
                )
    begin = np.array([one.time for one in offers])
    ready = np.array([m.ready for m in missions])
    start = begin[None, :] + empty
    arrival = np.maximum(start, ready[:, None]) + loaded
    return Times(empty, start, loaded, arrival)


def pair_costs(
    s: Situation, missions: Sequence[Mission], offers: Sequence[Offer], times: Times, now: float
) -> FloatArray:
    """Return (M, V) costs of all pairs."""
    ready = np.array([m.ready for m in missions])
    charge = np.array([one.charge for one in offers])
    plugged = np.array([one.charging for one in offers])
    with np.errstate(invalid='ignore'):
        cost = lateness_of(missions, times.arrival, now)
        stand = np.maximum(ready[:, None] - times.start, 0.0)
        cost += times.empty + STAND * stand + _blocking(missions, times.start, now)
        cost += (CHARGE * (1.0 - charge) + UNPLUG * plugged)[None, :]
        use = np.array([s.desk.drain.rate(one.vehicle, one.vehicle_class) for one in offers])
        left = charge[None, :] - use[None, :] * (times.empty + times.loaded)
    cost[~np.isfinite(times.arrival) | (left < _needed(s, missions, offers))] = _NEVER
    cost += _changing(missions, offers, cost, now)
    return _give_way(missions, offers, cost, now)


def _needed(s: Situation, missions: Sequence[Mission], offers: Sequence[Offer]) -> FloatArray:
    """Return (M, V) charges that vehicles need at the missions' targets to get to a charger."""
    needed = np.full((len(missions), len(offers)), FLOOR)
    targets = [s.plant.places[m.job.target].node for m in missions]
    ways: dict[str, FloatArray] = {}
    for j, one in enumerate(offers):
        name = one.vehicle_class
        if name not in ways:
            way = s.desk.to_charger(name)[targets]  # type: ignore[arg-type]
            ways[name] = np.where(np.isfinite(way), way, 0.0)
        needed[:, j] += s.desk.drain.rates(one.vehicle, name)[1] * ways[name]
    return needed


def lateness_of(missions: Sequence[Mission], arrival: FloatArray, now: float) -> FloatArray:
    """Return the costs of arrivals (M, ...) of missions."""
    due = np.array([due_of(m) for m in missions])
    return lateness_cost(arrival, due[:, None], _weights(missions, now)[:, None])


def _weights(missions: Sequence[Mission], now: float) -> FloatArray:
    age = np.array([max(now - m.asked, 0.0) for m in missions])
    return weights(np.array([float(m.priority) for m in missions]), age)


def change_costs(missions: Sequence[Mission], now: float) -> FloatArray:
    """Return (M,) what it costs to take each mission from the vehicle that has it."""
    once = CHANGE + NOISE * _weights(missions, now)
    times = np.array([1.0 + m.changes + m.turned for m in missions])
    return np.where([_may_change(m) for m in missions], once * times, _NEVER)


def _may_change(mission: Mission) -> bool:
    return mission.changes < CHANGES_MOST and mission.turned < TURNS_MOST


def _changing(
    missions: Sequence[Mission], offers: Sequence[Offer], pairs: FloatArray, now: float
) -> FloatArray:
    """Return (M, V) costs of changing one's mind, where the pairs cost what they cost."""
    cost = np.zeros((len(missions), len(offers)))
    change = change_costs(missions, now)
    column = {one.vehicle: j for j, one in enumerate(offers)}
    for i, m in enumerate(missions):
        j = column.get(m.holder) if m.holder else None
        # where the holder is gone, or cannot any more, a change is no change of mind
        if j is not None and pairs[i, j] < _NEVER / 2:
            cost[i] = change[i]
            cost[i, j] = 0.0
    return cost


def _give_way(
    missions: Sequence[Mission], offers: Sequence[Offer], cost: FloatArray, now: float
) -> FloatArray:
    """Who stands in a bay takes what stands there, or nothing else can ever come to the port.

    Not who has changed too often: it leaves the bay and waits (steps.py).
    """
    column = {one.mission: j for j, one in enumerate(offers) if one.in_bay}
    for i, mission in enumerate(missions):
        j = column.get(mission.key)
        if j is None or mission.ready <= now or not _may_change(mission):
            continue
        there = [k for k, m in enumerate(missions) if _stands_at(m, mission.source, now)]
        able = [k for k in there if cost[k, j] < _NEVER / 2]
        if able:
            cost[i, j] = _NEVER
            cost[able, j] -= _MUST
    return cost


def _stands_at(mission: Mission, source: PlaceId, now: float) -> bool:
    return mission.source == source and mission.ready <= now


def later_slots(times: Times, offers: Sequence[Offer], count: int, now: float) -> FloatArray:
    """Return (count,) when vehicles come free again after a mission each, soonest first [s]."""
    known = times.loaded[np.isfinite(times.loaded)]
    cycle = EMPTY_GUESS + (float(known.mean()) if known.size else 600.0)
    free = np.array([one.time for one in offers]) if offers else np.array([now + cycle])
    rounds = np.arange(1, 2 + count // free.size)
    return np.sort((free[None, :] + cycle * rounds[:, None]).ravel())[:count]


def _put_off_costs(
    missions: Sequence[Mission], times: Times, slots: FloatArray, now: float
) -> FloatArray:
    """Return (M, M) costs of serving missions in later slots."""
    arrival = slots[None, :] + EMPTY_GUESS + _least_loaded(times)[:, None]
    held = np.array([m.holder is not None for m in missions])
    kept = np.where(held, np.minimum(change_costs(missions, now), _NEVER / 4), 0.0)
    start = np.broadcast_to(slots + EMPTY_GUESS, arrival.shape)
    blocking = _blocking(missions, start, now)
    return np.asarray(
        lateness_of(missions, arrival, now) + blocking + (EMPTY_GUESS + kept)[:, None]
    )


def _blocking(missions: Sequence[Mission], start: FloatArray, now: float) -> FloatArray:
    """Return (M, ...) costs of loads that stand at their ports until somebody is there (M, ...).

    What stands at a port keeps the next from coming.
    """
    there = np.array([max(m.ready, now) for m in missions])
    many = np.array([1.0 + m.behind for m in missions])
    return np.asarray(FLOW * many[:, None] * np.maximum(start - there[:, None], 0.0))


def _least_loaded(times: Times) -> FloatArray:
    least = times.loaded.min(axis=1, initial=inf)
    return np.where(np.isfinite(least), least, 600.0)
