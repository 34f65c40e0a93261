# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse node: retrievals and storages in; custody, states and stock out.

Whatever is decided is in the journal before a crane, a client or anybody else hears of it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import PlantError, load_plant
from linehaul_interfaces.msg import LoadCustody
from linehaul_ros import names
from linehaul_warehouse import events as ev
from linehaul_warehouse.convert import custody, to_seen, warehouse_state
from linehaul_warehouse.crane_end import CraneEnd, Report, Status
from linehaul_warehouse.errors import WarehouseError
from linehaul_warehouse.exchange import read_stock
from linehaul_warehouse.goals.node import Actions
from linehaul_warehouse.handover import Holder, Meaning, Seen, meaning, stands_since
from linehaul_warehouse.ids import LoadId, PortId
from linehaul_warehouse.model import Load, PlaceKind
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.rack_file import load_rack, rack_of_plant
from linehaul_warehouse.services.node import Services
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.stock import Rotation
from linehaul_warehouse.stocking import first_stock, items_of_plant
from linehaul_warehouse.store import Store
from linehaul_warehouse.warehouse import Warehouse

SNAPSHOT = 1000
"""Events between two snapshots; folding so many takes 30 ms."""


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the warehouse node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    rack: str = setting('', doc='Rack file. Empty: a standard rack behind the ports of the plant.')
    ports: str = setting('wh', doc='Without a rack file: what the names of its ports begin with.')
    state_dir: str = setting('', doc='Folder of the journal. Empty: nothing survives a restart.')
    stock: str = setting('', doc='CSV or Parquet file taken in when the journal is new.')
    fill: float = setting(
        0.6,
        doc='Share of cells filled when the journal is new, without a file.',
        low=0.0,
        high=0.9,
    )
    cranes: str = setting(
        '', doc='File with the tags of the cranes (plc/cranes_file.py). Empty: simulated cranes.'
    )
    rotation: str = setting('fifo', doc='Which lot is used first.', choices=('fifo', 'fefo'))
    cycle: float = setting(
        0.25, doc='Time between two rounds of decisions.', unit='s', low=0.02, high=5.0
    )
    hold: float = setting(
        180.0, doc='How long before its due time a load may wait.', unit='s', low=0.0, high=7200.0
    )
    pair_hold: float = setting(
        420.0, doc='The same where that makes a dual cycle.', unit='s', low=0.0, high=7200.0
    )
    patience: float = setting(
        600.0, doc='Due time of a request without one.', unit='s', low=1.0, high=86400.0
    )


def _crane_end(config: Config, rack: Rack, folder: Path | None) -> CraneEnd:
    """Return the cranes: those of a file, or simulated ones.

    What real cranes need takes a second to import, so only who has them waits for it.
    """
    if not config.cranes:
        return SimEnd(rack, folder / f'{rack.id}_cranes.json' if folder else None)
    from linehaul_warehouse.plc.cranes_file import load_cranes
    from linehaul_warehouse.plc.tag_end import TagEnd

    return TagEnd(rack, load_cranes(Path(config.cranes), rack))


