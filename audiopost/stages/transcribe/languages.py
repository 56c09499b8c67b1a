"""Which language a stretch of speech is in, how Whisper calls it, and how its text is tagged.

Whisper gives the probability of each of its languages for a window (Radford et al. 2022, section 2.3). Where a film
mixes languages these are restricted to the candidates, and a run of stretches is labelled as a whole: the labelling
with the highest sum of log-probabilities minus a price for each change (Viterbi over a Potts chain), where a stretch
shorter than `FULL_EVIDENCE_S` counts in proportion. A long clear line so keeps its own language, and a short or
doubtful one takes that of its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.errors import BadValue
from ...core.speech import Utterance
from ...subtitles.text import base, guess_language

#: Speech of this length is taken at its word: the shortest test length of NIST's language recognition evaluations.
FULL_EVIDENCE_S = 3.0
#: Odds that the next stretch stays in the language. An assumption: dialogue keeps its language seven times in ten.
STAY_ODDS = 0.7 / 0.3
#: Everything that Whisper knows is a candidate.
ANY = "any"

#: Primary subtags that Whisper names otherwise, and the tag where its own name is out of date.
_CODES = {"cmn": "zh", "nb": "no", "fil": "tl", "jv": "jw", "iw": "he"}
_TAGS = {"jw": "jv"}
_HANT, _HANS = {"hant", "tw", "hk", "mo"}, {"hans", "cn", "sg"}
#: Sentences that lead Whisper to a script: it continues as its prompt is written (openai/whisper, discussion 277).
SAMPLES = {
    ("zh", "hant"): "以下是普通話的句子。",
    ("zh", "hans"): "以下是普通话的句子。",
    ("yue", "hant"): "以下係廣東話嘅句子。",
    ("yue", "hans"): "以下系广东话嘅句子。",
}


@dataclass(frozen=True)
class Tongue:
    """How one language is decoded: `heard` is Whisper's code in detection, `code` its token in decoding.

    `tags` is the tag of the text; two where one token stands for both and the characters written decide. `spoken` is
    the tag of what is said where the text is a rendering of it in another language, else ''.
    """

    heard: str
    code: str
    tags: tuple[str, ...]
    spoken: str = ""

    @property
    def sample(self) -> str:
        """A prompt in the script that the tag asks for; '' where it asks for none or Whisper needs no help."""
        tag = self.tags[0]
        return SAMPLES.get((base(tag), script(tag)), "") if len(self.tags) == 1 else ""

    def tagged(self, utterances: Sequence[Utterance]) -> list[Utterance]:
        """`utterances` of one window with the tag of the language that they are written in."""
        if len(self.tags) == 1:
            return list(utterances)
        by_base = {base(tag): tag for tag in self.tags}
        whole = guess_language("".join(utterance.text for utterance in utterances))
        return [
            replace(u, language=by_base["yue" if "yue" in (whole, guess_language(u.text)) else "zh"])
            for u in utterances
        ]


def script(tag: str) -> str:
    """'hant' or 'hans' where a tag of Chinese states it by script or region; Cantonese is Traditional by default."""
    parts = set(tag.lower().replace("_", "-").split("-")[1:])
    if parts & _HANS and not parts & {"hant"}:
        return "hans"
    return "hant" if parts & _HANT or base(tag) == "yue" else ""


def code_of(tag: str) -> str:
    """Whisper's code for a BCP 47 tag. Raises BadValue for a language that it was not trained on."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    code = _CODES.get(base(tag), base(tag))
    if code not in _LANGUAGE_CODES:
        raise BadValue(
            f"Whisper does not know the language {tag!r}.",
            value=tag,
            choices=[tag_of(known) for known in _LANGUAGE_CODES],
        )
    return code


def tag_of(code: str) -> str:
    """The BCP 47 tag of a code of Whisper's."""
    return _TAGS.get(code, code)


def tongue(tag: str, *, cantonese: bool, written: bool) -> Tongue:
    """How the language of `tag` is decoded by a model with or without <|yue|>; `written` asks for written Chinese."""
    code = code_of(tag)
    heard = "zh" if code == "yue" and not cantonese else code
    if code == "yue" and written:
        return Tongue(heard, "zh", ("zh-Hans" if script(tag) == "hans" else "zh-Hant",), spoken=tag)
    return Tongue(heard, heard, (tag,))


