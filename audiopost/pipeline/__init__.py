"""The main job: a recording and a preset in, deliverables out."""

from .run import RunResult, apply, process, run

__all__ = ["RunResult", "apply", "process", "run"]
