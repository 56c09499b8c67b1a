"""From the instruments a cue asks for to General MIDI programs and the timbres of the audio rendering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .score import Part


@dataclass(frozen=True)
class Instrument:
    """`program` counts from 0 (None: drums); `roles` are the parts that it can play, the one it plays best first."""

    program: int | None
    timbre: str
    roles: tuple[str, ...]


#: Words as people write them, General MIDI program, timbre, roles.
_TABLE: tuple[tuple[str, int | None, str, str], ...] = (
    ("piano keyboard 鋼琴 钢琴", 0, "piano", "figure melody"),
    ("rhodes electric_piano vibraphone", 4, "rhodes", "figure melody"),
    ("harpsichord", 6, "zither", "figure"),
    ("celesta glockenspiel music_box", 8, "bell", "figure melody"),
    ("marimba xylophone mallet kalimba", 12, "marimba", "figure"),
    ("bell chime", 14, "bell", "figure"),
    ("dulcimer yangqin 揚琴 扬琴", 15, "zither", "figure"),
    ("organ", 19, "organ", "pad"),
    ("sheng 笙", 20, "organ", "pad melody"),
    ("accordion", 21, "organ", "melody pad"),
    ("guitar ukulele 結他 吉他", 24, "guitar", "figure melody"),
    ("steel_guitar acoustic_guitar", 25, "guitar", "figure melody"),
    ("electric_guitar", 27, "guitar", "figure melody"),
    ("bass upright_bass", 32, "bass", "bass"),
    ("electric_bass bass_guitar", 33, "bass", "bass"),
    ("synth_bass sub_bass", 38, "bass", "bass"),
    ("synth_pulse", 38, "bass", "figure bass"),
    ("violin 小提琴", 40, "fiddle", "melody pad"),
    ("viola 中提琴", 41, "fiddle", "melody pad"),
    ("cello 大提琴", 42, "cello", "melody bass pad"),
    ("double_bass contrabass 低音大提琴", 43, "cello", "bass"),
    ("tremolo", 44, "strings", "pad"),
    ("pizzicato pizz ostinato 撥弦 拨弦", 45, "pizzicato", "figure bass"),
    ("harp 豎琴 竖琴", 46, "harp", "figure"),
    ("timpani", 47, "timpani", "pulse"),
    ("string 弦樂 弦乐", 48, "strings", "pad melody"),
    ("low_string", 48, "strings", "pad bass"),
    ("choir 合唱", 52, "choir", "pad"),
    ("voice vocal 人聲 人声", 53, "choir", "pad melody"),
    ("trumpet", 56, "brass", "melody"),
    ("muted_trumpet", 59, "brass", "melody"),
    ("trombone", 57, "brass", "pad bass"),
    ("tuba", 58, "brass", "bass"),
    ("horn", 60, "brass", "melody pad"),
    ("brass 銅管 铜管", 61, "brass", "pad melody"),
    ("low_brass", 61, "brass", "pad bass"),
    ("sax", 65, "reed", "melody"),
    ("oboe", 68, "reed", "melody"),
    ("english_horn cor_anglais", 69, "reed", "melody"),
    ("bassoon", 70, "reed", "melody bass"),
    ("clarinet", 71, "reed", "melody"),
    ("bass_clarinet", 71, "reed", "bass melody"),
    ("piccolo", 72, "flute", "melody"),
    ("flute woodwind", 73, "flute", "melody"),
    ("recorder", 74, "flute", "melody"),
    ("xiao dizi shakuhachi bamboo 簫 箫 笛", 77, "flute", "melody"),
    ("whistle", 78, "flute", "melody"),
    ("xun ocarina 塤 埙", 79, "flute", "melody"),
    ("synth pad ambient 合成", 89, "synth", "pad"),
    ("bowed_cymbal waterphone", 92, "synth", "pad"),
    ("drone", 95, "synth", "pad"),
    ("banjo", 105, "zither", "figure"),
    ("pipa shamisen ruan sanxian 琵琶 阮 三弦", 106, "zither", "figure melody"),
    ("guzheng koto zither 古箏 古筝", 107, "zither", "figure melody"),
    ("guqin 古琴", 107, "zither", "melody figure"),
    ("erhu gaohu zhonghu fiddle 二胡 高胡 中胡", 110, "fiddle", "melody"),
    ("suona 嗩吶 唢呐", 111, "reed", "melody"),
    ("drum bass_drum percussion taiko tanggu dagu paigu snare cajon shaker 鼓 打擊 打击", None, "drum", "pulse"),
    ("clap wood_block cymbal small_gong tam-tam 木魚 木鱼 鑼 锣", None, "drum", "pulse"),
)
_WORDS: Mapping[str, Instrument] = {
    word.replace("_", " "): Instrument(program, timbre, tuple(roles.split()))
    for words, program, timbre, roles in _TABLE
    for word in words.split()
}
#: Who plays a part that none of the cue's instruments can.
_USUAL: Mapping[str, str] = {
    "pad": "string", "figure": "piano", "melody": "piano", "bass": "double bass", "pulse": "drum",
}  # fmt: skip


def instrument(text: str) -> Instrument | None:
    """The instrument that a text names, by its longest known word ('bass clarinet' is no bass); None for none."""
    lower = text.lower()
    named = [word for word in _WORDS if word in lower]
    return _WORDS[max(named, key=len)] if named else None


def drummed(names: Iterable[str]) -> bool:
    """Whether a drum is among the instruments."""
    return any("pulse" in found.roles for name in names if (found := instrument(name)))


def cast(names: Iterable[str], plucked: bool) -> tuple[Part, ...]:
    """The parts of a guide, each given to the cue's instrument that plays it best, rather one that is free still.

    `plucked`: where no plucked or struck instrument is asked for, pizzicato plays the figure. The part 'accent' is the
    timpani that hits come with.
    """
    asked = [found for name in names if (found := instrument(name))]
    parts: list[Part] = []
    busy: list[Instrument] = []
    for role, usual in _USUAL.items():
        able = [one for one in asked if role in one.roles]
        able.sort(key=lambda one: one.roles.index(role) + busy.count(one))
        chosen = able[0] if able else _WORDS["pizzicato" if role == "figure" and plucked else usual]
        busy.append(chosen)
        parts.append(Part(role, chosen.program, chosen.timbre))
    return (*parts, Part("accent", 47, "timpani"))
