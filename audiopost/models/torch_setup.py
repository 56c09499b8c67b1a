"""What torch computes on; and torchaudio beside a CPU build of torch.

PyPI's Linux wheel of torchaudio 2.11 links CUDA and cannot load there.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import BadValue


def device(wanted: str, option: str) -> str:
    """'cuda' or 'cpu' for the value 'auto', 'cuda' or 'cpu' of an option. Raises BadValue where there is no GPU."""
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadValue(
            f"{option} = 'cuda', but torch finds no CUDA GPU here.",
            value=wanted,
            choices=("auto", "cpu"),
            remedy=f"Take {option}=auto, or install PyTorch's CUDA build.",
        )
    return wanted


def prepare() -> None:
    """Call before the first import of torchaudio, or of what imports it (pyannote.audio).

    Where torch has no CUDA and torchaudio's compiled extension cannot load, torchaudio is told that it has none,
    a case its own loader knows; everything but forced alignment then works. Otherwise nothing is changed.
    """
    import torch

    if "torchaudio" in sys.modules or "torchaudio._extension" in sys.modules or torch.version.cuda is not None:
        return
    spec = importlib.util.find_spec("torchaudio")
    if spec is None or spec.origin is None or _loads(Path(spec.origin).parent / "lib"):
        return
    name = "torchaudio._extension"
    extension: Any = types.ModuleType(name)
    extension.__spec__ = importlib.machinery.ModuleSpec(name, None)
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = _no_cuda_version
    extension.fail_if_no_align = _without_alignment
    sys.modules[name] = extension


def _loads(folder: Path) -> bool:
    """Whether every library of torchaudio loads; True where it has none."""
    import ctypes

    try:
        for library in sorted(folder.glob("*torchaudio*")):
            ctypes.CDLL(str(library))
    except OSError:
        return False
    return True


def _no_cuda_version() -> None:
    return None


def _without_alignment(function: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{function.__name__} needs torchaudio's compiled alignment extension")

    return refuse
