# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A factory whose containers come from the warehouse's own controller and cranes.

As `_fleet_run` and `_supply_run`, but behind the warehouse's ports works the controller that the
warehouse node runs, on simulated cranes, with a stock that ends. What node and simulation say to
each other by messages is said by calls, so a run is plant time only and repeats itself.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from _fleet_run import FactoryRun
from _supply_run import SupplyRun
from linehaul_fleet.delivery import Delivery, LoadId, RequestId
from linehaul_sim.inputs import WarehouseTold
from linehaul_sim.loads import HolderKind
from linehaul_sim.managed.ports import Heard, managed_ports
from linehaul_warehouse.codes import Refused
from linehaul_warehouse.crane_end import Report
from linehaul_warehouse.events import LoadMoved
from linehaul_warehouse.handover import stands_since
from linehaul_warehouse.model import Load, PlaceKind, Retrieval, RetrieveRequest, StoreRequest
from linehaul_warehouse.outlook import port_of, retrieval_outlook
from linehaul_warehouse.rack import Flow
from linehaul_warehouse.rack_file import rack_of_plant
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.stocking import first_stock, items_of_plant
from linehaul_warehouse.warehouse import Warehouse

from linehaul_floor import PlaceId, Plant
from linehaul_warehouse import ids

FILLED = 0.6
"""Share of the cells that are filled at the beginning, as in the node."""


@dataclass(slots=True)
class Moment:
    """When things happened to a retrieval [s of the plant]: what its time went into."""

    asked: float
    due: float
    told: float = float('nan')
    began: float = float('nan')
    ready: float = float('nan')
    gone: float = float('nan')


@dataclass(slots=True)
class Stores:
    """The controller, its cranes, and what was noted of its retrievals."""

    books: Warehouse
    end: SimEnd
    moments: dict[str, Moment] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    said: set[str] = field(default_factory=set)


def open_stores(plant: Plant, now: float, settings: Settings | None = None) -> Stores:
    """Return a warehouse behind the ports of a plant, with its first stock in the cells."""
    rack = rack_of_plant(plant, 'wh')
    books = Warehouse(rack, settings or Settings(items=frozenset(map(str, plant.items))))
    books.act(first_stock(rack, items_of_plant(plant), FILLED, now), now)
    books.take()
    end = SimEnd(rack, None)
    end.begin(books.state)
    return Stores(books, end)


