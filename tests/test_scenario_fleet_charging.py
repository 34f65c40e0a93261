# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Batteries at a peak: charged before it and not during it, chargers shared, shortness told.

The plant is the cell with a second port and more chargers; its batteries last minutes and charge
in minutes, so that what takes a shift on a real floor happens within a quarter of an hour.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from linehaul_fleet.charging import FLOOR, LEAVE, PEAK_RESERVE
from linehaul_fleet.diagnostics import diagnose
from linehaul_fleet.work import JobKind
from linehaul_ros.health import Level

from linehaul_vda5050 import OperatingMode

HERE = Path(__file__)
_SPEC = spec_from_file_location('fleet_world', HERE.with_name('fleet_world.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
FleetWorld = _MODULE.FleetWorld

CELL = HERE.parents[1] / 'config' / 'plants' / 'cell.yaml'
PORT = (
    'warehouse_ports:\n  - {id: wh_out_2, name: Warehouse out, flow: out, at: [4.0, 12.0],'
    ' spur: [-2.0, 0.0], items: all, capacity: 1}\n'
)
CHARGER = (
    'chargers:\n  - {id: charge_2, name: Charger, at: [20.0, 4.0], spur: [0.0, -2.0],'
    ' charge_power: 2000.0}\n'
)


class Shift(FleetWorld):
    """A cell that is watched: charges, who charges, what is told."""

    @classmethod
    def of(cls, folder, capacity, power, vehicles, chargers, charge):
        text = CELL.read_text(encoding='utf-8')
        changes = {
            'capacity_wh: 1200.0': f'capacity_wh: {capacity}',
            'charge_power: 2000.0}': f'charge_power: {power}}}',
            'n: [1, 3], class: agv': f'n: [1, {vehicles}], class: agv',
            'warehouse_ports:\n': PORT,
            'chargers:\n': CHARGER if chargers > 1 else 'chargers:\n',
        }
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path = folder / f'cell-{capacity}-{power}.yaml'
        path.write_text(text, encoding='utf-8')
        sim = {'step': 0.25, 'charge': charge, 'station_empty_time': 20.0}
        shift = cls(str(path), cycle=1.0, sim=sim)
        shift.lowest, shift.most_charging, shift.asked_for, shift.notices = 1.0, 0, 0, set()
        return shift

    def charges(self):
        return self.world.data.bodies.energy / self.world.drives.capacity

    def charging(self):
        jobs = {v.id: v.job for v in self.fleet.model.vehicles.values() if v.job}
        return {v for v, job in jobs.items() if job.kind is JobKind.CHARGE}

    def work(self, seconds, every=None):
        """Run; ask for a container each `every` seconds. Return vehicle seconds of charging."""
        spent, end, due = 0.0, self.now + seconds, self.now
        while self.now < end:
            if every is not None and self.now >= due:
                due += every
                self.asked_for += 1
                station = f'fa1_0{self.asked_for % 4 + 1}'
                self.request(f'd{self.asked_for}', station, due=self.now + 300.0)
            self.step()
            charging = len(self.charging())
            spent += charging * self.world.settings.step
            self.most_charging = max(self.most_charging, charging)
            self.lowest = min(self.lowest, float(self.charges().min()))
            self.notices.update(self.fleet.situation.desk.notices)
        return spent

    def delivered(self):
        return sum(self.fleet.model.ended.values())


def peak_of(folder, capacity, power):
    shift = Shift.of(folder, capacity, power, vehicles=2, chargers=2, charge=0.55)
    before = shift.work(220.0, every=150.0)
    full = shift.charges().copy()
    done = shift.delivered()
    during = shift.work(420.0, every=40.0)
    return shift, before, full, during, shift.delivered() - done


def test_a_peak_finds_the_fleet_full_and_charging_waits_until_it_is_over(tmp_path):
    shift, before, full, during, delivered = peak_of(tmp_path, 50.0, 900.0)
    assert before > 100.0
    assert full.min() > 0.7
    assert during < 0.1 * 2 * 420.0
    assert shift.charges().min() < shift.settings.charge_below  # it would have gone by then
    assert shift.lowest > FLOOR
    _, _, _, _, endless = peak_of(tmp_path, 5000.0, 90000.0)
    assert delivered >= endless - 1
    shift.until(lambda: len(shift.charging()) == 2, most=400.0)
    shift.until(lambda: shift.charges().min() > 0.7, most=400.0)
    assert shift.fleet.situation.desk.peak == set()


def test_a_peak_without_end_is_worked_through_with_one_charger_for_all(tmp_path):
    shift = Shift.of(tmp_path, 60.0, 900.0, vehicles=3, chargers=1, charge=0.4)
    shift.work(450.0, every=30.0)
    assert shift.delivered() >= 8
    assert FLOOR < shift.lowest < PEAK_RESERVE + 0.1
    served = {e['vehicle_id'] for e in shift.events('JobGiven') if is_charge(e)}
    assert served == {'agv_001', 'agv_002', 'agv_003'}
    assert shift.most_charging == 1


def is_charge(event):
    return event['job']['kind'] == JobKind.CHARGE


def test_a_fleet_below_its_strength_says_so(tmp_path):
    shift = Shift.of(tmp_path, 60.0, 300.0, vehicles=3, chargers=1, charge=0.25)
    shift.work(20.0, every=10.0)
    assert any('must charge and 0 chargers are free' in text for text in shift.notices)
    fleet = diagnose(shift.fleet.situation, '', shift.now)[0]
    assert fleet.level is Level.WARN
    assert 'must charge' in fleet.message
    shift.turn_key('agv_003', OperatingMode.MANUAL)
    shift.until(lambda: told(shift, '1 of 3 vehicles cannot work: agv_003'), most=60.0)
    shift.road('charge_1')
    shift.until(lambda: told(shift, 'no way leads to a charger'), most=60.0)


def told(shift, text):
    return any(text in notice for notice in shift.fleet.situation.desk.notices)


@pytest.mark.parametrize('charge', [0.12, 0.16])
def test_nobody_takes_work_from_which_it_would_not_get_back_to_a_charger(tmp_path, charge):
    shift = Shift.of(tmp_path, 40.0, 900.0, vehicles=1, chargers=1, charge=charge)
    shift.request('d', 'fa1_02')
    shift.until(lambda: shift.charging() == {'agv_001'}, most=30.0)
    assert shift.phase('d') < 3
    shift.until(lambda: shift.delivered() == 1, most=600.0)
    assert np.all(shift.charges() > FLOOR)


@pytest.mark.parametrize(('charge', 'leaves'), [(0.4, 0.35), (0.25, LEAVE)])
def test_who_charges_in_a_gap_leaves_at_once_and_who_had_to_when_it_has_enough(
    tmp_path, charge, leaves
):
    shift = Shift.of(tmp_path, 100.0, 900.0, vehicles=1, chargers=1, charge=charge)
    shift.until(lambda: shift.charging() == {'agv_001'}, most=10.0)
    shift.request('d', 'fa1_02')
    shift.until(lambda: shift.carrier('d') is not None, most=300.0)
    assert leaves <= shift.charges()[0] < leaves + 0.1
