"""Faults of a voice and of how it was taken: sibilance, plosives, loud breaths, mouth clicks, wind."""

from __future__ import annotations

from ...analysis import bands, breaths, mouth_clicks, plosives, sibilance, wind
from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Event, Span, counted, grouped, ramp, when

#: Faults of one kind at most this far apart are one finding.
_GAP_S = 10.0


class Voice:
    """Listens to the channels that voices are in. What it keeps is 4 kB a second."""

    def __init__(self, rate: int, layout: tuple[str, ...], speech: tuple[Span, ...]) -> None:
        self._rate, self._keep = rate, bands.voice_channels(layout)
        self._meter = bands.Meter(rate, len(self._keep))
        self._clicks = mouth_clicks.Listener(rate)
        self._speech = speech

    def feed(self, block: FloatArray, at: int) -> None:
        voices = block[self._keep]
        self._meter.feed(voices)
        self._clicks.feed(voices.mean(axis=0))

    def findings(self) -> list[Finding]:
        voice = self._meter.voice(self._speech)
        self._clicks.close()
        clicks = mouth_clicks.judged(self._clicks.clicks, voice, self._rate)
        blows = wind.blows(voice)
        # What thumps in a gust is the gust.
        thumps = [e for e in plosives.thumps(voice) if not any(b.first <= e.last and e.first <= b.last for b in blows)]
        return [
            *map(_sibilance, _groups(voice, sibilance.sharp(voice))),
            *map(_plosives, _groups(voice, thumps)),
            *map(_breaths, _groups(voice, breaths.loud(voice))),
            *map(_mouth_clicks, grouped([_click(c, voice, self._rate) for c in clicks], _GAP_S)),
            *map(_wind, _groups(voice, blows, gap_s=2.0)),
        ]


def _click(click: mouth_clicks.Click, voice: bands.Voice, rate: int) -> Event:
    loud = click.level_db - float(
        voice.level_db[min(round(click.first / rate / voice.step_s), len(voice.level_db) - 1)]
    )
    return Event(click.first / rate, click.last / rate, 1, loud)


def _groups(voice: bands.Voice, events: list[bands.Event], gap_s: float = _GAP_S) -> list[Event]:
    spans = [(voice.span(e), e.over_db) for e in events]
    return grouped([Event(s.start_s, s.end_s, 1, over) for s, over in spans], gap_s)


def _worst(group: Event, word: str) -> str:
    """What introduces the measure of the worst: of one alone nothing need be said."""
    return f"the {word} " if group.count > 1 else ""


def _sibilance(group: Event) -> Finding:
    detail = (
        f"{counted(group.count, 'sharp sibilants')} {when(group.start_s, group.end_s)}, "
        f"{_worst(group, 'sharpest')}{group.strength:+.1f} dB against the vowels at 4 to 10 kHz"
    )
    severity = max(ramp(group.strength, sibilance.SHARP_DB - 6, sibilance.SHARP_DB + 12), 0.15)
    remedy = "restore with sibilance on lowers them."
    return Finding("sibilance", group.start_s, group.end_s, severity, detail, remedy)


def _plosives(group: Event) -> Finding:
    detail = (
        f"{counted(group.count, 'plosives')} {when(group.start_s, group.end_s)}, "
        f"{_worst(group, 'strongest')}{group.strength:.0f} dB above the low end around it"
    )
    severity = max(ramp(group.strength, 6, 42), 0.15)
    remedy = "restore with plosives on lowers the low end of each."
    return Finding("plosives", group.start_s, group.end_s, severity, detail, remedy)


def _breaths(group: Event) -> Finding:
    detail = (
        f"{counted(group.count, 'loud breaths')} {when(group.start_s, group.end_s)}, "
        f"{_worst(group, 'loudest')}{-group.strength:.0f} dB under the voice"
    )
    severity = max(ramp(group.strength, breaths.LOUD_DB - 3, breaths.LOUD_DB + 17), 0.15)
    remedy = "restore with breaths on turns them down."
    return Finding("breaths", group.start_s, group.end_s, severity, detail, remedy)


def _mouth_clicks(group: Event) -> Finding:
    detail = (
        f"{counted(group.count, 'mouth clicks')} {when(group.start_s, group.end_s)}, "
        f"{_worst(group, 'loudest')}{-group.strength:.0f} dB under the voice"
    )
    rate = group.count / max(group.end_s - group.start_s, 1.0)
    severity = max(0.6 * ramp(rate, 0, 4) + 0.4 * ramp(group.strength, -36, -6), 0.15)
    remedy = "restore with mouth_clicks on interpolates them."
    return Finding("mouth-clicks", group.start_s, group.end_s, round(severity, 3), detail, remedy)


def _wind(group: Event) -> Finding:
    detail = f"gusts of wind {when(group.start_s, group.end_s)}, {group.strength:.0f} dBFS RMS below 90 Hz"
    severity = max(ramp(group.strength, -60, -20), 0.2)
    remedy = "restore with wind on lowers the low end while it blows."
    return Finding("wind", group.start_s, group.end_s, severity, detail, remedy)
