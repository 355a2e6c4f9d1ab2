#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Makes small tokenizer.json files, one of each way that published ones take, and texts to encode:
#   python3 test/data/tokenizer-json/make.py FOLDER
# The texts go to FOLDER/texts, one a line in hex.  README.md says where the expected ids come from.
import base64
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenizer-kinds"))
import make as kinds

MARK = kinds.MARK
LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + r"+%s|[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + "*%s"
QWEN2 = ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES
BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"


def added(content, number, special=True, **flags):
    return dict({"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
                 "normalized": False, "special": special}, **flags)


def template(first, last):
    parts = [{"SpecialToken": {"id": first, "type_id": 0}}] if first else []
    parts += [{"Sequence": {"id": "A", "type_id": 0}}]
    parts += [{"SpecialToken": {"id": last, "type_id": 0}}] if last else []
    return parts


def tokenizer(model, tokens, normalizer=None, pre=None, ends=(None, None), decoder=None):
    numbers = {t["content"]: t["id"] for t in tokens}
    processor = None
    if ends != (None, None):
        processor = {"type": "TemplateProcessing", "single": template(*ends),
                     "pair": template(*ends) + [{"Sequence": {"id": "B", "type_id": 1}}],
                     "special_tokens": {t: {"id": t, "ids": [numbers[t]], "tokens": [t]} for t in ends if t}}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer,
            "pre_tokenizer": pre, "post_processor": processor, "decoder": decoder, "model": model}


def sequence(name, *steps):
    return {"type": "Sequence", name: list(steps)}


def split(regex):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


# ---- BPE ----

