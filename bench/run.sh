#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/run.sh BUILD: every benchmark, as tab-separated values.  Set MODEL to a GGUF file for the engine's, and TEXT
# beside it to a file for its perplexity.
set -eu
build=$1
echo "# processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
echo "# instructions: $(grep -owE 'aes|vaes|pclmulqdq|vpclmulqdq|sha_ni|avx2|avx512_vnni|amx_int8' /proc/cpuinfo | sort -u | tr '\n' ' ')"
echo '# seal'
"$build/bench/seal"
echo '# engine'
"$build/bench/engine" ${MODEL:+"$MODEL"}
if [ -n "${MODEL:-}" ]; then
    echo '# guessing'
    "$build/bench/speculate" "$MODEL"
fi
echo '# sample'
"$build/bench/sample"
echo '# perplexity'
if [ -n "${MODEL-}" ] && [ -n "${TEXT-}" ]; then
    "$build/bench/perplexity" "$MODEL" "$TEXT"
else
    "$build/bench/perplexity" test/data/stories260K/stories260K.gguf LICENSE 128
fi
