"""What the rebuild scripts share: writing a CSV and the check digit of a municipality's code."""

import csv
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent


def write(path, header, rows):
    """Writes a CSV under data/: UTF-8, LF, quotes only where needed."""
    target = DATA / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"data/{path}: {len(rows)} rows, {target.stat().st_size} bytes")


def with_check_digit(five):
    """The six-digit code (全国地方公共団体コード) of a five-digit one: modulus 11, weights 6 to 2."""
    total = sum(int(digit) * (6 - place) for place, digit in enumerate(five))
    return five + str((11 - total % 11) % 10)


def katakana(text):
    """Hiragana as katakana; anything else as it is."""
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def refuse(condition, message):
    """Stops the rebuild when the source no longer holds what the tables rely on."""
    if condition:
        raise SystemExit(f"data/rebuild: {message}")
