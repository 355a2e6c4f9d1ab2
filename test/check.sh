#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules of the house that a machine can hold: layers, purity, the enclave's binary, fuzz targets, specifications.
# usage: test/check.sh BUILD   (from the root, after `make`)
# TAP on standard output; figures as comments.
set -u
build=$1
count=0
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# point NAME FILE: passes when FILE is empty, otherwise prints it
point() {
    count=$((count + 1))
    if [ -s "$2" ]; then
        failed=$((failed + 1))
        echo "not ok $count - $1"
        sed 's/^/#   /' "$2" | head -n 40
    else
        echo "ok $count - $1"
    fi
}

sources=$(find src -name '*.[ch]' | sort)

# ---- layers ----
grep -Hn '^#include' $sources | awk -v layers=LAYERS '
    BEGIN {
        n = split("assert ctype errno float inttypes limits locale math setjmp stdalign stdarg stdatomic stdbool " \
                  "stddef stdint stdlib stdnoreturn string", names, " ")
        for (i = 1; i <= n; i++) c11[names[i] ".h"] = 1
        while ((getline line < layers) > 0) {
            if (line ~ /^#/ || line == "") continue
            split(line, column, /  +/)
            headers[column[1]] = column[3]
            may[column[1]] = column[4]
        }
    }
    {
        split($0, part, ":")
        file = part[1]
        include = $0
        sub(/^[^:]*:[^:]*:/, "", include)
        folder = file
        do { sub(/\/[^\/]*$/, "", folder) } while (!(folder in may) && folder ~ /\//)
        if (!(folder in may)) { print file ": no row in LAYERS"; next }
        if (match(include, /"[^"]*"/)) {
            wanted = "src/" substr(include, RSTART + 1, RLENGTH - 2)
            allowed = 0
            n = split(may[folder], folders, " ")
            for (i = 1; i <= n; i++) if (index(wanted, folders[i] "/") == 1) allowed = 1
            if (index(wanted, folder "/") == 1) allowed = 1
            if (!allowed) print file ": may not include " wanted
        } else if (match(include, /<[^>]*>/)) {
            wanted = substr(include, RSTART + 1, RLENGTH - 2)
            if (headers[folder] == "any" || (wanted in c11)) next
            if (index(headers[folder], "immintrin") && wanted == "immintrin.h") next
            print file ": may not include <" wanted ">"
        }
    }' >"$work/layers"
point 'every include is allowed by LAYERS' "$work/layers"

# ---- purity: what core and engine ask of others ----
defined() { nm --defined-only -g "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u; }
undefined() { nm -u "$1" 2>/dev/null | awk 'NF == 2 && $2 !~ /^__(asan|ubsan|sanitizer|sancov)_/ { print $2 }' | sort -u; }
printf '%s\n' memcpy memmove memset memcmp memchr strlen strcmp strncmp strchr strrchr \
    bcmp __memcpy_chk __memmove_chk __memset_chk __stack_chk_fail _GLOBAL_OFFSET_TABLE_ >"$work/libc"
defined "$build/libcore.a" "$build"/src/sys/openssl/*.o >"$work/face"
sort -u "$work/libc" "$work/face" >"$work/allowed"
undefined "$build/libcore.a" | comm -23 - "$work/allowed" >"$work/core"
point 'core asks only for memory and string functions and the crypto face' "$work/core"
defined "$build/libengine.a" "$build"/src/core/base/*.o | sort -u - "$work/libc" >"$work/allowed"
undefined "$build/libengine.a" | comm -23 - "$work/allowed" >"$work/engine"
point 'engine asks only for memory and string functions and core/base' "$work/engine"
undefined "$build/libgrammar.a" >"$work/grammar"
defined "$build/libgrammar.a" "$build/libcore.a" "$build/libengine.a" | sort -u - "$work/libc" >"$work/allowed"
comm -23 "$work/grammar" "$work/allowed" >"$work/outside"
point 'grammar asks only for memory and string functions, core and engine' "$work/outside"
defined "$build/libtemplate.a" "$build"/src/core/base/*.o "$build"/src/core/codec/*.o | sort -u - "$work/libc" >"$work/allowed"
undefined "$build/libtemplate.a" | comm -23 - "$work/allowed" >"$work/template"
point 'template asks only for memory and string functions, core/base and core/codec' "$work/template"
defined "$build/libimport.a" "$build/libengine.a" "$build"/src/core/base/*.o "$build"/src/core/codec/*.o |
    sort -u - "$work/libc" >"$work/allowed"
undefined "$build/libimport.a" | comm -23 - "$work/allowed" >"$work/import"
point 'import asks only for memory and string functions, core/base, core/codec and engine' "$work/import"
for archive in core engine grammar import template; do
    objdump -t "$build/lib$archive.a" | awk -v a=$archive '
        / (\.data|\.bss|\*COM\*)/ && !/\.data\.rel\.ro|asan|ubsan|\.Lubsan/ && $NF !~ /^\.(data|bss)/ { print a ": " $NF }'
done >"$work/globals"
point 'core, engine, grammar, import and template have no writable globals' "$work/globals"

# ---- the enclave's binary ----
binary=$build/cloister-enclave
defined "$build/libclient.a" "$build/libbroker.a" "$build/libimport.a" >"$work/foreign"
nm "$binary" | awk 'NF == 3 { print $3 }' | sort -u | comm -12 - "$work/foreign" >"$work/strangers"
point 'no symbol of client, broker or import is in the enclave' "$work/strangers"
nm -u "$build/libenclave.a" "$build/libsys.a" "$build/libcore.a" "$build/libengine.a" "$build/libgrammar.a" |
    grep -E 'getaddrinfo|gethostby|getservby|getpw|getgr|dlopen|iconv' >"$work/nss"
point 'nothing of ours in the enclave loads libraries at run time' "$work/nss"
if nm "$binary" | grep -q __asan_init; then # a sanitizer's run-time library cannot be linked statically
    count=$((count + 1))
    echo "ok $count - the enclave's file # SKIP built with a sanitizer"
else
    {
        readelf -lW "$binary" | grep -E 'INTERP' | sed 's/^/has an interpreter: /'
        readelf -lW "$binary" | grep -q 'GNU_RELRO' || echo 'no RELRO'
        readelf -lW "$binary" | awk '/GNU_STACK/ && /RWE/ { print "executable stack" }'
        readelf -hW "$binary" | grep -q 'Type:.*DYN' || echo 'not position independent'
        readelf -dW "$binary" | grep -q 'NOW' || echo 'relocations are not bound at start'
        readelf -dW "$binary" | grep 'NEEDED'
    } >"$work/elf"
    point 'the enclave is static, position independent, RELRO, without executable stack' "$work/elf"
fi

# ---- parsers and their fuzz targets ----
grep -hoE '\b[a-z0-9_]+_parse\(' src/core/*/*.h src/engine/*.h src/grammar/*.h src/import/*.h src/template/template.h | tr -d '(' | sort -u |
    while read -r parser; do
        targets=$(grep -lE "\\b$parser\\(" test/fuzz/*.c)
        [ -n "$targets" ] || echo "$parser: no fuzz target calls it"
    done >"$work/fuzz"
for target in test/fuzz/*.c; do
    name=$(basename "$target" .c)
    [ "$name" = replay ] || [ -n "$(ls "test/fuzz/corpus/$name" 2>/dev/null)" ] || echo "$name: no corpus"
done >>"$work/fuzz"
point 'every parser has a fuzz target, every target a corpus' "$work/fuzz"

# ---- specifications ----
cat spec/*.md | awk '
    /^\*\*[A-Z]+-[0-9]+\*\*/ { id = $1; gsub(/\*/, "", id); held = "" }
    /MUST/ && id != "" { print id }
    /^$/ { id = "" }' | sort -u | while read -r id; do
    grep -rqE "\\b$id\\b" test || echo "$id: a MUST that no test cites"
done >"$work/spec"
point 'every MUST of spec/ is cited by a test' "$work/spec"

# ---- form ----
wc -l $sources | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 " lines" }' >"$work/long"
point 'no source file is longer than 500 lines' "$work/long"
lines=$(cat $sources | wc -l)
ifs=$(cat $sources | grep -cE '^#[[:space:]]*if' )
guards=$(cat $sources | grep -cE '^#ifndef [A-Z0-9_]+_H$')
[ $((ifs - guards)) -le $((lines * 2 / 1000)) ] || echo "$((ifs - guards)) conditionals in $lines lines" >"$work/ifs"
[ -e "$work/ifs" ] || : >"$work/ifs"
point 'at most 2 preprocessor conditionals in 1,000 lines, header guards apart' "$work/ifs"

# ---- figures ----
# linked MAP: the source files that are in what the linker made
linked() {
    grep -oE 'lib[a-z]+\.a\([a-z0-9_]+\.o\)' "$1" | sort -u | sed 's/^lib\(.*\)\.a(\(.*\)\.o)/\1 \2/' |
        while read -r archive object; do find "src/$archive" -name "$object.c" 2>/dev/null; done
}
own_lines() { xargs -r cat | grep -vcE '^[[:space:]]*(/?\*.*)?$'; }
{ linked "$binary.map" && echo src/enclave/main.c; } >"$work/linked"
own=$(own_lines <"$work/linked")
echo "# secrecy TCB: $own lines of own code in $(wc -l <"$work/linked") files, without blank and comment lines (promised: under 20000)"
for folder in core engine engine/tokenizer template grammar sys enclave; do
    echo "#   $folder: $(grep "^src/$folder/" "$work/linked" | own_lines)"
done
echo "# by process, what each can call:"
for process in warden gate scribe vault; do
    linked "$build/process/$process.map" >"$work/$process"
    echo "#   $process: $(own_lines <"$work/$process")"
done
weights=$(sort -u "$work/warden" "$work/vault" | own_lines)
echo "#   warden and vault, which alone have the weights or their key: $weights"
echo "# enclave binary: $(stat -c %s "$binary") bytes"
: >"$work/tcb"
[ "$own" -lt 32000 ] || echo "$own lines" >"$work/tcb"
point 'the secrecy TCB has under 32,000 lines of own code (20,000 is the promise)' "$work/tcb"
: >"$work/tcb"
[ "$weights" -lt 18000 ] || echo "$weights lines" >"$work/tcb"
point 'under 18,000 lines of own code can reach the weights or their key' "$work/tcb"
echo "1..$count"
[ "$failed" -eq 0 ]
