"""The training itself: seeded by step, resumable at any, on CPU or CUDA."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from audiopost.analysis.rnnoise import speech_in
from audiopost.core.audio import Audio
from audiopost.dsp.masks import refined

from .clips import RATE, Library
from .export import weights_of
from .losses import loss, si_sdr
from .mix import STEMS, Rooms, example
from .network import CHUNK, HOP, Network, Size, separate

#: What is heard at once, in frames of the spectrum: 4 s.
FRAMES = 8 * CHUNK
#: Processes that mix.
WORKERS = 2
#: How far a scene may be from the level that its film is heard at.
GAIN_DB = 8.0
#: Batches that are heard again, once, this many steps later: RNNoise takes as long as the network.
AGAIN = 16
#: Mixtures that validation hears, always the same.
VALIDATION = 48


@dataclass(frozen=True)
class Plan:
    """How long and how fast. The rate rises, stays, and in the last `fall` share of all steps goes to nothing."""

    steps: int
    batch: int = 8
    rate: float = 1.5e-3
    rise: int = 200
    fall: float = 0.3
    seed: int = 0
    validate_every: int = 250

    def factor(self, step: int) -> float:
        left = (self.steps - step) / max(self.steps * self.fall, 1)
        return min((step + 1) / self.rise, 1.0, max(left, 0.0) ** 0.7)


#: Stems (batch, 3, n), and RNNoise's speech in their sum, refined (batch, n).
Batch = tuple[Tensor, Tensor]


class Mixtures(IterableDataset[Batch]):
    """The batches of steps `start` and on, the same for a seed whoever makes them."""

    def __init__(self, library: Library, rooms: Rooms, plan: Plan, start: int) -> None:
        self._library, self._rooms, self._plan, self._start = library, rooms, plan, start

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker else (0, 1)
        kept: dict[int, Batch] = {}
        for step in range(self._start + number, self._plan.steps, count):
            place = step // (2 * AGAIN) * AGAIN + step % AGAIN
            if place not in kept:
                kept[place] = batch_of(self._library, self._rooms, self._plan.batch, (self._plan.seed, 1, place))
            yield kept[place] if step % (2 * AGAIN) < AGAIN else kept.pop(place)


def batch_of(library: Library, rooms: Rooms, count: int, seed: tuple[int, ...]) -> Batch:
    dice = np.random.default_rng(seed)
    stems = np.stack([example(library, rooms, (FRAMES - 1) * HOP, dice) for _ in range(count)])
    mix = stems.sum(axis=1)
    speech = refined(mix, np.concatenate([*speech_in(Audio(mix, RATE))], axis=1), RATE)
    return torch.from_numpy(stems), torch.from_numpy(speech)


class Average:
    """The weights' running mean, which hears better than any of them."""

    def __init__(self, network: nn.Module) -> None:
        self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def take(self, network: nn.Module, step: int) -> None:
        keep = min(0.999, (step + 1) / (step + 10))
        for name, value in network.state_dict().items():
            self.weights[name].lerp_(value.detach(), 1 - keep)


