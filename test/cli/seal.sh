#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The owner's commands from outside: what they print, their exit codes, and what they leave behind when the disk is full,
# the directory cannot be written, or they are killed.  TAP on standard output.
# usage: BUILD=build/release test/cli/seal.sh   (from the root)
set -u
cloister=${CLOISTER:-$PWD/${BUILD:-build/release}/cloister}
model=$PWD/test/data/stories260K/stories260K.gguf
work=$(mktemp -d) || exit 1
mounted=
. "$PWD/test/cli/tap.sh"
unset MODEL_KEY_BASE64
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$work"' EXIT
cd "$work" || exit 1

# flip FILE OFFSET: changes one bit of one byte
flip() {
    byte=$(od -An -tu1 -j"$2" -N1 "$1" | tr -d ' ')
    printf "\\$(printf %03o $((byte ^ 16)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# ---- keys ----
gives 0 keys new key && [ "$(stat -c %a key)" = 600 ]
point 'a raw key, mode 0600'
gives 0 keys new --identity --comment 'broker one' id && [ "$(stat -c %a id)" = 600 ] && grep -q '^cloister-x25519 .* broker one$' id.pub
point 'SM-33 an identity and its public key'
gives 1 keys new key
point 'a key is never overwritten'
gives 0 keys show id && ! grep -q "$(cut -d' ' -f2 id)" out && gives 0 keys show key && ! grep -qF "$(cat key)" out
point 'show tells no secret'
gives 1 keys show "$model" && printf 'hello\n' >hello && gives 5 keys show hello
point 'a file that is no key'
chmod 644 key && gives 4 seal "$model" -o x --raw-key key && chmod 644 id && gives 0 keys show id
point 'SM-33 SM-34 a secret that others may read is not used'
chmod 600 key id
gives 0 keys new other && gives 0 keys new --identity stranger
point 'more keys'

# ---- the way there and back ----
gives 0 seal "$model" -o sealed --for id.pub --raw-key key && grep -q '1cc6a948c90ecbce9575b14f5dac19d2d6c38b83781882f71694f213a23751e9' out
point 'seal, and its root'
gives 0 inspect sealed && grep -q '^metadata    14176 bytes$' out && [ "$(grep -c '^sealed for' out)" -eq 2 ]
point 'SM-4 inspect'
gives 0 inspect sealed --json && grep -q '"length":1185376' out
point 'inspect as JSON'
gives 0 unseal sealed -o plain --raw-key key && cmp -s plain "$model" && [ "$(stat -c %a plain)" = 600 ]
point 'unseal with the raw key, mode 0600'
gives 0 unseal sealed -o plain2 --identity id --threads 1 && cmp -s plain2 "$model"
point 'unseal with the identity'
MODEL_KEY_BASE64=$(cat key)
export MODEL_KEY_BASE64
gives 0 unseal sealed -o plain3 && cmp -s plain3 "$model" && grep -q '^cloister: warning: MODEL_KEY_BASE64 is weaker' err
point 'MODEL_KEY_BASE64 works, with a warning'
gives 0 seal "$model" -o sealed-env && ! cmp -s sealed sealed-env && gives 0 unseal sealed-env -o plain4 --raw-key key && cmp -s plain4 "$model"
point 'MODEL_KEY_BASE64 seals too'
unset MODEL_KEY_BASE64
[ "$("$cloister" inspect sealed --json | sed 's/.*"file_id":"\([0-9a-f]*\)".*/\1/')" != "$("$cloister" inspect sealed-env --json | sed 's/.*"file_id":"\([0-9a-f]*\)".*/\1/')" ] &&
    [ "$(tail -c +65537 sealed | sha256sum)" != "$(tail -c +65537 sealed-env | sha256sum)" ]
point 'SM-5 SM-10 the same model sealed twice shares neither file id nor data key'
MODEL_KEY_BASE64=short gives 5 unseal sealed -o plain5 && [ ! -e plain5 ]
point 'MODEL_KEY_BASE64 that is no key'
: >empty && gives 1 seal empty -o x --raw-key key && [ ! -e x ]
point 'an empty model'
printf x >one && gives 0 seal one -o one.sealed --raw-key key && gives 0 unseal one.sealed -o one.out --raw-key key && cmp -s one one.out
point 'a model of one byte'

# ---- wrong use ----
gives 1 seal "$model" -o x && grep -q 'nobody could open' err
point 'no recipient'
gives 1 seal "$model" --raw-key key
point 'no output'
gives 1 seal missing -o x --raw-key key
point 'no such model'
gives 1 seal . -o x --raw-key key
point 'a directory is no model'
gives 5 seal "$model" -o x --for key
point 'a raw key is no public key'
cp id.pub pub600 && chmod 600 pub600 && gives 5 seal "$model" -o x --raw-key pub600
point 'a public key is no raw key'
gives 1 seal "$model" -o sealed --raw-key key && grep -q -- '--force' err
point 'an output that is there'
gives 0 seal "$model" -o sealed-env --raw-key key --force
point '--force replaces it'
gives 1 unseal sealed -o plain --raw-key key && cmp -s plain "$model"
point 'unseal overwrites nothing'
gives 1 unseal sealed -o x --raw-key other && [ ! -e x ] && gives 1 unseal sealed -o x --identity stranger && [ ! -e x ]
point 'a key that is not among the recipients'
gives 1 unseal sealed -o x && [ ! -e x ]
point 'no key'
gives 5 unseal "$model" -o x --raw-key key && gives 5 inspect "$model" && [ ! -e x ]
point 'a file that is not sealed'
gives 1 inspect missing && gives 1 unseal missing -o x --raw-key key
point 'no such file'

# ---- a hostile store ----
hostile=0
for at in 3 20 35 45 60 90 100 130 200 4097 4700 5000 20000 34900 65536 70000 1000000 1114111 1114130 1250900; do
    cp sealed bad
    flip bad $at
    for how in '--raw-key key' '--identity id'; do
        # shellcheck disable=SC2086
        "$cloister" unseal bad -o bad.out $how >out 2>err
        code=$?
        { [ $code -eq 2 ] || [ $code -eq 5 ]; } && [ ! -e bad.out ] || hostile=1
    done
done
[ $hostile -eq 0 ]
point 'SM-7 SM-12 SM-24 a changed bit anywhere'
hostile=0
for len in 0 1 127 4096 65535 65536 70000 1114127 1114128 1114129 1250943; do
    head -c $len sealed >bad
    "$cloister" unseal bad -o bad.out --raw-key key >out 2>err
    [ $? -eq 5 ] && [ ! -e bad.out ] || hostile=1
done
[ $hostile -eq 0 ]
point 'SM-8 a file that is cut'
{ cat sealed; printf x; } >bad && gives 5 unseal bad -o bad.out --raw-key key
point 'SM-8 a file with a byte more'

# ---- exchange of keys ----
key_id=$("$cloister" keys show key | sed -n 's/^recipient //p')
id_id=$("$cloister" keys show id | sed -n 's/^recipient //p')
tail -c +65537 sealed | sha256sum >before
gives 0 keys rewrap sealed --identity id --add-raw-key other --remove "$key_id" && gives 0 unseal sealed -o r1 --raw-key other && cmp -s r1 "$model"
point 'SM-30 a wrap is added'
gives 1 unseal sealed -o r2 --raw-key key && [ ! -e r2 ] && ! grep -q "$key_id" sealed
point 'and another taken away'
tail -c +65537 sealed | sha256sum | cmp -s - before
point 'the chunks are untouched'
gives 1 keys rewrap sealed --raw-key key --add-raw-key key
point 'who cannot open cannot add'
gives 1 keys rewrap sealed --raw-key other --remove "$id_id" --remove "$("$cloister" keys show other | sed -n 's/^recipient //p')"
point 'the last wrap stays'
gives 1 keys rewrap sealed --raw-key other --remove 12 && gives 1 keys rewrap sealed --raw-key other && gives 1 keys rewrap missing --raw-key other --add-raw-key key
point 'wrong use of rewrap'
exec 9<sealed && flock 9 && gives 1 keys rewrap sealed --raw-key other --add-raw-key key && grep -q 'under way' err
point 'SM-31 two exchanges at once'
exec 9<&-
round=0
kept=0
while [ $round -lt 40 ]; do
    "$cloister" keys rewrap sealed --identity id --add-raw-key key >/dev/null 2>&1 &
    child=$!
    sleep 0.00$((round % 10))
    kill -9 $child 2>/dev/null
    wait $child 2>/dev/null
    rm -f r3
    "$cloister" unseal sealed -o r3 --identity id >out 2>err && cmp -s r3 "$model" || kept=1
    round=$((round + 1))
done
[ $kept -eq 0 ]
point 'SM-30 killed at any moment, the file still opens'
gives 0 keys rewrap sealed --identity id --add-raw-key key && gives 0 unseal sealed -o r4 --raw-key key
point 'and the next exchange goes through'

# ---- outputs whole or not at all ----
head -c 60000000 /dev/urandom >large
round=0
while [ $round -lt 12 ]; do
    mkdir kill.dir
    "$cloister" seal large -o kill.dir/out --raw-key key >/dev/null 2>&1 &
    child=$!
    sleep 0.0$round
    kill -9 $child 2>/dev/null
    wait $child 2>/dev/null
    left=$(ls -A kill.dir)
    [ -z "$left" ] || { [ "$left" = out ] && "$cloister" unseal kill.dir/out -o whole --raw-key key --force && cmp -s whole large; } || break
    rm -rf kill.dir
    round=$((round + 1))
done
[ $round -eq 12 ]
point 'SM-13 killed while sealing, nothing half is left'
"$cloister" seal large -o twice --raw-key key >/dev/null 2>err1 &
first=$!
"$cloister" seal large -o twice --raw-key key >/dev/null 2>err2
second=$?
wait $first
first=$?
rm -f whole
[ $((first + second)) -eq 1 ] && gives 0 unseal twice -o whole --raw-key key && cmp -s whole large
point 'two at once: one file, the other is told'
cp large growing
( while [ -e growing ]; do printf x >>growing; done ) 2>/dev/null &
writer=$!
gives 1 seal growing -o grown --raw-key key && [ ! -e grown ]
point 'SM-13 a model that changes while it is sealed'
rm -f growing
wait $writer 2>/dev/null
cp large churning
( while [ -e churning ]; do date +%N | dd of=churning bs=1 seek=59000000 conv=notrunc,nocreat; done ) 2>/dev/null &
writer=$!
gives 1 seal churning -o churned --raw-key key && [ ! -e churned ] && grep -q 'changed while' err
point 'SM-13 and one whose bytes change, not its length'
rm -f churning
wait $writer 2>/dev/null
if [ "$(id -u)" -eq 0 ]; then
    mkdir full && mount -t tmpfs -o size=8m tmpfs full 2>/dev/null && mounted=$work/full
fi
if [ -n "$mounted" ]; then
    gives 1 seal large -o full/out --raw-key key && [ -z "$(ls -A full)" ] && grep -qi 'space' err
    point 'a full disk: sealing leaves nothing'
    gives 1 unseal twice -o full/out --raw-key key && [ -z "$(ls -A full)" ] && grep -qi 'space' err
    point 'a full disk: unsealing leaves nothing'
    mount -o remount,ro "$mounted" && gives 1 seal "$model" -o full/out --raw-key key && gives 1 keys new full/key
    point 'a read-only directory'
else
    point '# SKIP no tmpfs can be mounted here'
fi
gives 1 seal "$model" -o no/such/place --raw-key key
point 'a directory that is not there'

# ---- Fernet ----
printf 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=' >fernet.key # the vectors of the Fernet specification
printf 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==' >fernet.enc
gives 0 seal fernet.enc --from-fernet fernet.key -o fernet.sealed --raw-key key && gives 0 unseal fernet.sealed -o fernet.out --raw-key key && [ "$(cat fernet.out)" = hello ]
point 'a Fernet file is converted'
broken=0
at=0
while [ $at -lt 100 ]; do
    cp fernet.enc bad.enc
    flip bad.enc $at
    "$cloister" seal bad.enc --from-fernet fernet.key -o bad.sealed --raw-key key >out 2>err
    { [ $? -ne 0 ] && [ ! -e bad.sealed ]; } || broken=1
    head -c $at fernet.enc >bad.enc
    "$cloister" seal bad.enc --from-fernet fernet.key -o bad.sealed --raw-key key >out 2>err
    { [ $? -ne 0 ] && [ ! -e bad.sealed ]; } || broken=1
    at=$((at + 1))
done
[ $broken -eq 0 ]
point 'a Fernet file changed or cut anywhere is not sealed'
gives 1 seal fernet.enc --from-fernet id.pub -o x --raw-key key && printf 'no key' >no.key && gives 5 seal fernet.enc --from-fernet no.key -o x --raw-key key
point 'a Fernet key that is none'
if python3 -c 'import cryptography' 2>/dev/null; then
    python3 -c '
import os
from cryptography.fernet import Fernet
key = Fernet.generate_key()
open("py.key", "wb").write(key)
for n in (1, 16, 1048575, 1048576, 3000001):
    data = os.urandom(n)
    open("py.%d" % n, "wb").write(data)
    open("py.%d.enc" % n, "wb").write(Fernet(key).encrypt(data))'
    same=0
    for n in 1 16 1048575 1048576 3000001; do
        gives 0 seal py.$n.enc --from-fernet py.key -o py.sealed --raw-key key --force && gives 0 unseal py.sealed -o py.out --raw-key key --force && cmp -s py.out py.$n || same=1
    done
    [ $same -eq 0 ]
    point 'Fernet files of the tool they come from'
fi

echo "1..$count"
[ "$failed" -eq 0 ]
