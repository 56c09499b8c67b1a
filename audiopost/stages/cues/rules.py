"""Cues by rules: what composers do, out of a rule file; see presets/cues."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ...core.spotting import Cue
from ...core.stage import BuiltIn
from . import Material, Options
from .dressing import Dresser
from .fitting import Placed, placed
from .ideas import Context, Idea, ideas
from .joining import joined
from .ruleset import Ruleset, load_ruleset
from .silence import rests, silences
from .timeline import Timeline
from .words import Words

#: A recording shorter than this may have shorter cues: a sixth of it, 2 s at least.
_SHORT_S = 60.0
#: However short, a recording may have so many cues; by its length it may have more.
_FEW = 3
#: An underscore of so many times the shortest length has room to develop.
_ROOMY = 2.0
#: From this length on it is a programme; a scene alone may have this much of what the rules leave free, the more the
#: shorter it is.
_PROGRAMME_S, _SCENE = 600.0, 0.75


class Rules(BuiltIn[Options]):
    """Openings, transitions, underscore at turns of feeling, stings, montages, buttons, closings; and silence."""

    name: ClassVar[str] = "rules"
    reason: ClassVar[str] = "rules need no model"

    def suggest(self, material: Material) -> tuple[Cue, ...]:
        """The best ideas first, each where it fits, until the share that music may cover is used; in order of time."""
        rules = self.ruleset()
        line = Timeline(material, rules.programme.margin_s)
        context = Context(line, rules, Words(self.options.language, rules.words), self._shortest(line, rules))
        chosen = sorted(self._chosen(context, material), key=lambda cue: cue.in_s)
        return Dresser(context, material.rate, self.options.reel).dressed(chosen)

    def ruleset(self) -> Ruleset:
        """The rule file, with what the options say otherwise. Raises UnknownName, BadValue."""
        rules, options = load_ruleset(self.options.rules), self.options
        given = {"share": options.share, "longest_s": options.longest_s, "margin_s": options.margin_s}
        programme = replace(rules.programme, **{name: value for name, value in given.items() if value is not None})
        turn = rules.thresholds.turn if options.change is None else options.change
        return replace(rules, programme=programme, thresholds=replace(rules.thresholds, turn=turn))

    def _shortest(self, line: Timeline, rules: Ruleset) -> float:
        shortest = (
            rules.functions["underscore"].length_s[0] if self.options.shortest_s is None else self.options.shortest_s
        )
        return min(shortest, max(2.0, line.end_s / 6)) if line.end_s < _SHORT_S else shortest

    def _share(self, context: Context) -> float:
        """The share that cues may cover: a programme's by the rules; a scene by itself may have more of it."""
        share = context.rules.programme.share
        if self.options.share is not None:
            return share
        return share + _SCENE * (1 - share) * max(0.0, 1 - context.line.end_s / _PROGRAMME_S)

    def _worth(self, idea: Idea, context: Context, material: Material) -> float:
        """An idea's score, less where an underscore would be little longer than it must; 0 where it has no room."""
        alone = placed(idea, context, (), context.line.end_s, material.rate)
        if alone is None:
            return 0.0
        enough = _ROOMY * context.shortest(idea.function) if idea.function == "underscore" else 0.0
        length = alone.out_s - alone.in_s
        return idea.score * (min(1.0, length / enough) ** 0.5 if enough > 0 else 1.0)

    def _chosen(self, context: Context, material: Material) -> list[Placed]:
        share = self._share(context)
        free = max(context.line.end_s - sum(span.duration_s for span in material.music), 0.0)
        # However small the share, a short recording may have one cue.
        left = max(share * free, context.shortest_s if share > 0 else 0.0)
        most = _FEW + context.rules.programme.cues_an_hour * context.line.end_s / 3600
        taken: list[Placed] = []

        def take(idea: Idea) -> None:
            nonlocal left
            music = idea.function != "silence"
            full = sum(cue.idea.function != "silence" for cue in taken) >= most
            if music and (full or left < context.shortest(idea.function)):
                return
            cue = placed(idea, context, taken, left, material.rate)
            if cue is not None and cue.confidence >= context.rules.thresholds.suggested:
                taken.append(cue)
                left -= (cue.out_s - cue.in_s) if music else 0.0

        every = [(self._worth(idea, context, material), idea) for idea in (*ideas(context), *silences(context))]
        for worth, idea in sorted(every, key=lambda pair: (-pair[0], pair[1].enter_s, pair[1].function)):
            if worth > 0:
                take(idea)
        taken = joined(taken, context, left, material.rate)
        for idea in list(rests(context, taken)):
            take(idea)
        return taken
