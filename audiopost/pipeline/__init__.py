"""The main job: a recording and a preset in, deliverables out."""

from .run import RunResult, run

__all__ = ["RunResult", "run"]
