"""The trained network as the ONNX file that audiopost ships."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx.external_data_helper import convert_model_from_external_data

from .network import BINS, CHUNK, Network, Size

TARGET = Path(__file__).parents[2] / "audiopost" / "analysis" / "house.onnx"
OPSET = 17


def export(checkpoint: Path, to: Path) -> str:
    """Writes the running mean of a checkpoint with weights of 16 bit, which are 32 again while it runs."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = Network(Size(**state["size"])).eval()
    network.load_state_dict(state["average"])
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
