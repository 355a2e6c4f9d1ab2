#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes GGUF models with random weights, for tests and benchmarks: every family, every weight type, small shapes or the
shapes of real models.  Needs nothing but Python.

usage: make.py FAMILY TYPE OUT.gguf [--shape SHAPE] [--seed N] [--context N] [--split N] [--template TEXT | --bare]
  FAMILY  llama llama3 mistral qwen2 qwen3 phi3 phi3-longrope gemma gemma2 gemma3 smollm3 yarn linear mixtral qwen2moe qwen3moe
  TYPE    a weight type (F32, F16, BF16, Q4_0, ... MXFP4) or the mix Q4_K_M
  SHAPE   tiny (the default), 135m (SmolLM2), 1b, 3b (Llama 3.2)
"""
import argparse
import random
import struct
import sys

# name: (number, columns in a unit, bytes in a unit, [(offset, kind)] of the numbers that must be sane)
TYPES = {
    "F32": (0, 1, 4, "f32"), "F16": (1, 1, 2, "f16"), "BF16": (30, 1, 2, "bf16"),
    "Q4_0": (2, 32, 18, [(0, 0.012)]), "Q4_1": (3, 32, 20, [(0, 0.012), (2, -0.09)]),
    "Q5_0": (6, 32, 22, [(0, 0.006)]), "Q5_1": (7, 32, 24, [(0, 0.006), (2, -0.09)]),
    "Q8_0": (8, 32, 34, [(0, 0.0008)]),
    "Q2_K": (10, 256, 84, [(80, 0.006), (82, 0.0085)]), "Q3_K": (11, 256, 110, [(108, 0.0015)]),
    "Q4_K": (12, 256, 144, [(0, 0.0004), (2, 0.003)]), "Q5_K": (13, 256, 176, [(0, 0.0002), (2, 0.003)]),
    "Q6_K": (14, 256, 210, [(208, 0.00004)]), "Q8_K": (15, 256, 292, [(0, "f32")]),
    "IQ4_NL": (20, 32, 18, [(0, 0.0008)]), "IQ4_XS": (23, 256, 136, [(0, 0.00005)]),
    "MXFP4": (39, 32, 17, [(0, "e8m0")]),
}
SHAPES = {  # dim, hidden, layers, heads, kv heads, vocabulary, tied
    "tiny": (256, 512, 3, 8, 4, 320, True),
    "135m": (576, 1536, 30, 9, 3, 49152, True),
    "1b": (2048, 8192, 16, 32, 8, 128256, True),
    "3b": (3072, 8192, 28, 24, 8, 128256, True),
}
POOL = 2048  # units of random weights; tensors repeat them from different starts


def half(value):
    return struct.pack("<e", value)


def pool_of(kind, rng):
    number, columns, size, numbers = TYPES[kind]
    units = bytearray(rng.randbytes(POOL * size))
    if numbers == "f32":
        return b"".join(struct.pack("<f", rng.gauss(0, 0.06)) for _ in range(POOL))
    if numbers == "f16":
        return b"".join(half(rng.gauss(0, 0.06)) for _ in range(POOL))
    if numbers == "bf16":
        return b"".join(struct.pack("<f", rng.gauss(0, 0.06))[2:] for _ in range(POOL))
    for unit in range(POOL):
        for offset, scale in numbers:
            at = unit * size + offset
            if scale == "f32":
                units[at:at + 4] = struct.pack("<f", rng.uniform(0.0004, 0.0012))
            elif scale == "e8m0":
                units[at] = rng.choice((121, 122, 123))
            else:
                units[at:at + 2] = half(scale * rng.uniform(0.7, 1.3))
    if kind == "Q8_K":  # sums of 16 codes each
        for unit in range(POOL):
            codes = struct.unpack_from("<256b", units, unit * size + 4)
            struct.pack_into("<16h", units, unit * size + 260, *(sum(codes[i * 16:i * 16 + 16]) for i in range(16)))
    return bytes(units)


class Model:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.pools = {}
        self.keys = []
        self.tensors = []  # name, dimensions (innermost first), type, how

    def key(self, name, kind, value):
        self.keys.append((name, kind, value))

    def tensor(self, name, dimensions, kind, how="random"):
        self.tensors.append((name, dimensions, kind, how))

    def length(self, dimensions, kind):
        number, columns, size, _ = TYPES[kind]
        total = 1
        for n in dimensions:
            total *= n
        return total // columns * size

    def data(self, out, dimensions, kind, how):
        total = self.length(dimensions, kind)
        if how == "norm":
            out.write(b"".join(struct.pack("<f", self.rng.uniform(0.7, 1.3)) for _ in range(dimensions[0])))
            return
        if how == "bias":
            out.write(b"".join(struct.pack("<f", self.rng.gauss(0, 0.1)) for _ in range(dimensions[0])))
            return
        if isinstance(how, list):
            out.write(b"".join(struct.pack("<f", x) for x in how))
            return
        if kind not in self.pools:
            self.pools[kind] = pool_of(kind, self.rng)
        pool = self.pools[kind]
        size = TYPES[kind][2]
        while total > 0:
            start = self.rng.randrange(POOL) * size
            piece = pool[start:start + total]
            out.write(piece)
            total -= len(piece)


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, v):
    simple = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?"), "u16": (2, "<H")}
    if kind in simple:
        number, form = simple[kind]
        return struct.pack("<I", number) + struct.pack(form, v)
    if kind == "text":
        return struct.pack("<I", 8) + text(v)
    element = kind.split()[1]
    if element == "text":
        return struct.pack("<IIQ", 9, 8, len(v)) + b"".join(map(text, v))
    number, form = simple[element]
    return struct.pack("<IIQ", 9, number, len(v)) + b"".join(struct.pack(form, x) for x in v)


def write(model, path, first_tensor=0, last_tensor=None, keys=None):
    tensors = model.tensors[first_tensor:last_tensor]
    keys = model.keys if keys is None else keys
    with open(path, "wb") as out:
        out.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)))
        for name, kind, v in keys:
            out.write(text(name) + value(kind, v))
        offset = 0
        for name, dimensions, kind, _ in tensors:
            out.write(text(name) + struct.pack("<I", len(dimensions)))
            out.write(b"".join(struct.pack("<Q", n) for n in dimensions))
            out.write(struct.pack("<IQ", TYPES[kind][0], offset))
            offset += (model.length(dimensions, kind) + 31) // 32 * 32
        out.write(b"\0" * (-out.tell() % 32))
        for name, dimensions, kind, how in tensors:
            model.data(out, dimensions, kind, how)
            out.write(b"\0" * (-out.tell() % 32))


def vocabulary(model, vocab_n):
    tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % i for i in range(256)]
    tokens += ["<|endoftext|>"]
    tokens += ["\u2581" + chr(97 + i) for i in range(26)] + [chr(97 + i) for i in range(26)]
    tokens += ["w%d" % i for i in range(len(tokens), vocab_n)]
    tokens = tokens[:vocab_n]
    kinds = [2, 3, 3] + [6] * 256 + [3] + [1] * (vocab_n - 260)
    model.key("tokenizer.ggml.model", "text", "llama")
    model.key("tokenizer.ggml.tokens", "array text", tokens)
    model.key("tokenizer.ggml.scores", "array f32", [-float(i) for i in range(vocab_n)])
    model.key("tokenizer.ggml.token_type", "array i32", kinds[:vocab_n])
    model.key("tokenizer.ggml.bos_token_id", "u32", 1)
    model.key("tokenizer.ggml.eos_token_id", "u32", 2)
    model.key("tokenizer.ggml.unknown_token_id", "u32", 0)


FAMILIES = {  # architecture and what is special
    "llama": ("llama", ""), "llama3": ("llama", "factors"), "mistral": ("llama", "window"), "linear": ("llama", "linear"),
    "yarn": ("qwen2", "yarn bias"), "qwen2": ("qwen2", "bias"), "qwen3": ("qwen3", "wide qk-norm"),
    "phi3": ("phi3", "fused"), "phi3-longrope": ("phi3", "fused longrope"), "smollm3": ("smollm3", ""),
    "gemma": ("gemma", "wide"), "gemma2": ("gemma2", "wide post-norm gemma-window"),
    "gemma3": ("gemma3", "wide post-norm qk-norm gemma-window linear"),
    "mixtral": ("llama", "experts"), "qwen2moe": ("qwen2moe", "bias experts shared"),
    "qwen3moe": ("qwen3moe", "wide qk-norm experts"),
}


def type_of(kind, name, layer, layers, columns):
    """The type of one tensor: the mix of llama-quantize's Q4_K_M, or kind, or F16 where its unit does not fit."""
    if kind == "Q4_K_M":
        often = layer is not None and (layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2)
        more = "token_embd" in name or (often and ("attn_v" in name or "ffn_down" in name))
        kind = "Q6_K" if more else "Q4_K"
        if columns % 256 != 0:
            kind = "Q8_0" if more else "Q5_0"
    return kind if columns % TYPES[kind][1] == 0 else "F16"


