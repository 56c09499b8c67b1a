"""Captions for the deaf and hard of hearing: what is heard besides speech, as tags out of what a run has found.

Sounds are the activities (and findings) that have a sound's name, from whatever detector reports them; music is
tagged where it comes in, with the mood that the cue, the scene or the voices of that time have. The faults that
`diagnose` finds (hum, clicks) are no sounds of the story and have no tags.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..core.project import Project
from ..core.speech import Caption
from ..core.time import Span, merge_spans
from .styles import Style
from .text import CHINESE, FULL_WIDTH, base, clean, is_traditional, width
from .timing import NEVER, Timing

#: Music shorter than this is no entry of its own, and pauses in it up to this long are part of it.
_MUSIC_S, _MUSIC_PAUSE_S = 3.0, 5.0
#: A tag may stand this far behind the sound that it names; music has as long as it plays.
_BEHIND_S = 2.0
#: A tag stays this long where there is room.
_STAYS_S = 2.0
#: Feelings this near to neutral (of -1 … 1) give music no mood.
_NEUTRAL = 0.2

#: Words of tags: English to (Traditional Chinese, Simplified Chinese, Japanese).
_WORDS = {
    "music": ("音樂", "音乐", "音楽"),
    "tense": ("緊張的", "紧张的", "緊迫した"),
    "sad": ("悲傷的", "悲伤的", "悲しい"),
    "calm": ("平靜的", "平静的", "穏やかな"),
    "gentle": ("輕柔的", "轻柔的", "優しい"),
    "joyful": ("歡快的", "欢快的", "楽しい"),
    "angry": ("激烈的", "激烈的", "激しい"),
    "eerie": ("詭異的", "诡异的", "不気味な"),
    "dramatic": ("戲劇性的", "戏剧性的", "劇的な"),
    "dark": ("陰沉的", "阴沉的", "暗い"),
    "strings": ("弦樂", "弦乐", "弦楽"),
    "piano": ("鋼琴聲", "钢琴声", "ピアノ"),
    "drums": ("鼓聲", "鼓声", "太鼓の音"),
    "door slams": ("關門聲", "关门声", "ドアが閉まる音"),
    "door opens": ("開門聲", "开门声", "ドアが開く音"),
    "knocking": ("敲門聲", "敲门声", "ノックの音"),
    "footsteps": ("腳步聲", "脚步声", "足音"),
    "laughter": ("笑聲", "笑声", "笑い声"),
    "applause": ("掌聲", "掌声", "拍手"),
    "crying": ("哭聲", "哭声", "泣き声"),
    "coughing": ("咳嗽聲", "咳嗽声", "咳の音"),
    "sneezing": ("噴嚏聲", "喷嚏声", "くしゃみ"),
    "scream": ("尖叫聲", "尖叫声", "悲鳴"),
    "phone rings": ("電話鈴聲", "电话铃声", "電話が鳴る音"),
    "gunshot": ("槍聲", "枪声", "銃声"),
    "explosion": ("爆炸聲", "爆炸声", "爆発音"),
    "thunder": ("雷聲", "雷声", "雷鳴"),
    "rain": ("雨聲", "雨声", "雨音"),
    "wind": ("風聲", "风声", "風の音"),
    "siren": ("警笛聲", "警笛声", "サイレン"),
    "dog barks": ("狗吠聲", "狗吠声", "犬の鳴き声"),
    "glass breaks": ("玻璃碎裂聲", "玻璃碎裂声", "ガラスが割れる音"),
    "car horn": ("汽車喇叭聲", "汽车喇叭声", "クラクション"),
}
_WIDE_BRACKETS = str.maketrans("[]()", "［］（）")
_NO_SOUNDS = ("speech", "music", "silence")
#: Findings that are called as a sound is: wind in the microphone is no wind of the story.
_FAULTS = ("wind",)
_NUMBERED = re.compile(r"(?:S|SPEAKER_?)(\d+)$")


#: What stands before a diariser's number, in English, Chinese, Japanese.
_SPEAKERS = ("Speaker ", "人物", "話者")


@dataclass(frozen=True)
class SoundTag:
    """What is heard from `start_s` to `end_s`, as it is written; music and other sounds differ in their place."""

    start_s: float
    end_s: float
    text: str
    is_music: bool = False


def speaker_label(name: str, style: Style, language: str) -> str:
    """How a style names a speaker; a diariser's number becomes a word ('S2': 'Speaker 2')."""
    english, chinese, japanese = _SPEAKERS
    word = japanese if base(language) == "ja" else chinese if base(language) in CHINESE else english
    return _bracketed(style.speaker_label.format(name=_in_words(name, word)), language)


