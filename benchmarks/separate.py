"""Film stems: python benchmarks/separate.py [--count 40] [--stereo | --songs] [--dnsmos] [--languages | --cost] …

Seeded mixtures of 15 s: sentences of one speaker with pauses at -17 LUFS, music at -24, effects at -21 (single effects
with gaps, over a bed of noise 9 dB below), in mono or in stereo (dialogue in the middle, effects panned, music as it
is). For each way the SI-SDR of its stems, and two checks of `house`: how well its stems sum to the mixture, and the
largest step at the edges of its blocks against the steps around. With --songs the music is sung: MIR-1K's karaoke,
voice and accompaniment as one. With --languages: the gains with dialogue in other languages, eight mixtures each. With
--dnsmos: DNSMOS of the mixture and of each dialogue too. With --cost: time and memory instead, each way in a process of
its own, and demucs' own separator beside ours with an htdemucs of real size and random weights.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audiopost.core.audio import Audio, FloatArray
from audiopost.core.errors import Unavailable
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.separate import BACKENDS, STEMS, separate

RATE = 48_000
FRAMES = 15 * RATE
FILM = STEMS["film"]
LUFS = {"dialogue": -17, "music": -24, "effects": -21}
Stems = dict[str, FloatArray]


def sound(path: Path, channels: int = 1) -> FloatArray:
    """(channels, n) at RATE; mono files are in the middle."""
    audio = load(path).audio
    samples = audio.samples if audio.channels == channels else audio.samples.mean(axis=0, keepdims=True)
    return np.repeat(resample(samples, audio.rate, RATE), channels // len(samples), axis=0)


def at_lufs(samples: FloatArray, lufs: float) -> FloatArray:
    import pyloudnorm

    loudness = pyloudnorm.Meter(RATE).integrated_loudness(samples.T.astype(np.float64))
    return samples * np.float32(10 ** ((lufs - loudness) / 20))


def looped(samples: FloatArray, frames: int) -> FloatArray:
    return np.tile(samples, -(-frames // samples.shape[1]))[:, :frames]


def strung(
    paths: list[Path], gap_s: tuple[float, float], rng: np.random.Generator, channels: int, *, panned: bool = False
) -> FloatArray:
    """Recordings in random order, at most 8 s of each, with random pauses."""
    out = np.zeros((channels, FRAMES), np.float32)
    at = round(rng.uniform(*gap_s) * RATE)
    order: list[int] = []
    while at < FRAMES:
        order = order or list(rng.permutation(len(paths)))
        piece = sound(paths[order.pop()], channels)[:, : min(8 * RATE, FRAMES - at)]
        if panned:
            angle = rng.uniform(0, np.pi / 2)
            piece = piece * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
        out[:, at : at + piece.shape[1]] = piece
        at += piece.shape[1] + round(rng.uniform(*gap_s) * RATE)
    return out


def mixtures(
    folder: Path, count: int, seed: int, channels: int = 1, language: str = "", songs: bool = False
) -> Iterator[Stems]:
    """The true stems, each (channels, FRAMES); the dialogue is TSP's (English), or what there is in a language."""
    rng = np.random.default_rng(seed)
    sentences = sorted(folder.glob(f"asr/{language}_*" if language else "speech_clean/tsp/*"))
    speakers = sorted({path.name[:2] for path in sentences})
    music = "stems/mir1k" if songs else "music"
    tracks, effects, noises = (sorted(folder.glob(f"{kind}/*.*")) for kind in (music, "effects", "noise"))
    for i in range(count):
        own = [path for path in sentences if path.name.startswith(speakers[i % len(speakers)])]
        dialogue = strung(own, (0.3, 1.2), rng, channels)
        track = sound(tracks[i % len(tracks)], channels)
        track = looped(track, max(track.shape[1], 2 * FRAMES))
        offset = rng.integers(track.shape[1] - FRAMES)
        bed = looped(sound(noises[i % len(noises)], channels), FRAMES)
        single = strung(effects, (0.2, 1.5), rng, channels, panned=channels == 2)
        sounds = at_lufs(single, -21) + at_lufs(bed, -30)
        parts = {"dialogue": dialogue, "music": track[:, offset : offset + FRAMES], "effects": sounds}
        yield {name: at_lufs(part, LUFS[name]) for name, part in parts.items()}


