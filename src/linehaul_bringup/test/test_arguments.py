# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.arguments import (
    Argument,
    ArgumentName,
    ArgumentType,
    _has_type,
    read,
    resolve,
    spell,
)
from linehaul_bringup.errors import ArgumentsError

SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
ARGUMENTS = {
    ArgumentName(a.name): a
    for a in (
        Argument(ArgumentName('plant'), ArgumentType.STRING, 'cell', '', ('cell', 'jiaozhou')),
        Argument(ArgumentName('speed'), ArgumentType.FLOAT, 1.0, '', minimum=0.1, maximum=100.0),
        Argument(ArgumentName('seed'), ArgumentType.INTEGER, 1, ''),
        Argument(ArgumentName('show'), ArgumentType.BOOLEAN, False, ''),
    )
}


@settings(max_examples=100, deadline=None)
@given(SCALARS)
def test_reading_what_is_spelled_is_identity(value):
    kind = next(kind for kind in ArgumentType if _has_type(value, kind))
    assert read(kind, spell(value)) == value


def test_defaults_and_given_values():
    assert resolve(ARGUMENTS, []) == {'plant': 'cell', 'speed': 1.0, 'seed': 1, 'show': False}
    given_texts = [('speed', '10'), ('show', 'True'), ('speed', '10')]
    assert resolve(ARGUMENTS, given_texts) == {
        'plant': 'cell',
        'speed': 10.0,
        'seed': 1,
        'show': True,
    }


@pytest.mark.parametrize(
    ('name', 'text', 'said'),
    [
        ('speed', 'fast', 'give a value of type float'),
        ('speed', 'nan', 'give a value of type float'),
        ('speed', 'inf', 'give a value of type float'),
        ('speed', '0', 'give at least 0.1'),
        ('speed', '1e9', 'give at most 100'),
        ('seed', '1.5', 'give a value of type integer'),
        ('seed', 'true', 'give a value of type integer'),
        ('show', '1', 'give a value of type boolean'),
        ('plant', 'mars', 'give one of cell, jiaozhou'),
        ('plnat', 'cell', "did you mean 'plant'?"),
    ],
)
def test_what_does_not_fit_is_told(name, text, said):
    with pytest.raises(ArgumentsError) as caught:
        resolve(ARGUMENTS, [(name, text), ('seed', '2'), ('seed', '3')])
    assert said in str(caught.value.problems[0])
    assert 'give it once' in str(caught.value.problems[1])
