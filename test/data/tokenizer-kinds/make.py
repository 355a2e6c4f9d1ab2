#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Makes a small vocabulary of each kind as a GGUF file without tensors, and texts to encode:
#   python3 test/data/tokenizer-kinds/make.py FOLDER
# The texts go to FOLDER/texts, one a line in hex.  README.md says where the expected ids come from.
import collections
import os
import struct
import sys

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
MARK = "\u2581"
CORPUS = ("Hello world! The quick brown fox, it's over the lazy dogs' heads. don't we'll THEY'RE 1234567 3.14 caf\u00e9 na\u00efve "
          "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u6211\u60f3\u5728 \U0001f680\U0001f999 \u3042\u308a\u304c\u3068\u3046 \ud55c\uad6d\uc5b4 \u0928\u092e\u0938\u094d\u0924\u0947 "
          "foo_bar(x) == {y: 2};\n\n\treturn 0;\r\n    indent  two   three    four\n there they then hello world world hello")


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf(path, values):
    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(values))
    for key, value in values.items():
        out += text(key)
        if isinstance(value, bool):
            out += struct.pack("<I?", 7, value)
        elif isinstance(value, int):
            out += struct.pack("<II", 4, value)
        elif isinstance(value, (str, bytes)):
            out += struct.pack("<I", 8) + text(value)
        elif value[0] == "u8":
            out += struct.pack("<IIQ", 9, 0, len(value[1])) + bytes(value[1])
        elif value[0] == "i32":
            out += struct.pack("<IIQ%di" % len(value[1]), 9, 5, len(value[1]), *value[1])
        elif value[0] == "f32":
            out += struct.pack("<IIQ%df" % len(value[1]), 9, 6, len(value[1]), *value[1])
        else:
            out += struct.pack("<IIQ", 9, 8, len(value[1])) + b"".join(text(v) for v in value[1])
    with open(path, "wb") as file:
        file.write(out)


def printable(byte):
    itself = list(range(0x21, 0x7f)) + list(range(0xa1, 0xad)) + list(range(0xae, 0x100))
    moved = [b for b in range(256) if b not in itself]
    return chr(byte) if byte in itself else chr(0x100 + moved.index(byte))


def train(words, count):
    # words: lists of symbols; merges of the most frequent neighbours, by no means a good vocabulary
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word in words:
            pairs.update(zip(word, word[1:]))
        if not pairs:
            break
        best = max(pairs.items(), key=lambda item: (item[1], item[0]))[0]
        merges.append(best)
        for word in words:
            at = 0
            while at + 1 < len(word):
                if (word[at], word[at + 1]) == best:
                    word[at:at + 2] = [best[0] + best[1]]
                at += 1
    return merges


def split(raw):
    words = [[]]
    for char in raw:
        if char in " \n\t" and words[-1]:
            words.append([])
        words[-1].append(char)
    return words


def bpe(folder, name, pre):
    words = [[printable(b) for c in word for b in c.encode()] for word in split(CORPUS)]
    merges = train(words, 260)
    tokens = [printable(b) for b in range(256)]
    tokens += [a + b for a, b in merges if a + b not in tokens]
    tokens.append(printable(0x20) + "zq")  # a whole word that no merge makes
    kinds = [NORMAL] * len(tokens)
    tokens += ["<|begin|>", "<|eot_id|>", "<mask>", "<user>"]
    kinds += [CONTROL, CONTROL, CONTROL, USER]
    gguf(os.path.join(folder, name), {
        "general.architecture": "llama", "general.name": name, "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": ("text", tokens), "tokenizer.ggml.token_type": ("i32", kinds),
        "tokenizer.ggml.merges": ("text", [a + " " + b for a, b in merges]),
        "tokenizer.ggml.bos_token_id": len(tokens) - 4, "tokenizer.ggml.eos_token_id": len(tokens) - 3})


def gemma(folder, name):
    words = [[MARK] * (i > 0) + list(word) for line in CORPUS.replace("\r", "").replace("\u0928", "").split("\n")
             for i, word in enumerate(line.split(" "))]
    merges = train(words, 200)
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>"] + ["<0x%02X>" % b for b in range(256)]
    kinds = [CONTROL, CONTROL, CONTROL, UNKNOWN] + [BYTE] * 256
    more = sorted(set(CORPUS.replace(" ", MARK)) - set("\r\u0928"))
    more += ["\n\n", "\n\n\n"] + [a + b for a, b in merges if a + b not in more] + ["<turn|>"]
    gguf(os.path.join(folder, name), {
        "general.architecture": "llama", "general.name": name, "tokenizer.ggml.model": "gemma4",
        "tokenizer.ggml.tokens": ("text", tokens + more),
        "tokenizer.ggml.token_type": ("i32", kinds + [NORMAL] * len(more)),
        "tokenizer.ggml.merges": ("text", [a + " " + b for a, b in merges]),
        "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.eos_token_id": 1, "tokenizer.ggml.unknown_token_id": 3})


