"""What the stems are called, and which of them is the remainder.

A backend estimates some stems of a vocabulary; the one left is the mix less all estimates, so that stems always sum to
the mix. It is the last stem of its vocabulary: the one that is defined as everything else, and whose estimate is the
least certain for it. The LFE, which no separator hears, stays in it whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...core.audio import Audio, FloatArray
from ...core.errors import BadValue
from ...core.made import made

if TYPE_CHECKING:
    from . import Options

#: The stems of each vocabulary, in order; the last one is the remainder.
STEMS = {
    "film": ("dialogue", "music", "effects"),
    "m-and-e": ("dialogue", "m_and_e"),
    "music": ("vocals", "drums", "bass", "other"),
    "vocals": ("vocals", "instrumental"),
}
#: The vocabularies of films; the others are those of songs.
FILM = frozenset({"film", "m-and-e"})
#: Music and effects in one stem: what is dubbed over.
M_AND_E = "m_and_e"


def plan(options: Options) -> dict[str, tuple[str, ...]]:
    """Each stem and the estimates it is the sum of; the stem without any is the remainder.

    With `two_stems` (demucs' `--two-stems`) these are that stem and 'no_' with its name, everything else.
    """
    *estimated, last = STEMS[options.stems]
    one = options.two_stems
    if not one:
        return {**{name: (name,) for name in estimated}, last: ()}
    return {one: (), f"no_{one}": tuple(estimated)} if one == last else {one: (one,), f"no_{one}": ()}


def estimates(options: Options) -> tuple[str, ...]:
    """What a backend has to estimate: any of dialogue and music, or of vocals, drums and bass, in this order."""
    return tuple(name for parts in plan(options).values() for name in parts)


def shares(options: Options, estimated: FloatArray, mix: FloatArray) -> dict[str, FloatArray]:
    """The stems of one block: (channels, n) each, out of `estimates` (names, channels, n) and the mix."""
    at = {name: i for i, name in enumerate(estimates(options))}
    return {
        stem: estimated[[at[name] for name in parts]].sum(axis=0) if parts else mix - estimated.sum(axis=0)
        for stem, parts in plan(options).items()
    }


def check(options: Options) -> None:
    """Raises BadValue where options do not go together."""
    names = STEMS.get(options.stems, ())  # an unknown vocabulary is told by the option itself
    if options.two_stems and names and options.two_stems not in names:
        raise BadValue(
            f"separate.two_stems = {options.two_stems!r} is no {options.stems} stem.",
            value=options.two_stems,
            choices=names,
            remedy="Choose another separate.stems, or leave two_stems empty.",
        )
    if options.m_and_e and (options.stems != "film" or options.two_stems):
        raise BadValue(
            "separate.m_and_e stands beside dialogue, music and effects.",
            value=options.stems,
            remedy="Take separate.stems=film without two_stems, or separate.stems=m-and-e for these two alone.",
        )


def music_and_effects(stems: Mapping[str, Audio]) -> Audio:
    """The sum of all stems but the dialogue, worked out when read."""
    others = [stem for name, stem in stems.items() if name != "dialogue"]

    def read(start: int, stop: int) -> FloatArray:
        total = others[0].read(start, stop).copy()
        for other in others[1:]:
            total += other.read(start, stop)
        return total

    return made(read, like=others[0])
