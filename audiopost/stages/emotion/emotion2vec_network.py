"""The network of emotion2vec (Z. Ma et al., "emotion2vec", Findings of ACL 2024): data2vec 2.0's encoder on samples.

Module names are those of the published checkpoints, which FunASR made (MIT); what only training uses (decoder, masks,
teacher) is left out. It needs torch alone: FunASR's package evaluates its config's text as code, unpickles without
limits and asks a hub. tests/stages/test_emotion_funasr.py holds this one against it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ...core.errors import BadValue

#: No published encoder has more.
_MOST_LAYERS = 64


class Emotion2vec(nn.Module):  # type: ignore[misc]
    """(n, samples) at 16 kHz to (n, labels) logits."""

    def __init__(self, config: Mapping[str, Any], labels: int) -> None:
        super().__init__()
        width, audio = int(config["embed_dim"]), config["modalities"]["audio"]
        if config.get("layer_norm_first") or audio.get("conv_pos_pre_ln") or audio.get("learned_alibi"):
            raise BadValue(
                "The emotion2vec model's config.yaml describes an encoder that was never published.",
                remedy="Name emotion2vec_plus_seed, _base or _large.",
            )
        self.normalised = bool(config.get("normalize", True))
        self.modality_encoders = nn.ModuleDict({"AUDIO": _Front(config, audio, width)})
        self.blocks = nn.ModuleList([_Block(config, width) for _ in range(_depth(config["depth"]))])
        self.proj = nn.Linear(width, labels)

    def forward(self, waves: Any) -> Any:
        if self.normalised:
            waves = functional.layer_norm(waves, waves.shape[-1:])
        front = self.modality_encoders["AUDIO"]
        x, bias = front(waves)
        for i, block in enumerate([*front.context_encoder.blocks, *self.blocks]):
            x = block(x, front.scaled(bias, i))
        return self.proj(x[:, front.extra :].mean(dim=1))


class _Front(nn.Module):  # type: ignore[misc]
    """Samples to features, with positions, extra tokens and the first blocks ('prenet')."""

    def __init__(self, config: Mapping[str, Any], audio: Mapping[str, Any], width: int) -> None:
        super().__init__()
        convolutions = convolutions_of(str(audio["feature_encoder_spec"]))
        self.local_encoder = _Convolutions(convolutions, str(audio["extractor_mode"]))
        self.project_features = nn.Sequential(
            _Transposed(), nn.LayerNorm(convolutions[-1][0]), nn.Linear(convolutions[-1][0], width)
        )
        depth = _depth(audio["conv_pos_depth"])
        kernel = max(3, int(audio["conv_pos_width"]) // depth)
        positions = [_Position(width, kernel, int(audio["conv_pos_groups"])) for _ in range(depth)]
        self.relative_positional_encoder = nn.Sequential(_Transposed(), *positions, _Transposed())
        self.extra = int(audio["num_extra_tokens"])
        if self.extra:
            self.extra_tokens = nn.Parameter(torch.zeros(1, self.extra, width))
        self.heads = int(audio["num_alibi_heads"]) if audio["use_alibi_encoder"] else 0
        prenet = _depth(audio["prenet_depth"])
        if self.heads:
            layers = prenet + int(audio["model_depth"]) if audio.get("learned_alibi_scale_per_layer") else 1
            heads = self.heads if audio.get("learned_alibi_scale_per_head") else 1
            self.alibi_scale = nn.Parameter(torch.full((layers, 1, heads, 1, 1), float(audio.get("alibi_scale", 1.0))))
        self.context_encoder = nn.Module()
        self.context_encoder.norm = _norm(config, width)
        self.context_encoder.blocks = nn.ModuleList([_Block(config, width) for _ in range(prenet)])

    def forward(self, waves: Any) -> tuple[Any, Any]:
        """What the first block hears (n, extra + frames, width), and ALiBi's bias, None where there is none."""
        x = self.project_features(self.local_encoder(waves))
        x = x + self.relative_positional_encoder(x)
        bias = self._bias(x.shape[1], x.device) if self.heads else None
        if self.extra:
            x = torch.cat([self.extra_tokens.expand(len(x), -1, -1), x], dim=1)
        return self.context_encoder.norm(x), bias

    def _bias(self, frames: int, device: Any) -> Any:
        """ALiBi (O. Press et al., ICLR 2022), symmetric: attention falls with distance, by each head's slope."""
        at = torch.arange(frames, device=device)
        slopes = torch.tensor(slopes_of(self.heads), device=device)
        distance = (at[:, None] - at[None, :]).abs()
        return functional.pad(-slopes[:, None, None] * distance, (self.extra, 0, self.extra, 0))

    def scaled(self, bias: Any, layer: int) -> Any:
        """The bias as a layer has it, counted from the first block on."""
        if bias is None:
            return None
        return bias * self.alibi_scale.clamp_min(0)[min(layer, len(self.alibi_scale) - 1), 0]


