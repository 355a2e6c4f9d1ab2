#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a model of make.py into the safetensors folder that its makers would publish, by the inverse of what
src/import does, and into the GGUF file that must come out of it again: vectors and routers are rounded to BF16 first
(norms of Gemma less 1), because that is how they are published.  Needs nothing but Python.

usage: make_hf.py FAMILY TYPE FOLDER REFERENCE.gguf [--seed N] [--shards N] [--nested]
  FAMILY and TYPE as in make.py (F32, F16 or BF16); --nested: Gemma 3 inside a model that sees pictures
"""
import argparse
import io
import json
import math
import os
import struct
import sys

import make

SIZES = {0: ("F32", 4), 1: ("F16", 2), 30: ("BF16", 2)}
MODEL_TYPES = {"llama3": "llama", "linear": "llama", "yarn": "qwen2", "phi3-longrope": "phi3", "gemma3": "gemma3_text",
               "qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe"}
CLASSES = {"llama": "Llama", "mistral": "Mistral", "mixtral": "Mixtral", "qwen2": "Qwen2", "qwen3": "Qwen3",
           "qwen2_moe": "Qwen2Moe", "qwen3_moe": "Qwen3Moe", "smollm3": "SmolLM3", "phi3": "Phi3", "gemma": "Gemma",
           "gemma2": "Gemma2", "gemma3_text": "Gemma3"}
LAYER = {
    "attn_norm.weight": "input_layernorm.weight", "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight", "attn_v.weight": "self_attn.v_proj.weight",
    "attn_q.bias": "self_attn.q_proj.bias", "attn_k.bias": "self_attn.k_proj.bias",
    "attn_v.bias": "self_attn.v_proj.bias", "attn_qkv.weight": "self_attn.qkv_proj.weight",
    "attn_q_norm.weight": "self_attn.q_norm.weight", "attn_k_norm.weight": "self_attn.k_norm.weight",
    "attn_output.weight": "self_attn.o_proj.weight", "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight", "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight", "ffn_gate_inp_shexp.weight": "mlp.shared_expert_gate.weight",
    "ffn_gate_shexp.weight": "mlp.shared_expert.gate_proj.weight",
    "ffn_up_shexp.weight": "mlp.shared_expert.up_proj.weight",
    "ffn_down_shexp.weight": "mlp.shared_expert.down_proj.weight", "ffn_gate_inp.weight": "mlp.gate.weight",
}
EXPERTS = {"ffn_gate_exps.weight": ("gate_proj", "w1"), "ffn_up_exps.weight": ("up_proj", "w3"),
           "ffn_down_exps.weight": ("down_proj", "w2")}
GEMMA = {"post_attention_norm.weight": "post_attention_layernorm.weight",
         "ffn_norm.weight": "pre_feedforward_layernorm.weight",
         "post_ffw_norm.weight": "post_feedforward_layernorm.weight"}


def bf16(value):
    """The nearest BF16 number's two bytes, ties to even."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return struct.pack("<H", (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)


def widen(raw):
    return [struct.unpack("<f", b"\0\0" + raw[i:i + 2])[0] for i in range(0, len(raw), 2)]


def tensors_of(model):
    """name, dimensions (innermost first), type number, bytes of each tensor; as make.write would write them."""
    for name, dimensions, kind, how in model.tensors:
        out = io.BytesIO()
        model.data(out, dimensions, kind, how)
        yield name, dimensions, make.TYPES[kind][0], out.getvalue()