def _in_words(name: str, word: str) -> str:
    found = _NUMBERED.match(name)
    return f"{word}{int(found[1])}" if found else name


def is_labelled(line: str, name: str) -> bool:
    """Whether a line begins with a label of the speaker `name`, as '[Anna] ' or 'Anna: '."""
    names = "|".join({re.escape(each) for each in (name, *(_in_words(name, word) for word in _SPEAKERS))})
    return bool(re.match(rf"[-‐–—]? ?(?:[\[(（［【](?:{names})[\])）］】]|(?:{names})[:：])", line, re.IGNORECASE))


def sound_tags(project: Project, style: Style, language: str) -> tuple[SoundTag, ...]:
    """The tags that a run's activities, findings, cues, scenes and feelings give, in order of time."""
    traditional = base(language) != "zh" or is_traditional(project.transcript.text if project.transcript else "")
    activity = project.activity or ()
    tags = []
    heard = [(a.kind, a.start_s, a.end_s) for a in activity if a.kind.partition(":")[0] not in _NO_SOUNDS]
    faults = [f for f in project.findings or () if f.kind not in _FAULTS and _english(f.kind) in _WORDS]
    heard += [(f.kind, f.start_s, f.end_s) for f in faults]
    for kind, start_s, end_s in heard:
        text = _said(_english(kind), language, traditional)
        tags.append(SoundTag(start_s, end_s, _bracketed(style.sound_tag.format(text=text), language)))
    for span in merge_spans([Span(a.start_s, a.end_s) for a in activity if _is_music(a.kind)], _MUSIC_PAUSE_S):
        if span.duration_s >= _MUSIC_S:
            source = next((a.kind.partition(":")[2] for a in activity if _is_music(a.kind) and a.start_s in span), "")
            words = [w for w in (_mood(project, span), _english(source) or "music") if w]
            said = ("" if base(language) in FULL_WIDTH else " ").join(_said(w, language, traditional) for w in words)
            tags.append(SoundTag(span.start_s, span.end_s, style.music_tag.format(text=said), is_music=True))
    return tuple(sorted(tags, key=lambda tag: (tag.start_s, tag.text)))


def _is_music(kind: str) -> bool:
    """'music', or 'music:strings' from a detector that hears what plays."""
    return kind.partition(":")[0] == "music"


def _english(kind: str) -> str:
    return clean(kind.replace("_", " ").replace("-", " ")).lower()


#: How music sounds that has a feeling of core.spotting.EMOTIONS.
_MOODS = {
    "neutral": "", "joy": "joyful", "tenderness": "gentle", "sadness": "sad", "fear": "eerie", "tension": "tense",
    "anger": "angry", "surprise": "dramatic", "disgust": "dark",
}  # fmt: skip


def sound_word(kind: str, language: str) -> str:
    """A sound's word in one of core.language.LANGUAGES; as it is where there is none."""
    return _said(_english(kind), language, traditional=language == "zh-hant")


def _said(english: str, language: str, traditional: bool) -> str:
    words = _WORDS.get(english)
    if base(language) in CHINESE and words:
        return words[0 if traditional else 1]
    return words[2] if base(language) == "ja" and words else english