def bert(folder, name):
    letters = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789\u043f\u0440\u0438\u0432\u0435\u0442\u043c"))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += [MARK + c for c in letters] + letters
    tokens += [MARK + c for c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u6211\u60f3\u2026\u3002\u00bf"]
    tokens += [MARK + w for w in "hello world the there they quick brown fox un able aff cafe naive tur do don".split()]
    tokens += ["able", "ing", "ffable", "llo", "ld", "s", "rown", "\u1112", "\u1161", "\u11ab"] + [MARK + "\u1112"]
    tokens = list(dict.fromkeys(tokens))
    gguf(os.path.join(folder, name), {
        "general.architecture": "bert", "general.name": name, "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.tokens": ("text", tokens),
        "tokenizer.ggml.token_type": ("i32", [CONTROL] * 5 + [NORMAL] * (len(tokens) - 5)),
        "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.unknown_token_id": 1,
        "tokenizer.ggml.padding_token_id": 0, "tokenizer.ggml.mask_token_id": 4, "tokenizer.ggml.token_type_count": 2})


def charsmap(pairs):
    # A double array as Darts-clone reads it: each node takes a block of 256 units of its own, which is simple and large.
    units = [0] * 256
    labels = {}
    texts = b""
    tree = {}
    for known, replacement in sorted(pairs.items()):
        node = tree
        for byte in known.encode():
            node = node.setdefault(byte, {})
        node["value"] = len(texts)
        texts += replacement.encode() + b"\0"

    def place(node, at, label):
        # the node's children stand at base ^ byte, its value at base ^ 0
        base = len(units)
        units.extend([0] * 256)
        assert (base ^ at) < 1 << 21
        units[at] = (base ^ at) << 10 | (1 << 8 if "value" in node else 0) | label
        if "value" in node:
            units[base] = 1 << 31 | node["value"]
        for byte in sorted(k for k in node if k != "value"):
            place(node[byte], base ^ byte, byte)

    place(tree, 0, 0)
    blob = struct.pack("<%dI" % len(units), *units)
    return struct.pack("<I", len(blob)) + blob + texts


def t5(folder, name, **more):
    tokens = ["<pad>", "</s>", "<unk>", MARK]
    kinds = [CONTROL, CONTROL, UNKNOWN, NORMAL]
    scores = [0.0, 0.0, 0.0, -2.0]
    pieces = sorted(set("abcdefghijklmnopqrstuvwxyzTH.,!'?0123456789\u043f\u0440\u0438\u0432\u0435\u0442\u6211\u60f3"))
    pieces += "he hel lo hello wor ld world orl the th The er re in ing 12 23 123 ow own is".split()
    pieces += [MARK + p for p in "h he hello w wor world the The a b br in i o quick fox 1".split()] + [MARK + MARK]
    for number, piece in enumerate(pieces):
        tokens.append(piece)
        kinds.append(NORMAL)
        scores.append(-3.0 - (number * 7919 % 1013) / 128.0 + len(piece) * 0.75)
    tokens += ["<extra_id_0>", "<x>"]
    kinds += [USER, CONTROL]
    scores += [0.0, 0.0]
    values = {"general.architecture": "t5", "general.name": name, "tokenizer.ggml.model": "t5",
              "tokenizer.ggml.tokens": ("text", tokens), "tokenizer.ggml.scores": ("f32", scores),
              "tokenizer.ggml.token_type": ("i32", kinds), "tokenizer.ggml.eos_token_id": 1,
              "tokenizer.ggml.unknown_token_id": 2, "tokenizer.ggml.padding_token_id": 0}
    values.update(more)
    gguf(os.path.join(folder, name), values)


def main():
    folder = sys.argv[1]
    bpe(folder, "llama-bpe.gguf", "llama-bpe")
    bpe(folder, "gpt-2.gguf", "gpt-2")
    gemma(folder, "gemma4.gguf")
    bert(folder, "bert.gguf")
    t5(folder, "t5.gguf", **{"tokenizer.ggml.add_space_prefix": True, "tokenizer.ggml.remove_extra_whitespaces": True,
                             "tokenizer.ggml.precompiled_charsmap": ("u8", charsmap({
                                 "\uff21": "A", "\uff41": "a", "\u2460": "1", "\u3000": " ", "\u00a0": " ", "\t": " ", "\n": " ",
                                 "\u2026": "...", "\u00bd": "1\u20442", "e\u0301": "e", "\u0410": "", "\ufdfa": "he hello world"}))})
    t5(folder, "t5-plain.gguf")
    texts = ["", " ", "Hello world", " Hello  world ", "hello", "The quick brown fox", "unaffable undoing", CORPUS, "a\n\n\nb", "\n", "\n\n\n\n",
             "123 1234 12345", "caf\u00e9 Na\u00cfVE", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!", "\u6211\u60f3x\u6211", "\U0001f680\U0001f680 \U0001f999", "it's don't ' x",
             " zq zq", "\t tab", "<mask> <user> <|eot_id|>x<extra_id_0>y<x>", "[CLS] [MASK]", "\uff21\uff41\u2460\u3000\u2026\u00bd \u00a0 e\u0301 \u0410 \ufdfa", "xyzzy " * 3,
             "a" * 50, " " * 20, "hello\x00world", "\u200dhello\ufeff", "wor1d w0rld", "The the THE", "x   y", "tu\u0308r \u0130", "?!., 's", "\u00bd\u2167"]
    with open(os.path.join(folder, "texts"), "w") as out:
        out.write("".join(t.encode().hex() + "\n" for t in texts))


if __name__ == "__main__":
    main()
