# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The conflict table says exactly which spaces meet, and survives a bad cache."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.conflict import build_conflicts, element_spaces
from linehaul_floor.geometry import at_poses

from linehaul_floor import conflict_table, parse_plant


def dense(table):
    count = table.indptr.size - 1
    full = np.zeros((count, count), bool)
    full[np.repeat(np.arange(count), np.diff(table.indptr)), table.indices] = True
    return full


def test_table_is_reflexive_symmetric_and_sorted(plant, tmp_path):
    for class_id in plant.classes:
        table = conflict_table(plant, class_id, cache_dir=tmp_path)
        rows = np.repeat(np.arange(table.indptr.size - 1), np.diff(table.indptr))
        codes = rows.astype(np.int64) * (table.indptr.size - 1) + table.indices
        assert (np.diff(codes) > 0).all()
        assert np.isin(np.arange(table.indptr.size - 1) * table.indptr.size, codes).all()
        flipped = table.indices.astype(np.int64) * (table.indptr.size - 1) + rows
        assert np.array_equal(np.sort(flipped), codes)


def test_table_of_two_classes_is_the_other_way_round(jiaozhou):
    one, other = jiaozhou.classes['agv'], jiaozhou.classes['carrier']
    ahead = build_conflicts(jiaozhou.roadmap, one, other)
    back = build_conflicts(jiaozhou.roadmap, other, one)
    count = ahead.indptr.size - 1
    rows = np.repeat(np.arange(count, dtype=np.int64), np.diff(ahead.indptr))
    columns = np.repeat(np.arange(count, dtype=np.int64), np.diff(back.indptr))
    assert np.array_equal(np.sort(ahead.indices * count + rows), columns * count + back.indices)


def test_table_agrees_with_every_pair_of_spaces(cell):
    spaces = element_spaces(cell.roadmap, cell.classes['agv'])
    wanted = shapely.intersects(spaces[:, None], spaces[None, :])
    assert np.array_equal(dense(build_conflicts(cell.roadmap, *[cell.classes['agv']] * 2)), wanted)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_vehicles_without_a_conflict_never_touch(cell, data):
    """Anywhere on two elements that do not conflict, the outlines stay both margins apart."""
    roadmap, vehicle = cell.roadmap, cell.classes['agv']
    full = dense(conflict_table(cell, 'agv'))
    first = data.draw(st.integers(0, len(full) - 1))
    second = data.draw(st.sampled_from(np.flatnonzero(~full[first]).tolist()))
    shapes = [pose_on(roadmap, vehicle, element, data) for element in (first, second)]
    assert shapes[0].distance(shapes[1]) >= 2.0 * vehicle.margin - 1e-9


def pose_on(roadmap, vehicle, element, data):
    if element < roadmap.node_count:
        xy = roadmap.xy[element]
        if roadmap.node_turn[element]:
            heading = data.draw(st.floats(-np.pi, np.pi))
        else:
            edges = np.concatenate([roadmap.edges_into(element), roadmap.edges_from(element)])
            heading = roadmap.vehicle_heading[data.draw(st.sampled_from(edges.tolist()))]
    else:
        edge = element - roadmap.node_count
        part = data.draw(st.floats(0.0, 1.0))
        ends = roadmap.xy[[roadmap.edge_start[edge], roadmap.edge_end[edge]]]
        xy, heading = ends[0] + part * (ends[1] - ends[0]), roadmap.vehicle_heading[edge]
    outline = data.draw(st.sampled_from([vehicle.footprint, vehicle.loaded_footprint]))
    return shapely.Polygon(at_poses(outline, xy[None], np.array([heading]))[0])


def test_single_vehicle_zone_joins_all_its_elements(tiny, text):
    free = parse_plant(text(tiny))
    tiny['zones'] = [{'id': 'alone', 'kind': 'single_vehicle', 'rect': [5.0, 5.0, 15.0, 15.0]}]
    held = parse_plant(text(tiny))
    a, b = (free.roadmap.node_index[name] for name in ('ring_000', 'ring_008'))
    assert b not in conflict_table(free, 'agv').of(a)
    assert b in conflict_table(held, 'agv').of(a)


def test_cache_is_used_and_mended(cell, tmp_path):
    first = conflict_table(cell, 'agv', cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    stamp = file.stat().st_mtime_ns
    again = conflict_table(cell, 'agv', cache_dir=tmp_path)
    assert file.stat().st_mtime_ns == stamp
    assert np.array_equal(first.indices, again.indices)
    whole = file.read_bytes()
    for broken in (b'', whole[: len(whole) // 2], b'\x00' * 100, _altered(whole)):
        file.write_bytes(broken)
        mended = conflict_table(cell, 'agv', cache_dir=tmp_path)
        assert np.array_equal(first.indices, mended.indices)
        assert np.array_equal(first.indptr, mended.indptr)
        assert [f.suffix for f in tmp_path.iterdir()] == ['.npz']


def _altered(whole):
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]


def test_folder_that_cannot_be_written_is_no_obstacle(cell, tmp_path):
    (tmp_path / 'file').write_text('')
    assert conflict_table(cell, 'agv', cache_dir=tmp_path / 'file' / 'below').indices.size


def test_unknown_class_is_an_error(cell):
    with pytest.raises(KeyError):
        conflict_table(cell, 'truck')
