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

PARTS = ('travel', 'pairing', 'stock', 'shift', 'scale', 'kill')


def main() -> int:
    parser = common.argument_parser(__doc__)
    text = 'do this part only (may be repeated)'
    parser.add_argument('--part', action='append', choices=PARTS, help=text)
    args = parser.parse_args()
    wanted = args.part or PARTS
    rng = np.random.default_rng(args.seed)
    pairs = 200_000 if args.quick else 2_000_000
    parts: dict[str, Any] = {}
    if 'travel' in wanted:
        parts['continuous'] = _asrs_travel.continuous(pairs, rng)
        parts['reference rack'] = _asrs_travel.accelerated(pairs, rng)
        parts['classes'] = _asrs_travel.classes(pairs, rng)
        parts['dwell points'] = _asrs_travel.dwell(pairs // 10, rng)
    if 'pairing' in wanted:
        parts['pairing'] = _asrs_pairing.blocks(400 if args.quick else 3000, rng)
    if 'stock' in wanted:
        parts['stock'] = _asrs_stock.queries(100_000 if args.quick else 1_000_000, rng)
    if 'shift' in wanted:
        hours, seeds = (0.5, 1) if args.quick else (8.0, _asrs_shift.SEEDS)
        parts['shift'] = _asrs_shift.shifts(hours, args.seed, seeds)
    if 'scale' in wanted:
        parts['scale'] = _asrs_shift.scale(0.25 if args.quick else 1.0, args.seed)
    if 'kill' in wanted:
        parts['kill -9'] = _asrs_kill.kills(10 if args.quick else 100, rng)
    figures = [one for found, _ in parts.values() for one in found]
    detail = {name: rows for name, (_, rows) in parts.items()}
    common.finish('asrs', args, figures, detail=detail)
    if args.out is not None and args.part is None:
        from _asrs_plot import draw

        draw(args.out.with_suffix('.png'), detail)
    return 0


if __name__ == '__main__':
    sys.exit(main())
