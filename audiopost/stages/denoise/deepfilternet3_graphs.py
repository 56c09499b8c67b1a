"""The three graphs of DeepFilterNet3 on ONNX Runtime, with their state handed in and out.

As published they start anew at every call: their GRUs from zero, their convolutions from two (enc) and four (df_dec)
frames of zero padding. On loading, each GRU's state becomes an input and an output and the padding is taken out, so
that a recording in blocks gives what the whole of it would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.errors import BadValue

FILES = ("enc.onnx", "erb_dec.onnx", "df_dec.onnx")
#: What config.ini must say where there is one: the signal processing around the graphs is written for it.
SETTINGS = {
    "sr": 48_000, "fft_size": 960, "hop_size": 480, "nb_erb": 32, "nb_df": 96, "df_order": 5, "df_lookahead": 2,
    "conv_lookahead": 2,
}  # fmt: skip
#: Frames of the past that the convolutions of a graph's input look at, in place of zero padding.
_PAST = {"feat_erb": 2, "feat_spec": 2, "c0": 4}
_HIDDEN = 256
#: GRU layers of each graph.
_LAYERS = {"enc": 1, "erb_dec": 2, "df_dec": 2}


@dataclass
class State:
    """What the graphs remember of one channel: hidden states of the GRUs, and the past of the convolutions."""

    hidden: dict[str, list[FloatArray]] = field(
        default_factory=lambda: {
            name: [np.zeros((1, 1, _HIDDEN), np.float32) for _ in range(layers)] for name, layers in _LAYERS.items()
        }
    )
    past: dict[str, FloatArray] = field(
        default_factory=lambda: {
            "feat_erb": np.zeros((1, 1, 2, 32), np.float32),
            "feat_spec": np.zeros((1, 2, 2, 96), np.float32),
            "c0": np.zeros((1, 64, 4, 96), np.float32),
        }
    )


class Graphs:
    """The sessions, one thread each; channels may share them, each with a State of its own.

    Raises BadValue where the folder's graphs are not DeepFilterNet3's.
    """

    def __init__(self, folder: Path) -> None:
        _check_settings(folder)
        self._sessions = {name: _session(folder / f"{name}.onnx", layers) for name, layers in _LAYERS.items()}

    def run(self, state: State, erb: FloatArray, spectrum: FloatArray) -> tuple[FloatArray, NDArray[np.complex64]]:
        """Gains (frames, 32) of the bands and taps (frames, 96, 5), oldest first, of the deep filter.

        Given features erb (1, 1, frames, 32) and spectrum (1, 2, frames, 96) of the frames two later.
        """
        feat_erb, feat_spec = self._with_past(state, "feat_erb", erb), self._with_past(state, "feat_spec", spectrum)
        wanted = ["e0", "e1", "e2", "e3", "emb", "c0"]
        e0, e1, e2, e3, emb, c0 = self._call(state, "enc", wanted, feat_erb=feat_erb, feat_spec=feat_spec)
        (gains,) = self._call(state, "erb_dec", ["m"], emb=emb, e3=e3, e2=e2, e1=e1, e0=e0)
        (taps,) = self._call(state, "df_dec", ["coefs"], emb=emb, c0=self._with_past(state, "c0", c0))
        return gains[0, 0], np.ascontiguousarray(taps[0]).view(np.complex64)

    def _with_past(self, state: State, name: str, frames: FloatArray) -> FloatArray:
        joined = np.concatenate([state.past[name], frames], axis=2)
        state.past[name] = joined[:, :, -_PAST[name] :]
        return joined

    def _call(self, state: State, graph: str, wanted: list[str], **inputs: FloatArray) -> list[FloatArray]:
        hidden = state.hidden[graph]
        fed = {**inputs, **{f"h{i}": value for i, value in enumerate(hidden)}}
        made = self._sessions[graph].run([*wanted, *(f"h{i}_after" for i in range(len(hidden)))], fed)
        state.hidden[graph] = made[len(wanted) :]
        return list(made[: len(wanted)])


def _check_settings(folder: Path) -> None:
    import configparser

    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(folder / "config.ini", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise _foreign(folder, f"its config.ini cannot be read ({error})") from error
    stated = {key: value for section in config.sections() for key, value in config[section].items()}
    for key, expected in SETTINGS.items():
        if key in stated and stated[key] != str(expected):
            raise _foreign(folder, f"its config.ini says {key} = {stated[key]}, not {expected}")


def _foreign(folder: Path, why: str) -> BadValue:
    return BadValue(
        f"{folder} does not hold DeepFilterNet3: {why}.",
        value=str(folder),
        remedy="Take DeepFilterNet3_onnx.tar.gz from github.com/Rikorose/DeepFilterNet (not the low-latency one), "
        "or type: audiopost models pull deepfilternet3",
    )


def _session(path: Path, layers: int) -> Any:
    import onnx
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3  # it warns of the constants that the surgery leaves unused
    try:
        model = onnx.load(path)
        found = _open(model.graph)
        if found == layers:
            serialised = model.SerializeToString()
            return onnxruntime.InferenceSession(serialised, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnx and onnxruntime raise many kinds, none of them documented
        raise _foreign(path.parent, f"{path.name} cannot be loaded ({error})") from error
    raise _foreign(path.parent, f"{path.name} has {found} GRU layers, not {layers}")


def _open(graph: Any) -> int:
    """Makes the states of all GRUs inputs and outputs, and takes the time padding out; how many GRUs there were."""
    from onnx import TensorProto, helper

    layers = [node for node in graph.node if node.op_type == "GRU"]
    for i, gru in enumerate(layers):
        gru.input[5], gru.output[1] = f"h{i}", f"h{i}_after"
        for values, name in ((graph.input, f"h{i}"), (graph.output, f"h{i}_after")):
            values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, _HIDDEN]))
    for pad in [node for node in graph.node if node.op_type == "Pad" and node.input[0] in _PAST]:
        for node in graph.node:
            for i, name in enumerate(node.input):
                if name == pad.output[0]:
                    node.input[i] = pad.input[0]
        graph.node.remove(pad)
    for value in graph.input:
        if value.name in _PAST:  # now longer than the outputs, so of a length of its own
            value.type.tensor_type.shape.dim[2].dim_param = "S_with_past"
    return len(layers)
