"""The trained network as the ONNX file that audiopost ships."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx.external_data_helper import convert_model_from_external_data
from safetensors.torch import load_file, save_file
from torch import Tensor

from .network import BINS, CHUNK, Network, Size

TARGET = Path(__file__).parents[2] / "audiopost" / "analysis" / "house.onnx"
#: The same weights as the network has them, to go on from.
WEIGHTS = Path(__file__).with_name("house.safetensors")
OPSET = 17


def export(checkpoint: Path, to: Path, weights: Path) -> str:
    """Writes the running mean of a checkpoint with weights of 16 bit, which are 32 again while it runs: as ONNX to
    `to`, and as safetensors to `weights`."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = Network(Size(**state["size"])).eval()
    network.load_state_dict(state["average"])
    save_file({name: value.half() for name, value in state["average"].items()}, weights)
    part = to.with_suffix(".part.onnx")
    torch.onnx.export(
        network, (torch.randn(1, 2 * CHUNK, BINS, 2), torch.randn(1, 2 * CHUNK, BINS, 2)), part,
        input_names=["spectrum", "speech"], output_names=["masks"],
        dynamic_axes={name: {0: "batch", 1: "frames"} for name in ("spectrum", "speech", "masks")},
        opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    model = onnx.load(part)
    convert_model_from_external_data(model)
    halved(model)
    onnx.checker.check_model(model)
    onnx.save(model, part)
    part.replace(to)
    return (
        f"{to}: {to.stat().st_size / 1e6:.2f} MB, {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters"
    )


def weights_of(path: Path) -> dict[str, Tensor]:
    """The weights in a checkpoint of training, or in what `export` wrote as safetensors."""
    if path.suffix == ".safetensors":
        return {name: value.float() for name, value in load_file(path).items()}
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["average"]
    return weights


def halved(model: onnx.ModelProto) -> None:
    """Stores large weights as 16 bit floats, each followed by a cast to 32."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < 1024:
            continue
        half = numpy_helper.to_array(weight).astype(np.float16)
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