class _Convolutions(nn.Module):  # type: ignore[misc]
    def __init__(self, layers: list[tuple[int, int, int]], mode: str) -> None:
        super().__init__()
        widths = [1, *(width for width, _, _ in layers)]
        self.conv_layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(widths[i], width, kernel, stride=stride, bias=False),
                nn.Identity(),
                *_extractor_norm(width, mode, first=i == 0),
                nn.GELU(),
            )
            for i, (width, kernel, stride) in enumerate(layers)
        )

    def forward(self, waves: Any) -> Any:
        x = waves[:, None]
        for layer in self.conv_layers:
            x = layer(x)
        return x


def _extractor_norm(width: int, mode: str, *, first: bool) -> list[Any]:
    if mode == "layer_norm":
        return [nn.Sequential(_Transposed(), nn.LayerNorm(width), _Transposed())]
    return [nn.GroupNorm(width, width)] if first else []


class _Position(nn.Sequential):  # type: ignore[misc]
    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__(nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=groups))

    def forward(self, x: Any) -> Any:
        found = self[0](x)[..., : x.shape[-1]]
        return functional.gelu(functional.layer_norm(found.transpose(1, 2), (found.shape[1],)).transpose(1, 2))


class _Transposed(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return x.transpose(-2, -1)


class _Block(nn.Module):  # type: ignore[misc]
    def __init__(self, config: Mapping[str, Any], width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(config, width), _norm(config, width)
        self.attn = _Attention(width, int(config["num_heads"]))
        inner = int(width * float(config["mlp_ratio"]))
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Any, bias: Any) -> Any:
        x = self.norm1(x + self.attn(x, bias))
        return self.norm2(x + self.mlp.fc2(functional.gelu(self.mlp.fc1(x))))


class _Attention(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Any, bias: Any) -> Any:
        n, frames, width = x.shape
        q, k, v = self.qkv(x).reshape(n, frames, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attention = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1)
        if bias is not None:
            attention[:, : len(bias)] += bias
        return self.proj((attention.softmax(dim=-1) @ v).transpose(1, 2).reshape(n, frames, width))


def _norm(config: Mapping[str, Any], width: int) -> Any:
    return nn.LayerNorm(width, eps=float(config["norm_eps"]), elementwise_affine=bool(config["norm_affine"]))


def _depth(number: Any) -> int:
    """A number of layers. Raises BadValue for more than any model has."""
    if not 0 < int(number) <= _MOST_LAYERS:
        raise BadValue(f"{number} layers are no emotion2vec model.", value=number, remedy="Copy the model again.")
    return int(number)


def slopes_of(heads: int) -> list[float]:
    """ALiBi's slope of each head, for numbers that are no power of 2 too (Press et al., their code)."""
    whole = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-8 * (i + 1) / whole) for i in range(whole)]
    return slopes if whole == heads else slopes + slopes_of(2 * whole)[0::2][: heads - whole]


def convolutions_of(spec: str) -> list[tuple[int, int, int]]:
    """(width, kernel, stride) of each layer, from text like '[(512, 10, 5)] + [(512, 3, 2)] * 4'. Raises BadValue."""

    def read(node: ast.AST) -> list[tuple[int, int, int]]:
        match node:
            case ast.List(elts=items):
                return [ast.literal_eval(item) for item in items]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return read(left) + read(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int(times))) if times <= _MOST_LAYERS:
                return read(left) * times
        raise ValueError(spec)

    try:
        layers = read(ast.parse(spec, mode="eval").body)
        if not layers or any(len(layer) != 3 or min(layer) < 1 for layer in layers):
            raise ValueError(spec)
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise BadValue(
            f"{spec!r} describes no convolutions.", value=spec, remedy="Copy the model's config.yaml again."
        ) from error
    return layers
