"""How well music is found, second by second: alone, under speech, and against speech, noise and effects.

python benchmarks/music_activity.py [../shared/audio] [yamnet.tflite: with what it hears]
"""

from __future__ import annotations

import csv
import pathlib
import sys

import numpy as np
import soundfile

from audiopost.analysis import music, sound_events
from audiopost.core.audio import Audio
from audiopost.dsp.resample import resample


def load(folder: pathlib.Path, kinds: set[str]) -> list[np.ndarray]:
    found = []
    for row in csv.DictReader((folder / "index.csv").open()):
        if row["kind"] in kinds:
            data, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
            found.append(resample(data.T.mean(axis=0, keepdims=True), rate, music.RATE)[0])
    return found


def seconds(sound: np.ndarray, model: pathlib.Path | None) -> np.ndarray:
    """Whether each second is called music, by the spans."""
    audio = Audio(sound.astype(np.float32), music.RATE)
    probability = music.music_probability(audio)
    if model is not None:
        probability = music.with_yamnet(probability, sound_events.heard(audio, model)[1])
    called = np.zeros(int(np.ceil(audio.duration_s)), bool)
    for span in music.spans_of(probability, audio.duration_s):
        called[int(span.start_s) : int(np.ceil(span.end_s))] = True
    return called


def level(x: np.ndarray) -> np.ndarray:
    return x / (np.sqrt(np.mean(x**2)) + 1e-9) * 0.1


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Parts at one level behind each other: what a programme of them would be."""
    return np.concatenate([level(p) for p in parts])


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/audio")
    model = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    tunes = load(folder, {"music"})
    speech, noise, effects = (
        joined(load(folder, {"speech_clean", "asr"})),
        *(joined(load(folder, {k})) for k in ("noise", "effects")),
    )
    tune = joined(tunes)
    length = min(len(tune), len(speech))
    cases = {
        "music": (tune, True),
        "music, tempo set": (joined(load(folder, {"music_tempo"})), True),
        **{
            f"speech over music at {db} dB": (speech[:length] + 10 ** (db / 20) * tune[:length], True)
            for db in (-6, -12, -18)
        },
        "speech": (speech, False),
        "noise": (noise, False),
        "effects": (effects, False),
        "speech with noise at -10 dB": (speech[: len(noise)] + 0.316 * noise[: len(speech)], False),
    }
    true_called = false_called = positives = 0
    for name, (sound, is_music) in cases.items():
        called = seconds(sound, model)
        print(f"{name:30} {len(called):5d} s   called music {called.mean():6.1%}")
        if is_music:
            true_called, positives = true_called + called.sum(), positives + len(called)
        else:
            false_called += called.sum()
    print(
        f"precision {true_called / (true_called + false_called):.3f}, recall {true_called / positives:.3f}, per second"
    )


if __name__ == "__main__":
    main()
