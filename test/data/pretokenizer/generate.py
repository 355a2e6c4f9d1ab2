#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes texts and where each published pattern cuts them, to standard output:
#   python3 test/data/pretokenizer/generate.py [TEXTS [SEED]] > test/data/pretokenizer/vectors.txt
# The oracle is the regular-expression engine of Python's package regex, on the patterns as text.  Needs that package.
# Lines: "text HEX", then "NAME LENGTHS" for each pattern: the bytes of each piece, apart by commas.
#
# \s is written out as Unicode's White_Space, \d as \p{Nd}, $ as \Z, because engines disagree on them.
import random
import sys
import regex

SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
ANY_CASE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
END = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + "+%s|" + r"[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + "*%s")
GPT_4O = CASED % (ANY_CASE + "?", ANY_CASE + "?") + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + END
HAN_LESS = (CASED % (ANY_CASE + "?", ANY_CASE + "?")).replace(UPPER, "[" + UPPER + r"--\p{Han}]").replace(
    LOWER, "[" + LOWER + r"--\p{Han}]")
WORDS_3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
           r"| ?[\p{P}\p{S}]+[\r\n]*" + END)
LETTERS = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
           "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
           "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77"
           "\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
           "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb"
           "\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128"
           "\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4"
           "\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf"
           "\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
           "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943")
LINES = r"[^\n]+|[\n]+"


