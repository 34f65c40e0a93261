# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""T² and Q: a broken relation between channels is seen, though each channel looks as usual."""

import numpy as np
import pytest
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.multivariate import fit_machine, judge_machine, limit, passes

MIX = np.random.default_rng(0).normal(size=(2, 8))
TIED = int(np.abs(MIX).sum(axis=0).argmax())  # the channel that goes along with the others most


def samples(rng, count):
    return 20 + rng.normal(size=(count, 2)) @ MIX + 0.1 * rng.normal(size=(count, 8))


@pytest.fixture(scope='module')
def model():
    return fit_machine(samples(np.random.default_rng(1), 4000))


def test_a_sound_machine_passes_seldom(model):
    judged = judge_machine(model, samples(np.random.default_rng(2), 20_000))
    assert passes(judged, limit(1000.0), lasting=1).sum() <= 2


def test_a_broken_relation_is_seen_by_q_and_the_channel_is_named(model):
    rng = np.random.default_rng(3)
    x = samples(rng, 300)
    spread = x[:, TIED].std()
    x[:, TIED] = 20 + spread * rng.normal(size=300)  # as large as ever, but on its own
    judged = judge_machine(model, x)
    # A sound machine passes at most twice in 20,000 samples (above).
    assert passes(judged, limit(1000.0), lasting=1).sum() >= 5
    assert int(judged.shares.mean(axis=0).argmax()) == TIED
    assert np.abs(x[:, TIED] - 20).max() < 5 * spread


def test_an_extreme_state_of_the_whole_is_seen_by_t2(model):
    x = 20 + np.array([[9.0, 0.0]]) @ MIX
    judged = judge_machine(model, x)
    assert judged.t2[0] > 40
    assert judged.score[0] > limit(1000.0)
    assert judged.shares.sum() == pytest.approx(1.0)


def test_t2_is_hotellings_on_the_components(model):
    x = samples(np.random.default_rng(4), 50)
    z = (x - model.mean) / model.scale
    inverse = model.axes @ np.diag(1 / model.variance) @ model.axes.T
    judged = judge_machine(model, x)
    assert judged.t2 == pytest.approx(np.einsum('ni,ij,nj->n', z, inverse, z))
    plane = model.axes @ model.axes.T
    assert judged.q == pytest.approx((((z - z @ plane) / model.rest) ** 2).sum(axis=1))


def test_missing_and_constant_channels(model):
    x = samples(np.random.default_rng(5), 3)
    x[1, 2] = np.nan
    assert np.isnan(judge_machine(model, x).score).tolist() == [False, True, False]
    flat = samples(np.random.default_rng(6), 2000)
    flat[:, 3] = 7.0
    assert np.isfinite(judge_machine(fit_machine(flat), flat).score).all()


@pytest.mark.parametrize('shape', [(100, 8), (4000, 1)])
def test_too_little_to_learn_from_is_refused(shape):
    with pytest.raises(ReadingsError):
        fit_machine(np.zeros(shape))
