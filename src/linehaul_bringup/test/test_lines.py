# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.lines import LONGEST, LineSplitter, plain
from linehaul_bringup.logs import LARGEST, LAST_LINES, NodeLog, Terminal, wants_colour


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=40)))
def test_lines_do_not_depend_on_how_the_bytes_came(chunks):
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.flush()
    at_once = LineSplitter()
    assert lines == at_once.feed(b''.join(chunks)) + at_once.flush()


def test_an_endless_line_is_cut():
    splitter = LineSplitter()
    assert [len(line) for line in splitter.feed(b'x' * (2 * LONGEST + 5))] == [LONGEST, LONGEST]
    assert splitter.flush() == ['xxxxx']


def test_broken_text_does_not_break_the_reader():
    assert LineSplitter().feed(b'\xff\xfe ok\r\n') == ['\ufffd\ufffd ok']


def test_colours_only_where_they_are_wanted():
    stream = io.StringIO()
    Terminal(stream, colour=False, width=5).line('sim', '\x1b[31mred\x1b[0m')
    Terminal(stream, colour=True, width=5).line('sim', '\x1b[31mred\x1b[0m')
    plain_line, coloured = stream.getvalue().splitlines()
    assert plain_line == 'sim   | red'
    assert coloured == '\x1b[36msim   |\x1b[0m \x1b[31mred\x1b[0m'
    assert plain(coloured) == plain_line


def test_no_color_and_pipes_have_no_colour():
    class Tty(io.StringIO):
        def isatty(self):
            return True

    assert wants_colour(Tty(), {})
    assert not wants_colour(Tty(), {'NO_COLOR': '1'})
    assert not wants_colour(Tty(), {'TERM': 'dumb'})
    assert not wants_colour(io.StringIO(), {})


def test_a_log_keeps_the_last_lines_and_is_put_aside_when_large(tmp_path):
    log = NodeLog(tmp_path / 'a.log')
    for number in range(LAST_LINES + 3):
        log.line(f'\x1b[31m{number}')
    assert list(log.last) == [str(number) for number in range(3, LAST_LINES + 3)]
    log.line('x' * LARGEST)
    log.line('after')
    log.close()
    assert (tmp_path / 'a.log').read_text() == 'after\n'
    assert (tmp_path / 'a.log.1').stat().st_size > LARGEST
