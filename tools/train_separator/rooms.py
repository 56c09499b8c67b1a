"""Impulse responses of rooms, by pyroomacoustics' image sources: shoebox rooms of any size and damping."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .clips import RATE
from .mix import ROOM_S, Floats, Rooms

COUNT = 160


def rooms(work: Path, seed: int = 0) -> Rooms:
    """The rooms of a seed, kept in `work`."""
    path = work / "rooms.npy"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        np.save(path, np.stack([_response(np.random.default_rng((seed, i))) for i in range(COUNT)]))
    return Rooms(np.load(path))


def _response(dice: np.random.Generator) -> Floats:
    import pyroomacoustics

    size = dice.uniform([2.5, 2.5, 2.2], [9.0, 7.0, 3.6])
    reverberation_s = dice.uniform(0.12, 0.6)
    try:
        absorption, order = pyroomacoustics.inverse_sabine(reverberation_s, size)
    except ValueError:  # so large a room cannot be so dead
        absorption, order = 0.6, 12
    room = pyroomacoustics.ShoeBox(size, RATE, materials=pyroomacoustics.Material(absorption), max_order=min(order, 25))
    microphone = dice.uniform(0.5, size - 0.5)
    away = dice.normal(size=3)
    source = np.clip(microphone + away / np.linalg.norm(away) * dice.uniform(0.3, 1.5), 0.2, size - 0.2)
    room.add_source(source)
    room.add_microphone(microphone)
    room.compute_rir()
    response = np.asarray(room.rir[0][0], np.float64)
    direct = int(np.argmax(np.abs(response)))
    response = response[max(direct - 8, 0) :][: round(ROOM_S * RATE)] / response[direct]
    fade = np.ones(round(ROOM_S * RATE))
    fade[-4800:] = np.linspace(1, 0, 4800)
    return (np.pad(response, (0, len(fade) - len(response))) * fade).astype(np.float32)
