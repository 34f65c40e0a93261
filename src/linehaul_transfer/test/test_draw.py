# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The timing diagram, and logs that are none."""

from xml.etree import ElementTree

import pytest
from linehaul_transfer.draw import draw, example, main, read_log

from linehaul_transfer import LogError

GOOD = '{"time": 1.0, "side": "port", "session": "s", "levels": {"ready": true}}'


def test_the_example_shows_the_order_of_the_standard():
    said = read_log(example())
    first = {}
    for one in said:
        for name, value in one.levels.items():
            if value:
                first.setdefault(name, one.time)
    rising = sorted(('cs', 'valid', 'l_req', 'tr_req', 'ready', 'busy', 'compt'), key=first.get)
    assert rising == ['cs', 'valid', 'l_req', 'tr_req', 'ready', 'busy', 'compt']


def test_a_picture_is_svg_with_every_signal_that_changed(tmp_path):
    out = tmp_path / 'x.svg'
    assert main(['--example', '--out', str(out)]) == 0
    root = ElementTree.parse(out).getroot()
    texts = [element.text for element in root.iter() if element.tag.endswith('text')]
    for name in ('CS', 'VALID', 'L_REQ', 'TR_REQ', 'READY', 'BUSY', 'COMPT', 'presence'):
        assert name in texts
    assert 'U_REQ' not in texts


def test_texts_are_escaped_and_one_message_is_enough():
    said = read_log([GOOD.replace('}}', '}, "text": "<b> & more"}')])
    assert ElementTree.fromstring(draw(said, '<title>')) is not None


@pytest.mark.parametrize(
    'lines',
    [
        [],
        ['{'],
        ['[]'],
        [GOOD, GOOD.replace('port', 'crane')],
        [GOOD.replace('1.0', 'NaN')],
        [GOOD.replace('"time"', '"t"')],
    ],
)
def test_what_is_no_log_is_told(lines):
    with pytest.raises(LogError):
        read_log(lines)


def test_a_file_that_is_not_there_is_told(tmp_path, capsys):
    assert main([str(tmp_path / 'none'), '--out', str(tmp_path / 'x')]) == 1
    assert 'cannot draw' in capsys.readouterr().err
