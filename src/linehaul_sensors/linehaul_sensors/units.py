# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Units of measurement in UCUM notation and the conversion between them.

A bridge states the unit of what it delivers; the channel table states the unit the plant works in.
Where both are known and of one dimension the values are converted, otherwise the reading is bad.
Source: UCUM, the Unified Code for Units of Measure, case-sensitive symbols.
"""

import re
from math import pi

# Symbol: (dimension, factor, offset); base value = factor * value + offset.
_UNITS: dict[str, tuple[str, float, float]] = {
    'K': ('temperature', 1.0, 0.0),
    'Cel': ('temperature', 1.0, 273.15),
    '[degF]': ('temperature', 5.0 / 9.0, 273.15 - 32.0 * 5.0 / 9.0),
    'Pa': ('pressure', 1.0, 0.0),
    'kPa': ('pressure', 1e3, 0.0),
    'MPa': ('pressure', 1e6, 0.0),
    'mbar': ('pressure', 1e2, 0.0),
    'bar': ('pressure', 1e5, 0.0),
    '[psi]': ('pressure', 6894.757293168, 0.0),
    'm': ('length', 1.0, 0.0),
    'mm': ('length', 1e-3, 0.0),
    'um': ('length', 1e-6, 0.0),
    'm/s': ('speed', 1.0, 0.0),
    'mm/s': ('speed', 1e-3, 0.0),
    'm/min': ('speed', 1.0 / 60.0, 0.0),
    'm/s2': ('acceleration', 1.0, 0.0),
    '[g]': ('acceleration', 9.80665, 0.0),
    'rad': ('angle', 1.0, 0.0),
    'deg': ('angle', pi / 180.0, 0.0),
    'rad/s': ('angular speed', 1.0, 0.0),
    '/min': ('angular speed', 2.0 * pi / 60.0, 0.0),
    'Hz': ('frequency', 1.0, 0.0),
    'A': ('current', 1.0, 0.0),
    'mA': ('current', 1e-3, 0.0),
    'V': ('voltage', 1.0, 0.0),
    'mV': ('voltage', 1e-3, 0.0),
    'W': ('power', 1.0, 0.0),
    'kW': ('power', 1e3, 0.0),
    'J': ('energy', 1.0, 0.0),
    'kW.h': ('energy', 3.6e6, 0.0),
    'N': ('force', 1.0, 0.0),
    'kN': ('force', 1e3, 0.0),
    'N.m': ('torque', 1.0, 0.0),
    'kg': ('mass', 1.0, 0.0),
    'g': ('mass', 1e-3, 0.0),
    'm3/s': ('flow', 1.0, 0.0),
    'm3/h': ('flow', 1.0 / 3600.0, 0.0),
    'L/min': ('flow', 1e-3 / 60.0, 0.0),
    's': ('time', 1.0, 0.0),
    'ms': ('time', 1e-3, 0.0),
    'h': ('time', 3600.0, 0.0),
    '1': ('ratio', 1.0, 0.0),
    '%': ('ratio', 1e-2, 0.0),
    'dB': ('level', 1.0, 0.0),
    'lx': ('illuminance', 1.0, 0.0),
}
# Quantity of the channel table: what its unit must measure. Others are free.
_QUANTITIES = {
    'temperature': 'temperature',
    'relative_humidity': 'ratio',
    'pressure': 'pressure',
    'position': 'length',
    'range': 'length',
    'speed': 'speed',
    'acceleration': 'acceleration',
    'current': 'current',
    'voltage': 'voltage',
    'power': 'power',
    'flow': 'flow',
    'torque': 'torque',
    'mass': 'mass',
}
# One or more printable ASCII characters without white space, as UCUM demands.
_SYMBOL = re.compile(r'[!-~]{1,32}\Z')


def is_symbol(unit: str) -> bool:
    """Tell whether the text can be a UCUM symbol at all."""
    return _SYMBOL.match(unit) is not None


def fits(quantity: str, unit: str) -> bool:
    """Tell whether a unit can measure a quantity; what is not known is taken to fit."""
    wanted, known = _QUANTITIES.get(quantity), _UNITS.get(unit)
    return wanted is None or known is None or known[0] == wanted


def known_units(quantity: str) -> tuple[str, ...]:
    """Return the units that are known for a quantity."""
    wanted = _QUANTITIES.get(quantity, quantity)
    return tuple(unit for unit, (dimension, _, _) in _UNITS.items() if dimension == wanted)


def conversion(source: str, target: str) -> tuple[float, float] | None:
    """Return (factor, offset) with target value = factor * source value + offset.

    Returns:
        None where either unit is not known, unless they are the same symbol, or where they
        measure different things.
    """
    if source == target:
        return 1.0, 0.0
    a, b = _UNITS.get(source), _UNITS.get(target)
    if a is None or b is None or a[0] != b[0]:
        return None
    return a[1] / b[1], (a[2] - b[2]) / b[1]
