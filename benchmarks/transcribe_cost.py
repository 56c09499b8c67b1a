"""What our transcription costs around the engine, against faster-whisper's own BatchedInferencePipeline.

    python benchmarks/transcribe_cost.py FOLDER [--size tiny] [--minutes 10] [--repeats 5]

The recordings of FOLDER are joined to a programme of speech with pauses. The model has the size of a real one and
weights that make it say a text of TEXT_WORDS words in every window, so that encoder, beam search and alignment do the
work of a real one. Both get the same 16 kHz samples, model, language, beam, batch and threads, word times, and find
speech by Silero VAD (the pipeline by its vad_filter, which is its default). Model loading counts for both. Order
alternates; ratios are those of the medians. `isolated` is ours with the engine in a process of its own, as by default.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audiopost.core.audio import Audio
from audiopost.core.errors import InputError
from audiopost.io.decode import decode
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import transcribe

RATE = 16_000
SIZES = {"tiny": (384, 6, 4), "base": (512, 8, 6), "small": (768, 12, 12)}
TEXT_WORDS = 75
_PAUSE_S = (0.3, 1.2)


def programme(folder: Path, minutes: float) -> np.ndarray:
    """The recordings of a folder one after the other, pauses of 0.3 to 1.2 s between, as often as it takes."""
    rng = np.random.default_rng(7)
    spoken = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            spoken.append(at_rate(decode(path).audio, RATE, mono=True).samples[0])
        except InputError:
            continue
    if not spoken:
        raise SystemExit(f"no recording in {folder}")
    pieces: list[np.ndarray] = []
    while sum(map(len, pieces)) < minutes * 60 * RATE:
        for piece in spoken:
            pieces += [piece, np.zeros(round(rng.uniform(*_PAUSE_S) * RATE), np.float32)]
    return np.concatenate(pieces)[: round(minutes * 60 * RATE)]


def checkpoint(folder: Path, size: str) -> Path:
    """A model of a real one's size, made as the tests make theirs."""
    path = Path(__file__).parent.parent / "tests" / "fixtures" / "tiny_whisper.py"
    spec = importlib.util.spec_from_file_location("tiny_whisper", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    width, heads, layers = SIZES[size]
    letters = "abcdefghiklm"
    words = [f"word{letters[n // 12]}{letters[n % 12]}" for n in range(TEXT_WORDS)]
    text = " " + " ".join(word + "." * (n % 15 == 14) for n, word in enumerate(words))
    return made.build(folder, text, width=width, heads=heads, layers=layers)


def processor_s() -> float:
    """Processor seconds of this process and its ended children: what a busy machine does not blur."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--mixed", action="store_true", help="also ours with the language told for each stretch")
    chosen = parser.parse_args()
    samples = programme(chosen.folder, chosen.minutes)
    with tempfile.TemporaryDirectory() as folder:
        # A store of its own, in which the hash of the weights is remembered after the first run, as in any store.
        os.environ["AUDIOPOST_MODELS"] = folder
        model = checkpoint(Path(folder) / "model", chosen.size)

        def theirs() -> int:
            from faster_whisper import BatchedInferencePipeline, WhisperModel

            engine = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=chosen.threads)
            segments, _ = BatchedInferencePipeline(engine).transcribe(
                samples,
                language="en",
                beam_size=chosen.beam,
                batch_size=chosen.batch,
                temperature=0.0,
                word_timestamps=True,
                vad_filter=True,
            )
            return sum(len(segment.words) for segment in segments)

        def ours(**changes: object) -> int:
            found = transcribe(
                Audio(samples, RATE),
                model=str(model),
                device="cpu",
                compute_type="int8",
                threads=chosen.threads,
                beam_size=chosen.beam,
                batch_size=chosen.batch,
                # The one text in every window is a loop to the guard; it is looked for all the same.
                **({"language": "en", "isolate": False} | changes),
            )
            left_out = sum(len(remark.text.split()) for remark in found.remarks)
            return len(found.words) + left_out

        ways: dict[str, Callable[[], int]] = {
            "pipeline": theirs,
            "ours": ours,
            "isolated": lambda: ours(isolate=True),
        }
        if chosen.mixed:
            ways["mixed"] = lambda: ours(languages="en,yue")
        took: dict[str, list[float]] = {name: [] for name in ways}
        worked: dict[str, list[float]] = {name: [] for name in ways}
        words = {name: way() for name, way in ways.items()}  # caches warm, the words of each known
        for n in range(chosen.repeats):
            for name in list(ways) if n % 2 == 0 else reversed(list(ways)):
                begun, worked_before = time.perf_counter(), processor_s()
                ways[name]()
                took[name].append(time.perf_counter() - begun)
                worked[name].append(processor_s() - worked_before)
    peer = statistics.median(took["pipeline"])
    print(f"{chosen.size}, {chosen.minutes:g} min, beam {chosen.beam}, batch {chosen.batch}, {chosen.threads} threads")
    peer_s = statistics.median(worked["pipeline"])
    print(f"{'':10} {'windows':>8} {'median s':>9} {'range s':>14} {'RTF':>6} {'ratio':>6} {'CPU s':>7} {'ratio':>6}")
    for name, seconds in took.items():
        middle = statistics.median(seconds)
        print(
            f"{name:10} {words[name] / TEXT_WORDS:8.0f} {middle:9.2f} {min(seconds):6.2f}-{max(seconds):<7.2f} "
            f"{middle / chosen.minutes / 60:6.3f} {middle / peer:6.3f} "
            f"{statistics.median(worked[name]):7.1f} {statistics.median(worked[name]) / peer_s:6.3f}"
        )


if __name__ == "__main__":
    main()
