"""Words of feeling, written for this project (Apache-2.0; no other list was copied).

One line of each table: valence, arousal, dominance, then the words that lie there.
Chinese words are Traditional, Simplified and Cantonese.
"""

from __future__ import annotations

_ENGLISH = """
+0.9 +0.7 +0.4 thrilled ecstatic overjoyed delighted amazing fantastic hooray hurrah triumph wonderful brilliant
+0.7 +0.5 +0.3 happy joy joyful excited love laugh fun exciting celebrate cheer win victory hilarious awesome great
+0.5 +0.1 +0.2 good glad nice smile beautiful lovely pleased proud thank thanks grateful hope hopeful funny
+0.5 +0.1 +0.2 pleasure enjoy welcome perfect sweet lucky success succeed darling
+0.5 -0.4 +0.1 calm peace peaceful quiet gentle relax relaxed comfortable safe serene content relieved
-0.8 +0.8 +0.5 furious rage hate kill murder outrage scream bastard damn hell fuck shit explode violent attack
-0.6 +0.6 +0.4 angry mad shout yell fight stupid idiot liar enemy threat threaten disgust disgusting betray revenge
-0.6 +0.6 +0.4 cruel blame accuse lie lying steal stole cheat insult nonsense ridiculous unfair insane
-0.3 +0.5 +0.4 stop
-0.7 +0.8 -0.6 terrified terror horror horrible panic nightmare help emergency scared fear afraid frighten
-0.7 +0.8 -0.6 frightened danger dangerous gun blood bomb monster trapped
-0.5 +0.4 -0.4 worried worry nervous anxious tense stress upset trouble wrong awful terrible bad problem
-0.5 +0.4 -0.4 threatening guilty ashamed jealous shock shocked hurt pain painful victim
-0.6 -0.4 -0.5 sad sorrow grief lonely alone lost lose cry tears mourn funeral dead death died die sick weep
-0.6 -0.4 -0.5 hopeless regret sorry goodbye heartbroken miserable empty gone
-0.4 -0.5 -0.3 tired bored boring dull weary exhausted gloomy depressed depressing
+0.0 +0.6 -0.1 surprise surprised suddenly hurry wow incredible unbelievable
"""

_CHINESE = """
+0.8 +0.6 +0.4 興奮 兴奋 激動 激动 太棒 好嘢 勁正 劲正 歡呼 欢呼 慶祝 庆祝 勝利 胜利 贏咗 赢咗 好耶 開心到飛起
+0.8 +0.6 +0.4 开心到飞起
+0.7 +0.3 +0.3 開心 开心 高興 高兴 快樂 快乐 歡喜 欢喜 喜歡 喜欢 鍾意 钟意 愛 爱 幸福 哈哈 好笑 好玩 過癮 过瘾 幸運
+0.7 +0.3 +0.3 幸运
+0.5 +0.0 +0.2 謝謝 谢谢 感謝 感谢 多謝 多谢 唔該晒 恭喜 希望 美麗 美丽 漂亮 靚 靓 滿意 满意 驕傲 骄傲 好正 成功
+0.5 +0.0 +0.2 溫暖 温暖 可愛 可爱
+0.4 -0.5 +0.1 平靜 平静 安靜 安静 寧靜 宁静 放鬆 放松 輕鬆 轻松 舒服 安心 放心 溫柔 温柔 嘆世界 叹世界
-0.7 +0.8 +0.5 憤怒 愤怒 憎恨 恨死 殺 杀 去死 仆街 混蛋 王八蛋 該死 该死 抵死 暴力 激死 發火 发火 火滾 火滚
-0.6 +0.6 +0.4 生氣 生气 嬲 惱火 恼火 討厭 讨厌 憎 乞人憎 騙 骗 呃我 背叛 報仇 报仇 收聲 收声 閉嘴 闭嘴 笨蛋 蠢
-0.6 +0.6 +0.4 威脅 威胁 噁心 恶心 頂唔順 顶唔顺 吵架 嗌交
-0.7 +0.7 -0.6 害怕 恐怖 恐懼 恐惧 驚慌 惊慌 好驚 好惊 好怕 嚇 吓人 吓死 救命 危險 危险 走啊 快跑 快走 噩夢 噩梦
-0.7 +0.7 -0.6 惡夢 恶梦 炸彈 炸弹 流血 大鑊 大镬
-0.4 +0.4 -0.4 擔心 担心 緊張 紧张 焦慮 焦虑 好煩 好烦 煩惱 烦恼 糟糕 弊傢伙 痛苦 好痛 羞愧 內疚 内疚 嫉妒 壓力
-0.4 +0.4 -0.4 压力 出事 後悔 后悔
-0.7 -0.4 -0.5 傷心 伤心 難過 难过 悲傷 悲伤 悲哀 哭 喊晒 流淚 流泪 眼淚 眼泪 孤獨 孤独 寂寞 絕望 绝望 過身 过身
-0.7 -0.4 -0.5 去世 離開 离开 失去 對不起 对不起 對唔住 对唔住 可惜 心碎 想念 掛住 挂住 永別 永别
-0.4 -0.5 -0.3 好累 太累 很累 累了 攰 疲倦 無聊 无聊 悶 闷 沮喪 沮丧 灰心 失望 冇癮 冇瘾
+0.0 +0.6 -0.1 突然 忽然 驚訝 惊讶 竟然 快啲 快点 快點 嘩 哇 哗 嚇一跳 吓一跳
"""


#: Valence, arousal, dominance, each in -1..1.
Place = tuple[float, float, float]


def _parsed(table: str) -> dict[str, Place]:
    places = {}
    for valence, arousal, dominance, *words in (line.split() for line in table.strip().splitlines()):
        places.update(dict.fromkeys(words, (float(valence), float(arousal), float(dominance))))
    return places


ENGLISH: dict[str, Place] = _parsed(_ENGLISH)
CHINESE: dict[str, Place] = _parsed(_CHINESE)
