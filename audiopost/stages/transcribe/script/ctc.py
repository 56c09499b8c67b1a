"""Alignment with a wav2vec 2.0 or MMS model that lies on this machine (Baevski et al., 2020; Pratap et al., 2023).

A folder in Hugging Face's layout: config.json, vocab.json and weights (model.safetensors, or pytorch_model.bin, read
without running code). Windows of at most half a minute are heard one by one, so that memory does not grow with length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ....core.audio import Audio
from ....core.errors import StageError
from ....core.registry import AUTO
from ....core.stage import ModelInfo, Progress
from ....models.config_file import read_json
from ....models.held import held
from ..windows import Window
from .ctc_models import WEIGHTS, CTCModel
from .match import Heard
from .timing import Timed
from .viterbi import ctc_path, greedy
from .words import ScriptWord

_RATE = 16_000


class CTCAligner:
    name: ClassVar[str] = "script-ctc"
    listens: ClassVar[bool] = True
    biased: ClassVar[bool] = False

    def __init__(self, model: CTCModel, *, device: str = AUTO, threads: int = 0) -> None:
        self._model, self._device, self._threads = model, device, threads
        self._vocabulary = model.vocabulary

    @property
    def model(self) -> ModelInfo:
        return self._model.info

    def sounded(self, words: Sequence[ScriptWord]) -> list[ScriptWord]:
        """Words in single characters as the model writes them."""
        return [
            replace(word, tokens=tuple(self._model.symbol(char) for token in word.tokens for char in token))
            for word in words
        ]

    def hear(
        self, words: Sequence[ScriptWord], sound: Audio, windows: Sequence[Window], progress: Progress
    ) -> list[Heard]:
        named = {number: symbol for symbol, number in self._vocabulary.items()}
        heard: list[Heard] = []
        for n, window in enumerate(windows):
            progress("listen for the script", n, len(windows))
            emission = self._emission(window, sound)
            for token, start, end in greedy(emission, self._blank):
                symbol = named.get(token, "")
                if len(symbol) == 1 and (symbol.isalnum() or symbol == "'"):
                    sure = float(np.exp(emission[start:end, token].mean()))
                    times = window.locate(start * self._frame_s, end * self._frame_s)
                    heard.append(Heard(*times, symbol, min(sure, 1.0)))
        progress("listen for the script", len(windows), len(windows))
        return heard

    def fit(self, words: Sequence[ScriptWord], sound: Audio, window: Window) -> list[Timed | None] | None:
        known = [[self._vocabulary[token] for token in word.tokens if token in self._vocabulary] for word in words]
        between = self._vocabulary.get("|")
        path: list[int] = []
        places: list[range] = []
        for tokens in known:
            if path and tokens and between is not None and len(tokens) > 1:
                path.append(between)
            places.append(range(len(path), len(path) + len(tokens)))
            path += tokens
        emission = self._emission(window, sound)
        spans = ctc_path(emission, path, self._blank)
        if spans is None:
            return None
        times: list[Timed | None] = []
        for place in places:
            if not place:
                times.append(None)
                continue
            start, end = spans[place[0]][0], spans[place[-1]][1]
            sure = np.mean([emission[spans[i][0] : spans[i][1], path[i]].mean() for i in place])
            where = window.locate(start * self._frame_s, end * self._frame_s)
            times.append(Timed(*where, min(float(np.exp(sure)), 1.0)))
        return times

    @property
    def _blank(self) -> int:
        return int(self._network.config.pad_token_id)

    @property
    def _frame_s(self) -> float:
        return float(self._network.config.inputs_to_logits_ratio) / _RATE

    @cached_property
    def _normalised(self) -> bool:
        """Whether the model wants samples of mean 0 and variance 1, as its preprocessor says."""
        file = self._model.folder / "preprocessor_config.json"
        return bool(read_json(file).get("do_normalize", True)) if file.is_file() else True

    @cached_property
    def _network(self) -> Any:
        return held(("ctc", self._model.folder, self._device), self._load)

    def _load(self) -> Any:
        from ....models import torch_setup

        torch_setup.prepare()
        import torch
        from transformers import AutoModelForCTC

        if self._threads:
            torch.set_num_threads(self._threads)
        safe = (self._model.folder / WEIGHTS[0]).is_file()
        try:
            network = AutoModelForCTC.from_pretrained(
                str(self._model.folder), local_files_only=True, use_safetensors=safe, weights_only=True
            )
        except Exception as error:  # config, weights and formats fail in many ways
            raise StageError(
                f"transcribe: the CTC model in {self._model.folder} does not load: {error}",
                value=str(self._model.folder),
                remedy="Copy the model again, or name another with transcribe.align_model.",
            ) from error
        wanted = self._device if self._device != AUTO else "cuda" if torch.cuda.is_available() else "cpu"
        return network.eval().to(wanted)

    def _emission(self, window: Window, sound: Audio) -> NDArray[np.float32]:
        """(frames, vocabulary) natural log-probabilities of a window's joined speech."""
        import torch

        samples = window.samples(sound)
        if self._normalised:
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
        shortest = self._network.config.inputs_to_logits_ratio * 2
        samples = np.pad(samples, (0, max(0, shortest - len(samples))))
        with torch.inference_mode():
            wave = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None].to(self._network.device)
            found: NDArray[np.float32] = self._network(wave).logits[0].float().log_softmax(-1).cpu().numpy()
        return found
