"""How well sound events are told: by effects of known kind, alone and with speech, and by speech and music.

    python benchmarks/events.py [../shared/audio] [yamnet.tflite]

Of each effect: its kind (its file says so), and what was heard in it alone, between speech as loud, and under speech
6 dB softer than it. Of speech, music, noise: how many events an hour, all of them false.
"""

from __future__ import annotations

import csv
import pathlib
import sys

import numpy as np
import soundfile

from audiopost.analysis import sound_events, yamnet
from audiopost.core.audio import Audio
from audiopost.dsp.resample import resample

#: What is to be heard in an effect, by a part of its path; effects that are not named hold none of our kinds.
TRUE = {
    "1-100032-A-0": "dog barks",
    "2-100648-A-43": "car horn",
    "3-103051-C-19": "thunder",
    "4-156993-A-19": "thunder",
    "5-156999-C-19": "thunder",
    "fencegate_close": "door slams",
    "perc_door": "door slams",
    "phone1": "phone rings",
}
#: What may be heard too where the first is.
ALSO = {"thunder": {"rain"}, "door slams": {"knocking"}}
RATE = yamnet.RATE


def load(folder: pathlib.Path, kinds: set[str]) -> dict[str, np.ndarray]:
    found = {}
    for row in csv.DictReader((folder / "index.csv").open()):
        if row["kind"] in kinds:
            data, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
            found[row["path"]] = resample(data.T.mean(axis=0, keepdims=True), rate, RATE)[0]
    return found


def told(sound: np.ndarray, model: pathlib.Path) -> list[str]:
    events, _ = sound_events.heard(Audio(sound.astype(np.float32), RATE), model)
    return sorted({e.kind for e in events})


def between(speech: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """The effect between two stretches of speech, as loud in RMS."""
    return np.concatenate([speech[: 4 * RATE], level(speech, effect), speech[4 * RATE : 8 * RATE]])


def under(speech: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """The effect while somebody speaks, 6 dB louder than the speech in RMS."""
    whole = speech[: max(len(effect) + 4 * RATE, RATE * 8)].copy()
    at = (len(whole) - len(effect)) // 2
    whole[at : at + len(effect)] += 2 * level(whole, effect)
    return whole


def level(speech: np.ndarray, effect: np.ndarray) -> np.ndarray:
    return effect * np.sqrt(np.mean(speech**2) / (np.mean(effect**2) + 1e-12))


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/audio")
    model = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else yamnet.locate()
    if model is None:
        raise SystemExit("YAMNet is not here: audiopost models pull yamnet")
    speech = np.concatenate(list(load(folder, {"speech_clean"}).values()))
    ways = {"alone": lambda e: e, "between": lambda e: between(speech, e), "under": lambda e: under(speech, e)}
    counts = {way: np.zeros(3, int) for way in ways}
    for path, effect in load(folder, {"effects"}).items():
        true = next((kind for part, kind in TRUE.items() if part in path), "")
        lines = []
        for way, made in ways.items():
            names = told(made(effect), model)
            right = true in names
            wrong = len(set(names) - {true} - ALSO.get(true, set()))
            counts[way] += (right, wrong, bool(true) and not right)
            lines.append(", ".join(names) or "-")
        said = "  ".join(f"{way}: {line:14}" for way, line in zip(ways, lines, strict=True))
        print(f"{pathlib.Path(path).stem:26} {true or '-':12} {said}")
    for way, (right, wrong, missed) in counts.items():
        precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
        print(f"{way:14} right {right}, false {wrong}, missed {missed}: precision {precision:.2f}, recall {recall:.2f}")
    for name, kinds in (
        ("speech", {"speech_clean", "asr", "diarisation"}),
        ("acted speech", {"emotion"}),
        ("music", {"music", "music_stem", "music_tempo", "vocals_accompaniment_2ch", "vocals_solo"}),
        ("noise", {"noise"}),
    ):
        hours, said = 0.0, []
        for sound in load(folder, kinds).values():
            hours += len(sound) / RATE / 3600
            said += told(sound, model)
        print(
            f"{name:14} {60 * hours:5.1f} min: {len(said)} events, {len(said) / hours:.0f} an hour: {', '.join(said)}"
        )


if __name__ == "__main__":
    main()
