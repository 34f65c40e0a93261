# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A fleet and a simulated plant in one process and on one clock, without ROS.

The vehicles are those of the simulation: the same executor of orders, the same physics, the same
faults, watched by its independent checker. Whatever the fleet decides is written to a journal
before it is sent, so the fleet can be killed between any two calls. For tests of scenarios.
"""

import functools
import json
from dataclasses import dataclass, field, replace
from math import nan

from linehaul_fleet.acts import Holder, RoadLimited, RoadState
from linehaul_fleet.delivery import Phase, Request
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.operating import By, command_vehicle, confirm_load, limit_roads, set_mode
from linehaul_fleet.situation import Settings
from linehaul_fleet.validating import check_state
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.loads import HolderKind
from linehaul_sim.settings import Settings as SimSettings
from linehaul_sim.warehouse import RetrievalPhase, RetrieveRequest
from linehaul_sim.world import World

from linehaul_agv import ModeChanged
from linehaul_floor import PlaceKind, conflict_table, load_plant
from linehaul_vda5050 import Header, InstantActions

ACTOR = By('anna', 'a test')


@functools.cache
def plant_of(name):
    plant = load_plant(name)
    return plant, {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}


@dataclass
class FleetWorld:
    """A plant with its fleet; `run` and `until` let plant time pass.

    cycle: plant seconds between two rounds of the fleet. journal: transactions (time, events,
    kept values), as a file would have them. hear_custody: the fleet hears who holds loads.
    sim: settings of the simulation that differ from the usual ones.
    """

    plant_name: str = 'cell'
    seed: int = 1
    cycle: float = 0.5
    settings: Settings = field(default_factory=Settings)
    check: bool = True
    hear_custody: bool = True
    sim: dict = field(default_factory=dict)

    def __post_init__(self):
        self.plant, self.conflicts = plant_of(self.plant_name)
        self.world = World(
            self.plant,
            SimSettings(
                seed=self.seed,
                start_time=100_000.0,
                check=self.check,
                **{'retrieve_time': 5.0, 'step': 0.1, **self.sim},
            ),
        )
        self.world.announce()
        self.journal, self.refusals = [], []
        self.sent, self.asked = [], []
        self.fleet = Fleet(self.plant, self.conflicts, self.settings)
        self.next_round = self.world.now

    # Time.

    @property
    def now(self):
        return self.world.now

    def step(self):
        """Let one step of physics pass, and a round of the fleet where it is due."""
        self.world.step()
        out = self.world.take_outputs()
        for link in out.connections:
            self.fleet.connection(link.header.serial_number, link)
        for state in out.states:
            self.hear(state.header.serial_number, state)
        for load in out.loads if self.hear_custody else ():
            self.hear_load(load)
        for retrieval in out.retrievals:
            self.retrieved(retrieval)
        if self.now >= self.next_round:
            self.next_round += self.cycle
            self.round()
        assert self.world.verdict.clean, self.world.verdict.texts
        assert self.world.data.custody_errors == 0, self.world.data.custody_texts

    def hear_load(self, load):
        self.fleet.custody(load.id, Holder(int(load.holder)), load.holder_id)
        if load.item_id is None and load.holder == HolderKind.PORT:
            self.fleet.empty_stands(load.id, load.holder_id, self.now)

    def hear(self, vehicle_id, state):
        findings = check_state(self.fleet.situation, vehicle_id, state)
        if findings:
            self.refusals.append((vehicle_id, findings))
        else:
            self.fleet.vehicle_state(vehicle_id, state, self.now)

    def round(self):
        self.fleet.tick(self.now, 0.0)
        orders = self.fleet.take_orders(self.now)
        actions = self.fleet.take_actions(self.now)
        self.write()
        for vehicle_id, order in orders:
            self.sent.append((self.now, vehicle_id, order))
            head = Header(len(self.sent), self.now, serial_number=str(vehicle_id))
            self.world.send_order(vehicle_id, replace(order, header=head))
        for vehicle_id, asked in actions:
            self.asked += [(self.now, vehicle_id, action) for action in asked]
            head = Header(len(self.asked), self.now, serial_number=str(vehicle_id))
            self.world.send_instant_actions(vehicle_id, InstantActions(head, asked))
        self.ask_warehouse()

    def write(self):
        """Write what was decided, as one transaction."""
        records = [to_record(event) for event in self.fleet.take_events()]
        kept = json.loads(json.dumps(self.fleet.take_kept()))
        if records or kept:
            self.journal.append((self.now, records, kept))

    def ask_warehouse(self):
        for delivery in self.fleet.retrievals(self.now):
            request = delivery.request
            wish = RetrieveRequest(delivery.retrieval_id, request.item_id, request.quantity)
            answer = self.world.retrieve(wish)
            if isinstance(getattr(answer, 'phase', None), RetrievalPhase) and answer.phase.ended:
                self.retrieved(answer)

    def retrieved(self, retrieval):
        if retrieval.phase is RetrievalPhase.AT_PORT:
            request_id = retrieval.request.request_id
            self.fleet.container_ready(request_id, retrieval.port_id, retrieval.load_id, self.now)

    def run(self, seconds):
        end = self.now + seconds
        while self.now < end:
            self.step()

    def until(self, done, most=1500.0):
        """Let time pass until `done()`; at most so many plant seconds."""
        end = self.now + most
        while not done():
            assert self.now < end, f'not within {most} s: {self.told()}'
            self.step()

    def told(self):
        """Return what a person would see, for failed tests."""
        vehicles = [
            f'{v.id}: {v.job} leg={v.leg and v.leg.place_id} loads={v.loads} {v.note}'
            for v in self.fleet.model.vehicles.values()
        ]
        phases = [f'{k}: {d.phase.name} {d.text}' for k, d in self.fleet.model.deliveries.items()]
        return '\n'.join([*vehicles, *phases])

    # The fleet dies.

    def restart(self, forget=0):
        """Kill the fleet; a new one reads the journal, less the last `forget` transactions."""
        self.journal = self.journal[: len(self.journal) - forget]
        history, kept = [], {}
        for time, records, values in self.journal:
            history += [(time, from_record(k, json.loads(json.dumps(b)))) for k, b in records]
            kept |= values
        self.fleet = Fleet(self.plant, self.conflicts, self.settings, history, kept)
        self.world.announce()  # latched topics are heard again
        self.world.data.dirty, self.world.data.ledger.changed = {}, []

    # What people and stations do.

    def request(self, name, station=None, due=nan, quantity=1):
        stations = self.plant.places_of(PlaceKind.STATION)
        place = self.plant.places[station] if station else stations[len(name) % len(stations)]
        request = Request(name, '', place.items[0], quantity, place.id, nan, due, 100)
        answer = self.fleet.request(request, self.now)
        self.write()
        return answer

    def delivery(self, name):
        return self.fleet.model.deliveries[name]

    def phase(self, name):
        return self.delivery(name).phase

    def all_delivered(self):
        return all(d.phase is Phase.DELIVERED for d in self.fleet.model.deliveries.values())

    def vehicle(self, vehicle_id):
        return self.fleet.model.vehicles[vehicle_id]

    def carrier(self, name):
        """Return the vehicle that has a job for a delivery."""
        jobs = self.fleet.model.vehicles.values()
        return next((v for v in jobs if v.job and v.job.request_id == name), None)

    def act(self, do, *arguments):
        """Do what a person wants, and write it down before it is answered."""
        answer = do(self.fleet.situation, *arguments, self.now)
        self.write()
        return answer

    def mode(self, mode):
        return self.act(set_mode, mode, ACTOR)

    def command(self, vehicle_id, command, place_id=''):
        return self.act(command_vehicle, vehicle_id, command, place_id, ACTOR)

    def road(self, element_id, state=RoadState.CLOSED, speed=0.0):
        limit = RoadLimited(element_id, state, speed, ACTOR.actor, 'a puddle')
        return self.act(limit_roads, [limit], ACTOR.actor)

    def found(self, load_id, holder, holder_id=''):
        return self.act(confirm_load, load_id, holder, holder_id, ACTOR)

    # What breaks.

    def fault(self, kind, target, duration=0.0, probability=0.0):
        self.world.inject(Fault(FaultKind[kind], target, duration, probability))

    def turn_key(self, vehicle_id, mode):
        """Let somebody turn the key of a vehicle."""
        i = self.world.vehicle(vehicle_id)
        self.world._advance(i, ModeChanged(mode))
        self.world.data.dirty[i] = None

    def events(self, kind):
        """Return the journalled events of one kind, with what is not written yet."""
        self.write()
        return [body for _, records, _ in self.journal for name, body in records if name == kind]