def build(family, kind, shape, seed, context, template=None, bare=False):
    arch, special = FAMILIES[family]
    special = special.split()
    dim, hidden, layers, heads, kv_heads, vocab_n, tied = SHAPES[shape]
    if family in ("gemma3", "smollm3") and shape == "tiny":
        layers = 7
    head = 64 if shape == "1b" else 128 if shape == "3b" else dim // heads
    head = 2 * head if "wide" in special else head
    model = Model(seed)

    def setting(name, kind, v):
        model.key("%s.%s" % (arch, name), kind, v)

    model.key("general.architecture", "text", arch)
    model.key("general.name", "text", "random %s %s %s" % (family, shape, kind))
    setting("vocab_size", "u32", vocab_n)
    setting("context_length", "u32", context)
    setting("embedding_length", "u32", dim)
    setting("feed_forward_length", "u32", hidden)
    setting("block_count", "u32", layers)
    setting("attention.head_count", "u32", heads)
    setting("attention.head_count_kv", "u32", kv_heads)
    setting("attention.key_length", "u32", head)
    setting("attention.value_length", "u32", head)
    setting("rope.dimension_count", "u32", head)
    setting("rope.freq_base", "f32", 500000.0 if arch == "llama" else 10000.0)
    setting("attention.layer_norm_rms_epsilon", "f32", 1e-5)
    if "window" in special or "gemma-window" in special:
        setting("attention.sliding_window", "u32", 24 if shape == "tiny" else 4096)
    if arch == "gemma2":
        setting("attn_logit_softcapping", "f32", 50.0)
        setting("final_logit_softcapping", "f32", 30.0)
    if "linear" in special or "yarn" in special:
        setting("rope.scaling.type", "text", "yarn" if "yarn" in special else "linear")
        setting("rope.scaling.factor", "f32", 4.0)
        setting("rope.scaling.original_context_length", "u32", max(context // 4, 1))
    if "longrope" in special:
        setting("rope.scaling.original_context_length", "u32", context // 2)
        setting("rope.scaling.attn_factor", "f32", 1.19)
    if "experts" in special:
        setting("expert_count", "u32", 6)
        setting("expert_used_count", "u32", 2)
        setting("expert_feed_forward_length", "u32", hidden)
    if "shared" in special:
        setting("expert_shared_feed_forward_length", "u32", hidden // 2)
    if not bare:
        vocabulary(model, vocab_n)
    if template is not None:
        model.key("tokenizer.chat_template", "text", template)

    def matrix(name, rows, columns, layer=None, experts=None):
        dimensions = [columns, rows] + ([experts] if experts else [])
        model.tensor(name, dimensions, type_of(kind, name, layer, layers, columns))

    matrix("token_embd.weight", vocab_n, dim)
    if "factors" in special:
        model.tensor("rope_freqs.weight", [head // 2], "F32", [1.0 + 7.0 * i / (head // 2) for i in range(head // 2)])
    if "longrope" in special:
        model.tensor("rope_factors_long.weight", [head // 2], "F32", [1.0 + i for i in range(head // 2)])
        model.tensor("rope_factors_short.weight", [head // 2], "F32", [1.0 + 0.1 * i for i in range(head // 2)])
    q, kv = heads * head, kv_heads * head
    for layer in range(layers):
        blk = "blk.%d." % layer
        model.tensor(blk + "attn_norm.weight", [dim], "F32", "norm")
        if "fused" in special:
            matrix(blk + "attn_qkv.weight", q + 2 * kv, dim, layer)
        else:
            for part, rows in (("q", q), ("k", kv), ("v", kv)):
                matrix(blk + "attn_%s.weight" % part, rows, dim, layer)
                if "bias" in special:
                    model.tensor(blk + "attn_%s.bias" % part, [rows], "F32", "bias")
        if "qk-norm" in special:
            model.tensor(blk + "attn_q_norm.weight", [head], "F32", "norm")
            model.tensor(blk + "attn_k_norm.weight", [head], "F32", "norm")
        matrix(blk + "attn_output.weight", dim, q, layer)
        if "post-norm" in special:
            model.tensor(blk + "post_attention_norm.weight", [dim], "F32", "norm")
        model.tensor(blk + "ffn_norm.weight", [dim], "F32", "norm")
        if "experts" in special:
            model.tensor(blk + "ffn_gate_inp.weight", [dim, 6], "F32")
            matrix(blk + "ffn_gate_exps.weight", hidden, dim, layer, 6)
            matrix(blk + "ffn_up_exps.weight", hidden, dim, layer, 6)
            matrix(blk + "ffn_down_exps.weight", dim, hidden, layer, 6)
        elif "fused" in special:
            matrix(blk + "ffn_up.weight", 2 * hidden, dim, layer)
            matrix(blk + "ffn_down.weight", dim, hidden, layer)
        else:
            matrix(blk + "ffn_gate.weight", hidden, dim, layer)
            matrix(blk + "ffn_up.weight", hidden, dim, layer)
            matrix(blk + "ffn_down.weight", dim, hidden, layer)
        if "shared" in special:
            model.tensor(blk + "ffn_gate_inp_shexp.weight", [dim], "F32", "bias")
            matrix(blk + "ffn_gate_shexp.weight", hidden // 2, dim, layer)
            matrix(blk + "ffn_up_shexp.weight", hidden // 2, dim, layer)
            matrix(blk + "ffn_down_shexp.weight", dim, hidden // 2, layer)
        if "post-norm" in special:
            model.tensor(blk + "post_ffw_norm.weight", [dim], "F32", "norm")
    model.tensor("output_norm.weight", [dim], "F32", "norm")
    if not tied or arch == "qwen2moe":
        matrix("output.weight", vocab_n, dim)
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("family", choices=sorted(FAMILIES))
    parser.add_argument("type", choices=sorted(TYPES) + ["Q4_K_M"])
    parser.add_argument("out")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--context", type=int, default=0, help="0: 256 for tiny, 16384 for the others")
    parser.add_argument("--split", type=int, default=1, help="files; OUT.gguf becomes OUT-00001-of-0000N.gguf, ...")
    parser.add_argument("--template", help="a chat template (default: none)")
    parser.add_argument("--bare", action="store_true", help="no vocabulary")
    a = parser.parse_args()
    context = a.context or (256 if a.shape == "tiny" else 16384)
    model = build(a.family, a.type, a.shape, a.seed, context, a.template, a.bare)
    if a.split == 1:
        write(model, a.out)
        return
    each = (len(model.tensors) + a.split - 1) // a.split
    stem = a.out[:-5] if a.out.endswith(".gguf") else a.out
    for i in range(a.split):
        keys = [("split.no", "u16", i), ("split.count", "u16", a.split), ("split.tensors.count", "i32", len(model.tensors))]
        write(model, "%s-%05d-of-%05d.gguf" % (stem, i + 1, a.split), i * each, (i + 1) * each,
              (model.keys if i == 0 else []) + keys)


if __name__ == "__main__":
    sys.exit(main())
