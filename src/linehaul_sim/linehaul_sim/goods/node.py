# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The node of simulated finished goods: lines and calls in; orders, scans and trucks out."""

import sys
import time
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Any

from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of, to_time
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import PlaceKind, PlantError, load_plant
from linehaul_interfaces.msg import (
    DistributionState,
    ErrorCode,
    LineState,
    OrderEvent,
    SequenceSlot,
)
from linehaul_interfaces.srv import SetLineSequence
from linehaul_ros import names
from linehaul_sim.goods.flow import (
    AGAIN,
    Call,
    Flow,
    Goods,
    Moving,
    SetSeen,
    Settings,
    Slots,
    Tell,
)

NAME = 'goods'
PATIENCE = 10.0
"""[s] of wall time after which a line that has not answered is asked again."""


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of simulated finished goods."""

    plant: str = setting('jiaozhou', doc='Plant file, or the name of a plant that is installed.')
    centre: str = setting('dc', doc='Name of the distribution centre.')
    entrances: str = setting('fg_*', doc='Ports of the plant where units come in: a pattern.')
    seed: int = setting(1, doc='Seed of everything random.', low=0, high=2**31 - 1)
    ahead: int = setting(120, doc='Units of orders that each line knows.', low=1, high=400)
    stops: int = setting(4, doc='Orders of a truck.', low=1, high=20)
    patience: float = setting(
        900.0, doc='After which a set leaves with a truck not full.', unit='s', low=0.0, high=1e6
    )
    chain: float = setting(
        240.0, doc='Mean time from the line to an entrance.', unit='s', low=0.1, high=36000.0
    )
    mis_sort: float = setting(
        0.001, doc='Chance that a unit comes to a wrong lane.', low=0.0, high=1.0
    )
    state_dir: str = setting('', doc='Folder of the file. Empty: nothing survives a restart.')


class GoodsNode(Node):
    """Shell of `Flow`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NAME, **kwargs)
        config = declare(self, Config)
        plant = load_plant(config.plant)
        folder = Path(config.state_dir) if config.state_dir else None
        self._journal = Journal(folder / f'{NAME}.db') if folder else None
        kept = self._journal.look(NAME) if self._journal is not None else None
        ports = plant.places_of(PlaceKind.WAREHOUSE_PORT)
        settings = Settings(
            seed=config.seed,
            ahead=config.ahead,
            chain=config.chain,
            stops=config.stops,
            patience=config.patience,
            mis_sort=config.mis_sort,
        )
        entrances = [str(p.id) for p in ports if fnmatchcase(p.id, config.entrances)]
        try:
            goods = _restored(kept) if kept is not None else None
            self.flow = Flow(plant, config.centre, entrances, settings, goods)
        except ValueError as error:
            raise ParameterError(f'{NAME}: {error}') from error
        self._centre, self._lanes = config.centre, set[str]()
        self._asked: dict[str, tuple[float, Any]] = {}
        self._models: dict[str, dict[int, str]] = {}
        self._told: dict[str, float] = {}
        self._make_topics()
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.2, self.tick, clock=clock)
        kinds = ' and '.join('/'.join(kind) for kind in self.flow.kinds)
        self.get_logger().info(f'centre={self._centre} a set is one unit of {kinds}')

    def _make_topics(self) -> None:
        events, state = names.ORDER_EVENTS, names.DISTRIBUTION_STATE.of(self._centre)
        self._events = self.create_publisher(events.type, events.name, events.qos)
        self.create_subscription(events.type, events.name, self._heard, events.qos)
        self.create_subscription(state.type, state.name, self._state, state.qos)
        for line in self.flow.stations:
            own = names.LINE_STATE.of(line)
            self.create_subscription(own.type, own.name, self._line, own.qos)
        self._sequence = self.create_client(SetLineSequence, names.SET_LINE_SEQUENCE.name)

    # In.

    def _line(self, message: LineState) -> None:
        known = {slot.unit_id: slot.position for slot in message.upcoming}
        if message.upcoming:
            models = {slot.position: slot.model_id for slot in message.upcoming}
            self._models[message.line_id] = models
        self.flow.line(message.line_id, message.position, known, now_of(self))

    def _heard(self, message: OrderEvent) -> None:
        if message.source != self._centre:
            return
        now = now_of(self)
        if message.disposition == 'called' and message.object_ids:
            unit, truck = message.object_ids[0], message.parent_id
            call = Call(message.business_step, unit, message.place_id, truck)
            if call.step == 'staging':
                self._lanes.add(call.place_id)
            self.flow.called(call, self._lanes, now)
            return
        told = message.event_id.removeprefix(f'{self._centre}:')
        if told in self.flow.goods.outbox:
            self._told.pop(told, None)
            self.flow.answered(told, message.disposition, message.object_ids, now)

    def _state(self, message: DistributionState) -> None:
        sets = [SetSeen(one.order_id, one.phase, one.truck_id) for one in message.sets]
        self.flow.centre(sets, now_of(self))

    # Out.

    def tick(self) -> None:
        """Write where everything is, then tell what is to be told."""
        now = now_of(self)
        if now <= 0.0:
            return
        self.flow.tick(now)
        slots = self.flow.slots()
        if self.flow.changed and self._journal is not None:
            self._journal.append(now, [], {NAME: asdict(self.flow.goods)})
        self.flow.changed = False
        for one in slots:
            self._give(one)
        steady = time.monotonic()
        for name, tell in self.flow.goods.outbox.items():
            if steady - self._told.get(name, -inf) >= AGAIN:
                self._told[name] = steady
                self._events.publish(_message(tell, now))

    def _give(self, slots: Slots) -> None:
        """Ask a line to build units, of the models that stand there; one request at a time."""
        line = slots.line_id
        models = self._models.get(line)
        if not models:
            return
        last = models[max(models)]
        since, asked = self._asked.get(line, (-inf, None))
        waits = asked is not None and not asked.done() and time.monotonic() - since < PATIENCE
        if waits or not self._sequence.service_is_ready():
            return
        row = [
            SequenceSlot(
                position=slots.first + k,
                unit_id=unit,
                order_id=order,
                owner=owner,
                model_id=models.get(slots.first + k, last),
            )
            for k, (unit, order, owner) in enumerate(slots.units)
        ]
        request = SetLineSequence.Request(
            line_id=line, first_position=slots.first, slots=row, actor=NAME
        )
        future = self._sequence.call_async(request)
        self._asked[line] = time.monotonic(), future

        def answered(_: Any) -> None:
            answer = future.result()
            if answer is None:
                return
            if answer.error_code == ErrorCode.NOT_ALLOWED:
                self.flow.frozen(slots, answer.frozen_until)
            elif answer.error_code:
                text = f'line={line} does not take units of orders: {answer.error_msg}'
                self.get_logger().warning(text, throttle_duration_sec=30.0)
            else:
                self.flow.given(slots)

        future.add_done_callback(answered)

    def close(self) -> int:
        """Write the last state."""
        if self._journal is not None:
            self._journal.append(now_of(self), [], {NAME: asdict(self.flow.goods)})
            self._journal.close()
        return 0


def _message(tell: Tell, now: float) -> OrderEvent:
    return OrderEvent(
        event_id=tell.event_id,
        event_type=OrderEvent.TYPE_OBJECT,
        action=tell.action,
        stamp=to_time(now),
        order_id=tell.order_id,
        owner=tell.owner,
        business_step=tell.step,
        place_id=tell.place_id,
        source=NAME,
        parent_id=tell.parent_id,
        object_ids=list(tell.object_ids),
    )


def _restored(kept: dict[str, Any]) -> Goods:
    """Return the goods of a file.

    Raises:
        ValueError: it does not have their form.
    """
    try:
        goods = Goods(**kept)
        goods.book = {k: (owner, tuple(units)) for k, (owner, units) in goods.book.items()}
        goods.trucks = {k: tuple(v) for k, v in goods.trucks.items()}
        goods.moving = {k: Moving(**v) for k, v in goods.moving.items()}
        goods.outbox = {
            k: Tell(**{**v, 'object_ids': tuple(v['object_ids'])}) for k, v in goods.outbox.items()
        }
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(f'the file does not fit: {error!r}') from error
    return goods


def main() -> int:
    """Run the node."""
    return run(GoodsNode, broken=(PlantError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
