#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example of the embedded engine, which is linked with libcloister-engine.a alone.
set -u
. test/cli/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
program=$PWD/${BUILD:-build/release}/example/generate
model=$PWD/test/data/stories260K/stories260K.gguf
lines=$(wc -l <example/generate.c)
cp README.md "$work"
cd "$work" || exit 1
"$program" "$model" 'Once upon a time' >out 2>err &&
    grep -q '^, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.' out
point "the text that another engine (llama.cpp v0.5.0) draws greedily"
[ "$lines" -lt 60 ]
point "the example has under 60 lines: $lines"
! "$program" README.md x >out 2>err && grep -q '^generate: GGUF: ' err
point "a file that is no model: $(cat err)"
head -c 200000 "$model" >cut.gguf
! "$program" cut.gguf x >out 2>err && grep -q '^generate: model: ' err
point "a model that is cut short: $(cat err)"
! "$program" >out 2>err && grep -q '^usage: ' err
point "no arguments"
echo "1..$count"
[ "$failed" -eq 0 ]
