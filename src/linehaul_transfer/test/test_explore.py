# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Every joint state of a small hand-off, and that the search would see a mistake."""

from dataclasses import replace

import pytest
from linehaul_transfer.explore import Air, Bounds, Explorer, order
from linehaul_transfer.vehicle_state import Phase

from linehaul_transfer import Custody, Kind, explore, port, port_state, vehicle


def test_every_state_of_a_small_hand_off_keeps_the_promises(capsys):
    found = Explorer(Bounds(Kind.LOAD, vehicle_deaths=0, port_deaths=0, lag=False)).run()
    with capsys.disabled():
        print(f' [{found.states} joint states, {found.steps} steps] ', end='')  # noqa: T201
    assert found.faults == ()
    assert found.complete
    assert found.stuck == 0
    assert set(found.ends) == {'done', 'undone'}
    assert found.asking > 0


@pytest.mark.parametrize('kind', [Kind.LOAD, Kind.UNLOAD])
def test_the_beginning_of_a_hand_off_with_deaths_and_stops_keeps_the_promises(kind):
    found = Explorer(Bounds(kind, stops=1, most=4_000)).run()
    assert found.faults == ()
    assert found.states >= 4_000


def forgetful(state):
    """A port that takes its promise back when READY gets no answer."""
    if state.phase is port_state.Phase.WITHDRAWN:
        return port._leave(state)
    return PROMISED(state)


PROMISED = port._promised


def test_a_port_that_takes_ready_back_is_caught(monkeypatch):
    monkeypatch.setattr(port, '_promised', forgetful)
    found = Explorer(Bounds(Kind.UNLOAD, vehicle_deaths=0, port_deaths=0, most=60_000)).run()
    assert any('may move' in fault or 'free' in fault for fault in found.faults)


def test_a_vehicle_that_books_too_early_is_caught(monkeypatch):
    enter = vehicle._enter

    def eager(state, own):
        return replace(enter(state, own), custody=Custody.MINE)

    monkeypatch.setattr(vehicle, '_enter', eager)
    found = Explorer(Bounds(Kind.UNLOAD, vehicle_deaths=0, port_deaths=0, most=60_000)).run()
    assert any('held by vehicle and port' in fault for fault in found.faults)


def test_a_vehicle_that_forgets_busy_is_caught(monkeypatch):
    reborn = explore._reborn_vehicle

    def forgetting(state):
        new = reborn(state)
        return replace(new, phase=Phase.WAITING) if new.phase is Phase.FROZEN else new

    monkeypatch.setattr(explore, '_reborn_vehicle', forgetting)
    bounds = Bounds(Kind.LOAD, vehicle_deaths=1, port_deaths=0, lag=False, most=60_000)
    assert any('vehicle is free' in fault for fault in Explorer(bounds).run().faults)


def test_numbers_of_messages_become_their_order():
    air = Air(4, -1, ((7, 9), (8, 4)))
    assert order(air) == Air(0, -1, ((7, 1), (8, 0)))
