"""Bad edges: whatever a file, a folder, an argument or a device holds, the command ends in our words and in bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edges import config_files, config_values, doors, exported, outputs, store_cells, stores
from tests.support.edges import Edge, check_edge

QUICK: tuple[Edge, ...] = (*config_files.EDGES, *config_values.EDGES, *doors.EDGES)
EDGES: tuple[Edge, ...] = (*QUICK, *exported.EDGES, *outputs.EDGES, *store_cells.EDGES, *stores.EDGES)
"""Those that are not quick run a whole audit each, hundreds of them: slow tests."""


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(edge, marks=[pytest.mark.slow] if edge.is_slow or edge not in QUICK else [], id=edge.name)
        for edge in EDGES
    ],
)
def test_a_bad_edge_ends_in_one_sentence_and_within_its_limits(edge: Edge, tmp_path: Path) -> None:
    check_edge(edge, tmp_path)


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({edge.name for edge in EDGES}) == len(EDGES)
