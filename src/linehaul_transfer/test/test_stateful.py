# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One hand-off in any order of good and bad luck: loss, repeat, delay, death, stop, full disk."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from linehaul_transfer.bench import Rig

from linehaul_transfer import Holder, Kind

SIDES = st.sampled_from(['vehicle', 'port'])
PLACES = st.sampled_from([Holder.VEHICLE, Holder.PORT])


class HandOff(RuleBasedStateMachine):
    """Plays a rig; at the end the world behaves, and the session must have an end."""

    rig: Rig

    @initialize(kind=st.sampled_from([Kind.LOAD, Kind.UNLOAD]), chain=st.booleans())
    def begin(self, kind, chain):
        self.rig = Rig(kind)
        back = Kind.UNLOAD if kind is Kind.LOAD else Kind.LOAD
        assert not self.rig.start(*((kind, back) if chain else (kind,)))

    @rule(seconds=st.sampled_from([0.05, 0.1, 0.5, 1.0]))
    def time_passes(self, seconds):
        self.rig.tick(seconds)

    @rule(jump=st.sampled_from([-1e6, -10.0, 10.0, 1e6, float('inf'), float('nan')]))
    def clock_jumps(self, jump):
        now = self.rig.now
        self.rig.now += jump
        self.rig.tick(0.0)
        self.rig.now = now

    @precondition(lambda self: self.rig.air)
    @rule(data=st.data(), again=st.booleans())
    def message_is_heard(self, data, again):
        self.rig.hear(data.draw(st.integers(0, len(self.rig.air) - 1)), again=again)

    @precondition(lambda self: self.rig.air)
    @rule(data=st.data())
    def message_is_lost(self, data):
        self.rig.lose(data.draw(st.integers(0, len(self.rig.air) - 1)))

    @rule(times=st.integers(1, 12))
    def all_is_well_for_a_while(self, times):
        for _ in range(times):
            self.rig.fair()

    @rule()
    def load_moves(self):
        self.rig.move()

    @rule(side=SIDES)
    def sensors_catch_up(self, side):
        self.rig.sense(side)

    @rule(side=SIDES)
    def side_dies(self, side):
        self.rig.die(side)

    @rule(side=SIDES, healthy=st.booleans())
    def emergency_stop(self, side, healthy):
        self.rig.health(side, healthy=healthy)

    @rule(side=SIDES)
    def disk_is_full(self, side):
        self.rig.full.add(side)

    @rule()
    def disk_has_room(self):
        self.rig.full.clear()

    @rule(place=PLACES)
    def person_speaks(self, place):
        self.rig.say(place)

    @rule()
    def person_resets(self):
        self.rig.reset()

    @invariant()
    def promises_are_kept(self):
        assert not self.rig.fault()

    def teardown(self):
        if hasattr(self, 'rig'):
            assert self.rig.settle().outcome in ('done', 'undone', 'person')
            self.rig.attend(Holder.PORT)
            assert not self.rig.fault()


HandOff.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestHandOff = HandOff.TestCase
