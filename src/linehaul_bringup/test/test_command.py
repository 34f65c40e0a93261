# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.command import command_line, parameter_text
from linehaul_bringup.plan import NodeProcess
from linehaul_bringup.system import NodeName

TEXTS = st.text(st.characters(exclude_categories=['Cs', 'Cc', 'Co', 'Cn']))
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(-1e15, 1e15).filter(lambda x: x == 0.0 or abs(x) > 1e-4),
    TEXTS,
    st.sampled_from(['yes', '007', '', 'null', '1.0', "it's", 'a: b', '[x]', '"', '\\', '~']),
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(SCALARS, st.lists(TEXTS).map(tuple)))
def test_a_parameter_is_read_back_with_its_value_and_type(value):
    back = yaml.safe_load(parameter_text(value))
    back = tuple(back) if isinstance(back, list) else back
    assert (back, type(back)) == (value, type(value))


def test_the_command_line_has_name_namespace_files_and_parameters():
    process = NodeProcess(
        label='sim',
        name=NodeName('sim'),
        package='linehaul_sim',
        executable='sim',
        namespace='/hall',
        parameters=(('plant', 'cell'), ('speed', 2.0)),
        parameter_files=('/c/sim.yaml',),
        remappings=(('clock', '/clock'),),
        respawn=None,
        required=True,
    )
    assert ' '.join(command_line(process, Path('/x/sim'))) == (
        '/x/sim --ros-args -r __node:=sim -r __ns:=/hall -r clock:=/clock'
        ' --params-file /c/sim.yaml -p plant:="cell" -p speed:=2.0'
    )
