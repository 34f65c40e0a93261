# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A killed simulation goes on where it was, whatever was torn."""

import os
import shutil
from dataclasses import replace

import pytest
from linehaul_sim.bench import Dispatcher
from linehaul_sim.errors import SnapshotError
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.inputs import (
    FaultInjected,
    InstantActionsSent,
    OrderSent,
    RetrievalAsked,
    RetrievalCancelled,
)
from linehaul_sim.settings import Settings
from linehaul_sim.snapshot import Store, restore
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_sim.world import World

from linehaul_floor import load_plant
from linehaul_vda5050 import Action, ActionId, BlockingType, Header, InstantActions

PLANT = load_plant('cell')
SETTINGS = Settings()


def script(world):
    """List inputs by the step after which they come."""
    fleet = Dispatcher(world)
    first = fleet.order('agv_001', fleet.route('agv_001', 'wh_out_1'), 'o1', action='pick')
    second = fleet.order('agv_002', fleet.route('agv_002', 'park_5'), 'o2')
    cancel = Action('cancelOrder', ActionId('c'), BlockingType.NONE)
    header = Header(1, world.now, serial_number='agv_002')
    lossy = Fault(FaultKind.LOSE_MESSAGES, 'agv_003', 20.0, 0.5)
    return {
        3: [RetrievalAsked(RetrieveRequest('r1', 'casing', 3)), OrderSent('agv_001', first)],
        7: [FaultInjected(lossy), OrderSent('agv_002', second)],
        60: [InstantActionsSent('agv_002', InstantActions(header, (cancel,)))],
        90: [RetrievalAsked(RetrieveRequest('r2', 'casing', 3))],
        95: [RetrievalCancelled('r2')],
    }


def said(outputs):
    return (outputs.states, outputs.connections, outputs.loads, outputs.retrievals)


def run(world, inputs, steps, store=None, save_at=()):
    """Do what the node does; return what was said after each step."""
    out = []
    while world.data.steps < steps:
        items = inputs.get(world.data.steps, [])
        for item in items:
            world.apply(item)
        if store and items:
            store.write_inputs(world.data.steps, items)
        world.step()
        outputs = world.take_outputs()
        if store and world.data.steps in save_at:
            store.save(world.data)
        elif store:
            store.mark(world.data.steps)
        out.append(said(outputs))
    return out


@pytest.mark.parametrize('end', [1, 3, 4, 8, 61, 92, 100, 250])
def test_goes_on_exactly_where_it_was(tmp_path, end):
    whole = World(PLANT, SETTINGS)
    inputs = script(whole)
    told = run(whole, inputs, 400)
    store = Store(tmp_path, PLANT, SETTINGS)
    world = World(PLANT, SETTINGS)
    store.save(world.data)
    run(world, inputs, end, store, save_at=(5, 64))
    again = restore(PLANT, SETTINGS, Store(tmp_path, PLANT, SETTINGS))
    assert again.data.steps == end
    assert run(again, inputs, 400) == told[end:]
    assert again.data.bodies.pose.tolist() == whole.data.bodies.pose.tolist()


def test_torn_writes_leave_the_world_before(tmp_path):
    store = Store(tmp_path, PLANT, SETTINGS)
    world = World(PLANT, SETTINGS)
    store.save(world.data)
    inputs = script(world)
    run(world, inputs, 50, store, save_at=(30,))
    for cut in range(0, 4000, 400):
        copy = tmp_path / f'cut{cut}'
        copy.mkdir()
        for name in ('world.0', 'world.1', 'inputs.0', 'inputs.1', 'clock'):
            shutil.copy(tmp_path / name, copy / name)
        newest = copy / 'world.0'  # the second save
        with newest.open('r+b') as file:
            file.seek(cut)
            file.write(b'torn' * 8)
        again = restore(PLANT, SETTINGS, Store(copy, PLANT, SETTINGS))
        assert again.data.steps == 50
        assert again.data.bodies.pose.tolist() == world.data.bodies.pose.tolist()


def test_torn_input_is_dropped(tmp_path):
    store = Store(tmp_path, PLANT, SETTINGS)
    world = World(PLANT, SETTINGS)
    store.save(world.data)
    inputs = script(world)
    run(world, inputs, 5, store)
    path = tmp_path / 'inputs.1'
    size = path.stat().st_size
    os.truncate(path, size - 10)
    again = restore(PLANT, SETTINGS, Store(tmp_path, PLANT, SETTINGS))
    assert again.data.agvs[0].memory.last is None
    assert list(again.data.warehouse.retrievals) == ['r1']


def test_empty_folder_is_a_new_world(tmp_path):
    assert restore(PLANT, SETTINGS, Store(tmp_path / 'new', PLANT, SETTINGS)) is None


def test_other_plants_and_settings_are_refused(tmp_path):
    store = Store(tmp_path, PLANT, SETTINGS)
    store.save(World(PLANT, SETTINGS).data)
    other = replace(SETTINGS, seed=2)
    with pytest.raises(SnapshotError, match='differs in settings'):
        restore(PLANT, other, Store(tmp_path, PLANT, other))


def test_damaged_worlds_are_told(tmp_path):
    store = Store(tmp_path, PLANT, SETTINGS)
    store.save(World(PLANT, SETTINGS).data)
    for name in ('world.0', 'world.1'):
        (tmp_path / name).write_bytes(b'nothing')
    with pytest.raises(SnapshotError, match='no readable world'):
        restore(PLANT, SETTINGS, Store(tmp_path, PLANT, SETTINGS))


def test_folder_that_cannot_be(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SnapshotError, match='cannot keep the world'):
        Store(tmp_path / 'file' / 'below', PLANT, SETTINGS)
