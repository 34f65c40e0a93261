# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the verdict promises, driven: planner, execution graph and watchdog on random floors."""

import numpy as np
from hypothesis import given, note, settings
from hypothesis import strategies as st
from linehaul_traffic.liveness import served, verdict
from linehaul_traffic.untangle import Untangler
from linehaul_traffic.watchdog import Patience, Watchdog


@st.composite
def lanes(draw, both_ways):
    """Lane nodes on a circle, 0..n-1: a ring, or both ways a line, with chords."""
    n = draw(st.integers(3, 6))
    nodes = st.integers(0, n - 1)
    chords = draw(st.sets(st.tuples(nodes, nodes), max_size=4))
    edges = {(k, k + 1) for k in range(n - 1)} | {c for c in chords if c[0] != c[1]}
    if not both_ways or draw(st.booleans()):
        edges.add((n - 1, 0))
    if both_ways:
        edges |= {(b, a) for a, b in edges}
    return n, sorted(edges)


def floor_of(floors, n, edges):
    """A floor with a bay off each lane node: bay n + k hangs on lane node k."""
    angle = 2.0 * np.pi * np.arange(n) / n
    ring = n * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    spurs = [pair for k in range(n) for pair in ((k, n + k), (n + k, k))]
    points = np.concatenate([ring, 1.5 * ring])
    return floors.Jam(points, [*edges, *spurs], range(n, 2 * n))


def put_some(jam, n, rng):
    """Put vehicles in bays, one bay stays free; each wants to the bay of the next one."""
    bays = rng.permutation(np.arange(n, 2 * n)).tolist()
    for k in range(n - 1):
        jam.put(f'v{k}', bays[k + 1], bays[k])


@settings(max_examples=12, deadline=None)
@given(graph=st.booleans().flatmap(lanes), seed=st.integers(0, 2**32 - 1))
def test_on_well_formed_floors_everybody_arrives_whatever_the_lanes(floors, graph, seed):
    """Strong articulation points, one-way rings: whole ways from bay to bay need no more."""
    n, edges = graph
    jam, rng = floor_of(floors, n, edges), np.random.default_rng(seed)
    assert verdict(jam.roadmap).whole_ways
    put_some(jam, n, rng)
    for _ in range(300):
        slow = rng.random(n - 1) < 0.3
        jam.unable = {f'v{k}': jam.graph.now + 2.0 for k in np.flatnonzero(slow).tolist()}
        jam.step()
        if jam.home():
            break
    assert jam.home()


@settings(max_examples=12, deadline=None)
@given(graph=st.booleans().flatmap(lanes), seed=st.integers(0, 2**32 - 1))
def test_the_first_in_rank_gets_on_when_another_breaks_down(floors, graph, seed):
    """The watchdog brings everybody home who can come home at all, by trying everything."""
    n, edges = graph
    jam, rng = floor_of(floors, n, edges), np.random.default_rng(seed)
    put_some(jam, n, rng)
    for _ in range(int(rng.integers(2, 15))):
        jam.step()
    driving = [v for v in jam.goals if jam.where(v) < n] or list(jam.goals)
    broken = str(rng.choice(driving))
    jam.unable[broken] = 1e6
    reached = reachable(jam, broken)
    note(f'{broken} breaks down at {jam.where(broken)}; others can reach: {reached}')
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    for _ in range(400):
        jam.step()
        dog.look(dict.fromkeys(jam.goals, 0.0), {broken})
        if all(jam.where(v) == jam.goals[v] for v in reached):
            break
    for vehicle in reached:
        if jam.where(vehicle) != jam.goals[vehicle]:
            assert not could_be_served(jam, vehicle, broken), f'{vehicle} could get on'
    jam.unable.clear()
    assert jam.run(), 'and all the others when it is repaired'


def reachable(jam, broken):
    """Return who has a way home over what the broken vehicle leaves free."""
    look = Untangler(jam.planner, np.random.default_rng(0))
    tables = look._tables(look._walls([broken]))
    others = [v for v in jam.goals if v != broken and not jam.graph.at_end(v)]
    return [v for v in others if np.isfinite(look._togo(jam.graph.slot(v), tables))]


def could_be_served(jam, vehicle, broken):
    """Try everything: could it come home, whoever must make room, without the broken one?"""
    path, first, last = jam.graph.path(broken)
    gone = set(path.nodes[first : last + 1])
    pairs = zip(jam.roadmap.edge_start.tolist(), jam.roadmap.edge_end.tolist(), strict=True)
    edges = frozenset((a, b) for a, b in pairs if a not in gone and b not in gone)
    others = [jam.where(v) for v in jam.goals if v not in (vehicle, broken)]
    return served(edges, (jam.where(vehicle), *others), jam.goals[vehicle])