def _bracketed(text: str, language: str) -> str:
    return text.translate(_WIDE_BRACKETS) if base(language) in FULL_WIDTH else text


def _mood(project: Project, span: Span) -> str:
    """The mood of music: of the cue that lies there, the scene, or the voices during it; '' where nothing tells."""
    named: Iterable[tuple[float, float, str]] = (
        *((cue.in_s, cue.out_s, cue.emotion) for cue in project.cues or ()),
        *((scene.start_s, scene.end_s, scene.mood) for scene in project.scenes or ()),
    )
    for start_s, end_s, mood in named:
        shared = Span(start_s, max(start_s, end_s)) & span
        if mood and shared and shared.duration_s >= 0.5 * min(span.duration_s, max(end_s - start_s, 0.1)):
            first = _english(mood).partition(",")[0]
            return _MOODS.get(first, first)
    points = [point for point in project.emotion or () if point.time_s in span]
    if not points:
        return ""
    arousal, valence = (sum(getattr(p, name) for p in points) / len(points) for name in ("arousal", "valence"))
    if abs(valence) < _NEUTRAL and abs(arousal) < _NEUTRAL:
        return ""
    if arousal >= 0:
        return "joyful" if valence >= _NEUTRAL else "tense"
    return "gentle" if valence >= 0 else "sad"


def with_tags(
    captions: Sequence[Caption], tags: Sequence[SoundTag], style: Style, timing: Timing, language: str
) -> tuple[tuple[Caption, ...], tuple[SoundTag, ...]]:
    """Captions with the tags that find room, and the tags that do not.

    A tag stands between captions where it can be read there, else as a line over the dialogue where that leaves all
    of it readable.
    """
    shown, left = sorted(captions, key=lambda c: c.start_s), []
    for tag in tags:
        text = clean(tag.text)
        if not text or width(text, language) > style.limits_for(language).cpl:
            left.append(tag)
            continue
        until_s = tag.end_s if tag.is_music else max(tag.end_s, tag.start_s + _BEHIND_S)
        at = max(bisect_left([c.start_s for c in shown], tag.start_s) - 1, 0)
        for n in range(at, len(shown) + 1):
            if n > at and n > 0 and shown[n - 1].end_s > until_s:
                left.append(tag)
                break
            if _put(shown, n, tag, text, style, timing, language):
                break
        else:
            left.append(tag)
    return tuple(shown), tuple(left)


def _put(shown: list[Caption], n: int, tag: SoundTag, text: str, style: Style, timing: Timing, language: str) -> bool:
    """Puts a tag before caption n, or over it; False where neither can be."""
    f, fps = timing.frames, timing.fps
    need = max(-int(-style.reading_s([text], [language]) * fps // 1), f.shortest)
    begin, following = int(timing.openings([tag.start_s])[0]), NEVER
    if n > 0:
        before = int(timing.at([shown[n - 1].end_s])[0])
        begin = before + f.gap if begin - before <= f.chain else begin
    if n < len(shown):
        following = int(timing.at([shown[n].start_s])[0])
    room = min(following - f.gap, timing.last) - begin
    if room >= need:
        stays = min(max(need, round(_STAYS_S * fps)), room, f.longest)
        if f.gap < following - begin - stays <= f.chain and room <= f.longest:
            stays = room
        seconds = timing.rate.seconds_at
        shown.insert(n, Caption(seconds(begin), seconds(begin + stays), (text,), language=language))
        return True
    if n == len(shown):
        return False
    caption = shown[n]
    if caption.line_languages or caption.line_speakers or len(caption.lines) >= style.max_lines:
        return False
    same = base(caption.language) == base(language)
    lines = (text, *caption.lines)
    languages = (language, *(caption.language for _ in caption.lines))
    if style.reading_s(lines, languages) > caption.end_s - caption.start_s or caption.end_s <= tag.start_s:
        return False
    shown[n] = replace(caption, lines=lines, line_languages=() if same else languages)
    return True
