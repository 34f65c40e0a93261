# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Orders that end before their end: turned round, taken back, or forgotten by the vehicle."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from linehaul_fleet.work import JobKind
from linehaul_sim.bench import Dispatcher

from linehaul_agv import AgvState

_SPEC = spec_from_file_location('fleet_world', Path(__file__).with_name('fleet_world.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
FleetWorld = _MODULE.FleetWorld

FIRST = 'agv_001'


def test_a_vehicle_that_is_turned_round_on_its_way_home_keeps_no_horizon():
    world = FleetWorld()
    world.run(2.0)
    world.request('d')
    world.until(world.all_delivered)
    vehicle = world.vehicle(world.delivery('d').vehicle_id)
    world.until(lambda: vehicle.job and vehicle.job.kind is JobKind.PARK and vehicle.state.driving)
    order = vehicle.state.order_id
    for name in ('e', 'ee', 'eee'):
        world.request(name)
    world.until(lambda: vehicle.job and vehicle.job.kind is JobKind.DELIVERY, 60.0)
    assert vehicle.state.order_id == order  # an update of the same order, no cancelling
    world.until(world.all_delivered)
    everybody = world.fleet.model.vehicles.values()
    world.until(lambda: all(v.leg is None and not v.state.driving for v in everybody))
    assert all(not v.state.node_states and not v.state.edge_states for v in everybody)


def test_a_vehicle_that_hears_no_cancel_is_asked_ever_more_rarely_and_never_after_a_reboot():
    world = FleetWorld()
    world.run(2.0)
    other = Dispatcher(world.world)
    world.world.send_instant_actions = lambda *_: None  # it hears none
    row = world.world.vehicle(FIRST)
    order = other.order(FIRST, other.route(FIRST, 'fa1_03'), 'not-ours', base=4)
    world.world.send_order(FIRST, order)  # it waits for the rest for ever

    def cancels():
        return [t for t, v, a in world.asked if v == FIRST and a.action_type == 'cancelOrder']

    world.until(lambda: len(cancels()) > 1, 60.0)
    world.run(300.0)
    assert cancels()[-1] - cancels()[-2] > 25.0
    assert len(cancels()) < 20
    data = world.world.data
    data.agvs[row] = AgvState(last_node_id=data.agvs[row].last_node_id)  # it has forgotten it
    data.dirty[row] = None
    world.run(10.0)
    count = len(cancels())
    del world.world.send_instant_actions
    for name in ('e', 'f', 'g'):
        world.request(name)
    world.until(world.all_delivered)
    assert len(cancels()) == count
    assert FIRST in {world.delivery(k).vehicle_id for k in 'efg'}
