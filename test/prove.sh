#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test/prove.sh BUILD "TESTS" "FUZZERS" "SCRIPTS": runs test programs, corpora through the fuzz targets (unless these are
# libFuzzer programs) and scripts; appends "PASSED FAILED SKIPPED" to BUILD/test/counts.  Exit status as prove's.
set -u
build=$1
log=$build/test/prove.log
list=$build/test/prove.list
: >"$list"
for name in $2; do
    echo "$build/test/$name" >>"$list"
done
for name in $3; do
    replay=$build/test/fuzz/$name.replay
    printf '#!/bin/sh\nexec %s test/fuzz/corpus/%s/*\n' "$build/test/fuzz/$name" "$name" >"$replay"
    chmod +x "$replay"
    echo "$replay" >>"$list"
done
for script in $4; do
    echo "$script" >>"$list"
done
BUILD=$build prove --verbose --exec '' -j"$(nproc)" --merge - <"$list" >"$log" 2>&1
status=$?
sed -n '/^Test Summary Report/,$p' "$log"
[ "$status" -eq 0 ] && tail -n 3 "$log"
total=$(sed -n 's/.*Files=[0-9]*, Tests=\([0-9]*\),.*/\1/p' "$log" | tail -n 1)
failed=$(sed -n 's/^.* \([0-9]*\)\/[0-9]* subtests failed.*/\1/p' "$log" | tail -n 1)
[ "$status" -eq 0 ] || [ "${failed:-0}" -gt 0 ] || failed=1
skipped=$(grep -cE '^ok .*# SKIP' "$log")
grep -E '^ok .*# SKIP' "$log" | sed 's/^ok [0-9]* - /skipped: /'
echo "$((${total:-0} - ${failed:-0} - skipped)) ${failed:-0} $skipped" >>"$build/test/counts"
exit "$status"
