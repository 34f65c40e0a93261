# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet dies at any moment and goes on: nothing lost, nothing doubled, nobody in the way.

Most of it is in one process and on plant time; the last test kills real processes.
"""

import importlib.util
import random
import shutil
from importlib.util import module_from_spec, spec_from_file_location
from math import nan
from pathlib import Path
from types import SimpleNamespace

import pytest
from linehaul_fleet.delivery import Phase, Request
from linehaul_fleet.situation import CLOCK_STEP
from linehaul_sim.loads import HolderKind

ROOT = Path(__file__).resolve().parents[1]


def load(name, path):
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FleetWorld = load('fleet_world', ROOT / 'tests/fleet_world.py').FleetWorld


def deliver_all(world, count, after_step, most=4000.0):
    """Request deliveries and let time pass until all have arrived."""
    for k in range(count):
        world.request(f'd{k}' + 'x' * k)
    end = world.now + most
    while not world.all_delivered():
        assert world.now < end, world.told()
        world.step()
        after_step()
    drops = sum(b['phase'] == int(Phase.DELIVERED) for b in world.events('PhaseReached'))
    assert drops == count
    report = world.world.data.handling
    assert (report.drops, report.picks) == (count, count)


@pytest.mark.parametrize('seed', [1, 2, 3])
def test_a_fleet_that_is_killed_again_and_again_delivers_everything_once(seed):
    world, rng = FleetWorld(seed=seed), random.Random(seed)
    kills = []

    def maybe_kill():
        if rng.random() < 0.01:
            kills.append(world.now)
            world.restart()

    deliver_all(world, 8, maybe_kill)
    assert len(kills) > 10


@pytest.mark.parametrize('seed', [1, 2, 3, 4])
def test_a_torn_journal_is_made_good_by_what_vehicles_hold(seed):
    """The last transactions are gone although what followed from them was sent already."""
    world, rng = FleetWorld(seed=seed), random.Random(seed)
    for k in range(6):
        world.request(f'd{k}' + 'x' * k)
    asked, torn, end = len(world.journal), 0, world.now + 6000.0
    while not all(d.phase.ended for d in world.fleet.model.deliveries.values()):
        assert world.now < end, world.told()
        world.step()
        if torn < 4 and len(world.journal) > asked + 2 and rng.random() < 0.005:
            torn += 1
            world.restart(forget=rng.randrange(1, 3))
    assert torn == 4
    deliveries = world.fleet.model.deliveries.values()
    assert len(deliveries) == 6
    assert all(d.phase is Phase.DELIVERED or (d.code and d.text) for d in deliveries)
    stations = {d.request.station_id for d in deliveries}
    brought = [
        load.id
        for load in world.world.data.ledger.loads.values()
        if load.holder_id in stations or load.holder is HolderKind.GONE
    ]
    assert len(brought) == len(set(brought)) <= 6


def test_a_lost_journal_leaves_vehicles_where_they_are_and_nobody_is_sent_into_them():
    """Stations ask again under the same ids; what is on its way already is not brought twice."""
    world = FleetWorld()
    for k in range(3):
        world.request(f'd{k}' + 'x' * k)
    vehicles = world.fleet.model.vehicles
    world.until(lambda: any(v.loads and v.state.driving for v in vehicles.values()))
    world.until(lambda: sum(bool(v.state and v.state.driving) for v in vehicles.values()) >= 2)
    world.journal = []
    world.restart()
    for k in range(3):
        world.request(f'd{k}' + 'x' * k)
    world.until(world.all_delivered, 4000.0)
    assert world.world.data.handling.drops == 3


def test_the_same_request_after_a_restart_is_the_same_delivery():
    world = FleetWorld()
    world.request('d')
    world.until(world.all_delivered)
    world.run(1.0)  # until it is written
    world.restart()
    again = world.request('d')
    assert again.phase is Phase.DELIVERED
    assert len(world.fleet.model.deliveries) == 1


@pytest.mark.parametrize('leap', [3600.0, -3600.0, 1e6])
def test_a_clock_that_leaps_costs_nobody_his_work(leap):
    world = FleetWorld()
    world.request('d')
    world.until(lambda: world.carrier('d') is not None and world.carrier('d').leg is not None)
    carrier = world.carrier('d').id
    begin = world.fleet.situation.clock
    now = FleetWorld.now.fget
    leaping = type('Leaping', (FleetWorld,), {'now': property(lambda self: now(self) + leap)})
    world.__class__ = leaping
    world.next_round = world.now
    world.run(2.0)
    assert world.fleet.situation.clock - begin < 2.0 + 2 * CLOCK_STEP
    assert world.carrier('d').id == carrier
    assert not world.fleet.model.control.aside
    assert not world.fleet.model.control.lost
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id == carrier


def test_a_fleet_without_room_on_disk_keeps_running_what_it_has_accepted():
    world = FleetWorld()
    world.request('d')
    refusal = SimpleNamespace(code=5, text='full')
    world.fleet.no_new_work = refusal
    place = world.plant.places['fa1_01']
    answer = world.fleet.request(
        Request('e', '', place.items[0], 1, place.id, nan, nan, 100), world.now
    )
    assert answer is refusal
    assert world.request('d').request.request_id == 'd'  # known: no new work
    world.until(world.all_delivered)


def test_real_processes_are_killed_and_nothing_is_lost_or_doubled(tmp_path):
    """A short run of benchmarks/fleet_recovery.py, which is the measurement."""
    for package in ('linehaul_sim', 'linehaul_fleet', 'rclpy'):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f'{package} is not built')
    from linehaul_bringup.errors import EnvironmentMissing

    module = load('fleet_recovery', ROOT / 'benchmarks/fleet_recovery.py')
    args = SimpleNamespace(
        plant='cell',
        deliveries=16,
        fleet_kills=6,
        sim_kills=2,
        open=6,
        speed=30.0,
        seed=1,
        run_dir=tmp_path / 'run',
        budget=0.0,
    )
    try:
        seen, report, whole = module.run(args)
    except EnvironmentMissing as error:
        pytest.skip(f'the workspace is not built: {error}')
    finally:
        for log in sorted(tmp_path.glob('run/*.log')):
            print(f'--- {log.name}\n{log.read_text()[-4000:]}')  # noqa: T201 (shown if it fails)
    found = module.verdict(seen, report, args.deliveries)
    shutil.rmtree(tmp_path / 'run')
    assert whole, found
    for name in ('lost', 'doubled', 'overlaps', 'beyond_base', 'custody_errors'):
        assert found[name] == 0, found
    assert (found['fleet_kills'], found['sim_kills']) == (6, 2)