def candidates(wanted: str, first: str | None, *, cantonese: bool, written: bool) -> dict[str, Tongue]:
    """The languages of `Options.languages` by what each is heard as, `first` ahead, then in the order given.

    Raises BadValue for a list without an entry, an unknown language, or two that Whisper cannot tell apart.
    """
    tags = [first] if first else []
    for part in filter(None, map(str.strip, wanted.split(","))):
        if part.lower() == ANY:
            from faster_whisper.tokenizer import _LANGUAGE_CODES

            known = {code_of(tag) for tag in tags}
            tags += [tag_of(code) for code in _LANGUAGE_CODES if code not in known]
        else:
            tags.append(part)
    if not wanted.strip(", "):
        raise BadValue(
            f"transcribe.languages = {wanted!r} names no language.",
            value=wanted,
            remedy="Give tags with commas between, as yue,en, or any.",
        )
    found: dict[str, Tongue] = {}
    for tag in tags:
        new = tongue(tag, cantonese=cantonese, written=written)
        old = found.setdefault(new.heard, new)
        if {base(old.spoken or old.tags[0]), base(tag)} == {"zh", "yue"}:
            # One token for both. Written Chinese of Cantonese speech cannot be told from Mandarin by its characters.
            found[new.heard] = (new if new.spoken else old) if written else replace(old, tags=(*old.tags, tag))
        elif tag not in (*old.tags, old.spoken):
            raise BadValue(
                f"transcribe.languages = {wanted!r}: Whisper cannot tell {old.tags[0]} from {tag}.",
                value=wanted,
                remedy="Name one of the two.",
            )
    return found


def shares(heard: Mapping[str, float], among: Mapping[str, Tongue]) -> dict[str, float]:
    """The model's probabilities restricted to the candidates, summing to 1; equal where they are no numbers.

    Mandarin and Cantonese are close enough for the model to mix them up, so that one of them alone takes the other's
    share.
    """
    kin = {"zh": "yue", "yue": "zh"}
    mass = {
        code: heard.get(code, 0.0) + (heard.get(kin[code], 0.0) if code in kin and kin[code] not in among else 0.0)
        for code in among
    }
    total = sum(mass.values())
    if not (math.isfinite(total) and total > 0):
        return dict.fromkeys(among, 1 / len(among))
    return {code: share / total for code, share in mass.items()}


def labelled(
    evidence: Sequence[Mapping[str, float]], durations_s: Sequence[float], before: str | None = None
) -> list[str]:
    """The language of each of a run of stretches from its `shares`; `before` is that of the stretch ahead of them.

    Among equals the first candidate wins, so that the order of the list is the order of trust.
    """
    codes = list(evidence[0])
    change = math.log(STAY_ODDS)
    score = {code: -change if before not in (None, code) else 0.0 for code in codes}
    back: list[dict[str, str]] = []
    for n, (share, duration_s) in enumerate(zip(evidence, durations_s, strict=True)):
        weight = min(1.0, duration_s / FULL_EVIDENCE_S)
        if n:
            best = max(codes, key=lambda code: score[code])
            back.append({code: code if score[code] >= score[best] - change else best for code in codes})
            score = {code: max(score[code], score[best] - change) for code in codes}
        score = {code: score[code] + weight * math.log(max(share[code], 1e-9)) for code in codes}
    path = [max(codes, key=lambda code: score[code])]
    for step in reversed(back):
        path.append(step[path[-1]])
    return path[::-1]


def notes(one: Tongue, *, cantonese: bool) -> Iterator[str]:
    """What a person should know of text decoded so, by a model with or without <|yue|>."""
    if one.spoken:
        yield (
            f"machine rendering of Cantonese speech in written Chinese (書面語), tagged {one.tags[0]}: a person must "
            "compare it with what is said"
        )
    elif not cantonese and any(base(tag) == "yue" for tag in one.tags):
        tagged = "stays tagged yue" if len(one.tags) == 1 else "is tagged yue or zh by the characters written"
        yield (
            f"this model does not know Cantonese: it was decoded as Chinese (zh) and {tagged}; "
            "large-v3 and turbo know it"
        )
