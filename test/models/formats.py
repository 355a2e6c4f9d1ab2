#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every weight type against a plain reading of its format, one number at a time.  TAP; BUILD names the build.
Formats: the block structures of the ggml project's GGUF types."""
import array
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import make  # noqa: E402

IQ4 = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
FP4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]


def half(unit, at):
    return struct.unpack_from("<e", unit, at)[0]


def nibble(codes, i):
    """Code i of 32: 16 bytes, the first half low."""
    return codes[i % 16] >> (4 if i >= 16 else 0) & 15


def scale_6(packed, i):
    """Scale and minimum i of 8 in the 12 bytes of Q4_K and Q5_K."""
    if i < 4:
        return packed[i] & 63, packed[i + 4] & 63
    return packed[i + 4] & 15 | (packed[i - 4] >> 6) << 4, packed[i + 4] >> 4 | (packed[i] >> 6) << 4


def value(kind, u, i):
    """Number i of the unit u."""
    if kind == "F32":
        return struct.unpack("<f", u)[0]
    if kind == "F16":
        return half(u, 0)
    if kind == "BF16":
        return struct.unpack("<f", b"\0\0" + u)[0]
    if kind == "Q8_0":
        return half(u, 0) * struct.unpack_from("<b", u, 2 + i)[0]
    if kind == "Q4_0":
        return half(u, 0) * (nibble(u[2:], i) - 8)
    if kind == "Q4_1":
        return half(u, 0) * nibble(u[4:], i) + half(u, 2)
    if kind == "Q5_0":
        high = struct.unpack_from("<I", u, 2)[0] >> i & 1
        return half(u, 0) * ((nibble(u[6:], i) | high << 4) - 16)
    if kind == "Q5_1":
        high = struct.unpack_from("<I", u, 4)[0] >> i & 1
        return half(u, 0) * (nibble(u[8:], i) | high << 4) + half(u, 2)
    if kind == "IQ4_NL":
        return half(u, 0) * IQ4[nibble(u[2:], i)]
    if kind == "MXFP4":
        return 2.0 ** (u[0] - 128) * FP4[nibble(u[1:], i)]
    block, at = divmod(i, 32)
    if kind == "Q8_K":
        return struct.unpack_from("<f", u, 0)[0] * struct.unpack_from("<b", u, 4 + i)[0]
    if kind == "IQ4_XS":
        scale = u[4 + block // 2] >> 4 * (block % 2) & 15 | (struct.unpack_from("<H", u, 2)[0] >> 2 * block & 3) << 4
        return half(u, 0) * (scale - 32) * IQ4[nibble(u[8 + 16 * block:], at)]
    if kind in ("Q4_K", "Q5_K"):
        scale, least = scale_6(u[4:16], block)
        codes = u[16 if kind == "Q4_K" else 48:]
        code = codes[block // 2 * 32 + at] >> 4 * (block % 2) & 15
        if kind == "Q5_K":
            code |= (u[16 + at] >> block & 1) << 4
        return half(u, 0) * scale * code - half(u, 2) * least
    if kind == "Q2_K":
        scales = u[i // 16]
        code = u[16 + i // 128 * 32 + at] >> 2 * (block % 4) & 3
        return half(u, 80) * (scales & 15) * code - half(u, 82) * (scales >> 4)
    if kind == "Q3_K":
        sub = i // 16
        low = u[96 + sub % 8] >> (0 if sub < 8 else 4) & 15
        scale = low | (u[104 + sub % 4] >> 2 * (sub // 4) & 3) << 4
        code = u[32 + i // 128 * 32 + at] >> 2 * (block % 4) & 3 | (u[at] >> block & 1) << 2
        return half(u, 108) * (scale - 32) * (code - 4)
    if kind == "Q6_K":
        part, j = divmod(i, 128)
        quarter, k = divmod(j, 32)
        low = u[part * 64 + quarter % 2 * 32 + k] >> 4 * (quarter // 2) & 15
        high = u[128 + part * 32 + k] >> 2 * quarter & 3
        return half(u, 208) * struct.unpack_from("<b", u, 192 + i // 16)[0] * ((low | high << 4) - 32)
    raise ValueError(kind)


def check(tool, kind, folder):
    """Largest distance from the plain reading, relative to the largest number."""
    path = os.path.join(folder, "m.gguf")
    model = make.build("llama", kind, "tiny", 5, 64)
    make.write(model, path)
    raw = subprocess.run([tool, path], stdout=subprocess.PIPE, check=True).stdout
    got = array.array("f")
    got.frombytes(raw)
    columns, size = make.TYPES[kind][1:3]
    dim, rows = model.tensors[0][1]
    with open(path, "rb") as file:
        whole = file.read()
    data = whole[len(whole) - sum((model.length(t[1], t[2]) + 31) // 32 * 32 for t in model.tensors):]
    worst, largest = 0.0, 0.0
    for i in range(dim * 48):  # 48 rows: three groups
        unit = data[i // columns * size:(i // columns + 1) * size]
        want = value(kind, unit, i % columns)
        worst = max(worst, abs(got[i] - want))
        largest = max(largest, abs(want))
    return worst / largest if len(got) == dim * rows else float("inf")


def main():
    tool = os.path.join(os.environ["BUILD"], "test", "engine", "print_rows")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for n, kind in enumerate(sorted(make.TYPES), 1):
            off = check(tool, kind, folder)
            failed += not off < 1e-6
            print("%s %d - NUM-10: %s within %.1g of its format" % ("ok" if off < 1e-6 else "not ok", n, kind, off))
    print("1..%d" % len(make.TYPES))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
