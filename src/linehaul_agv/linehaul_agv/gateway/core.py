# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What goes through the gateway, in which words, and what does not.

Strict when sending: an order or instant action leaves only if it is whole by the standard, to a
vehicle that is connected, within its limits, and not faster than RATE, whatever is asked for.
Tolerant when receiving: what differs from the standard and can still be understood is taken and
told once. A state is good for VALID seconds by the standard, so while the broker says that a
vehicle is there its last state is told again each second. Vehicles are told apart by their
topics; connection messages count in the order of their arrival, because a last will is old.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from linehaul_vda5050.errors import EncodeError

from linehaul_agv.gateway.peers import Peer, Peers
from linehaul_floor import VehicleId
from linehaul_vda5050 import (
    PROTOCOL_VERSION,
    Action,
    ActionId,
    BlockingType,
    Connection,
    ConnectionState,
    Factsheet,
    Finding,
    FindingCode,
    Header,
    InstantActions,
    Order,
    State,
    decode,
    decode_factsheet,
    encode,
    serious,
    validate_instant_actions,
    validate_order,
)

VALID = 35.0
"""[s] for which a state counts: a vehicle speaks at least every 30 s (VDA 5050 3.0, 6.6)."""
AGAIN = 1.0
"""[s] after which a state that still counts is told again."""
RATE, BURST = 4.0, 20.0
"""Messages a second that a vehicle is sent at most, and how many at once."""
LARGEST = 2_000_000
"""Bytes of a message beyond which it is not read."""
ASK = (2.0, 10.0, 60.0)
"""[s] after which a vehicle that has not told what it is, is asked: first, second, third time."""
TOLD_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a vehicle says, under its id in the plant."""

    vehicle_id: VehicleId
    message: State | Connection | Factsheet


@dataclass(frozen=True, slots=True)
class Publish:
    """A message for the broker, with quality of service 0, not retained."""

    topic: str
    payload: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be used or is not as it should be: where, and in words."""

    where: str
    text: str


@dataclass(slots=True)
class Link:
    """What is known of one vehicle at the broker; times in seconds."""

    connection: ConnectionState = ConnectionState.UNKNOWN
    state: State | None = None
    heard: float = 0.0
    told: float = 0.0
    numbers: dict[str, int] = field(default_factory=dict)
    most_nodes: int = 0
    known: bool = False
    asked: int = 0
    since: float = 0.0
    tokens: float = BURST
    filled: float = 0.0


