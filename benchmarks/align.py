"""Word times of a script's alignment, and what it reports of a changed script: python benchmarks/align.py

Truth of words: the example scene (its maker knows each word's time). Real speech has no such truth here: sentences of
the reference recordings are joined with pauses, and the first word's start and last word's end of each are compared
with where its file's energy comes within 35 dB of its peak, which itself is good to some 50 ms.
Reports: of each script 2 lines are left out, 2 made up, 2 neighbours swapped and a word changed in 2 (seeded, --seeds
times). A report is right where kind and line (for speech without a line: time) are those of a change.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audiopost.core.audio import Audio
from audiopost.core.speech import Transcript, Word
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.script import align

RATE = 16_000
EXAMPLES = Path(__file__).parents[1] / "examples"
MADE_UP = (
    "The harbour master never saw the letter.",
    "Could we meet behind the station at seven?",
    "My uncle keeps three goats on the roof.",
    "Yesterday the parcel came without a stamp.",
)
FOREIGN = ("elephant", "umbrella", "kitchen", "saxophone", "battery", "chocolate")


@dataclass(frozen=True)
class Said:
    text: str
    start_s: float
    end_s: float


def sound_of(path: Path) -> Audio:
    return at_rate(load(path).audio, RATE, mono=True)


def aligned(texts: Sequence[str], sound: Audio, aligner: str, heard: Transcript | None = None) -> Transcript:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.txt"
        path.write_text("\n".join(texts), "utf-8")
        return align(str(path), sound, heard, Options(script=str(path), aligner=aligner, language="en"), silent)[0]


def row(name: str, errors: Sequence[float], what: str) -> str:
    size = np.abs(errors) * 1000
    return (
        f"{name:40}{what:8}{len(size):5}{np.median(size):9.0f}{np.percentile(size, 90):8.0f}{size.mean():8.0f}"
        f"{size.max():8.0f}{np.median(errors) * 1000:+8.0f}"
    )


def scene_words(truth: dict, found: Transcript) -> Iterator[tuple[Word, dict]]:
    for line, utterance in zip(truth["utterances"], found.utterances, strict=True):
        yield from zip(utterance.words, line["words"], strict=True)


def times_of_scene() -> None:
    truth = json.loads((EXAMPLES / "scene.json").read_text("utf-8"))
    texts = [line["text"] for line in truth["utterances"]]
    for file in ("scene.flac", "scene.dialogue.flac"):
        sound = sound_of(EXAMPLES / file)
        for aligner in ("pocketsphinx", "words"):
            begin = time.perf_counter()
            heard = transcribe(sound, backend="pocketsphinx", language="en") if aligner == "words" else None
            found = aligned(texts, sound, aligner, heard)
            took = (time.perf_counter() - begin) / sound.duration_s
            of_draft = " of a sphinx draft" if heard else ""
            name = f"{file.removesuffix('.flac')}, {aligner}{of_draft}"
            timed = [word for line in found.utterances for word in line.words]
            if len(found.utterances) != len(texts):
                by_text = {line["text"]: line for line in truth["utterances"]}
                truth_found = {"utterances": [by_text[u.text] for u in found.utterances if u.text in by_text]}
                found = replace(found, utterances=tuple(u for u in found.utterances if u.text in by_text))
            else:
                truth_found = truth
            pairs = list(scene_words(truth_found, found))
            print(row(name, [w.start_s - t["start_s"] for w, t in pairs], "starts"))
            print(
                row(name, [w.end_s - t["end_s"] for w, t in pairs], "ends") + f"   RTF {took:.2f}, {len(timed)} words"
            )


def sentences(folder: Path) -> Iterator[tuple[str, list[tuple[str, Path]]]]:
    """Sets of (text, file) of one kind of recording."""
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["kind"] == "speech_clean" and r["language"] == "en"]
    for corpus in ("tsp", "librispeech", "ljspeech", "arctic"):
        own = [(r["reference"].capitalize(), folder / r["path"]) for r in rows if f"/{corpus}/" in r["path"]]
        yield corpus, own[:24]


def joined(files: Sequence[tuple[str, Path]], seed: int = 5, snr_db: float | None = None) -> tuple[Audio, list[Said]]:
    """The files one after the other, 0.5 to 1.5 s of faint noise between, and where each begins and ends to speak."""
    rng = np.random.default_rng(seed)
    parts, said, at = [], [], 0
    for text, path in files:
        samples = sound_of(path).samples[0]
        samples = 0.1 * samples / np.sqrt(np.mean(samples**2))
        pause = round(rng.uniform(0.5, 1.5) * RATE)
        start, end = loud(samples)
        parts += [np.zeros(pause, np.float32), samples]
        said.append(Said(text, (at + pause) / RATE + start, (at + pause) / RATE + end))
        at += pause + len(samples)
    whole = np.concatenate([*parts, np.zeros(RATE, np.float32)])
    level = 1e-4 if snr_db is None else 0.1 * 10 ** (-snr_db / 20)
    return Audio(whole + level * rng.standard_normal(len(whole)).astype(np.float32), RATE), said


def loud(samples: np.ndarray) -> tuple[float, float]:
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level = np.sqrt(np.mean(frames**2, axis=1))
    where = np.flatnonzero(level > level.max() * 10 ** (-35 / 20))
    return where[0] / 100, (where[-1] + 1) / 100


def times_of_sentences(folder: Path) -> None:
    for corpus, files in sentences(folder):
        for snr_db in (None, 10.0):
            sound, said = joined(files, snr_db=snr_db)
            begin = time.perf_counter()
            found = aligned([s.text for s in said], sound, "pocketsphinx")
            took = (time.perf_counter() - begin) / sound.duration_s
            first: dict[str, float] = {}
            last: dict[str, float] = {}
            for s in said:
                inside = [u for u in found.utterances if u.start_s > s.start_s - 1.0 and u.end_s < s.end_s + 1.0]
                if inside:
                    first[s.text], last[s.text] = inside[0].start_s - s.start_s, inside[-1].end_s - s.end_s
            name = f"{corpus}, {'clean' if snr_db is None else f'{snr_db:g} dB white noise'}"
            print(row(name, list(first.values()), "starts"))
            print(
                row(name, list(last.values()), "ends")
                + f"   RTF {took:.2f}, {len(first)} of {len(said)} lines placed, {len(found.remarks)} false reports"
            )


def changed(said: Sequence[Said], rng: np.random.Generator) -> tuple[list[str], dict[str, set[str]], list[Said]]:
    """A script with changes; the texts that are to be reported, by kind; what is said without a line."""
    order = list(said)
    picks = [int(i) for i in rng.permutation(np.arange(1, len(order) - 1))]
    cut, altered = [order[i] for i in picks[:2]], [order[i] for i in picks[2:4]]
    at = next(i for i in range(len(order) - 1) if not {order[i], order[i + 1]} & {*cut, *altered})
    order[at], order[at + 1] = order[at + 1], order[at]
    expected: dict[str, set[str]] = {
        "not spoken": set(),
        "changed": set(),
        "swapped": {order[at].text, order[at + 1].text},
    }
    texts = []
    for line in order:
        if line in cut:
            continue
        text = line.text
        if line in altered:
            words = text.split()
            long = [i for i, word in enumerate(words) if len(word.strip(".,!?")) >= 4] or [len(words) - 1]
            which = int(rng.choice(long))
            words[which] = str(rng.choice(FOREIGN)) + words[which][len(words[which].rstrip(".,!?")) :]
            text = " ".join(words)
            expected["changed"].add(text)
        texts.append(text)
    for text in rng.choice(MADE_UP, 2, replace=False):
        texts.insert(int(rng.integers(1, len(texts))), str(text))
        expected["not spoken"].add(str(text))
    return texts, expected, cut


def reports(name: str, sound: Audio, said: Sequence[Said], seeds: int) -> None:
    hits = dict.fromkeys(("not spoken", "changed", "swapped", "left out"), 0)
    whole, false = dict.fromkeys(hits, 0), 0
    for seed in range(seeds):
        texts, expected, cut = changed(said, np.random.default_rng(seed))
        found = aligned(texts, sound, "pocketsphinx").remarks
        whole["not spoken"] += 2
        whole["changed"] += len(expected["changed"])
        whole["swapped"] += 1
        whole["left out"] += len(cut)
        seen_cut: set[Said] = set()
        swap_told = False
        for remark in found:
            where = next((s for s in cut if remark.start_s and s.start_s - 0.5 < remark.start_s < s.end_s), None)
            if remark.kind == "not spoken" and remark.text in expected["not spoken"]:
                hits["not spoken"] += 1
            elif remark.kind == "spoken otherwise" and remark.text in expected["changed"]:
                hits["changed"] += 1
            elif remark.kind == "spoken otherwise" and remark.text in expected["swapped"]:
                hits["swapped"] += not swap_told  # either of the two lines may be told of
                swap_told = True
            elif remark.kind == "not in the script" and where:
                hits["left out"] += where not in seen_cut
                seen_cut.add(where)
            else:
                false += 1
    right = sum(hits.values())
    told = "  ".join(f"{kind} {hits[kind]}/{whole[kind]}" for kind in hits)
    print(f"{name:24}{told}   precision {right / max(right + false, 1):.2f}  recall {right / sum(whole.values()):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(__file__).parents[2] / "shared" / "audio")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    print(f"{'ms':40}{'':8}{'n':>5}{'median':>9}{'p90':>8}{'mean':>8}{'max':>8}{'bias':>8}")
    times_of_scene()
    if given.audio.is_dir():
        times_of_sentences(given.audio)
    truth = json.loads((EXAMPLES / "scene.json").read_text("utf-8"))
    said = [Said(line["text"], line["start_s"], line["end_s"]) for line in truth["utterances"]]
    print("\nreports on changed scripts: found / to be found")
    reports("scene", sound_of(EXAMPLES / "scene.flac"), said, given.seeds)
    if given.audio.is_dir():
        for corpus, files in sentences(given.audio):
            if len(files) > 10:
                sound, spoken = joined(files[:16])
                reports(corpus, sound, spoken, given.seeds)


if __name__ == "__main__":
    main()
