#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine beside llama.cpp in one run: both measure the same model in turn, several rounds; medians and ratios.

usage: bench/compare.py BUILD LLAMA_BIN MODEL.gguf...
BUILD is the build folder (build/release), LLAMA_BIN the folder of llama-bench and llama-batched-bench.
ROUNDS=3 and THREADS=1,2 can be set in the environment."""
import csv
import io
import os
import statistics
import subprocess
import sys

ROUNDS = int(os.environ.get("ROUNDS", "3"))
THREADS = [int(n) for n in os.environ.get("THREADS", "1,%d" % (os.cpu_count() or 1)).split(",")]


def output(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()


def ours(build, model, threads):
    rates = {}
    rows = csv.DictReader(io.StringIO(output([build + "/bench/engine", model, "best", str(threads)])), delimiter="\t")
    for row in rows:
        rates[row["what"]] = float(row["value"])
    return rates


def theirs(folder, model, threads):
    rates = {}
    text = output([folder + "/llama-bench", "-m", model, "-p", "512", "-n", "32", "-t", str(threads), "-r", "1", "-o", "csv"])
    for row in csv.DictReader(io.StringIO(text)):
        rates["decode" if int(row["n_gen"]) else "prompt"] = float(row["avg_ts"])
    text = output([folder + "/llama-batched-bench", "-m", model, "-c", "2048", "-b", "512", "-ub", "512", "-npp", "1",
                   "-ntg", "8", "-npl", "16", "-t", str(threads)])
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 8 and cells[1] == "1":
            rates["decode x16"] = float(cells[8])
    return rates


def main():
    if len(sys.argv) < 4:
        print(__doc__.strip(), file=sys.stderr)
        return 1
    build, folder = sys.argv[1:3]
    print("model\tthreads\twhat\tcloister\tllama.cpp\tratio\tunit")
    for model in sys.argv[3:]:
        for threads in THREADS:
            mine, other = {}, {}
            for _ in range(ROUNDS):
                for rates, found in ((mine, ours(build, model, threads)), (other, theirs(folder, model, threads))):
                    for what, rate in found.items():
                        rates.setdefault(what, []).append(rate)
            for what in ("decode", "decode x16", "prompt"):
                a = statistics.median(mine[what])
                b = statistics.median(other[what]) if what in other else float("nan")
                print("%s\t%d\t%s\t%.2f\t%.2f\t%.2f\ttokens/s" % (os.path.basename(model), threads, what, a, b, a / b))
            print("%s\t%d\t%s\t%.2f\t-\t-\tof 1" % (os.path.basename(model), threads, "decode, share of read",
                                                statistics.median(mine["decode, share of read"])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
