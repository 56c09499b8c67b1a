"""The main job: a recording and a preset in, deliverables out."""

from .one_stage import apply
from .run import RunResult, process, run

__all__ = ["RunResult", "apply", "process", "run"]
