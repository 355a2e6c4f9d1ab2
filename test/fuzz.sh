#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test/fuzz.sh BUILD "FUZZERS": each libFuzzer target for SECONDS (default 60) from its corpus; new inputs stay in BUILD.
# TAP on standard output.
set -u
build=$1
count=0
failed=0
for name in $2; do
    count=$((count + 1))
    found=$build/test/fuzz/found/$name
    mkdir -p "$found"
    if "$build/test/fuzz/$name" -max_total_time="${SECONDS_EACH:-60}" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$found-" "$found" "test/fuzz/corpus/$name" >"$found.log" 2>&1; then
        echo "ok $count - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log") inputs"
    else
        failed=$((failed + 1))
        echo "not ok $count - $name"
        tail -n 30 "$found.log" | sed 's/^/#   /'
    fi
done
echo "1..$count"
[ "$failed" -eq 0 ]