class Gateway:
    """The vehicles of one broker.

    Args:
        peers: who is who.
        interface: first level of all topics; with the major version it begins each topic.
        classes: vehicle classes of the plant, by which a series name can be one.
    """

    def __init__(
        self, peers: Peers, interface: str = 'vda5050', classes: frozenset[str] = frozenset()
    ) -> None:
        self.peers, self._classes = peers, classes
        self._prefix = f'{interface}/v{PROTOCOL_VERSION.partition(".")[0]}'
        self.links: dict[VehicleId, Link] = {}
        self._told: set[tuple[str, str]] = set()

    def filters(self) -> tuple[tuple[str, int], ...]:
        """Return what to subscribe to, with the quality of service of the standard."""
        kinds = (('state', 0), ('connection', 1), ('factsheet', 0))
        return tuple((f'{self._prefix}/+/+/{kind}', qos) for kind, qos in kinds)

    # From the vehicles.

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said | Fault]:
        """Take a message of a vehicle in."""
        parts = topic.removeprefix(f'{self._prefix}/').split('/')
        if len(parts) != 3:
            yield from self._once(topic, 'is no topic of a vehicle')
            return
        peer = self.peers.find(parts[0], parts[1])
        if isinstance(peer, str):
            yield from self._once(topic, peer)
        elif len(payload) > LARGEST:
            yield from self._once(topic, f'{len(payload)} bytes, at most {LARGEST} are read')
        else:
            link = self.links.setdefault(peer.vehicle_id, Link(since=now, filled=now))
            yield from self._read(peer, link, parts[2], payload, now)

    def _read(
        self, peer: Peer, link: Link, kind: str, payload: bytes, now: float
    ) -> Iterator[Said | Fault]:
        where = f'{peer.manufacturer}/{peer.serial}/{kind}'
        message: State | Connection | Factsheet | None
        if kind == 'state':
            message, findings = decode(State, payload)
        elif kind == 'connection':
            message, findings = decode(Connection, _old_words(payload))
        else:
            message, findings = decode_factsheet(payload)
        if message is not None:
            findings = [*findings, *_sender(peer, message.header)]
        for finding in findings:
            yield from self._once(where, str(finding), f'{finding.path} {finding.code.name}')
        if message is None or serious(findings):
            return
        header = replace(
            message.header, manufacturer=peer.manufacturer, serial_number=str(peer.vehicle_id)
        )
        message = replace(message, header=header)
        match message:
            case State():
                link.state, link.heard, link.told = message, now, now
            case Connection():
                link.connection = message.connection_state
            case Factsheet():
                message = self._take_factsheet(peer, link, message)
        yield Said(peer.vehicle_id, message)

    def _take_factsheet(self, peer: Peer, link: Link, sheet: Factsheet) -> Factsheet:
        link.known, link.most_nodes = True, sheet.maximum_order_nodes
        named = (peer.vehicle_class, sheet.vehicle_class, sheet.series_name)
        fitting = [name for name in named if name in self._classes or name == peer.vehicle_class]
        return replace(sheet, vehicle_class=next(filter(None, fitting), ''))

    def _once(self, where: str, text: str, kind: str = '') -> Iterator[Fault]:
        """Tell a fault the first time it is seen."""
        key = (where[:200], kind or text)
        if key not in self._told and len(self._told) < TOLD_MOST:
            self._told.add(key)
            yield Fault(where[:200], text)

    def broker_lost(self, now: float) -> Iterator[Said]:
        """Nobody is heard any more: all vehicles that were there count as cut off."""
        for vehicle_id, link in self.links.items():
            if link.connection is ConnectionState.ONLINE:
                link.connection = ConnectionState.CONNECTION_BROKEN
                header = Header(0, now, serial_number=str(vehicle_id))
                yield Said(vehicle_id, Connection(header, link.connection))

    def tick(self, now: float) -> Iterator[Said | Publish | Fault]:
        """Tell states again that still count, and ask vehicles what they are."""
        for vehicle_id, link in self.links.items():
            if link.connection is not ConnectionState.ONLINE:
                continue
            if link.state is not None and now - link.told >= AGAIN and now - link.heard < VALID:
                link.told = now
                yield Said(vehicle_id, link.state)
            asked = link.asked
            if not link.known and asked < len(ASK) and now - link.since >= ASK[asked]:
                link.asked, link.since = asked + 1, now
                name = ActionId(f'factsheet-{vehicle_id}-{asked}')
                ask = Action('factsheetRequest', name, BlockingType.NONE)
                yield self.act(vehicle_id, InstantActions(Header(0, now), (ask,)), now)

    # To the vehicles.

    def send(self, vehicle_id: VehicleId, order: Order, now: float) -> Publish | Fault:
        """Put an order into the words of the standard, or say why it is not sent."""
        link = self.links.get(vehicle_id)
        if link is not None and link.most_nodes:
            order = _within(order, link.most_nodes)
            if len(order.nodes) > link.most_nodes:
                text = f'{len(order.nodes)} released nodes, it takes {link.most_nodes} at most'
                return Fault(f'{vehicle_id}/order', text)
        return self._send(vehicle_id, 'order', order, now)

    def act(self, vehicle_id: VehicleId, actions: InstantActions, now: float) -> Publish | Fault:
        """Put instant actions into the words of the standard, or say why they are not sent."""
        return self._send(vehicle_id, 'instantActions', actions, now)

    def _send(
        self, vehicle_id: VehicleId, kind: str, message: Order | InstantActions, now: float
    ) -> Publish | Fault:
        peer, link = self.peers.by_id.get(vehicle_id), self.links.get(vehicle_id)
        where = f'{vehicle_id}/{kind}'
        if peer is None or link is None or link.connection is not ConnectionState.ONLINE:
            return Fault(where, 'not sent: the vehicle is not connected')
        number = link.numbers.get(kind, 0)
        header = Header(number, now, PROTOCOL_VERSION, peer.manufacturer, peer.serial)
        message = replace(message, header=header)
        wrong: list[Any] = list(_findings(message))
        try:
            text = encode(message)
        except EncodeError as error:
            wrong.append(error)
        if wrong:
            return Fault(where, f'not sent: {wrong[0]}')
        if not _may_send(link, now):
            return Fault(where, f'not sent: more than {RATE:g} messages a second')
        link.numbers[kind] = (number + 1) % 2**32
        return Publish(f'{self._prefix}/{peer.manufacturer}/{peer.serial}/{kind}', text)


def _findings(message: Order | InstantActions) -> list[Finding]:
    if isinstance(message, Order):
        return validate_order(message)
    return validate_instant_actions(message)


def _may_send(link: Link, now: float) -> bool:
    """Take a token if there is one; they come back at RATE."""
    link.tokens = min(BURST, link.tokens + RATE * max(now - link.filled, 0.0))
    link.filled = now
    if link.tokens < 1.0:
        return False
    link.tokens -= 1.0
    return True


def _within(order: Order, most: int) -> Order:
    """Leave out the end of the horizon that a vehicle has no room for."""
    base = sum(node.released for node in order.nodes)
    keep = max(most, base)
    if keep >= len(order.nodes):
        return order
    return replace(order, nodes=order.nodes[:keep], edges=order.edges[: keep - 1])


def _sender(peer: Peer, header: Header) -> list[Finding]:
    """Return where the header names somebody else than the topic does; nobody is tolerated."""
    found = []
    pairs = (
        ('manufacturer', header.manufacturer, peer.manufacturer),
        ('serialNumber', header.serial_number, peer.serial),
    )
    for path, said, wanted in pairs:
        if said != wanted:
            text = f'found {said[:60]!r} on the topic of {wanted!r}'
            found.append(Finding(FindingCode.BAD_HEADER, path, text, tolerable=not said))
    return found


def _old_words(payload: bytes) -> bytes:
    """Take the word of VDA 5050 2 for a broken connection too."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    if isinstance(value, dict) and value.get('connectionState') == 'CONNECTIONBROKEN':
        return json.dumps({**value, 'connectionState': 'CONNECTION_BROKEN'}).encode()
    return payload