def halves(raw, rows, head):
    """Rows whose neighbours are rotated together, put into two halves of each head."""
    size = len(raw) // rows
    row = [raw[i * size:(i + 1) * size] for i in range(rows)]
    order = [h + 2 * i + part for h in range(0, rows, head) for part in (0, 1) for i in range(head // 2)]
    return b"".join(row[i] for i in order)


class Folder:
    def __init__(self, family, kind, seed):
        context = 256
        self.family = family
        self.model = make.build(family, kind, "tiny", seed, context)
        self.settings = {k.split(".", 1)[1]: v for k, _, v in self.model.keys}
        self.arch = self.settings["architecture"]
        self.type = MODEL_TYPES.get(family, family)
        self.gemma = self.type.startswith("gemma")
        self.tensors = []    # of the folder: name, type, shape, bytes
        self.reference = []  # of the GGUF file: name, dimensions, type number, bytes
        self.rounded = {}

    def setting(self, name, fallback=None):
        return self.settings.get(name, fallback)

    def source_name(self, name):
        if name == "token_embd.weight":
            return "model.embed_tokens.weight"
        if name == "output_norm.weight":
            return "model.norm.weight"
        if name == "output.weight":
            return "lm_head.weight"
        _, layer, suffix = name.split(".", 2)
        new = GEMMA.get(suffix) if self.type in ("gemma2", "gemma3_text") and suffix in GEMMA else LAYER[suffix]
        if self.type == "phi3" and suffix == "ffn_up.weight":
            new = "mlp.gate_up_proj.weight"
        if self.type == "mixtral" and suffix == "ffn_gate_inp.weight":
            new = "block_sparse_moe.gate.weight"
        return "model.layers.%s.%s" % (layer, new)

    def add_numbers(self, name, dimensions, raw):
        """A vector or a router: BF16 there, F32 of that number here."""
        values = struct.unpack("<%df" % (len(raw) // 4), raw)
        norm = self.gemma and name.endswith("norm.weight")
        there = b"".join(bf16(v - 1 if norm else v) for v in values)
        here = [v + 1 if norm else v for v in widen(there)]
        self.reference.append((name, dimensions, 0, struct.pack("<%df" % len(here), *here)))
        shape = [1] + dimensions if name.endswith("ffn_gate_inp_shexp.weight") else dimensions[::-1]
        self.tensors.append((self.source_name(name), "BF16", shape, there))

    def add_experts(self, name, dimensions, number, raw):
        _, layer, suffix = name.split(".", 2)
        n = dimensions[2]
        for i in range(n):
            part = raw[i * len(raw) // n:(i + 1) * len(raw) // n]
            qwen, mixtral = EXPERTS[suffix]
            new = "block_sparse_moe.experts.%d.%s" % (i, mixtral) if self.type == "mixtral" else \
                "mlp.experts.%d.%s" % (i, qwen)
            self.tensors.append(("model.layers.%s.%s.weight" % (layer, new), SIZES[number][0],
                                 [dimensions[1], dimensions[0]], part))
        self.reference.append((name, dimensions, number, raw))

    def add(self, name, dimensions, number, raw):
        if name == "rope_freqs.weight":
            raw = struct.pack("<%df" % dimensions[0], *self.llama3_factors(dimensions[0]))
        if name.startswith("rope_f"):
            self.rounded[name] = list(struct.unpack("<%df" % dimensions[0], raw))
            self.reference.append((name, dimensions, number, raw))
        elif len(dimensions) == 1 or name.endswith("ffn_gate_inp.weight"):
            self.add_numbers(name, dimensions, raw)
        elif len(dimensions) == 3:
            self.add_experts(name, dimensions, number, raw)
        else:
            pairs = self.arch in ("llama", "smollm3") and name.endswith(("attn_q.weight", "attn_k.weight"))
            there = halves(raw, dimensions[1], self.settings["attention.key_length"]) if pairs else raw
            self.tensors.append((self.source_name(name), SIZES[number][0], dimensions[::-1], there))
            self.reference.append((name, dimensions, number, raw))

    def llama3_factors(self, n):
        factors = []
        for i in range(n):
            turns = 64 * self.settings["rope.freq_base"] ** (-i / n) / (2 * math.pi)
            smooth = (turns - 1) / 3
            factors.append(1.0 if turns > 4 else 8.0 if turns < 1 else 1 / ((1 - smooth) / 8 + smooth))
        return factors

    def rope(self, config):
        kind = self.setting("rope.scaling.type")
        if self.family == "llama3":
            config["rope_scaling"] = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                      "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
        elif self.family == "phi3-longrope":
            original = self.settings["rope.scaling.original_context_length"]
            config["original_max_position_embeddings"] = original
            config["rope_scaling"] = {"type": "longrope", "short_factor": self.rounded["rope_factors_short.weight"],
                                      "long_factor": self.rounded["rope_factors_long.weight"]}
            scale = math.sqrt(1 + math.log(config["max_position_embeddings"] / original) / math.log(original))
            self.model.keys = [(k, t, scale if k.endswith("attn_factor") else v) for k, t, v in self.model.keys]
        elif kind is not None:
            config["rope_scaling"] = {"rope_type": kind, "factor": self.settings["rope.scaling.factor"]}
            if kind == "yarn":
                config["rope_scaling"]["original_max_position_embeddings"] = \
                    self.settings["rope.scaling.original_context_length"]

    def config(self):
        s = self.settings
        tied = not any(t[0] == "lm_head.weight" for t in self.tensors)
        config = {"architectures": [CLASSES[self.type] + "ForCausalLM"], "model_type": self.type,
                  "torch_dtype": "bfloat16", "vocab_size": s["vocab_size"], "hidden_size": s["embedding_length"],
                  "intermediate_size": s["feed_forward_length"], "num_hidden_layers": s["block_count"],
                  "num_attention_heads": s["attention.head_count"],
                  "num_key_value_heads": s["attention.head_count_kv"], "head_dim": s["attention.key_length"],
                  "max_position_embeddings": s["context_length"], "rope_theta": s["rope.freq_base"],
                  "rms_norm_eps": s["attention.layer_norm_rms_epsilon"], "tie_word_embeddings": tied,
                  "rope_scaling": None}
        config["hidden_activation" if self.gemma else "hidden_act"] = "gelu_pytorch_tanh" if self.gemma else "silu"
        if "attention.sliding_window" in s:
            config["sliding_window"] = s["attention.sliding_window"]
        if self.type in ("gemma2", "gemma3_text"):
            config["query_pre_attn_scalar"] = s["attention.key_length"]
        if self.type == "gemma2":
            config["attn_logit_softcapping"] = 50.0
            config["final_logit_softcapping"] = 30.0
        if self.type == "gemma3_text":
            config["rope_local_base_freq"] = 10000.0
        if "expert_count" in s:
            config["num_local_experts" if self.type == "mixtral" else "num_experts"] = s["expert_count"]
            config["num_experts_per_tok"] = s["expert_used_count"]
            config["moe_intermediate_size"] = s["expert_feed_forward_length"]
            config["norm_topk_prob"] = self.type != "qwen2_moe"
            config["shared_expert_intermediate_size"] = s.get("expert_shared_feed_forward_length", 0)
        self.rope(config)
        return config


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, kind, shape, raw in tensors:
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, _, _, raw in tensors:
            out.write(raw)


def write_folder(folder, path, shards):
    os.makedirs(path, exist_ok=True)
    if shards == 1:
        write_safetensors(os.path.join(path, "model.safetensors"), folder.tensors)
        return
    names, each = {}, (len(folder.tensors) + shards - 1) // shards
    for i in range(shards):
        name = "model-%05d-of-%05d.safetensors" % (i + 1, shards)
        part = folder.tensors[i * each:(i + 1) * each]
        write_safetensors(os.path.join(path, name), part)
        names.update({t[0]: name for t in part})
    with open(os.path.join(path, "model.safetensors.index.json"), "w") as out:
        json.dump({"metadata": {"total_size": sum(len(t[3]) for t in folder.tensors)}, "weight_map": names}, out)


def write_reference(folder, path):
    with open(path, "wb") as out:
        keys = folder.model.keys
        out.write(b"GGUF" + struct.pack("<IQQ", 3, len(folder.reference), len(keys)))
        for name, kind, v in keys:
            out.write(make.text(name) + make.value(kind, v))
        offset = 0
        for name, dimensions, number, raw in folder.reference:
            out.write(make.text(name) + struct.pack("<I", len(dimensions)))
            out.write(b"".join(struct.pack("<Q", n) for n in dimensions))
            out.write(struct.pack("<IQ", number, offset))
            offset += (len(raw) + 31) // 32 * 32
        out.write(b"\0" * (-out.tell() % 32))
        for _, _, _, raw in folder.reference:
            out.write(raw + b"\0" * (-len(raw) % 32))


def build(family, kind, seed, path, reference, shards=1, nested=False):
    folder = Folder(family, kind, seed)
    for tensor in tensors_of(folder.model):
        folder.add(*tensor)
    config = folder.config()
    if nested:
        folder.tensors = [("language_model." + t[0],) + t[1:] for t in folder.tensors]
        folder.tensors.append(("vision_tower.patch.weight", "BF16", [2, 2], b"\0" * 8))
        config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": config,
                  "vision_config": {"hidden_size": 2}}
    folder.tensors.reverse()  # an order of its own
    write_folder(folder, path, shards)
    with open(os.path.join(path, "config.json"), "w") as out:
        json.dump(config, out)
    write_reference(folder, reference)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("family", choices=sorted(make.FAMILIES))
    parser.add_argument("type", choices=["F32", "F16", "BF16"])
    parser.add_argument("folder")
    parser.add_argument("reference")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--nested", action="store_true")
    a = parser.parse_args()
    build(a.family, a.type, a.seed, a.folder, a.reference, a.shards, a.nested)


if __name__ == "__main__":
    sys.exit(main())
