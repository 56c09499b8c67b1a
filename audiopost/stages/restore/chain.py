"""The chain of repairs: which there are, in which order, and what findings make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...core.audio import Audio, FloatArray, difference
from ...core.marks import Finding, Repair, share_of
from ...core.stage import Progress
from ...io.scratch import spool
from . import (
    Options,
    Restored,
    breaths,
    clicks,
    clipping,
    dc,
    dropouts,
    hum,
    mouth_clicks,
    plosives,
    polarity,
    rumble,
    sibilance,
    soft_clipping,
    wind,
)
from .link import Found, Link
from .trying import mended

#: In order: sample repairs come before filters, which would ring in them; gains that follow the voice come last.
REPAIRS: tuple[Link, ...] = (
    Link("polarity", ("polarity",), polarity.mend),
    Link("soft_clipping", ("soft-clipping",), soft_clipping.mend),
    Link("clipping", ("clipping",), clipping.mend),
    Link("dropouts", ("dropouts",), dropouts.mend),
    Link("clicks", ("clicks",), clicks.mend),
    Link("mouth_clicks", ("mouth-clicks",), mouth_clicks.mend),
    Link("dc", ("dc",), dc.mend),
    Link("hum", ("hum",), hum.mend),
    Link("rumble", ("rumble",), rumble.mend),
    Link("wind", ("wind",), wind.mend),
    Link("plosives", ("plosives",), plosives.mend),
    Link("sibilance", ("sibilance",), sibilance.mend),
    Link("breaths", ("breaths",), breaths.mend),
)


def plan(findings: Sequence[Finding], options: Options) -> tuple[Repair, ...]:
    """The chain that `findings` ask for: no link without a finding, none that is switched off."""
    links = ((link, [f for f in findings if f.kind in link.kinds]) for link in REPAIRS)
    return tuple(
        Repair(link.name, because(found), *link.settings(options))
        for link, found in links
        if found and link.settings(options)[0]
    )


def unmended(findings: Sequence[Finding], chain: Sequence[Repair]) -> tuple[Finding, ...]:
    """The findings that no link of `chain`, planned or made, is for."""
    names = {repair.name for repair in chain}
    mended = {kind for link in REPAIRS if link.name in names for kind in link.kinds}
    return tuple(f for f in findings if f.kind not in mended)


def because(found: Sequence[Finding]) -> str:
    """The worst finding's words, and how many more there are."""
    worst = max(found, key=lambda f: f.severity)
    more = len(found) - 1
    return worst.detail + (f"; and {more} more" if more else "")


def run(audio: Audio, findings: Found, options: Options, progress: Progress) -> Restored:
    """Every link in turn, each on what the one before it made."""
    done: list[Repair] = []
    removed: dict[str, Audio] = {}
    for number, link in enumerate(REPAIRS):
        progress(f"restore: {link.name.replace('_', ' ')}", number, len(REPAIRS))
        found = None if findings is None else [f for f in findings if f.kind in link.kinds]
        amount, most_db = link.settings(options)
        if not amount or (found is not None and not found):
            continue
        effect = mended(link, audio, found, options)
        if effect is None:
            continue
        if effect.whole:
            amount, most_db = 100.0, None
        share = share_of(amount, None if effect.limited else most_db)
        after = effect.audio if share == 1 else spool(_blended(audio, effect.audio, share), like=audio)
        gone = difference(audio, after)
        removed_dbfs = _rms_dbfs(gone)
        if removed_dbfs is None:  # a limit of 0 dB
            continue
        why = because(found) if found else "asked for without a diagnosis"
        done.append(Repair(link.name, why, amount, most_db, effect.done, removed_dbfs))
        if options.keep_removed:
            removed[link.name] = gone
        audio = after
    progress("restore", len(REPAIRS), len(REPAIRS))
    return Restored(audio, tuple(done), removed)


def _blended(before: Audio, after: Audio, share: float) -> Iterator[FloatArray]:
    block = 1 << 16
    for start in range(0, before.frames, block):
        stop = min(start + block, before.frames)
        x = before.read(start, stop)
        yield x + np.float32(share) * (after.read(start, stop) - x)


def _rms_dbfs(audio: Audio) -> float | None:
    total = sum(float(np.sum(np.square(block, dtype=np.float64))) for block in audio.blocks(1 << 16))
    mean = total / max(audio.frames * audio.channels, 1)
    return round(10 * float(np.log10(mean)), 1) if mean > 0 else None
