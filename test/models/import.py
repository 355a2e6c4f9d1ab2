#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Safetensors folders and split GGUF models through `cloister convert` and `cloister seal` (spec/import.md).  TAP; BUILD
names the build."""
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import make
import make_hf

BUILD = os.environ.get("BUILD", "build/release")
CLOISTER = os.path.join(BUILD, "cloister")
LOGITS = os.path.join(BUILD, "test", "engine", "print_logits")
MAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make.py")
TOKENS = "40"
count = failed = 0


def point(ok, name, note=""):
    global count, failed
    count += 1
    failed += not ok
    print("%s %d - %s" % ("ok" if ok else "not ok", count, name))
    if not ok and note:
        print("#   " + note.strip().replace("\n", "\n#   "))


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def convert(path, out):
    code, _, errors = run(CLOISTER, "convert", path, "-o", out, "--force")
    return code, errors


def logits(model):
    code, raw, _ = run(LOGITS, model, TOKENS, "scalar", "f32")
    return raw if code == 0 and len(raw) > 1000 else None


def read_gguf(path):
    """{name: (dimensions, type, bytes)} and {key: bytes of its value}, read without any code of ours."""
    with open(path, "rb") as f:
        raw = f.read()
    at = 24
    tensors_n, keys_n = struct.unpack_from("<QQ", raw, 8)

    def text():
        nonlocal at
        n = struct.unpack_from("<Q", raw, at)[0]
        at += 8 + n
        return raw[at - n:at].decode()

    def skip(kind):
        nonlocal at
        if kind == 8:
            text()
        elif kind == 9:
            element, n = struct.unpack_from("<IQ", raw, at)
            at += 12
            for _ in range(n):
                skip(element)
        else:
            at += [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][kind]

    keys, tensors = {}, {}
    for _ in range(keys_n):
        name, start = text(), at
        kind = struct.unpack_from("<I", raw, at)[0]
        at += 4
        skip(kind)
        keys[name] = raw[start:at]
    table = []
    for _ in range(tensors_n):
        name = text()
        n = struct.unpack_from("<I", raw, at)[0]
        dimensions = struct.unpack_from("<%dQ" % n, raw, at + 4)
        kind, offset = struct.unpack_from("<IQ", raw, at + 4 + 8 * n)
        at += 4 + 8 * n + 12
        table.append((name, dimensions, kind, offset))
    data = (at + 31) // 32 * 32
    for name, dimensions, kind, offset in table:
        columns, size = next((c, s) for t, c, s, _ in make.TYPES.values() if t == kind)
        length = size
        for n in dimensions:
            length *= n
        length //= columns
        tensors[name] = (dimensions, kind, raw[data + offset:data + offset + length])
    return keys, tensors


def same(out, reference):
    """The tensors to the byte, and every key that both have."""
    keys, tensors = read_gguf(out)
    wanted_keys, wanted = read_gguf(reference)
    if tensors != wanted:
        return "tensors differ: %s" % [n for n in set(tensors) | set(wanted) if tensors.get(n) != wanted.get(n)][:4]
    other = [k for k in keys if k in wanted_keys and keys[k] != wanted_keys[k]]
    gone = [k for k in wanted_keys if k not in keys and not k.startswith(("tokenizer.", "split.")) and k != "general.name"
            and not (k.endswith("original_context_length") and b"linear" in wanted_keys[k.replace("original_context_length", "type")])]
    return "keys differ: %s, missing: %s" % (other, gone) if other or gone else ""


def test_families(folder):
    plans = [(f, "BF16", 1, False) for f in sorted(make.FAMILIES)]
    plans += [("llama", "F16", 1, False), ("llama", "F32", 3, False), ("mixtral", "F16", 2, False),
              ("gemma3", "BF16", 1, True)]
    hf, out, ref = (os.path.join(folder, n) for n in ("hf", "out.gguf", "ref.gguf"))
    for family, kind, shards, nested in plans:
        make_hf.build(family, kind, 7, hf, ref, shards, nested)
        code, note = convert(hf, out)
        note = note if code else same(out, ref)
        expected = logits(ref)
        ok = code == 0 and note == "" and expected is not None and logits(out) == expected
        point(ok, "IMP-30 IMP-33 IMP-40 IMP-41 IMP-42 IMP-43: %s %s, %d files%s: the GGUF file that was asked for"
              % (family, kind, shards, ", nested" if nested else ""), note)
        shutil.rmtree(hf)


def test_split(folder):
    whole, out = os.path.join(folder, "whole.gguf"), os.path.join(folder, "out.gguf")
    for family, kind in (("llama", "Q4_K_M"), ("gemma3", "BF16"), ("qwen2moe", "Q8_0")):
        run(sys.executable, MAKE, family, kind, whole, "--seed", "3")
        for parts in (2, 5):
            stem = os.path.join(folder, "part")
            run(sys.executable, MAKE, family, kind, stem + ".gguf", "--seed", "3", "--split", str(parts))
            names = ["%s-%05d-of-%05d.gguf" % (stem, i + 1, parts) for i in range(parts)]
            code, note = convert(names[0], out)
            expected = {}
            for name in names:
                expected.update(read_gguf(name)[1])
            keys, tensors = read_gguf(out) if code == 0 else ({}, {})
            wanted_keys = read_gguf(whole)[0]
            ok = code == 0 and list(tensors) == list(expected) and tensors == expected and keys == wanted_keys
            ok = ok and logits(out) == logits(whole) is not None
            point(ok, "IMP-10 IMP-11: %s %s in %d parts is the model in one" % (family, kind, parts), note)


def test_bad_splits(folder):
    stem = os.path.join(folder, "bad")
    names = ["%s-%05d-of-00003.gguf" % (stem, i + 1) for i in range(3)]
    out = os.path.join(folder, "none.gguf")

    def fresh():
        run(sys.executable, MAKE, "llama", "F16", stem + ".gguf", "--split", "3")

    def refused(name, text, *codes):
        code, errors = convert(names[0], out)
        point(code in codes and text in errors and not os.path.exists(out), "IMP-12: " + name, "%d %s" % (code, errors))

    fresh()
    code, errors = convert(names[1], out)
    point(code == 1 and "first part" in errors, "IMP-12: a part that is not the first", errors)
    os.unlink(names[2])
    refused("a part that is missing", "bad-00003-of-00003.gguf", 1)
    fresh()
    shutil.copy(names[1], names[2])
    refused("one part twice", "split.no", 5)
    fresh()
    os.rename(names[1], names[1] + "x")
    os.rename(names[2], names[1])
    os.rename(names[1] + "x", names[2])
    refused("parts in another order", "split.no", 5)
    fresh()
    with open(names[1], "r+b") as f:
        f.truncate(os.path.getsize(names[1]) - 5000)
    refused("a part that is cut", "ends before", 5)
    with open(names[1], "r+b") as f:
        f.truncate(60)
    refused("a part that is cut in its head", "ends early", 5)
    fresh()
    for i, name in enumerate(names):
        os.rename(name, "%s-%05d-of-00002.gguf" % (stem, i + 1))
    code, errors = convert(stem + "-00001-of-00002.gguf", out)
    point(code == 5 and "split.count" in errors, "IMP-12: another count of parts than the names say", errors)
    with open(names[0], "wb") as f:
        f.write(b"no GGUF file")
    refused("no GGUF file", "GGUF", 5)


def test_bad_folders(folder):
    hf, ref, out = (os.path.join(folder, n) for n in ("hf", "ref.gguf", "none.gguf"))
    config_path = os.path.join(hf, "config.json")

    def change(key, value):
        def do():
            with open(config_path) as f:
                config = json.load(f)
            config[key] = value
            with open(config_path, "w") as f:
                json.dump(config, f)
        return do

    def tensors(edit):
        def do():
            path = os.path.join(hf, "model.safetensors")
            with open(path, "rb") as f:
                n = struct.unpack("<Q", f.read(8))[0]
                header = json.loads(f.read(n))
                data = f.read()
            entries = [(k, v["dtype"], v["shape"], data[v["data_offsets"][0]:v["data_offsets"][1]])
                       for k, v in header.items() if k != "__metadata__"]
            make_hf.write_safetensors(path, edit(entries))
        return do

    def index(text):
        def do():
            with open(os.path.join(hf, "model.safetensors.index.json"), "w") as f:
                f.write(text)
        return do

    name = "model.layers.1.mlp.up_proj.weight"
    rows = [
        ("llama", change("model_type", "bloom"), "bloom", "IMP-31: an unknown model_type"),
        ("llama", change("quantization_config", {"quant_method": "gptq"}), "quantization_config", "IMP-31: quantised"),
        ("llama", change("rope_scaling", {"type": "dynamic", "factor": 2.0}), "dynamic", "IMP-33: an unknown rope type"),
        ("llama", change("rope_scaling", {"type": "linear", "factor": 2.0, "extra": 1}), "extra",
         "IMP-33: an unknown setting of rope"),
        ("llama", change("rope_scaling", {"type": "linear", "factor": 0}), "zero", "IMP-33: a factor of 0"),
        ("llama", change("partial_rotary_factor", 0.5), "partial_rotary_factor", "IMP-31: a part of a head is rotated"),
        ("llama", change("hidden_act", "relu"), "hidden_act", "IMP-31: another activation"),
        ("llama", change("hidden_size", -1), "hidden_size", "IMP-31: a negative width"),
        ("llama", change("hidden_size", None), "hidden_size", "IMP-31: no width"),
        ("llama", change("hidden_size", 255), "", "IMP-31: a width that fits no tensor"),
        ("llama", change("num_hidden_layers", 4), "model.layers.3", "IMP-40: a layer that is missing"),
        ("llama", change("num_hidden_layers", 2), "model.layers.2", "IMP-40: a layer too many"),
        ("llama", change("head_dim", 48), "heads", "IMP-41: heads that do not fit"),
        ("llama", change("tie_word_embeddings", False), "lm_head.weight", "IMP-40: no output matrix"),
        ("llama", change("architectures", ["LlamaForSequenceClassification"]), "Classification",
         "IMP-31: a model for something else"),
        ("qwen2", change("use_sliding_window", True), "use_sliding_window", "IMP-31: a window that is not followed"),
        ("qwen3", change("layer_types", ["full_attention", "sliding_attention", "full_attention"]), "layer_types",
         "IMP-31: layers of another kind"),
        ("qwen3moe", change("norm_topk_prob", False), "norm_topk_prob", "IMP-31: experts weighed otherwise"),
        ("qwen3moe", change("decoder_sparse_step", 2), "decoder_sparse_step", "IMP-31: experts in some layers"),
        ("qwen3moe", change("num_experts", 7), "experts.6", "IMP-42: an expert that is missing"),
        ("qwen3moe", change("num_experts", 5), "experts.5", "IMP-42: an expert too many"),
        ("gemma2", change("query_pre_attn_scalar", 100), "query_pre_attn_scalar", "IMP-31: another scale of attention"),
        ("smollm3", change("no_rope_layers", [1] * 7), "no_rope_layers", "IMP-31: another order of rotations"),
        ("llama", tensors(lambda t: t[:-1]), "no tensor", "IMP-40: a tensor that is missing"),
        ("llama", tensors(lambda t: t + [("score.weight", "F32", [1], b"\0" * 4)]), "score.weight",
         "IMP-40: a tensor left over"),
        ("llama", tensors(lambda t: [(n, "I16" if n == name else k, s, r) for n, k, s, r in t]), "I16",
         "IMP-43: whole numbers"),
        ("llama", tensors(lambda t: [(n, k, s[::-1] if n == name else s, r) for n, k, s, r in t]), "",
         "IMP-40: a shape that is turned"),
        ("llama", index('{"weight_map":{}}'), "weight_map", "IMP-4: an empty index"),
        ("llama", index('{"weight_map":{"a":"../model.safetensors"}}'), "file name", "IMP-4: a path out of the folder"),
        ("llama", index('{"weight_map":{"a":"absent.safetensors"}}'), "absent", "IMP-4: a file that is missing"),
        ("llama", index('{"weight_map":{"a":"model.safetensors"}}'), "does not hold", "IMP-4: a tensor that is not there"),
        ("llama", index('{"weight_map":{"model.norm.weight":"model.safetensors"}}'), "does not name",
         "IMP-4: a tensor that the index lacks"),
        ("llama", lambda: os.unlink(config_path), "config.json", "IMP-30: no configuration"),
        ("llama", lambda: os.unlink(os.path.join(hf, "model.safetensors")), "model.safetensors", "IMP-4: no weights"),
    ]
    for family, spoil, text, what in rows:
        shutil.rmtree(hf, ignore_errors=True)
        if not os.path.exists(hf + family):
            make_hf.build(family, "F16", 1, hf + family, ref)
        shutil.copytree(hf + family, hf)
        spoil()
        code, errors = convert(hf, out)
        point(code in (1, 5) and text in errors and errors.count("cloister: error: ") == 1 and not os.path.exists(out),
              what, "%d %s" % (code, errors))
    for family in ("llama3", "gemma3", "yarn"):  # the newer spelling of the same
        shutil.rmtree(hf, ignore_errors=True)
        make_hf.build(family, "F16", 1, hf, ref)
        with open(config_path) as f:
            config = json.load(f)
        new = dict(config.pop("rope_scaling"), rope_theta=config.pop("rope_theta"))
        if family == "gemma3":
            new = {"full_attention": new,
                   "sliding_attention": {"rope_type": "default", "rope_theta": config.pop("rope_local_base_freq")}}
        if family == "yarn":
            new["attention_factor"] = 1.25
        config["rope_parameters"] = new
        with open(config_path, "w") as f:
            json.dump(config, f)
        code, errors = convert(hf, out)
        keys = read_gguf(out)[0] if code == 0 else {}
        factor = struct.unpack("<f", keys.pop("qwen2.rope.scaling.attn_factor", b"\0" * 8)[4:])[0]
        point(code == 0 and all(read_gguf(ref)[0].get(k, v) == v for k, v in keys.items()) and
              (family != "yarn" or abs(factor * (1 + 0.1 * math.log(4)) - 1.25) < 1e-6), "IMP-33: rope_parameters, " + family,
              errors or str([k for k, v in keys.items() if read_gguf(ref)[0].get(k, v) != v]))
        if code == 0:
            os.unlink(out)
    for key in ("rotary_emb.inv_freq", "lm_head.weight"):
        shutil.rmtree(hf)
        make_hf.build("llama", "F16", 1, hf, ref)
        tensors(lambda t: t + [(key if key[0] == "l" else "model.layers.0.self_attn." + key, "F32", [1], b"\0" * 4)])()
        code, errors = convert(hf, out)
        point(code == 0, "IMP-44: %s is dropped" % key, errors)
        if code == 0:
            os.unlink(out)


def test_seal(folder):
    hf, ref, out = (os.path.join(folder, n) for n in ("hf", "ref.gguf", "out.gguf"))
    key, sealed, plain = (os.path.join(folder, n) for n in ("key", "sealed", "plain"))
    shutil.rmtree(hf, ignore_errors=True)
    make_hf.build("mixtral", "BF16", 5, hf, ref, 2)
    run(CLOISTER, "keys", "new", key)
    convert(hf, out)
    roots = []
    for source, name in ((hf, sealed), (out, sealed + "2"), (hf + "/", sealed + "3")):
        code, text, errors = run(CLOISTER, "seal", source, "-o", name, "--raw-key", key, "--json")
        roots.append(json.loads(text)["root"] if code == 0 else errors)
    point(len(set(roots)) == 1 and len(roots[0]) == 64, "IMP-20: sealed from the folder or from the file, one root",
          str(roots))
    code, _, errors = run(CLOISTER, "unseal", sealed, "-o", plain, "--raw-key", key)
    with open(out, "rb") as a, open(plain, "rb") as b:
        point(code == 0 and a.read() == b.read(), "IMP-20: and the same bytes", errors)
    code, errors = convert(hf, out)
    point(code == 0 and "no vocabulary" in errors, "IMP-50: no tokenizer.json is told", errors)
    code, text, errors = run(CLOISTER, "bench", "--model", hf, "--prompt", "8", "--decode", "2", "--json")
    point(code == 0 and b"decode_tokens_per_s" in text, "a folder is measured as it is", errors)
    code, _, errors = run(CLOISTER, "convert", hf, "-o", out)
    point(code == 1 and "--force" in errors, "an output that is there", errors)
    code, _, errors = run(CLOISTER, "convert", out, "-o", out + "2")
    point(code == 1 and "already" in errors, "a model that is one file", errors)


LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+" \
    r"|\s+(?!\S)|\s+"
LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def cut(regex):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
        dict(LEVEL, use_regex=False)]}


def byte_tokenizer(pre, ignore_merges=False, arrays=False):
    merges = [["a", "b"], ["ab", "c"]]
    return {"version": "1.0", "added_tokens": [{"id": 5, "content": "<|end|>", "special": True},
                                               {"id": 6, "content": "<tool>", "special": False}],
            "normalizer": None, "pre_tokenizer": pre,
            "post_processor": {"type": "TemplateProcessing",
                               "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}},
                                          {"Sequence": {"id": "A", "type_id": 0}}]},
            "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "byte_fallback": False,
                      "ignore_merges": ignore_merges, "merges": merges if arrays else [" ".join(m) for m in merges]}}


def spm_tokenizer(normalizer, pre):
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2, "<0x41>": 3, "a": 4, "b": 5, "ab": 6, "\u2581": 7, "\u2581ab": 8}
    for byte in range(256):
        vocab.setdefault("<0x%02X>" % byte, len(vocab))
    return {"added_tokens": [{"id": i, "content": t, "special": True} for i, t in enumerate(("<unk>", "<s>", "</s>"))],
            "normalizer": normalizer, "pre_tokenizer": pre, "post_processor": None,
            "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "vocab": vocab,
                      "merges": ["a b", "\u2581 ab"]}}


PREPEND = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                                               {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}


def texts(*values):
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(make.text(v) for v in values)


def test_tokenizers(folder):
    hf, ref, out = (os.path.join(folder, n) for n in ("hf", "ref.gguf", "tok.gguf"))
    shutil.rmtree(hf, ignore_errors=True)
    make_hf.build("llama", "F16", 1, hf, ref)

    def read(tokenizer, settings):
        for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", settings)):
            with open(os.path.join(hf, name), "w") as f:
                json.dump(value, f)
        code, errors = convert(hf, out)
        return (read_gguf(out)[0] if code == 0 else {}), errors, code

    settings = {"bos_token": "<|end|>", "eos_token": {"content": "<tool>"}, "chat_template": "{{ x }}"}
    pads = ["[PAD%d]" % i for i in range(7, 320)]
    for pre, ignore, arrays, name in ((LEVEL, False, False, "gpt-2"), (cut(LLAMA3), True, True, "llama-bpe"),
                                      (cut(LLAMA3), False, False, "smaug-bpe"),
                                      (cut(LLAMA3.replace("{1,3}", "")), False, True, "qwen2"),
                                      ({"type": "Sequence", "pretokenizers":
                                        [{"type": "Digits", "individual_digits": True}, LEVEL]}, False, False, "smollm")):
        keys, errors, _ = read(byte_tokenizer(pre, ignore, arrays), settings)
        wanted = {"model": make.value("text", "gpt2"), "pre": make.value("text", name),
                  "tokens": texts("a", "b", "c", "ab", "abc", "<|end|>", "<tool>", *pads),
                  "merges": texts("a b", "ab c"),
                  "token_type": make.value("array i32", [1] * 5 + [3, 4] + [5] * 313),
                  "bos_token_id": make.value("u32", 5), "eos_token_id": make.value("u32", 6),
                  "add_bos_token": make.value("bool", True), "add_eos_token": make.value("bool", False)}
        got = {k[15:]: v for k, v in keys.items() if k.startswith("tokenizer.ggml.")}
        point(got == wanted and keys["tokenizer.chat_template"] == make.value("text", "{{ x }}"),
              "IMP-50 IMP-51 IMP-52 IMP-54: byte-level BPE, %s" % name,
              errors + str([k for k in set(got) | set(wanted) if got.get(k) != wanted.get(k)]))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
                "chat_template": [{"name": "rag", "template": "no"}, {"name": "default", "template": "yes"}]}
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": False}
    for normalizer, pre, prefix in ((PREPEND, None, True), (None, metaspace, False),
                                    (None, dict(metaspace, prepend_scheme="first"), True),
                                    (PREPEND["normalizers"][1], None, False)):
        keys, errors, _ = read(spm_tokenizer(normalizer, pre), settings)
        scores = struct.unpack_from("<9f", keys.get("tokenizer.ggml.scores", b"\0" * 64), 16)
        point(keys.get("tokenizer.ggml.model") == make.value("text", "llama") and
              keys["tokenizer.ggml.add_space_prefix"] == make.value("bool", prefix) and
              keys["tokenizer.ggml.token_type"] == make.value("array i32", [2, 3, 3, 6] + [1] * 5 + [6] * 255 + [5] * 56) and
              scores[6] == 0 and scores[8] == -1 and max(scores[4], scores[5], scores[7]) < -1 and
              keys["tokenizer.chat_template"] == make.value("text", "yes"),
              "IMP-50 IMP-51 IMP-53 IMP-54: SentencePiece BPE, prefix %s" % prefix, errors)
    good = byte_tokenizer(LEVEL)
    model = good["model"]
    with open(os.path.join(hf, "generation_config.json"), "w") as f:
        json.dump({"eos_token_id": [6, 5, 4]}, f)
    keys, errors, _ = read(good, {"eos_token": "<tool>"})
    point(keys.get("tokenizer.ggml.eos_token_id") == make.value("u32", 6) and
          keys["tokenizer.ggml.eot_token_id"] == make.value("u32", 5) and
          keys["cloister.tokenizer.end_token_ids"] == struct.pack("<IIQ2I", 9, 4, 2, 4, 5),
          "IMP-57: generation_config.json names more ends", errors)
    keys, errors, _ = read(good, {})
    point(keys.get("tokenizer.ggml.eos_token_id") == make.value("u32", 6), "IMP-57: and eos, when no other file does", errors)
    flags = [dict(t, lstrip=t["special"], rstrip=True) for t in good["added_tokens"]]
    keys, errors, _ = read(dict(good, added_tokens=flags, normalizer={"type": "NFC"}), {})
    point(keys.get("cloister.tokenizer.strips_left") == struct.pack("<IIQI", 9, 4, 1, 5) and
          keys["cloister.tokenizer.strips_right"] == struct.pack("<IIQ2I", 9, 4, 2, 5, 6) and
          keys["cloister.tokenizer.nfc"] == make.value("bool", True), "IMP-51 IMP-52: NFC and flags are kept", errors)
    os.remove(os.path.join(hf, "generation_config.json"))
    for bad, text, what in (
            (dict(good, pre_tokenizer=cut("[a-z]+")), "[a-z]+", "an unknown expression"),
            (dict(good, pre_tokenizer={"type": "Whitespace"}), "", "an unknown pre_tokenizer"),
            (dict(good, normalizer={"type": "Lowercase"}), "Lowercase", "an unknown normalizer"),
            (dict(good, model=dict(model, type="WordLevel")), "WordLevel", "an unknown model"),
            (dict(good, model=dict(model, end_of_word_suffix="</w>")), "end_of_word_suffix", "a suffix of words"),
            (dict(good, model=dict(model, merges=["ab"])), "merge", "a merge of one part"),
            (dict(good, model=dict(model, merges=[["a", " b"]])), "merge", "a merge with a space"),
            (dict(good, model=dict(model, vocab={"a": 0, "b": 0})), "two tokens", "two tokens of one number"),
            (dict(good, model=dict(model, vocab={"a": 320})), "number", "a number beyond the model's"),
            (dict(good, model=dict(model, vocab={"a" * 1025: 0})), "1024", "a token that is too long"),
            (dict(good, model={"type": "BPE", "vocab": {}}), "merges", "no merges"), ([], "model", "no tokenizer")):
        _, errors, code = read(bad, {})
        point(code in (1, 5) and text in errors and errors.count("cloister: error: ") == 1, "IMP-51 IMP-52: " + what, errors)
    with open(os.path.join(hf, "tokenizer.json"), "w") as f:
        f.write("{")
    code, errors = convert(hf, out)
    point(code == 5 and "tokenizer.json" in errors, "IMP-50: no JSON", errors)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_families(folder)
        test_split(folder)
        test_bad_splits(folder)
        test_bad_folders(folder)
        test_seal(folder)
        test_tokenizers(folder)
    print("1..%d" % count)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
