"""What the plan of docs/scaling.md computes with, for scaling.py: each figure, and where it is from.

Measured on the machine that stands in benchmarks/README.md, by scaling_measure.py: MEASURED, SOUND_BYTES_PER_S,
TEXT_BYTES_PER_S, FLAC_MEASURED, LIMITS. Models (GPU, CPU) say it each. All else is assumed, prices are inputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HOUR_S = 3600.0
#: Of film, in hours.
AMOUNTS = (1_000, 1_000_000)
#: Until when it has to be done, in hours.
NIGHT_H, WEEK_H = 10.0, 168.0
DEADLINES: Mapping[str, float] = {"a night (10 h)": NIGHT_H, "a week": WEEK_H, "30 days": 720.0}

# --- measured here


@dataclass(frozen=True)
class Stage:
    """CPU seconds of all threads and wall seconds, for a second of film; peak RSS in MB, 0 where it is not told."""

    cpu: float
    wall: float
    peak_mb: float = 0.0


#: By preset and stage, with what pip installs alone, models loaded: two films of a minute, 48 kHz stereo 24 bit,
#: meetings and telephone with music beneath a half, on two cores. Of two runs the one during which less else ran.
MEASURED: Mapping[str, Mapping[str, Stage]] = {
    "subtitles-yue": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0457, 0.0580, 710),
        "separate": Stage(0.1877, 0.2139, 891),
        "denoise": Stage(0.0019, 0.0025, 789),
        "diarise": Stage(0.0339, 0.0266, 790),
        "deliver": Stage(0.0296, 0.0312),
    },
    "subtitles-en": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0353, 0.0357, 849),
        "separate": Stage(0.1705, 0.1759, 1042),
        "denoise": Stage(0.0017, 0.0026, 929),
        "transcribe": Stage(0.2504, 0.2751, 929),
        "diarise": Stage(0.1411, 0.2355, 930),
        "subtitles": Stage(0.0007, 0.0010, 930),
        "deliver": Stage(0.0287, 0.0376),
    },
    "film-dialogue": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0377, 0.0379, 803),
        "restore": Stage(0.0139, 0.0140, 803),
        "separate": Stage(0.1645, 0.1664, 983),
        "denoise": Stage(0.0018, 0.0025, 855),
        "diarise": Stage(0.1282, 0.1261, 855),
        "emotion": Stage(0.0148, 0.0133, 855),
        "scenes": Stage(0.0021, 0.0021, 855),
        "cues": Stage(0.0071, 0.0071, 855),
        "loudness": Stage(0.0092, 0.0092, 855),
        "deliver": Stage(0.0363, 0.0386),
    },
    "podcast": {
        "decode": Stage(0.0003, 0.0003),
        "diagnose": Stage(0.0402, 0.0580, 655),
        "restore": Stage(0.0125, 0.0169, 694),
        "denoise": Stage(0.1809, 0.2521, 700),
        "diarise": Stage(0.0850, 0.1270, 709),
        "loudness": Stage(0.0187, 0.0208, 747),
        "deliver": Stage(0.0256, 0.0306),
    },
}
#: All stages, in the order in which they run.
STAGES = (
    "decode", "diagnose", "restore", "separate", "denoise", "transcribe", "diarise", "emotion", "scenes", "cues",
    "subtitles", "loudness", "deliver",
)  # fmt: skip
#: Files of sound by preset, in bytes for a second of film: stereo files of 288,012, mono ones of 144,006.
SOUND_BYTES_PER_S = {
    "subtitles-yue": 5 * 288_012,
    "subtitles-en": 5 * 288_012,
    "film-dialogue": 6 * 288_012 + 2 * 144_006,
    "podcast": 3 * 288_012 + 2 * 144_006,
}
#: All else: captions, lists, RTTM, cue sheets, Project, record, and the page for people, which is most of it.
TEXT_BYTES_PER_S = {"subtitles-yue": 8_258, "subtitles-en": 9_463, "film-dialogue": 13_438, "podcast": 6_336}
#: The same films delivered as FLAC, by WAV: speech of 16 kHz, alike on both channels, is far easier than a film.
FLAC_MEASURED = 376_594 / SOUND_BYTES_PER_S["film-dialogue"]


@dataclass(frozen=True)
class Limits:
    """What a driver was measured to take in a second, its disk a local one: jobs through all of it, jobs through its
    ledger alone, progress written and progress heard; bytes of ledger for a job."""

    jobs_per_s: float
    ledger_jobs_per_s: float
    moves_per_s: float
    heard_per_s: float
    bytes_per_job: float


LIMITS = Limits(jobs_per_s=975, ledger_jobs_per_s=3_746, moves_per_s=33_000, heard_per_s=140_000, bytes_per_job=1_497)
#: Progress of a running job is written every 2 s and told at most every 0.25 s (drive.py, runner.py).
WRITTEN_PER_S, TOLD_PER_S = 0.5, 4.0

# --- models: measured here where the note says so

#: Where in the range of a model's costs.
Level = Literal["low", "middle", "high"]


@dataclass(frozen=True)
class Cost:
    """Seconds for a second of film, from `low` to `high`, and where that is from."""

    low: float
    high: float
    source: str

    @property
    def middle(self) -> float:
        """The geometric mean."""
        return math.sqrt(self.low * self.high)

    def at(self, level: Level) -> float:
        """`low`, `middle` or `high`."""
        return float(getattr(self, level))


#: GPU seconds for a second of film. None was measured here: there is no GPU.
GPU: Mapping[str, Mapping[str, Cost]] = {
    "transcribe": {
        "large-v3": Cost(
            17 / 780, 63 / 780,
            "published for large-v2, 13 min, fp16, beam 5, RTX 3070 Ti: 17 s in batches of 8, 63 s without "
            "(faster-whisper, README)",
        ),
        "large-v3-turbo": Cost(
            19.2 / 780 * 17 / 63, 19.2 / 780,
            "published without batches: 19.2 s, RTX 2080 Ti (faster-whisper issue 1030); in batches: assumed to gain "
            "as large-v2 does",
        ),
    },
    "separate": {
        "htdemucs": Cost(
            0.96 / 50, 25 / 240,
            "low: our CPU figure by the 50 that a maintainer gives for GPUs (demucs issue 426); high: 25 s a song on "
            "an RTX 3090 (MusiConGen), a song assumed to be 4 min",
        ),
    },
    "diarise": {
        "pyannote": Cost(
            0.0125, 0.05,
            "published: 2.5 % (2.1) and 5 % (2.0) of real time on a V100; low: assumed, half of 2.1; community-1 is "
            "another pipeline",
        ),
    },
}  # fmt: skip
#: Core seconds for a second of film, int8 on the CPU.
CPU: Mapping[str, Mapping[str, Cost]] = {
    "transcribe": {
        "tiny": Cost(
            2 * 15.5 / 600, 0.10,
            "measured here on 2 threads, real size, random weights; low: 10 min in batches of 4 (benchmarks); high: "
            "0.05 of real time without",
        ),
        "base": Cost(
            2 * 27.1 / 600, 0.18,
            "as tiny: 27.1 s for 10 min in batches of 4; 0.09 of real time without",
        ),
        "small": Cost(
            0.71, 1.27,
            "low: measured here, 2.3 s a window and 84 ms a token on 2 threads, with 100 tokens a window assumed; "
            "high: published, 124 s for 13 min on 8 threads (faster-whisper, README)",
        ),
        "large-v3": Cost(4.5, 8.1, "assumed: as small, by the number of parameters (1,550 to 244 million)"),
    },
    "separate": {"htdemucs": Cost(0.96, 0.96, "measured here: 0.48 on 2 cores, 42 million random weights")},
    "diarise": {"pyannote": Cost(1.4, 1.4, "measured here: embedding 0.7 on 2 cores, random weights of real size")},
}  # fmt: skip

# --- assumptions

#: Kinds of recordings: their share of all, shortest and longest in seconds, evenly spread between.
LENGTHS: tuple[tuple[str, float, float, float], ...] = (
    ("trailer or short", 0.15, 120.0, 900.0),
    ("half-hour episode", 0.40, 1260.0, 1560.0),
    ("hour episode", 0.30, 2520.0, 3300.0),
    ("feature", 0.15, 4800.0, 8400.0),
)
#: Length of a recording in the mean, in seconds.
MEAN_S = sum(share * (low + high) / 2 for _, share, low, high in LENGTHS)
#: What comes in, in Mbit/s.
SOURCES: Mapping[str, float] = {"sound alone": 2.304, "proxy": 8.0, "broadcast master": 50.0}
#: Sound files by how they are kept: bytes by those of 24-bit WAV.
KEPT: Mapping[str, float] = {"wav": 1.0, "flac": 0.55, "opus": 160_000 / 8 / 288_012, "none": 0.0}
#: What one worker moves from and to where the recordings lie, in bytes a second; it computes nothing meanwhile.
TRANSFER = 100e6
#: Workers are counted so much more than the work divided by the time: the simulation shows what for.
MARGIN = 1.2


@dataclass(frozen=True)
class Prices:
    """What things cost, in one currency: the defaults are round figures near list prices of large clouds in dollars."""

    gpu_hour: float = 0.80  #: a GPU of 24 GB with its machine's cores
    core_hour: float = 0.04
    gb_month: float = 0.023
    egress_gb: float = 0.09
    months: float = 1.0  #: how long results are kept
