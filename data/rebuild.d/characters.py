"""Writes data/characters/reduction.csv (everything, to judge) and variants.csv (to fold by)."""

import subprocess
import sys
import unicodedata
from pathlib import Path

from tables import refuse, write

# Old and new forms that changed places in JIS X 0208 in 1983, and the four it added: both are in
# the reduction map's own repertoire, so the map does not reduce them.
JIS_1983 = ("鰺鯵 鶯鴬 蠣蛎 攪撹 竈竃 灌潅 諫諌 頸頚 礦砿 蘂蕊 靱靭 賤賎 壺壷 礪砺 檮梼 濤涛 "
            "邇迩 蠅蝿 檜桧 儘侭 藪薮 籠篭 堯尭 槇槙 遙遥 瑤瑶")
# Level-1 characters that people mix up in names. Others of level 1 keep their own form.
MIXED = set("冨嶋峯埜曽桝瀧龍舘薗穐栢燈盃")
ORDER = ("family_register", "jis_unification", "moj_notice_582", "inference")


def level(character):
    """1 and 2: the level in JIS X 0208; 3: outside it."""
    try:
        row = character.encode("euc_jp")[0] - 0xA0
    except UnicodeEncodeError:
        return 3
    return 1 if 16 <= row <= 47 else 2 if 48 <= row <= 84 else 3


def sequences(work):
    """Ideographic variation sequences of the Moji_Joho collection with their MJ code."""
    source = next(Path(work).glob("venv/lib/python3*/site-packages/mojivs/data/ivd.txt"))
    for line in source.read_text(encoding="utf-8").splitlines():
        parts = [part.strip() for part in line.split(";")]
        if len(parts) == 3 and parts[1] == "Moji_Joho":
            base, selector = parts[0].split()
            yield chr(int(base, 16)) + chr(int(selector, 16)), parts[2]


def reductions(work, characters):
    """Rows (character, candidates, scheme) of the MJ reduction map."""
    program = Path(work) / "reduce/target/release/reduce"
    answer = subprocess.run([program], input="\n".join(characters) + "\n", text=True,
                            encoding="utf-8", capture_output=True, check=True).stdout
    for line in answer.splitlines():
        character, candidates, scheme = line.split(",")
        kept = [c for c in candidates.split(" ")
                if unicodedata.normalize("NFKC", c) != character and c != character]
        if kept:
            yield character, kept, scheme


def compatibility():
    """Code points that only repeat another character, and what they repeat."""
    ranges = [(0x2E80, 0x2FE0), (0xF900, 0xFB00), (0x2F800, 0x2FA20)]
    for first, last in ranges:
        for code in range(first, last):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain != chr(code):
                yield chr(code), plain


def first_choice(character, rows):
    """The first candidate that is commoner than the character, by the order of the schemes."""
    for scheme in ORDER:
        for candidate in rows.get(scheme, []):
            commoner = level(candidate) < level(character)
            mixed = character in MIXED and level(candidate) == 1
            if commoner or mixed:
                return candidate, scheme
    return None


def variants(rows):
    grouped = {}
    for character, candidates, scheme in rows:
        if len(character) == 1:
            grouped.setdefault(character, {})[scheme] = candidates
    chosen = {}
    for character, schemes in grouped.items():
        if choice := first_choice(character, schemes):
            chosen[character] = choice
    for pair in JIS_1983.split():
        chosen[pair[0]] = (pair[1], "jis_1983")
    for character, plain in compatibility():
        chosen[character] = (plain, "compatibility")
    return sorted((c, end(c, chosen), chosen[c][1]) for c in chosen)


def end(character, chosen):
    """Follows reductions to the last one, so that folding twice changes nothing."""
    seen = [character]
    while character in chosen:
        character = chosen[character][0]
        refuse(character in seen, f"reduction runs in a circle: {seen}")
        seen.append(character)
    return character


def main(work):
    single = [chr(code) for code in range(0x2E80, 0x323B0)
              if unicodedata.category(chr(code)) in ("Lo", "So", "Nl")]
    mj = dict(sorted(sequences(work)))
    rows = list(reductions(work, single + list(mj)))
    listed = sorted((c, mj.get(c, ""), s, " ".join(k)) for c, k, s in rows)
    write("characters/reduction.csv", ("character", "mj", "scheme", "candidates"), listed)
    table = variants(rows)
    refuse(len(table) < 10_000, f"only {len(table)} variants")
    known = {row[0]: row[1] for row in table}
    for pair in "髙高 﨑崎 邉辺 邊辺 齋斎 齊斉 澤沢 濵浜 嶋島 冨富 㐂喜 國国 𠮷吉".split():
        refuse(known.get(pair[0]) != pair[1], f"{pair[0]} becomes {known.get(pair[0])}")
    write("characters/variants.csv", ("character", "representative", "scheme"), table)


main(sys.argv[1])
