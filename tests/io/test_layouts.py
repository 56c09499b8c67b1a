"""Stereo out of any layout, and onto any layout."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import LAYOUTS
from audiopost.io.layouts import from_stereo, to_stereo


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), tuple(f"ch{n}" for n in range(1, 11))])
def test_stereo_survives_the_way_through_any_layout(layout: tuple[str, ...]) -> None:
    there, back = from_stereo(layout), to_stereo(layout)
    assert there.shape == (len(layout), 2)
    assert back.shape == (2, len(layout))
    wanted = np.full((2, 2), 0.5) if layout == ("M",) else np.eye(2)
    np.testing.assert_allclose(back @ there, wanted, atol=1e-6)
    silent = [name for name, row in zip(layout, there, strict=True) if not row.any()]
    assert silent == [name for name in layout if name not in ("M", "L", "R", "ch1", "ch2")]


def test_a_downmix_follows_bs_775() -> None:
    matrix = to_stereo(LAYOUTS[6])
    np.testing.assert_allclose(matrix, [[1, 0, 0.7071, 0, 0.7071, 0], [0, 1, 0.7071, 0, 0, 0.7071]], atol=1e-4)
