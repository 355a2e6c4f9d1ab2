#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every family of models against another engine's logits (test/data/families/README.md).  TAP; BUILD names the build."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "families")
TOKENS = 200
TOLERANCE = {"gemma": 4e-3, "gemma2": 4e-3, "gemma3": 4e-3}


def floats(raw):
    import array
    values = array.array("f")
    values.frombytes(raw)
    return values


def worst(tool, model, expected, cache):
    raw = subprocess.run([tool, model, str(TOKENS), "best", cache], stdout=subprocess.PIPE, check=True).stdout
    got = floats(raw)
    vocab = len(got) // TOKENS
    rows = got[99 * vocab:100 * vocab] + got[199 * vocab:]
    if len(rows) != len(expected):
        return float("inf")
    return max(abs(a - b) for a, b in zip(rows, expected))


def main():
    tool = os.path.join(os.environ["BUILD"], "test", "engine", "print_logits")
    count = 0
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(os.listdir(DATA)):
            if not name.endswith(".f32"):
                continue
            family = name[:-4]
            model = os.path.join(folder, family + ".gguf")
            subprocess.run([sys.executable, os.path.join(HERE, "make.py"), family, "F32", model], check=True)
            with open(os.path.join(DATA, name), "rb") as data:
                expected = floats(data.read())
            # the other caches are coarser, but no family may fall apart with them
            for cache, tolerance in (("f32", TOLERANCE.get(family, 1e-4)), ("bf16", 0.2), ("q8", 0.4)):
                off = worst(tool, model, expected, cache)
                ok = off <= tolerance
                count += 1
                failed += not ok
                print("%s %d - NUM-40 NUM-41 NUM-43 NUM-46: %s, %s cache: within %.2g of the other engine's logits"
                      % ("ok" if ok else "not ok", count, family, cache, off))
            os.unlink(model)
    print("1..%d" % count)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
