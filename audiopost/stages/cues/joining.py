"""Two cues that nearly touch are one: a composer would rather play on than stop for a breath and begin again.

What plays in the last lines plays to the end for the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...core.time import FrameRate
from .fitting import Placed
from .ideas import Context

#: So many rests between two cues are still no rest.
_RESTS = 2.0
#: A scene that begins so soon after a cue is the one it was meant for.
_BORDER_S = 10.0
_JOINED = ("underscore", "transition", "opening", "closing")


def joined(chosen: Sequence[Placed], context: Context, room_s: float, rate: FrameRate) -> list[Placed]:
    """The cues in order of time, neighbours of one feeling joined over at most `room_s` of gaps.

    A joined cue enters as its first part does and leaves as its last; a closing names the whole.
    """
    kept: list[Placed] = []
    for cue in sorted(chosen, key=lambda cue: cue.in_s):
        last = kept[-1] if kept else None
        if last is None or not _belongs(last, cue, context) or cue.in_s - last.out_s > room_s:
            kept.append(cue)
            continue
        room_s -= cue.in_s - last.out_s
        function = "closing" if cue.idea.function == "closing" else last.idea.function
        idea = replace(last.idea, function=function, until_s=cue.idea.until_s)
        kept[-1] = replace(last, idea=idea, out_s=cue.out_s, leave=cue.leave, pause=cue.pause)
    if kept and _plays_out(kept[-1], context, room_s):
        end = rate.seconds_at(math.floor(context.line.end_s * float(rate.fraction) + 1e-4))
        idea = replace(kept[-1].idea, function="closing")
        kept[-1] = replace(kept[-1], idea=idea, out_s=end, leave=context.words.say("why_end"), pause=False)
    return kept


def _plays_out(last: Placed, context: Context, room_s: float) -> bool:
    """Whether there is room for a closing, and the last cue leaves so shortly before the end that it may be it."""
    line, rules = context.line, context.rules
    if last.idea.function not in _JOINED or not line.speech or rules.functions["closing"].wanted <= 0:
        return False
    rest = line.end_s - last.out_s
    if line.end_s - line.speech[-1].end_s < rules.thresholds.closing_s:
        return False
    beyond = line.speech[-1].end_s > last.out_s or line.next_music(last.out_s) < line.end_s
    return not beyond and rest <= min(_RESTS * rules.programme.rest_s, room_s)


def _belongs(first: Placed, second: Placed, context: Context) -> bool:
    rules, line = context.rules, context.line
    if first.idea.function not in _JOINED or second.idea.function not in _JOINED:
        return False
    if any(first.in_s < scene.start_s <= second.in_s + _BORDER_S for scene in line.material.scenes[1:]):
        return False
    if second.in_s - first.out_s > _RESTS * rules.programme.rest_s:
        return False
    function = rules.functions["closing" if second.idea.function == "closing" else first.idea.function]
    if second.out_s - first.in_s > min(max(function.length_s[1], rules.functions["underscore"].length_s[1]),
                                       rules.programme.longest_s):  # fmt: skip
        return False
    if any(first.out_s - 1e-6 <= span.start_s < second.in_s for span in (*line.music, *context.lone)):
        return False
    # A closing that begins under the last lines belongs to what plays there, whatever the voices feel.
    tail = second.idea.function == "closing" and not second.idea.fixed
    return tail or first.idea.feeling.distance(second.idea.feeling) < rules.thresholds.turn