def llama3(numbers, contractions=ANY_CASE + "|", tail=r"[\r\n]*", end=END):
    return (contractions + r"[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers + r"| ?[^\s\p{L}\p{N}]+" + tail + end)


HALVED = r"|\s*[\r\n]+|" + "|".join(r"\s{%d}(?!\S)" % n for n in (512, 256, 128, 64, 32, 16, 8, 4)) + r"|\s{1,2}(?!\S)|\s{1}"
BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
PATTERNS = {
    "gpt-2": [GPT2],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, r"[0-9][0-9][0-9]"],
    "starcoder": [r"\p{N}", GPT2],
    "llama-bpe": [llama3(r"\p{N}{1,3}")],
    "qwen2": [llama3(r"\p{N}")],
    "bailingmoe": [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
                   r"|\s+(?!\S)|\s+"],
    "laguna": [LINES, llama3(r"\p{N}")],
    "minicpm5": [r"\p{N}{1,3}", llama3(r"\p{N}+")],
    "ufakzeka": [llama3(r"\p{N}", "")],
    "seed-coder": [ANY_CASE + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+" + END],
    "jais-2": [llama3(r"\p{N}{1,3}", end=HALVED)],
    "qwen35": [ANY_CASE + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + END],
    "exaone-moe": [ANY_CASE + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"
                   r"|\s*[\r\n]|\s+(?!\S)|\s+"],
    "gpt-4o": [GPT_4O],
    "tiny_aya": [r"\d{1,3}(?=(?:\d{3})*(?![\p{L}\p{M}\p{N}\p{Pc}]))", GPT_4O],
    "tekken": [CASED % ("", "") + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + END],
    "youtu": ["[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f"
              "\ufe30-\ufe4f]+|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
              CASED % (ANY_CASE + "?", ANY_CASE + "?") + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + END],
    "kimi-k2": [r"[\p{Han}]+|" + HAN_LESS + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + END],
    "deepseek-llm": ["[\r\n]", r"\s?[" + LETTERS + "]+",
                     r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+\Z",
                     "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", r"\p{N}+"],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", r"\p{N}"],
    "deepseek-v3": [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", WORDS_3],
    "spark2_5": [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                 WORDS_3.replace(r"+[\r\n]*" + END, r"+|[\r\n]|\s+(?!\S)|\s+"), r"\p{N}"],
    "afmoe": [r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))",
              "[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f"
              "\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+", WORDS_3],
    "bloom": [BLOOM],
    "viking": [BLOOM, r"\p{N}"],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
    "chameleon": ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", r"\p{N}",
                  r"[\p{P}!-/:-@\[-`{-~]", GPT2],
    "gemma4": [LINES],
    "whitespace": [r"\S+"],
    "cloister-whole": [r"(?!)"],
    "cloister-words": ["[ \u2581]?[^ \u2581]+|[ \u2581]"],
}
ATOMS = (list("abzAZEST09357") + list(" .,!?'\"$+<=>^~|`/_-()[]{}#%&*:;@\\") +
         [" ", " ", "\n", "\n", "\r", "\t", "\r\n", "  ", "   ", "    ", " \n", "\n ", "\u00a0", "\u0085", "\u3000", "\u2028",
          "\u200a", "\v", "\0", "\x1c", "\x7f", "\u200d", "\ufeff", "\ufffd", "\ue000"] +
         ["'s", "'S", "'t", "'re", "'RE", "'vE", "'ll", "'LL", "'m", "'d", "'\u017f", "don't", "\u2019s", "l'", "re"] +
         ["the", "The", "THE", "camelCase", "HTTPServer", "X", "\u01c5", "\u02b0", "\u00e9", "\u00c9", "\u00df", "\u0130",
          "\u03a9\u03bc", "\u0416\u0436", "\u0301", "e\u0301", "\u0903", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e01\u0e33",
          "\u1780\u17b6\u1793\u17cb", "\u05e9\u05b8", "\u0645\u0631", "\u20dd", "\u0e40\u0e41", "\u10400", "\U00010400",
          "\U0001e900"] +
         ["\u4e00", "\u6211\u60f3", "\u9fa5", "\u9fff", "\u3005", "\u2e80", "\uf900", "\U00020000", "\u3042", "\u30ab", "\u30fc",
          "\u3007", "\ud55c\uad6d", "\u3131", "\u3105", "\u1100", "\uff21", "\uff41", "\uff5e", "\uff01", "\uff0c", "\u3001",
          "\u3002", "\u2026", "\u201c", "\u2018", "\u2014", "\ufe30", "\uff76", "\u0964", "\u060c", "\u06d4"] +
         ["1", "12", "123", "1234", "12345", "123456", "1234567", "\u0663", "\u0663\u0664\u0665\u0666", "\u00bd", "\u2167", "\u00b2",
          "\u4e94", "\u2460", "3333", "\U0001d7d8", "\uff11\uff12"] +
         ["\U0001f680", "\U0001f999", "\u2705", "\U0001f636\u200d\U0001f32b\ufe0f", "\u20ac", "\u00a3", "\u00b0", "\u00ac", "\u00ab",
          "\u00bb", "\u203f", "\u2212", "\u00a7"] + ["<sentinel:12>", "<sentinel:>", "IMGIMGABZ", "IMGIMGABCDEZ", "IMGIMGZ"] +
         [" " * 9, " " * 17, "\n\n\n", "\t\t", "////", "...\n", "?!\r\n"])


def compiled(expression):
    return regex.compile("(?V1)" + expression.replace(r"[^\s", "[^" + SPACE).replace(r"[^(\s", "[^(" + SPACE).replace(
        r"\s", "[" + SPACE + "]").replace(r"\S", "[^" + SPACE + "]").replace(r"\d", r"\p{Nd}"))


def cut(text, stages):
    pieces = [text]
    for stage in stages:
        parts = []
        for piece in pieces:
            places = {0, len(piece)}
            for match in stage.finditer(piece):
                places.update(match.span())
            places = sorted(places)
            parts += [piece[a:b] for a, b in zip(places, places[1:])]
        pieces = parts
    return pieces


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 220
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    patterns = {name: [compiled(e) for e in stages] for name, stages in PATTERNS.items()}
    for number in range(count):
        some = chance.sample(ATOMS, chance.choice([3, 6, 12, len(ATOMS)]))
        text = "".join(chance.choice(some) * chance.choice([1, 1, 1, 1, 2, 3]) for _ in range(chance.randint(1, 14)))
        if number == 0:
            text = " " * 1500 + "x" + " " * 600
        print("text " + text.encode().hex())
        for name, stages in patterns.items():
            print(name + " " + ",".join(str(len(p.encode())) for p in cut(text, stages)))


main()