def bytes_model(more=(), **flags):
    pieces = kinds.CORPUS.replace(" ", "\n ").split("\n")
    words = [[kinds.printable(b) for b in piece.encode()] for piece in pieces if piece]
    merges = kinds.train(words, 220)
    vocab = {kinds.printable(b): b for b in range(256)}
    for pair in merges:
        vocab.setdefault("".join(pair), len(vocab))
    for text in more:
        vocab.setdefault("".join(kinds.printable(b) for b in text.encode()), len(vocab))
    return dict({"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                 "vocab": vocab, "merges": [" ".join(m) for m in merges]}, **flags)


def bytes_tokenizer(steps, normalizer=None, arrays=False, extra=(), ends=False, more=(), **flags):
    model = bytes_model(more, **flags)
    n = len(model["vocab"])
    if arrays:
        model["merges"] = [m.split(" ") for m in model["merges"]]
    tokens = [added("<s>", n), added("</s>", n + 1), added("<mask>", n + 2, lstrip=not extra),
              added("<tool>", n + 3, special=False), added("<tool><x>", n + 4, special=False, rstrip=True)]
    tokens += [added(text, n + 5 + i, special=False, normalized=True) for i, text in enumerate(extra)]
    pre = steps[0] if len(steps) == 1 else sequence("pretokenizers", *steps)
    return tokenizer(model, tokens, normalizer, pre, ("<s>", "</s>") if ends else (None, None),
                     dict(LEVEL, add_prefix_space=True))


def spm_model(**flags):
    """Merges of every pair whose whole is a token, as converters of SentencePiece's models write them."""
    words = [list(MARK + w) for w in kinds.CORPUS.replace("\n", " ").replace("\t", " ").replace("\r", " ").split() * 2]
    wholes = []
    for pair in kinds.train(words, 150):
        if "".join(pair) not in wholes:
            wholes.append("".join(pair))
    wholes += [MARK * 2, MARK * 4]
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for byte in range(256):
        vocab["<0x%02X>" % byte] = len(vocab)
    for whole in wholes:
        vocab.setdefault(whole, len(vocab))
    for char in sorted(set("".join(wholes)) | {MARK} | set("abcdefghijklmnopqrstuvwxyzABC.,!?'")):
        vocab.setdefault(char, len(vocab))
    merges = [w[:i] + " " + w[i:] for w in wholes for i in range(1, len(w)) if w[:i] in vocab and w[i:] in vocab]
    return dict({"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                 "vocab": vocab, "merges": merges}, **flags)


def spm_trained(model):
    """The same tokens with merges as training writes them, one each, of which not all are left."""
    merges = {}
    for merge in model["merges"]:
        merges.setdefault(merge.replace(" ", ""), merge)
    model["merges"] = [m for i, m in enumerate(merges.values()) if i % 7 != 3]
    return model


def spm_tokenizer(normalizer, pre, prefix, trained=False):
    model = spm_trained(spm_model()) if trained else spm_model()
    tokens = [added("<unk>", 0), added("<s>", 1), added("</s>", 2), added("<x>", len(model["vocab"]), special=False)]
    steps = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "}, {"type": "ByteFallback"},
             {"type": "Fuse"}] + ([{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefix else [])
    return tokenizer(model, tokens, normalizer, pre, ("<s>", None), sequence("decoders", *steps))


# ---- WordPiece ----

def wordpiece(most=100, cleanup=True, **flags):
    words = ("[PAD] [UNK] [CLS] [SEP] [MASK] a b c ##a ##b ##c ab ##bc the ##s quick brown fox dog ##gs . , ! ? ' - x ##xyz "
             "\u4e2d \u56fd e \u00e9 ##\u00e9 i ##i ##e h ##e ##llo he world The caf ##e\u0301 I n ##a ##ve \u0438 1 ##2 ##3").split()
    vocab = {}
    for word in words:
        vocab.setdefault(word, len(vocab))
    tokens = [added(t, vocab[t], lstrip=t == "[MASK]") for t in words[:5]]
    normalizer = dict({"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True}, **flags)
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
             "max_input_chars_per_word": most, "vocab": vocab}
    return tokenizer(model, tokens, normalizer, {"type": "BertPreTokenizer"}, ("[CLS]", "[SEP]"),
                     {"type": "WordPiece", "prefix": "##", "cleanup": cleanup})


# ---- unigram ----

MAP = {"\n": " ", "\t": " ", "\r": " ", "\u3000": " ", "\u00a0": " ", "\ufb01": "fi", "\u2460": "1", "e\u0301": "\u00e9",
       "\uff46": "f", "\u00bd": "1/2", "\u2026": "...", "\u200b": " ", "\u1e9b\u0323": "\u1e69", "\u1e9b": "\u1e61",
       "\u0308\u0301": "\u0344", "\ufeff": "", "a\u0308": "\u00e4", "\u1100\u1161": "\uac00"}


def unigram(specials, more, fallback=False, **flags):
    chance = random.Random(3)
    vocab = [[t, 0.0] for t in specials]
    if fallback:
        vocab += [["<0x%02X>" % b, 0.0] for b in range(256)]
    texts = [MARK] + [MARK + w for w in ("the", "hello", "world", "a", "quick", "don", "1", "\u4e2d\u56fd", "abc", "ab")]
    texts += list("abcdefghiklmnorstuwz.,!?'/-") + ["he", "el", "ll", "lo", "wor", "ld", "ab", "bc", "abc", "\u00e9", "t",
                                                       "\u00e4", "ing", "1/", "2", "fi", MARK * 2, MARK * 3, "\uac00"] + more
    for text in texts:
        if text not in [v[0] for v in vocab]:
            vocab.append([text, -round(chance.uniform(2, 12) * 65536) / 65536])
    return dict({"type": "Unigram", "unk_id": [v[0] for v in vocab].index("<unk>"), "vocab": vocab,
                 "byte_fallback": fallback}, **flags)


def precompiled():
    return {"type": "Precompiled", "precompiled_charsmap":
            base64.b64encode(bytes(kinds.charsmap({k: v for k, v in MAP.items()}))).decode()}


def metaspace(scheme, cut=True):
    return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": cut}


def strip(left, right):
    return {"type": "Strip", "strip_left": left, "strip_right": right}


def collapse(content):
    return {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": content}


def t5():
    model = unigram(["<pad>", "</s>", "<unk>"], [])
    n = len(model["vocab"])
    tokens = [added("<pad>", 0), added("</s>", 1), added("<unk>", 2), added("<extra_0>", n, lstrip=True, rstrip=True)]
    return tokenizer(model, tokens, precompiled(), sequence("pretokenizers", {"type": "WhitespaceSplit"},
                                                            metaspace("always")), (None, "</s>"), metaspace("always"))


def xlm_r():
    model = unigram(["<s>", "<pad>", "</s>", "<unk>"], [])
    tokens = [added(t, i) for i, t in enumerate(("<s>", "<pad>", "</s>", "<unk>"))]
    tokens.append(added("<mask>", len(model["vocab"]), lstrip=True))
    pre = {"type": "Metaspace", "replacement": MARK, "add_prefix_space": True}  # the older spelling
    return tokenizer(model, tokens, precompiled(), pre, ("<s>", "</s>"), metaspace("always"))


def unigram_bytes(scheme, cut, *steps):
    model = unigram(["<unk>", "<s>", "</s>"], ["b" + MARK + "a", MARK + "a" + MARK + "b"], True)
    tokens = [added(t, i) for i, t in enumerate(("<unk>", "<s>", "</s>"))] + [added("<x>", len(model["vocab"]), False)]
    tail = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if scheme != "never" else []
    decoder = sequence("decoders", {"type": "Replace", "pattern": {"String": MARK}, "content": " "},
                       {"type": "ByteFallback"}, {"type": "Fuse"}, *tail)
    normalizer = sequence("normalizers", *steps) if steps else None
    return tokenizer(model, tokens, normalizer, metaspace(scheme, cut), ("<s>", None), decoder)


PREPEND = {"type": "Prepend", "prepend": MARK}
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
BARE = dict(LEVEL, use_regex=False)
FILES = {
    "gpt-2": lambda: bytes_tokenizer([LEVEL], extra=("  ", "    ")),
    "roberta": lambda: bytes_tokenizer([dict(LEVEL, add_prefix_space=True)], ends=True, arrays=True),
    "pythia": lambda: bytes_tokenizer([LEVEL], {"type": "NFC"}, extra=("  ", "   ", "\t\t")),
    "starcoder": lambda: bytes_tokenizer([{"type": "Digits", "individual_digits": True}, LEVEL]),
    "qwen2": lambda: bytes_tokenizer([split(QWEN2), BARE], {"type": "NFC"}, True),
    "llama-3": lambda: bytes_tokenizer([split(QWEN2.replace(r"\p{N}| ", r"\p{N}{1,3}| ")), BARE], None, True,
                                       ends=True, more=(" lazy dogs", "123", "Hello", " the", "zab"), ignore_merges=True),
    "qwen2-whole": lambda: bytes_tokenizer([split(QWEN2), BARE], more=("123", "Hello", "zab"), ignore_merges=True),
    "tekken": lambda: bytes_tokenizer([split(CASED % ("", "") + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES), BARE],
                                      more=("THEY", "zab"), ignore_merges=True),
    "gpt-4o": lambda: bytes_tokenizer([split(CASED % (ENDINGS + "?", ENDINGS + "?") + r"|\p{N}{1,3}"
                                             r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES), BARE]),
    "deepseek-v3": lambda: bytes_tokenizer([split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
        "| ?[\\p{P}\\p{S}]+[\r\n]*|" + SPACES), BARE]),
    "deepseek-coder": lambda: bytes_tokenizer([split("[\r\n]"), split("\\s?\\p{L}+"), split("\\s?\\p{P}+"), split(
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), {"type": "Digits", "individual_digits": True}, BARE]),
    "qwen3.5": lambda: bytes_tokenizer([split(ENDINGS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
                                              r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + SPACES), BARE], {"type": "NFC"}),
    "bloom": lambda: bytes_tokenizer([split(BLOOM), BARE]),
    "llama-2": lambda: spm_tokenizer(sequence("normalizers", PREPEND, REPLACE), None, True),
    "mistral": lambda: spm_tokenizer(None, metaspace("first", False), True),
    "spm-always": lambda: spm_tokenizer(None, metaspace("always", False), True),
    "gemma": lambda: spm_tokenizer(REPLACE, {"type": "Split", "pattern": {"String": " "},
                                             "behavior": "MergedWithPrevious", "invert": False}, False),
    "spm-merges": lambda: spm_tokenizer(sequence("normalizers", PREPEND, REPLACE), None, True, True),
    "spm-words": lambda: spm_tokenizer(None, metaspace("always"), True, True),
    "spm-first": lambda: spm_tokenizer(None, metaspace("first", False), True, True),
    "bert": wordpiece,
    "bert-cased": lambda: wordpiece(5, False, lowercase=False),
    "bert-accents": lambda: wordpiece(strip_accents=False, handle_chinese_chars=False),
    "t5": t5,
    "xlm-r": xlm_r,
    "unigram-first": lambda: unigram_bytes("first", False, precompiled(), strip(False, True), collapse(MARK)),
    "unigram-never": lambda: unigram_bytes("never", True, strip(True, True)),
    "unigram-always": lambda: unigram_bytes("always", True, collapse(" ")),
}
ATOMS = (list("aabbcctheABC xyz.,!?'-01239") + [" ", " ", "  ", "\n", "\t", "\r\n", "   ", "    "] +
         ["\u00e9", "e\u0301", "\u00c9", "\u00df", "\u4e2d", "\u56fd", "\u65e5\u672c", "\u3000", "\u00a0", "\ufb01", "\u2460",
          "\u00c5", "\u212b", "\u1e9b\u0323", "\uac00", "\u1100\u1161\u11a8", "\u0928\u093c", "\u0958", "\U0001d15f", "\U0001f600",
          "\U0001f468\u200d\U0001f469", "\u0301", "\u0327\u0301", "a\u0327\u0301", "a\u0301\u0327\u0323", "\u2028", "\uff46\uff55",
          "\u00bd", "\u2026", "\u200b", "\ufeff", "\u000b", "\u0085", "a\u0308", "\ufb01\u0301", "\n\u0301", "\u1e9b\u0323\u0301"] +
         ["[MASK]", "<mask>", "<s>", "</s>", "[SEP]", "<x>", "<tool>", "<tool><x>", "<extra_0>", "<unk>"] +
         ["the", "ab", "abc", "don't", " 's", "hello", " world", "Hello", "THEY'RE", "quick", "cafe", "na\u00efve", "#", "##a",
          "x" * 120, "123", "1234567", "lazy dogs", "abcabc", "zab", "// ", "\u2581", "\u2581a"])


def texts(count, seed):
    chance = random.Random(seed)
    lines = ["", " ", "  ", "Hello world", " Hello  world ", "<s>a", "a <mask> b", "a\u3000<mask>\n b", "<s> a<x> b", "\n", "\r\n"]
    for _ in range(count):
        lines.append("".join(chance.choice(ATOMS) for _ in range(chance.choice([1, 2, 3, 5, 9, 20]))))
    return lines


def main():
    folder = sys.argv[1]
    for name, make in FILES.items():
        with open(os.path.join(folder, name + ".json"), "w") as out:
            json.dump(make(), out, ensure_ascii=False, separators=(",", ":"))
            out.write("\n")
    count, seed = (int(a) for a in (sys.argv[2:] + ["50", "1"])[:2]) if len(sys.argv) > 3 else (50, 1)
    with open(os.path.join(folder, "texts"), "w") as out:
        for line in texts(count, seed):
            out.write(line.encode().hex() + "\n")


if __name__ == "__main__":
    main()