class Managed(FactoryRun):
    """Put before a run: its containers come from `stores`.

    Args:
        settings: how the warehouse decides.
        feedback: [s] between two words to the fleet; the node speaks once a second of wall time.
    """

    def __init__(
        self,
        plant: Plant,
        *args: Any,
        settings_of_stores: Settings | None = None,
        feedback: float = 2.0,
        **options: Any,
    ) -> None:
        options['managed'] = managed_ports(plant, 'wh*')
        super().__init__(plant, *args, **options)
        self.stores = open_stores(plant, self.world.now, settings_of_stores)
        self._feedback, self._told = feedback, float('-inf')
        self._open: dict[RequestId, Delivery] = {}

    def _warehouse(self) -> None:
        now, books = self.world.now, self.stores.books
        for answer in self.stores.end.advance(now):
            self._answered(answer, now)
            self._settle(now)
        books.tick(now)
        self._settle(now)
        self._floor(now)
        self._retrieve(now)
        self._settle(now)
        self._tell_fleet_of_containers(now)

    def _answered(self, answer: Any, now: float) -> None:
        books = self.stores.books
        if isinstance(answer, Report):
            books.crane_report(answer, now)
        else:
            books.crane_status(answer, now)

    def _settle(self, now: float) -> None:
        """Do what was decided, until nothing new is decided."""
        while True:
            out = self.stores.books.take()
            for _, event in out.events:
                load = self.stores.books.state.facts.loads.get(getattr(event, 'load_id', None))  # type: ignore[arg-type]
                if isinstance(event, LoadMoved) and load is not None:
                    self._moved(load, now)
            for command in out.commands:
                answer = self.stores.end.obey(command, now)
                if answer is not None:
                    self._answered(answer, now)
            if not out.commands:
                return

    def _moved(self, load: Load, now: float) -> None:
        held = load.place.kind is PlaceKind.CRANE
        if held and load.held_by in self.stores.moments:
            self.stores.moments[load.held_by].began = now
        if held or load.place.kind is PlaceKind.CELL:
            kind = HolderKind.CRANE if held else HolderKind.CELL
            self.world.hear_warehouse(_told(load, kind, load.place.id, now))

    def _floor(self, now: float) -> None:
        """Say what stands at the ports, both ways."""
        books, state = self.stores.books, self.stores.books.state
        for port_id, loads in state.at_port.items():
            if state.rack.ports[port_id].flow is Flow.IN:
                continue
            for load_id in list(loads):
                load = state.facts.loads[load_id]
                since = stands_since(state, load)
                word = _told(load, HolderKind.PORT, port_id, since)
                if self.world.hear_warehouse(word) is Heard.ELSEWHERE:
                    books.load_taken(port_id, load_id, now)
                    self.stores.end.taken(port_id, load_id)
                    if load.held_by in self.stores.moments:
                        self.stores.moments[load.held_by].gone = now
        ledger = self.world.data.ledger
        for name in self.world.settings.managed_ports:
            if self.plant.places[PlaceId(name)].flow.name == 'IN':
                for load_id in ledger.ports[PlaceId(name)].loads:
                    self._store(ledger.loads[load_id], now)

    def _store(self, load: Any, now: float) -> None:
        books, port, name = self.stores.books, ids.PortId(load.holder_id), ids.LoadId(load.id)
        visit = f'{port}:{name}:{load.since:.3f}'
        if visit not in self.stores.said:
            self.stores.said.add(visit)
            item = ids.ItemId(load.item_id or '')
            lot = ids.Lot(load.lot if load.item_id else '')
            request = StoreRequest(
                ids.RequestId(visit), name, item, lot, load.quantity, port_id=port
            )
            refused = books.store(request, now)
            if isinstance(refused, Refused):
                self.stores.refused[refused.code.name] += 1
        self.stores.end.set_down(port, name)
        books.load_arrived(port, name, now)

    def _retrieve(self, now: float) -> None:
        wanted = {d.retrieval_id: d for d in self.fleet.retrievals(now)}
        for name in set(self._open) - set(wanted):
            del self._open[name]
            self.stores.books.cancel_retrieval(ids.RequestId(name), now)
        for name, delivery in wanted.items():
            if name in self._open:
                continue
            request, due = delivery.request, delivery.request.earliest
            wish = RetrieveRequest(
                ids.RequestId(name),
                ids.ItemId(request.item_id),
                request.quantity,
                due=due,
                priority=delivery.priority,
            )
            answer = self.stores.books.retrieve(wish, now)
            if isinstance(answer, Refused):
                self.stores.refused[answer.code.name] += 1
                self.fleet.container_refused(name, answer.text, now)
            else:
                self._open[name] = delivery
                self.stores.moments[name] = Moment(now, due)

    def _tell_fleet_of_containers(self, now: float) -> None:
        state, settings = self.stores.books.state, self.stores.books.settings
        speak = now - self._told >= self._feedback
        self._told = now if speak else self._told
        for name in list(self._open):
            retrieval: Retrieval = state.facts.retrievals[ids.RequestId(name)]
            moment = self.stores.moments[name]
            port_id = PlaceId(port_of(state, retrieval))
            if not retrieval.open:
                del self._open[name]
                moment.ready = retrieval.done
                load = LoadId(retrieval.load_id)
                self.fleet.container_ready(name, PlaceId(retrieval.port_id), load, now)
            elif speak and port_id:
                before, eta = retrieval_outlook(state, settings, retrieval, now)
                if before == 0:
                    if moment.told != moment.told:
                        moment.told = now
                    load = LoadId(retrieval.load_id)
                    self.fleet.container_promised(name, port_id, load, now, eta)


def _told(load: Load, kind: HolderKind, place: str, since: float) -> WarehouseTold:
    return WarehouseTold(
        load.id, load.item_id, load.lot, load.quantity, load.held_for, int(kind), place, since
    )


class ManagedFactory(Managed, FactoryRun):
    """Deliveries as they are asked for, out of a warehouse with cranes."""


class ManagedSupply(Managed, SupplyRun):
    """Lines that feed themselves, out of a warehouse with cranes."""
