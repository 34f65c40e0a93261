# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The high-bay warehouse: travel times, storage classes, pairing, dwell points, stock, a shift.

Travel, classes and pairing are simulated with the kernels that the warehouse decides with and
held against the published closed forms and tables. The stock is asked when its journal has a
million transactions. The shift runs the whole controller with simulated cranes at the rate of
the reference plant, against first come first served and nearest neighbour; at last a warehouse
is killed a hundred times. With --out FILE.json
a picture goes to FILE.png.
"""

import sys
from typing import Any

import _asrs_kill
import _asrs_pairing
import _asrs_shift
import _asrs_stock
import _asrs_travel
import common
import numpy as np


def main() -> int:
    args = common.argument_parser(__doc__).parse_args()
    rng = np.random.default_rng(args.seed)
    pairs = 200_000 if args.quick else 2_000_000
    count = 400 if args.quick else 3000
    parts: dict[str, Any] = {
        'continuous': _asrs_travel.continuous(pairs, rng),
        'reference rack': _asrs_travel.accelerated(pairs, rng),
        'classes': _asrs_travel.classes(pairs, rng),
        'dwell points': _asrs_travel.dwell(pairs // 10, rng),
        'pairing': _asrs_pairing.blocks(count, rng),
        'stock': _asrs_stock.queries(100_000 if args.quick else 1_000_000, rng),
    }
    hours = 1.0 if args.quick else 8.0
    parts['shift'] = _asrs_shift.shifts(hours, rng, args.seed)
    parts['scale'] = _asrs_shift.scale(0.25 if args.quick else 1.0, rng, args.seed)
    parts['kill -9'] = _asrs_kill.kills(10 if args.quick else 100, rng)
    figures = [one for found, _ in parts.values() for one in found]
    detail = {name: rows for name, (_, rows) in parts.items()}
    common.finish('asrs', args, figures, detail=detail)
    if args.out is not None:
        from _asrs_plot import draw

        draw(args.out.with_suffix('.png'), detail)
    return 0


if __name__ == '__main__':
    sys.exit(main())