def si_sdr(estimate: FloatArray, reference: FloatArray) -> float:
    e, r = estimate.astype(np.float64).ravel(), reference.astype(np.float64).ravel()
    scaled = e @ r / (r @ r) * r
    return float(10 * np.log10(scaled @ scaled / np.sum((e - scaled) ** 2)))


def stage(mix: FloatArray, **changes: Any) -> Stems:
    return {name: stem.samples for name, stem in separate(Audio(mix, RATE), **changes).items()}


def rnnoise_hpss(mix: FloatArray) -> Stems:
    """What a script of a few lines does: RNNoise for dialogue, harmonic and percussive parts of the rest."""
    from librosa.effects import hpss

    from audiopost.analysis.rnnoise import speech_in

    dialogue = np.concatenate(list(speech_in(Audio(mix, RATE))), axis=1)
    music, effects = zip(*(hpss(channel) for channel in mix - dialogue), strict=True)
    return {"dialogue": dialogue, "music": np.stack(music), "effects": np.stack(effects)}


def repet_sim(mix: FloatArray) -> Stems:
    """Z. Rafii and B. Pardo, ISMIR 2012, as in librosa's gallery: dialogue is the foreground, music the background,
    effects what neither mask takes."""
    import librosa
    from librosa.decompose import nn_filter

    rows = []
    for channel in mix:
        spectrum = librosa.stft(channel)
        size = np.abs(spectrum)
        width = min(int(librosa.time_to_frames(2, sr=RATE)), (size.shape[1] - 1) // 2 - 1)
        similar = np.minimum(size, nn_filter(size, aggregate=np.median, metric="cosine", width=width))
        back = librosa.util.softmask(similar, 2 * (size - similar), power=2)
        fore = librosa.util.softmask(size - similar, 10 * similar, power=2)
        rows.append([librosa.istft(mask * spectrum, length=len(channel)) for mask in (fore, back, 1 - fore - back)])
    return dict(zip(FILM, np.stack(rows, axis=1), strict=True))


WAYS: dict[str, Callable[[FloatArray], Stems]] = {
    "RNNoise + HPSS": rnnoise_hpss,
    "REPET-SIM": repet_sim,
    "dsp": lambda mix: stage(mix, backend="dsp"),
    "house": lambda mix: stage(mix, backend="house"),
}
LANGUAGES = ("de", "es", "it", "ja", "ru", "yue", "zh")


def largest_step(stem: FloatArray, edges_s: Sequence[int]) -> float:
    """The largest second difference within 30 ms of an edge, by the 99.9th percentile in the second around it."""
    curve = np.abs(np.diff(stem, n=2, axis=1)).max(axis=0)
    ratios = []
    for edge in (round(s * RATE) for s in edges_s):
        around = curve[max(edge - RATE // 2, 0) : edge + RATE // 2]
        near = curve[max(edge - RATE * 3 // 100, 0) : edge + RATE * 3 // 100]
        ratios.append(float(near.max() / (np.percentile(around, 99.9) + 1e-9)))
    return max(ratios, default=0.0)


def quality(args: argparse.Namespace, changes: dict[str, str]) -> None:
    ways = {way: run for way, run in WAYS.items() if way in args.ways}
    if changes:
        ways["dsp"] = lambda mix: stage(mix, **{"backend": "dsp", **changes})
    try:
        separate(Audio(np.zeros((1, 100)), RATE), backend="demucs")
        ways["demucs"] = lambda mix: stage(mix, backend="demucs")
    except Unavailable as error:
        print(f"demucs is left out: {error}\n")
    scores: dict[str, list[list[float]]] = {way: [] for way in ("mixture", *ways)}
    opinions: dict[str, list[list[float]]] = {}
    seconds = dict.fromkeys(ways, 0.0)
    mixed = []
    for truth in mixtures(args.audio, args.count, args.seed, 2 if args.stereo else 1, songs=args.songs):
        mix = np.sum([*truth.values()], axis=0)
        scores["mixture"].append([si_sdr(mix, part) for part in truth.values()])
        dialogues = {"mixture": mix, "truth": truth["dialogue"]}
        for way, run in ways.items():
            begin = time.perf_counter()
            stems = run(mix)
            seconds[way] += time.perf_counter() - begin
            scores[way].append([si_sdr(stems[name], part) for name, part in truth.items()])
            dialogues[way] = stems["dialogue"]
        if args.dnsmos:
            for way, dialogue in dialogues.items():
                opinions.setdefault(way, []).append(dnsmos(dialogue))
        mixed.append(mix)
    base = np.array(scores["mixture"])
    print("| way | dialogue: SI-SDR, gain, worst | music | effects | RTF |\n| --- | --- | --- | --- | --- |")
    for way, found in scores.items():
        gain = np.array(found) - base
        cells = [
            f"{np.mean(found, axis=0)[i]:.1f}"
            + (f", {gain[:, i].mean():+.1f}, {gain[:, i].min():+.1f}" if way in ways else "")
            for i in range(3)
        ]
        rtf = f"{seconds[way] / (args.count * FRAMES / RATE):.3f}" if way in ways else ""
        print(f"| {way} | {' | '.join(cells)} | {rtf} |")
    if opinions:
        print("\n| dialogue | DNSMOS overall | speech | background |\n| --- | --- | --- | --- |")
    for way, judged in opinions.items():
        print(f"| {way} | {' | '.join(f'{score:.2f}' for score in np.mean(judged, axis=0))} |")
    long = np.concatenate(mixed, axis=1)
    made = stage(long, backend="house")
    null = np.abs(np.sum([stem.astype(np.float64) for stem in made.values()], axis=0) - long).max()
    print(f"\nsum of the stems less the mixture: {20 * np.log10(null + 1e-12):.0f} dBFS at most")
    # Where two mixtures meet there is a step of the mixture itself.
    edges = [edge for edge in range(16, long.shape[1] // RATE, 16) if edge * RATE % FRAMES]
    steps = {"mixture": long, **made}
    print("step at block edges by those around:", {k: round(largest_step(v, edges), 2) for k, v in steps.items()})


def languages(args: argparse.Namespace) -> None:
    print("| language | way | dialogue: gain | music | effects |\n| --- | --- | --- | --- | --- |")
    for language in LANGUAGES:
        truths = [*mixtures(args.audio, 8, args.seed, language=language)]
        mixes = [np.sum([*truth.values()], axis=0) for truth in truths]
        before = np.array([[si_sdr(m, part) for part in t.values()] for m, t in zip(mixes, truths, strict=True)])
        for way in ("dsp", "house"):
            made = [WAYS[way](mix) for mix in mixes]
            after = np.array([[si_sdr(m[n], p) for n, p in t.items()] for m, t in zip(made, truths, strict=True)])
            print(
                f"| {language} | {way} | {' | '.join(f'{gain:+.1f}' for gain in (after - before).mean(axis=0))} |",
                flush=True,
            )


def dnsmos(dialogue: FloatArray) -> list[float]:
    """Overall, speech, background."""
    from speechmos import dnsmos as judge

    mono = resample(dialogue.mean(axis=0, keepdims=True), RATE, 16_000)[0]
    judged = judge.run(mono / max(1.0, float(np.abs(mono).max())), sr=16_000)
    return [float(judged[key]) for key in ("ovrl_mos", "sig_mos", "bak_mos")]


def random_htdemucs(folder: Path, *, tiny: bool) -> None:
    """An htdemucs of real size (42 M parameters), or a tiny one, with random weights, as demucs keeps its models."""
    from fractions import Fraction

    import torch
    from demucs.htdemucs import HTDemucs
    from demucs.states import get_state, save_with_checksum

    torch.manual_seed(0)
    small = {"channels": 8, "bottom_channels": 32, "t_layers": 1, "t_heads": 2}
    size = small if tiny else {"channels": 48, "bottom_channels": 512, "t_layers": 5}
    model = HTDemucs(["drums", "bass", "other", "vocals"], segment=Fraction(39, 5), samplerate=44_100, **size)
    args, kwargs = model._init_args_kwargs
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": get_state(model, None)}
    save_with_checksum(package, folder / "aaaa1111.th")
    (folder / "random.yaml").write_text("models: ['aaaa1111']\n")


def once(way: str, folder: Path, repo: Path, seconds: float) -> dict[str, float]:
    """One way over a tiled stereo recording in this process: wall and CPU seconds without loading, peak MB."""
    from audiopost.io.scratch import Spool

    rate = 44_100 if way in ("demucs", "engine") else RATE
    track = sound(sorted(folder.glob("music/*.*"))[0], 2)
    track = resample(track, RATE, rate)
    with Spool(rate, 2) as spool:
        for _ in range(-(-round(seconds * rate) // track.shape[1])):
            spool.write(track)
    audio = spool.audio
    if way == "engine":
        import torch
        from demucs.api import Separator

        separator = Separator("random", repo=repo, device="cpu", shifts=0)
        wave = torch.from_numpy(audio.samples.copy())
        begin = time.perf_counter(), time.process_time()
        separator.separate_tensor(wave)
    elif way == "demucs":
        from audiopost.stages.separate import Options
        from audiopost.stages.separate.demucs import Demucs

        Demucs(Options(repo=str(repo)))  # what is imported once
        begin = time.perf_counter(), time.process_time()
        separate(audio, backend="demucs", repo=str(repo), device="cpu", stems="music")
    else:
        begin = time.perf_counter(), time.process_time()
        if way in BACKENDS.table:
            separate(audio, backend=way)
        else:
            WAYS[way](audio.samples)
    wall, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"length": audio.duration_s, "wall": wall, "cpu": cpu, "peak": peak}


def cost(args: argparse.Namespace) -> None:
    print("| way | length s | wall s | RTF | CPU s | peak MB |\n| --- | --- | --- | --- | --- | --- |")
    medians = {}
    with tempfile.TemporaryDirectory() as name:
        random_htdemucs(Path(name), tiny=args.tiny)
        for way in args.ways:
            rounds = args.rounds if way in ("engine", "demucs") else 1
            runs = []
            for _ in range(rounds):
                command = [sys.executable, __file__, "--once", way, "--repo", name, "--seconds", str(args.seconds)]
                out = subprocess.run([*command, "--audio", args.audio], capture_output=True, text=True, check=True)
                runs.append(json.loads(out.stdout.splitlines()[-1]))
            run = {key: float(np.median([each[key] for each in runs])) for key in runs[0]}
            medians[way] = run
            cells = f"{run['wall']:.1f} | {run['wall'] / run['length']:.3f} | {run['cpu']:.1f} | {run['peak']:.0f}"
            print(f"| {way} | {run['length']:.0f} | {cells} |", flush=True)
    if not {"engine", "demucs"} <= {*medians}:
        return
    ratio = {key: round(medians["demucs"][key] / medians["engine"][key], 3) for key in ("wall", "cpu", "peak")}
    print(f"\nour demucs stage by demucs' own separator: {ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(__file__).parents[2] / "shared" / "audio")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    all_ways = (*WAYS, "engine", "demucs")
    parser.add_argument("--ways", nargs="+", choices=all_ways, default=all_ways, help="engine and demucs: with --cost")
    parser.add_argument("--stereo", action="store_true")
    parser.add_argument("--songs", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of separate")
    parser.add_argument("--languages", action="store_true", help="dialogue in other languages")
    parser.add_argument("--dnsmos", action="store_true", help="of the dialogue, too")
    parser.add_argument("--cost", action="store_true", help="time and memory instead of quality")
    parser.add_argument("--seconds", type=float, default=60.0, help="of recording, with --cost")
    parser.add_argument("--rounds", type=int, default=3, help="of demucs, with --cost")
    parser.add_argument("--tiny", action="store_true", help="a tiny htdemucs, to see what does not come from the model")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.add_argument("--repo", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once, args.audio, args.repo, args.seconds)))
    elif args.cost:
        cost(args)
    elif args.languages:
        languages(args)
    else:
        quality(args, dict(pair.split("=", 1) for pair in args.set))


if __name__ == "__main__":
    main()
