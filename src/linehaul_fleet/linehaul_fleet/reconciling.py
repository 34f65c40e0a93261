# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle holds wins over what was planned, also where the fleet knows nothing of it.

After a torn write, a lost journal or another master, a vehicle may drive an order that is not its
leg's. Its released way is claimed as it says, so that nobody else is sent there; it is told to
stop (instant.py), and once it stands it begins anew from where it is.
"""

import re

from linehaul_fleet.events import VehicleRelocated
from linehaul_fleet.losing import relocate
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Leg
from linehaul_traffic import CommitError, Path
from linehaul_vda5050 import State

_NUMBER = re.compile(r'.+-(\d{1,9})')


def reconcile(s: Situation, vehicle: Vehicle, state: State, node: int, now: float) -> bool:
    """Deal with a vehicle that has another order than its leg's; True: it has.

    Args:
        s: the situation.
        vehicle: who; it is on the floor.
        state: its new state.
        node: the node it reached last, as an index.
        now: plant time [s].
    """
    leg = vehicle.leg
    number = order_number(vehicle, state)
    vehicle.orders = max(vehicle.orders, number)
    if leg is not None and str(state.order_id) == leg.order_id and _fits(s, leg, state):
        s.adopted.pop(vehicle.id, None)
        return False
    if not state.idle:
        _adopt(s, vehicle, state, node, now)
        return True
    overtaken = leg is not None and number >= _number(vehicle, leg.order_id) > 0
    if (vehicle.id in s.adopted or overtaken) and not state.driving:
        s.adopted.pop(vehicle.id, None)
        relocate(s, vehicle, node, now)
        return True
    return False


def _fits(s: Situation, leg: Leg, state: State) -> bool:
    """Return whether what a vehicle holds of an order is what its leg says."""
    nodes, names = leg.path.nodes, s.plant.roadmap.node_ids
    held = [(state.last_node_sequence_id, str(state.last_node_id))]
    held += [(n.sequence_id, str(n.node_id)) for n in state.node_states if n.released]
    return all(k // 2 < len(nodes) and names[nodes[k // 2]] == name for k, name in held)


def order_number(vehicle: Vehicle, state: State) -> int:
    """Return the number of the order a vehicle reports, 0 if it is none of this fleet's."""
    return _number(vehicle, str(state.order_id))


def _number(vehicle: Vehicle, order_id: str) -> int:
    found = _NUMBER.fullmatch(order_id)
    return int(found[1]) if found and order_id.startswith(f'{vehicle.id}-') else 0


def _adopt(s: Situation, vehicle: Vehicle, state: State, node: int, now: float) -> None:
    """Claim the released way of an order that the fleet does not know."""
    if s.adopted.get(vehicle.id) == (state.order_id, node, len(state.node_states)):
        return
    if vehicle.leg is not None:
        s.sending.pop(vehicle.id, None)
        s.note(VehicleRelocated(vehicle.id, node), now)
    way = _way(s, state, node)
    s.graph.remove(vehicle.id)
    try:
        s.graph.restore(vehicle.id, vehicle.vehicle_class, way)
    except CommitError:  # the nodes are no way here: claim at least where it is
        s.graph.place(vehicle.id, vehicle.vehicle_class, node)
    else:
        s.graph.resume(vehicle.id, 0, len(way.nodes) - 1)
    s.graph.load(vehicle.id, bool(vehicle.loads))
    s.adopted[vehicle.id] = (str(state.order_id), node, len(state.node_states))
    vehicle.note = f'drives order {state.order_id}, which is not known here'


def _way(s: Situation, state: State, node: int) -> Path:
    roadmap = s.plant.roadmap
    nodes, edges = [node], []
    for step, edge in zip(state.node_states, state.edge_states, strict=False):
        index = roadmap.node_index.get(step.node_id)  # type: ignore[call-overload]
        link = roadmap.edge_index.get(edge.edge_id)  # type: ignore[call-overload]
        if not step.released or index is None or link is None:
            break
        nodes.append(index)
        edges.append(link)
    return Path(tuple(nodes), tuple(edges))