def train(
    data: Sequence[Path], work: Path, rooms: Rooms, plan: Plan, size: Size, *, device: str, start: Path | None = None,
    until: int | None = None,
) -> None:  # fmt: skip
    """Trains into `work`: last.pt after every validation, log.csv, and best.pt, the best running mean so far.

    Goes on where last.pt stops, if there is one; else from the weights in `start`, if given. `until`: stops at that
    step of the plan; the next call goes on.
    """
    end = min(plan.steps, until or plan.steps)
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    network = Network(size).to(device)
    if start is not None:
        network.load_state_dict(weights_of(start))
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
    average, step, seconds, best = Average(network), 0, 0.0, math.inf
    if (work / "last.pt").exists():
        state = torch.load(work / "last.pt", map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average.weights, step, seconds, best = state["average"], state["step"], state["seconds"], state["best"]
    held_out = Library(data, held_out=True)
    tests = [batch_of(held_out, rooms, plan.batch, (0, 2, i)) for i in range(VALIDATION // plan.batch)]
    library = Library(data, held_out=False)
    for kind in ("speech", "music", "effects"):
        print(f"{kind}: {library.minutes(kind):.1f} min of {library.owners(kind)}", flush=True)
    count = sum(each.numel() for each in network.parameters())
    halved = has_bfloat16(device)
    print(
        f"{count / 1e6:.2f} M parameters; steps {step} to {plan.steps}; {'bfloat16' if halved else 'float32'}",
        flush=True,
    )
    mixtures = Mixtures(library, rooms, plan, step)
    loader = DataLoader(mixtures, batch_size=None, num_workers=WORKERS, prefetch_factor=4, worker_init_fn=_stand_back)
    batches, losses, begin = iter(loader), [], time.monotonic()
    while step < end:
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * plan.factor(step)
        stems, speech = (each.to(device) for each in next(batches))
        dice = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        gain = 10 ** ((torch.rand(len(stems), 1, generator=dice) * 2 - 1) * GAIN_DB / 20)
        with torch.autocast(device, torch.bfloat16, enabled=halved):
            estimates = separate(network, stems.sum(dim=1), speech, gain.to(device))
        value = loss(estimates.float(), stems)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.take(network, step)
        step += 1
        losses.append(float(value.detach()))
        if step % 50 == 0:
            passed = seconds + time.monotonic() - begin
            print(f"{step} {np.mean(losses[-50:]):.3f} {passed:.0f} s", flush=True)
        if step % plan.validate_every == 0 or step == end:
            passed = seconds + time.monotonic() - begin
            gains = validate(size, average.weights, tests, device)
            score = -float(np.nanmean(gains))
            state = {
                "network": network.state_dict(), "optimiser": optimiser.state_dict(), "average": average.weights,
                "step": step, "seconds": passed, "best": min(best, score), "size": asdict(size),
            }  # fmt: skip
            _save(state, work / "last.pt")
            if score < best:
                best = score
                _save({"average": average.weights, "size": asdict(size), "step": step}, work / "best.pt")
            heard = step * plan.batch * (FRAMES - 1) * HOP / RATE / 3600
            _log(work / "log.csv", step, heard, passed, float(np.mean(losses)), gains)
            losses = []


def has_bfloat16(device: str) -> bool:
    """Whether the device trains LSTMs in bfloat16: oneDNN does so on x86 from AVX-512 on, and raises elsewhere."""
    cell, heard = nn.LSTM(1, 1).to(device), torch.zeros(1, 1, 1, device=device)
    try:
        with torch.autocast(device, torch.bfloat16):
            cell(heard)[0].sum().backward()
    except RuntimeError:
        return False
    return True


def _stand_back(worker: int) -> None:
    """They mix while training waits: where they share its cores, its threads would wait for each other."""
    os.nice(19)


@torch.no_grad()
def validate(size: Size, weights: dict[str, Tensor], tests: list[Batch], device: str) -> list[float]:
    """Mean gain of SI-SDR over the mixture for each stem, where the stem is there."""
    network = Network(size).to(device).eval()
    network.load_state_dict(weights)
    gains = []
    for stems, speech in tests:
        mix = stems.sum(dim=1)
        made = separate(network, mix.to(device), speech.to(device)).cpu()
        gain = si_sdr(made, stems) - si_sdr(mix.unsqueeze(1).expand_as(stems), stems)
        # Nothing can be gained where a stem is all there is.
        gain[~torch.isfinite(gain) | (si_sdr(mix.unsqueeze(1).expand_as(stems), stems) > 20)] = math.nan
        gains.append(gain)
    return torch.cat(gains).nanmean(dim=0).tolist()


def _save(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def _log(path: Path, step: int, hours: float, seconds: float, mean_loss: float, gains: list[float]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["step", "hours heard", "seconds", "loss", *(f"gain {name}" for name in STEMS)])
        writer.writerow([step, f"{hours:.2f}", f"{seconds:.0f}", f"{mean_loss:.3f}", *(f"{g:.2f}" for g in gains)])
    print(path.read_text(encoding="utf-8").splitlines()[-1], flush=True)
