"""Effects kept while amounts are tried: the same sound as without, and no repair runs twice."""

from __future__ import annotations

import numpy as np

from audiopost.core.audio import Audio
from audiopost.core.marks import Finding
from audiopost.stages.restore import Options, repair
from audiopost.stages.restore.link import Link, Mended
from audiopost.stages.restore.trying import Effects, trying

FOUND = (Finding("rumble", 0.0, 1.0, 0.5, "", ""),)


def test_another_amount_sounds_as_a_repair_anew_would(rng: np.random.Generator) -> None:
    time_s = np.arange(48_000) / 48_000
    audio = Audio(0.2 * np.sin(2 * np.pi * 18 * time_s) + 0.01 * rng.standard_normal(48_000), 48_000)
    effects = Effects(4)
    for amount in (100.0, 40.0, 0.0, 70.0):
        with trying(effects):
            tried = repair(audio, FOUND, rumble_amount=amount)
        anew = repair(audio, FOUND, rumble_amount=amount)
        assert tried.audio == anew.audio
        assert tried.repairs == anew.repairs


def test_no_repair_runs_twice_on_the_same_and_few_are_kept() -> None:
    asked: list[tuple[float, float]] = []

    def mend(audio: Audio, found: object, options: Options) -> Mended:
        asked.append((float(audio.samples[0, 0]), options.rumble_hz))
        return Mended(audio, "done")

    link, effects = Link("rumble", ("rumble",), mend), Effects(2)
    sounds = [Audio(np.full(8, value), 48_000) for value in (0.25, 0.5, 0.75)]
    for amount in (10.0, 90.0):
        effects.of(link, sounds[0], FOUND, Options(rumble_amount=amount))
    assert asked == [(0.25, 40.0)]
    effects.of(link, sounds[0], FOUND, Options(rumble_hz=60.0))
    assert asked[1:] == [(0.25, 60.0)]
    effects.of(link, sounds[1], FOUND, Options())
    effects.of(link, sounds[2], FOUND, Options())
    effects.of(link, sounds[0], FOUND, Options())  # it went to make room
    assert len(asked) == 5
