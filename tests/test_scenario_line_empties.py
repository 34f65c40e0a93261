# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A line of the cell that is fed by vehicles, and whose empty containers they fetch.

Lines, fleet, traffic and simulation are the real cores on one clock, without ROS.
"""

from importlib.util import module_from_spec, spec_from_file_location
from math import isfinite, nan
from pathlib import Path

from linehaul_fleet.delivery import Phase, Request
from linehaul_line.assembly import Stopped
from linehaul_line.desk import LineDesk
from linehaul_line.feeding import Ask, Feeding
from linehaul_line.lookahead import Policy
from linehaul_line.source import expected_responses, first_side, make_line
from linehaul_sim.loads import HolderKind

_SPEC = spec_from_file_location('fleet_world', Path(__file__).with_name('fleet_world.py'))
fleet_world = module_from_spec(_SPEC)
_SPEC.loader.exec_module(fleet_world)


class FedWorld(fleet_world.FleetWorld):
    """The cell with its line; what the line asks for goes to the fleet."""

    def __post_init__(self):
        self.sim = {'told_use': True, 'keep_empties': True}
        super().__post_init__()
        (line,) = self.plant.lines.values()
        made = make_line(self.plant, line, start=self.now + 10.0, known=200, exchange=False)
        responses = expected_responses(self.plant, line, wait=10.0, transfer=15.0)
        side = first_side(self.plant, line)
        self.desk = LineDesk(made, Feeding(Policy(z=2.0, cover=60.0)), responses, side=side)
        self.asked_for, self.stops, self.way = {}, [], {}

    def hear_load(self, load):
        super().hear_load(load)
        self.way.setdefault(load.id, []).append((load.holder, load.holder_id, load.item_id))
        if load.holder in (HolderKind.VEHICLE, HolderKind.GONE):
            self.desk.left(load.id, self.now)

    def round(self):
        for name, ask in list(self.asked_for.items()):
            delivery = self.fleet.model.deliveries[name]
            if Phase.LOADED <= delivery.phase <= Phase.DELIVERING:
                self.desk.loaded(name)
            if delivery.phase.ended:
                assert delivery.phase is Phase.DELIVERED, delivery.text
                del self.asked_for[name]
                refused = self.desk.placed(name, ask.quantity, self.now, delivery.load_id)
                assert refused is None
        intents, events = self.desk.tick(self.now)
        self.stops += [one for one in events if isinstance(one, Stopped)]
        for load in self.desk.side.to_tell():
            assert self.world.use_load(load)
            self.desk.side.heard(load)
        for one in intents:
            if isinstance(one, Ask):
                self.ask(one)
        super().round()

    def ask(self, one):
        due = max(one.due, self.now + 5.0) if isfinite(one.due) else nan
        earliest = min(one.earliest, due) if one.earliest > self.now else nan
        wish = Request(
            one.request, '', one.item, one.quantity, one.station, earliest, due, one.priority
        )
        assert getattr(self.fleet.request(wish, self.now), 'text', '') == ''
        self.asked_for[one.request] = one


def test_vehicles_bring_full_containers_and_take_the_empty_ones_back():
    world = FedWorld(cycle=1.0)
    world.run(1400.0)
    part = world.desk.assembly.stock
    gone = [way for way in world.way.values() if way[-1][0] is HolderKind.GONE]
    for way in gone:  # empty at a station, on a vehicle, in a port that takes loads in, gone
        kinds = [(holder, item) for holder, _, item in way if item is None]
        assert kinds == [
            (HolderKind.PORT, None),
            (HolderKind.VEHICLE, None),
            (HolderKind.PORT, None),
            (HolderKind.GONE, None),
        ], way
        assert [place for holder, place, _ in way if holder is HolderKind.PORT][-1] == 'wh_in_1'
    delivered = [d for d in world.fleet.model.deliveries.values() if d.phase is Phase.DELIVERED]
    assert min(len(gone), len(delivered)) >= 2
    assert world.desk.responses[next(iter(part))[0]].clearing.weight > 0
    assert world.stops == []
    assert world.world.data.handling.failures == 0
    for (station, _), row in world.desk.side.rows.items():
        there = world.world.data.ledger.ports[station].loads
        empties = [load for load, (key, _) in world.desk.side.empties.items() if key[0] == station]
        assert sorted(there) == sorted([*row, *empties])
