"""The voices of the audio rendering: sums of partials with envelopes, a little noise where a real one has it.

Additive synthesis (J.-C. Risset and D. Wessel, "Exploration of timbre by analysis and synthesis", 1982): each partial
has its level and dies away in its own time. Ratios of timpani after T. Rossing, "The physics of kettledrums" (1982), of
bars after N. Fletcher and T. Rossing, "The Physics of Musical Instruments" (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timbre:
    """`levels` of the partials, at `ratios` of the fundamental (none: its multiples).

    `decay_s`: the time in which the first partial of middle C falls to 37 %, 0 for tones that are held; `damp` how much
    faster each further partial falls. `chorus` in cents: players who are not quite together, the first one leads.
    `vibrato` in cents. `noise`: its level; it is `breath`, as long as the tone, or a stroke of a few milliseconds.
    `level`: against the other voices.
    """

    levels: tuple[float, ...]
    attack_s: float
    release_s: float
    decay_s: float = 0.0
    damp: float = 0.0
    ratios: tuple[float, ...] = ()
    chorus: tuple[float, ...] = (0.0,)
    vibrato: float = 0.0
    noise: float = 0.0
    breath: bool = False
    level: float = 1.0


def _slope(count: int, power: float, odd: float = 1.0) -> tuple[float, ...]:
    """Levels 1/n^power, the even partials times `odd`."""
    return tuple(n**-power * (odd if n % 2 == 0 else 1.0) for n in range(1, count + 1))


_ENSEMBLE = (0.0, -6.0, 5.0)

TIMBRES: Mapping[str, Timbre] = {
    "strings": Timbre(_slope(14, 1.5), 0.14, 0.5, chorus=_ENSEMBLE, vibrato=4, level=0.8),
    "synth": Timbre(_slope(8, 2.0), 0.3, 0.9, chorus=_ENSEMBLE, level=0.8),
    "choir": Timbre((1.0, 0.5, 0.35, 0.12, 0.1, 0.04), 0.16, 0.5, chorus=_ENSEMBLE, vibrato=8, noise=0.01, breath=True,
                    level=0.8),
    "organ": Timbre((1.0, 0.6, 0.1, 0.35, 0.02, 0.1, 0.02, 0.12), 0.03, 0.12, level=0.7),
    "brass": Timbre(_slope(12, 1.1), 0.05, 0.2, chorus=(0.0, 4.0), vibrato=3, level=0.8),
    "cello": Timbre(_slope(14, 1.3), 0.06, 0.25, chorus=(0.0, 3.0), vibrato=7),
    "fiddle": Timbre(_slope(12, 1.2), 0.07, 0.2, vibrato=14, noise=0.01, breath=True),
    "reed": Timbre(_slope(10, 0.9, odd=0.5), 0.045, 0.12, vibrato=8, level=0.6),
    "flute": Timbre((1.0, 0.3, 0.12, 0.05, 0.02), 0.06, 0.15, vibrato=9, noise=0.03, breath=True),
    "piano": Timbre(_slope(12, 1.3), 0.004, 0.25, decay_s=1.3, damp=0.35, chorus=(0.0, 1.0), noise=0.03),
    "rhodes": Timbre((1.0, 0.12, 0.05, 0.15), 0.004, 0.3, decay_s=1.4, damp=0.9),
    "harp": Timbre(_slope(9, 1.6), 0.003, 1.2, decay_s=0.9, damp=0.6, noise=0.02),
    "guitar": Timbre(_slope(12, 1.2), 0.003, 0.5, decay_s=0.8, damp=0.5, noise=0.03),
    "zither": Timbre(_slope(14, 1.0), 0.002, 1.0, decay_s=0.8, damp=0.45, noise=0.04),
    "pizzicato": Timbre(_slope(8, 1.5), 0.004, 0.3, decay_s=0.2, damp=0.5, chorus=(0.0, 5.0), noise=0.08, level=1.1),
    "bass": Timbre(_slope(8, 1.4), 0.006, 0.15, decay_s=0.9, damp=0.6),
    "marimba": Timbre((1.0, 0.25, 0.08), 0.002, 0.4, decay_s=0.3, damp=2.0, ratios=(1.0, 3.93, 9.6), noise=0.03),
    "bell": Timbre((0.7, 1.0, 0.5, 0.35, 0.2), 0.002, 1.5, decay_s=1.6, damp=0.4, ratios=(0.5, 1.0, 2.0, 2.76, 5.4),
                   level=0.7),
    "timpani": Timbre((1.0, 0.6, 0.35, 0.2, 0.15), 0.004, 1.0, decay_s=0.45, damp=0.4,
                      ratios=(1.0, 1.5, 1.99, 2.44, 2.89), noise=0.06, level=0.6),
    "drum": Timbre((1.0, 0.5, 0.3), 0.003, 0.4, decay_s=0.09, damp=0.5, ratios=(1.0, 1.59, 2.14), noise=0.4),
    "shaker": Timbre((), 0.006, 0.06, noise=1.0, level=0.35),
}  # fmt: skip