class WarehouseNode(Node):
    """Shell of `Warehouse`: converts, journals, calls and applies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('warehouse', **kwargs)
        config = declare(self, Config)
        self._plant = load_plant(config.plant, checked=False)  # who drives there checks its roads
        rack = (
            load_rack(Path(config.rack))
            if config.rack
            else rack_of_plant(self._plant, config.ports)
        )
        folder = Path(config.state_dir) if config.state_dir else None
        self._store = Store(folder / f'{rack.id}.db' if folder else ':memory:')
        settings = Settings(
            rotation=Rotation[config.rotation.upper()],
            hold=config.hold,
            pair_hold=config.pair_hold,
            patience=config.patience,
            items=frozenset(self._plant.items),
        )
        state = self._store.load(rack)
        self.warehouse = Warehouse(rack, settings, state, self._store.known)
        self.end = _crane_end(config, rack, folder)
        self._config, self._saved = config, self._store.last
        self._actions: Actions | None = None
        self._told: dict[LoadId, str] = {}
        self._make_topics(rack)
        self._people = Services(self, self.warehouse, self._do)
        self.create_timer(config.cycle, self.tick)
        self.create_timer(1.0, self._heartbeat, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(
            f'warehouse={rack.id} aisles={len(rack.aisles)} cells={len(rack.ids)} '
            f'loads={len(state.facts.loads)} events={self._store.last}'
        )

    def _make_topics(self, rack: Rack) -> None:
        topic = names.WAREHOUSE_STATE.of(rack.id)
        self._state = self.create_publisher(topic.type, topic.name, topic.qos)
        one = names.CUSTODY
        self._custody = self.create_publisher(one.type, one.name, one.qos)
        self.create_subscription(one.type, one.name, self._seen, one.qos)

    def close(self) -> int:
        """Leave the cranes, and close the journal."""
        self.end.close()
        self._store.save(self.warehouse.state)
        self._store.close()
        return 0

    # The round.

    def tick(self) -> None:
        """Decide, write, then act."""
        now = now_of(self)
        if now <= 0.0:
            return
        if self._actions is None:
            self._begin(now)
        for answer in self.end.advance(now):
            self._answered(answer, now)
            self._do(now)
        self.warehouse.tick(now)
        self._do(now)
        if self._actions is not None:
            self._actions.answer()
        if self._store.last - self._saved >= SNAPSHOT:
            self._store.save(self.warehouse.state)
            self._saved = self._store.last

    def _begin(self, now: float) -> None:
        """Stock a new warehouse, read the ports, and open for requests."""
        if self._store.last == 0:
            self.warehouse.act(self._first(now), now)
            self._do(now)
        if self.end.new:
            self.end.begin(self.warehouse.state)
        for port_id, load_id in self.end.gone(self.warehouse.state):
            self.warehouse.load_taken(port_id, load_id, now)
        for port_id, load_id in self.end.at(Flow.IN):
            self.warehouse.load_arrived(port_id, load_id, now)
        self._do(now)
        self._actions = Actions(self, self.warehouse, self._do, self._announced)
        self._heartbeat()
        self.get_logger().info('ready for loads')

    def _first(self, now: float) -> list[ev.Event]:
        if self._config.stock:
            return read_stock(self.warehouse.state, Path(self._config.stock), now)
        if self._config.cranes:
            return []  # real cells are not filled by saying so
        return first_stock(
            self.warehouse.rack, items_of_plant(self._plant), self._config.fill, now
        )

    def _do(self, now: float) -> None:
        """Write what was decided, tell it, and send the commands; until nothing new is decided."""
        while True:
            out = self.warehouse.take()
            self._store.append(out.events)
            self._tell([event for _, event in out.events], now)
            for command in out.commands:
                answer = self.end.obey(command, now)
                if answer is not None:
                    self._answered(answer, now)
            if not out.commands:
                return

    def _answered(self, answer: Report | Status, now: float) -> None:
        if isinstance(answer, Report):
            self.warehouse.crane_report(answer, now)
        else:
            self.warehouse.crane_status(answer, now)

    def _tell(self, events: list[ev.Event], now: float) -> None:
        facts = self.warehouse.state.facts
        for event in events:
            match event:
                case ev.LoadMoved(load_id) if load_id in facts.loads:
                    self._publish_custody(facts.loads[load_id], now)
                case ev.RetrievalEnded(request_id, code) | ev.StorageEnded(request_id, _, code):
                    self.get_logger().info(f'request={request_id} ended code={code.name}')
                case ev.CraneChanged(aisle_id, state, actor, reason):
                    text = f'crane={aisle_id} state={state.name} by={actor} reason={reason!r}'
                    self.get_logger().warning(text)
                case ev.CellMarked(cell_id, mark, actor, reason):
                    text = f'cell={cell_id} mark={mark.name} by={actor} reason={reason!r}'
                    self.get_logger().warning(text)

    def _publish_custody(self, load: Load, now: float) -> None:
        at_port = load.place.kind is PlaceKind.PORT
        since = stands_since(self.warehouse.state, load) if at_port else now
        self._custody.publish(custody(load, self._store.last, since))

    # The floor.

    def _seen(self, message: LoadCustody) -> None:
        """Take what others say of loads at our ports."""
        now, seen = now_of(self), to_seen(message)
        if now <= 0.0 or self._actions is None:
            return
        load = self.warehouse.state.facts.loads.get(seen.load_id)
        match meaning(self.warehouse.state, seen), load:
            case Meaning.OURS, Load():
                self._publish_custody(load, now)
            case Meaning.TAKEN, Load():
                self._taken(load, now)
            case Meaning.RETURNED, Load():
                self._taken(load, now)
                self._arrived(seen, now)
            case Meaning.ARRIVED, _:
                self._arrived(seen, now)
            case Meaning.NOTHING, None if seen.holder is Holder.AWAY:
                self._fetched(seen.load_id)

    def _taken(self, load: Load, now: float) -> None:
        port_id = PortId(load.place.id)
        if self.warehouse.load_taken(port_id, load.id, now) is None:
            self._do(now)
            self.end.taken(port_id, load.id)

    def _arrived(self, seen: Seen, now: float) -> None:
        """Take a load in that was announced; another waits for its request where it stands."""
        self.end.set_down(seen.port_id, seen.load_id)
        refused = self.warehouse.load_arrived(seen.port_id, seen.load_id, now)
        self._do(now)
        text = refused.text if refused is not None else ''
        if text and self._told.get(seen.load_id) != text:
            self.get_logger().warning(f'load={seen.load_id} port={seen.port_id} refused: {text}')
        self._told.pop(seen.load_id, None)
        if text:
            self._told[seen.load_id] = text

    def _fetched(self, load_id: LoadId) -> None:
        """Note that a load that we never took in was fetched from our port again."""
        for port_id, name in self.end.at(Flow.IN):
            if name == load_id:
                self.end.taken(port_id, load_id)

    def _announced(self, load_id: LoadId, now: float) -> None:
        """A load whose storage was just taken may have come before its request."""
        for port_id, name in self.end.at(Flow.IN):
            if name == load_id:
                self.warehouse.load_arrived(port_id, load_id, now)
                self._do(now)

    def _heartbeat(self) -> None:
        """Give feedback, state, and what stands at our out-ports, each second of wall time."""
        now, state = now_of(self), self.warehouse.state
        if self._actions is not None:
            self._actions.feedback()
        if now <= 0.0:
            return
        self._state.publish(warehouse_state(state, now))
        for port_id, loads in state.at_port.items():
            if self.warehouse.rack.ports[port_id].flow is Flow.OUT:
                for load_id in loads:
                    self._publish_custody(state.facts.loads[load_id], now)


def main() -> int:
    """Run the node."""
    return run(WarehouseNode, broken=(PlantError, WarehouseError))


if __name__ == '__main__':
    sys.exit(main())
