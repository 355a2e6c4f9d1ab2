#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test: both compilers, sanitizers, the rules of the house, a short fuzz of each parser.  From the root.
# Closes with "N passed, N failed, N skipped".
set -u
status=0
passed=0
failed=0
skipped=0
jobs=-j$(nproc)

# step NAME COMMAND...: runs it; a failure is counted once unless it counted its own tests
step() {
    echo "== $1"
    shift
    if ! "$@"; then
        status=1
        echo "== FAILED: $*"
    fi
}

# tally FILE: adds the "PASSED FAILED SKIPPED" lines of make test
tally() {
    while read -r p f s; do
        passed=$((passed + p))
        failed=$((failed + f))
        skipped=$((skipped + s))
    done <"$1"
}

# points COMMAND...: runs a command that prints TAP, shows it and adds its points
points() {
    "$@" >build/points.log 2>&1
    result=$?
    grep -vE '^ok ' build/points.log
    grep -E '^ok .*# SKIP' build/points.log | sed 's/^ok [0-9]* - /skipped: /'
    skip=$(grep -cE '^ok .*# SKIP' build/points.log)
    ok=$(($(grep -c '^ok ' build/points.log) - skip))
    bad=$(grep -c '^not ok ' build/points.log)
    [ "$result" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + ok))
    skipped=$((skipped + skip))
    failed=$((failed + bad))
    return $result
}

mkdir -p build
rm -f build/*/test/counts
step 'gcc, release' make -s $jobs FLAVOUR=release CC=gcc test
step 'rules' points make -s FLAVOUR=release CC=gcc check
step 'gcc, address and undefined-behaviour sanitizers' make -s $jobs FLAVOUR=asan CC=gcc SCRIPT_TESTS= test
step 'sanitizers, rules' points make -s FLAVOUR=asan CC=gcc check
step 'clang, release' make -s $jobs FLAVOUR=release CC=clang BUILD=build/clang SCRIPT_TESTS= test
step 'clang, rules' points make -s FLAVOUR=release CC=clang BUILD=build/clang check
step 'fuzzers, built' make -s $jobs FLAVOUR=fuzz CC=clang fuzzers
step 'fuzzers, a few seconds each' points env SECONDS_EACH="${SECONDS_EACH:-5}" make -s FLAVOUR=fuzz CC=clang fuzz
for counts in build/*/test/counts; do
    [ -e "$counts" ] && tally "$counts"
done
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1 # a build that broke
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
