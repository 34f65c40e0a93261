# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""YAML in which a key that stands twice is an error.

PyYAML keeps the last of two equal keys without a word; in a table of nodes that hides a node.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from .errors import Problem


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f'the key {key.value!r} stands twice', problem_mark=key.start_mark
                )
            if isinstance(key.value, str):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(text: str, where: str) -> tuple[Any, Problem | None]:
    """Parse one YAML document.

    Args:
        text: the document.
        where: its name in messages.

    Returns:
        The content and None, or None and the problem.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader), None
    except yaml.YAMLError as error:
        return None, Problem(where, ' '.join(str(error).split()), 'mend the YAML at this place')
