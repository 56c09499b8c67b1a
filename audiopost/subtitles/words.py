"""Words that decide where a line may break: what opens a phrase, and what must not be parted from what follows."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: English: breaks are good before these (Netflix: "before conjunctions", "before prepositions").
CONJUNCTIONS = _words(
    "and but or nor so yet because although though while whereas if unless until when whenever where wherever "
    "since before after that which who whom whose than whether once"
)
PREPOSITIONS = _words(
    "about above across against along among around at behind below beneath beside between beyond by despite down "
    "during except for from in inside into like near of off on onto out outside over past through throughout to "
    "toward towards under underneath up upon with within without as"
)
#: English: words that lean on the next one (articles, possessives, pronouns, auxiliaries, negations, quantities).
LEANING = _words(
    "a an the this these those my your his her its our their some any every each no another such what how "
    "i you he she we they it there i'm you're he's she's we're they're it's i've you've we've they've "
    "i'll you'll he'll she'll we'll they'll it'll i'd you'd he'd she'd we'd they'd "
    "am is are was were be been being have has had do does did will would shall should can could may might must "
    "not never don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't haven't "
    "hasn't hadn't very too quite really more most less mr mr. mrs mrs. ms ms. dr dr. st. prof. "
    "one two three four five six seven eight nine ten"
)
ABBREVIATIONS = _words("mr. mrs. ms. dr. st. prof. vs. etc. e.g. i.e. no. jr. sr. u.s. a.m. p.m.")

#: Chinese (Mandarin and Cantonese): breaks are good before these.
CHINESE_OPENERS = (
    "因為", "因为", "所以", "但是", "但係", "不過", "不过", "而且", "如果", "雖然", "虽然", "然後", "然后", "或者",
    "還是", "还是", "還有", "还有", "於是", "于是", "只是", "只要", "只有", "除非", "直到", "同埋", "跟住", "即係",
    "定係", "而係", "而是",
    "就算", "就是", "就係", "當", "当", "就", "但", "而", "和", "與", "与", "及", "或", "並", "并",
)  # fmt: skip
#: Chinese: single characters that lean on what follows.
CHINESE_LEANING = frozenset(
    "很都也就還还又再不沒没要會会能可是在把被給给對对從从向跟和與与及或並并而但當当我你他她它佢這这那每各第太最更"
    "去來来想將将已正只才先未唔冇有喺係俾同畀啱點噉咁嗰呢好一二三四五六七八九十兩两幾几"
)
#: Chinese: what ends with these binds to the next word (attributive, verb with its object).
CHINESE_BINDING = frozenset("嘅的咗緊")
CHINESE_PRONOUNS = _words("我哋 你哋 佢哋 我們 你們 他們 她們 我们 你们 他们 她们")
#: Chinese: particles that end a phrase and never open a line, standing alone or before punctuation.
CHINESE_PARTICLES = frozenset("的了着著過过嗎吗呢吧啊呀啦嘛們们地得")
#: Cantonese: characters that always belong to what precedes them.
CANTONESE_ENDINGS = frozenset("哋咗嘅啦喇㗎囉喎吖咩噃嘞啫啩嚿")

#: Cantonese words that BudouX's models, trained on written Chinese, cut in two.
CANTONESE_WORDS = (
    "佢哋", "我哋", "你哋", "人哋", "琴日", "尋日", "聽日", "後日", "今日", "而家", "依家", "點解", "點樣", "點知",
    "唔知", "唔係", "唔好", "唔使", "唔同", "唔到", "唔該", "唔會", "唔想", "唔得", "唔緊要",
    "對唔住", "係咪", "係唔係",
    "鍾意", "中意", "屋企", "返工", "放工", "返學", "放學", "食飯", "食嘢", "飲茶", "好似", "因為", "所以", "但係",
    "不過", "如果", "雖然", "跟住", "之後", "之前", "嗰陣", "嗰時", "嗰個", "呢個", "嗰啲", "呢啲", "呢度", "嗰度",
    "邊度", "邊個", "乜嘢", "咩嘢", "咩事", "幾時", "幾多", "有冇", "冇得", "多謝", "冇問題", "即係", "同埋", "或者",
    "定係", "成日", "一齊", "一陣", "一啲", "有啲", "少少", "好多", "自己", "大家", "朋友", "今晚", "尋晚", "琴晚",
    "聽晚", "朝早", "下晝", "夜晚", "傾偈", "講嘢", "做嘢", "睇戲", "睇到", "聽到", "搵到", "知道", "覺得", "記得",
    "可以", "應該", "已經", "仲有", "仲係", "咁樣", "咁多", "咁早", "咁耐", "噉樣", "得閒", "出街", "行街", "搭車",
    "下次", "今次", "上次", "隔籬", "香港", "九龍", "新界", "銅鑼灣", "旺角", "尖沙咀", "中環", "沙田", "廣東話",
)  # fmt: skip
