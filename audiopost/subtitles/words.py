"""Words that decide where a line may break: what opens a phrase, and what must not be parted from what follows."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


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
    "who's what's let's "
    "not never don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't haven't "
    "hasn't hadn't very too quite really more most less so just only even "
    "one two three four five six seven eight nine ten"
)
#: Titles and the like: what follows belongs to them, and their full stop ends no sentence.
TITLES = _words(
    "mr mr. mrs mrs. ms ms. dr dr. st. mt. prof. sgt. capt. lt. col. gen. maj. rev. hon. gov. sen. rep. pres. fr. "
    "no. nos. vol. ch. fig. pp. approx. vs. e.g. i.e. cf. ave."
)
#: Their full stop ends no sentence unless a capital follows.
ABBREVIATIONS = _words("etc. jr. sr. u.s. u.k. u.n. a.m. p.m. inc. ltd. co. corp. dept. est. ph.d. b.c. a.d.")
#: English: short adjectives, which are not parted from their noun; longer ones are known by their ends.
ADJECTIVES = _words(
    "good bad new old great little big small long short young high low last first second third next same own other "
    "few many much best better worse worst right left wrong whole real true free full late early hard easy whole dear "
    "poor rich strong weak dark light black white red green blue deep cold hot warm dead entire only main several"
)
#: English: with a verb before them these end its phrase rather than begin the next.
PARTICLES = _words("up off out down away back over on in")
#: English: a number after them names one of several ("page 3").
NUMBERED = _words(
    "version page chapter room number line part episode season level flight gate route platform floor act scene "
    "volume track bus highway grade channel unit block section class type day week year"
)
#: English: what a number counts or qualifies; never the first word of a line after it.
UNITS = _words(
    "a.m p.m am pm o'clock percent per hundred thousand million billion trillion dozen degrees dollars pounds "
    "euros cents miles kilometers kilometres meters metres feet inches km kg mg cm mm ml mph hours hour minutes "
    "minute seconds second days day weeks week months month years year times bucks grams kilos litres liters "
    "gallons tons"
)
MONTHS = _words(
    "january february march april may june july august september october november december jan. feb. mar. apr. jun. "
    "jul. aug. sep. sept. oct. nov. dec."
)
#: Small words inside names: "Ludwig van Beethoven".
NAME_LINKS = _words("van von der den de del della di da du la le al bin ibn ben el")
FIRST_PERSON = _words("i i'm i'll i've i'd")
#: English: objects, not parted from their verb; before a conjunction or preposition they lean on nothing.
OBJECTS = _words("it him them me us myself himself herself themselves itself yourself each")
#: English: objects there, but subjects or possessives before other words.
SOMETIMES_OBJECTS = _words("you her this there")
#: English: words that often open a sentence, with a capital that makes no name of them.
OPENERS = (
    LEANING
    | CONJUNCTIONS
    | PREPOSITIONS
    | _words(
        "yes no oh well now then today tomorrow yesterday please thanks thank hello hi hey okay ok why who what where "
        "here maybe perhaps sorry look listen wait again also still actually finally suddenly tonight never always"
    )
)

#: Chinese (Mandarin and Cantonese): breaks are good before these.
CHINESE_OPENERS = _list(
    "因為 因为 所以 但是 但係 不過 不过 而且 如果 雖然 虽然 然後 然后 或者 還是 还是 還有 还有 於是 于是 只是 "
    "只要 只有 除非 直到 同埋 跟住 即係 定係 而係 而是 就算 就是 就係 當 当 就 但 而 和 與 与 及 或 並 并"
)
#: Chinese: single characters that lean on what follows.
CHINESE_LEANING = frozenset(
    "很都也就還还又再不沒没要會会能可是在把被給给對对從从向跟和與与及或並并而但當当我你他她它佢這这那每各第太最更"
    "去來来想將将已正只才先未唔冇有喺係俾同畀啱點噉咁嗰呢好一二三四五六七八九十兩两幾几"
)
#: Chinese: a place by something; belongs to the noun before it.
CHINESE_PLACES = _list(
    "門口 门口 裡面 里面 入面 外面 出面 上面 下面 前面 後面 后面 旁邊 旁边 側邊 附近 中間 中间 對面 对面 隔壁 隔籬 "
    "那裡 那里 嗰度"
)
#: Chinese: longer words that lean on the verb after them.
CHINESE_AUXILIARIES = _list(
    "沒有 没有 可以 應該 应该 已經 已经 正在 不會 不会 不能 不想 不要 一定 可能 為什麼 为什么 根本 真的 非常 "
    "開始 开始 點解 唔好 唔會 唔想 有冇 仲未 一些"
)
#: Chinese: a pronoun at the end of a phrase is most often the subject of the next.
CHINESE_SUBJECTS = _list("我 你 佢 他 她 它 我們 你們 他們 我们 你们 他们 我哋 你哋 佢哋")
#: Chinese: what ends with these binds to the next word (attributive, verb with its object).
CHINESE_BINDING = frozenset("嘅的咗緊")
#: Chinese and Japanese: numerals, and what a number counts; neither is parted from the numeral before it.
NUMERALS = frozenset("0123456789０１２３４５６７８９〇零一二三四五六七八九十百千萬万億亿兆兩两廿卅")
COUNTED = frozenset(
    "個个間间次種种件位張张條条隻只啲些人名歲岁年月日號号天時时點点分秒刻週周世紀纪元塊块蚊毫角斤磅米里尺吋寸公度級级"
    "層层樓楼班路期集季場场句字杯瓶碗本部輛辆架台成倍回番號歳円枚匹冊台階頁页章屆届%％"
)
CHINESE_PRONOUNS = _words("我哋 你哋 佢哋 我們 你們 他們 她們 我们 你们 他们 她们")
#: Chinese: particles that end a phrase and never open a line, standing alone or before punctuation.
CHINESE_PARTICLES = frozenset("的了着著過过嗎吗呢吧啊呀啦嘛們们地得")
#: Cantonese: characters that always belong to what precedes them.
CANTONESE_ENDINGS = frozenset("哋咗嘅啦喇㗎囉喎吖咩噃嘞啫啩嚿")

#: Japanese: nouns that lean on the clause before them.
JAPANESE_FORMAL_NOUNS = _list("とき 時 こと もの ため ところ はず わけ よう ほう まま")

#: Chinese words that BudouX cuts in two (in either script).
CHINESE_WORDS = _list(
    "為什麼 为什么 什麼 什么 怎麼 怎么 怎麼樣 怎么样 這麼 这么 那麼 那么 沒有 没有 知道 自己 一起 一樣 一样 一定 "
    "一直 一些 一點 一点 因為 因为 所以 但是 可是 不過 不过 如果 雖然 虽然 然後 然后 或者 還是 还是 已經 已经 "
    "可以 應該 应该 可能 需要 覺得 觉得 認為 认为 以為 以为 希望 喜歡 喜欢 開始 开始 發現 发现 告訴 告诉 回來 "
    "回来 出來 出来 起來 起来 過來 过来 進來 进来 回去 出去 過去 过去 上去 下去 看見 看见 遇見 遇见 聽說 听说 "
    "對不起 对不起 沒關係 没关系 謝謝 谢谢 當然 当然 當時 当时 突然 非常 特別 特别 真的 其實 其实 大家 我們 我们 "
    "你們 你们 他們 他们 她們 她们 今天 明天 昨天 後天 晚上 早上 下午 中午 現在 现在 以後 以后 以前 之後 之后 "
    "之前 時候 时候 時間 时间 地方 問題 问题 事情 東西 东西 朋友 先生 小姐 太太 老師 老师 孩子 電話 电话 公司 "
    "學校 学校 醫院 医院 警察 並且 并且 而且 並非 并非 和平 及時 及时 就是 就算 只是 只有 只要 不是 不會 不会 "
    "不能 不要 不想 不知道 有人 沒人 没人 每天 也許 也许 趕上 赶上 車站 车站"
)

#: Cantonese words that BudouX's models, trained on written Chinese, cut in two.
CANTONESE_WORDS = _list(
    "佢哋 我哋 你哋 人哋 琴日 尋日 聽日 後日 今日 而家 依家 點解 點樣 點知 唔知 唔係 唔好 唔使 唔同 唔到 唔該 "
    "唔會 唔想 唔得 唔緊要 對唔住 係咪 係唔係 鍾意 中意 屋企 返工 放工 返學 放學 食飯 食嘢 飲茶 好似 因為 所以 "
    "但係 不過 如果 雖然 跟住 之後 之前 嗰陣 嗰時 嗰個 呢個 嗰啲 呢啲 呢度 嗰度 邊度 邊個 乜嘢 咩嘢 咩事 幾時 "
    "幾多 有冇 冇得 多謝 冇問題 即係 同埋 或者 定係 成日 一齊 一陣 一啲 有啲 少少 好多 自己 大家 朋友 今晚 尋晚 "
    "琴晚 聽晚 朝早 下晝 夜晚 傾偈 講嘢 做嘢 睇戲 睇到 聽到 搵到 知道 覺得 記得 可以 應該 已經 仲有 仲係 咁樣 "
    "咁多 咁早 咁耐 噉樣 得閒 出街 行街 搭車 當然 下次 今次 上次 隔籬 香港 九龍 新界 銅鑼灣 旺角 尖沙咀 中環 "
    "沙田 紅磡 車站 廣東話"
)
