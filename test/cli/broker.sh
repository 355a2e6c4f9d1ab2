#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The broker's commands from outside, with a model sealed by the tool: what they print, their exit codes, the words NOT A
# TEE, secrets by file or descriptor alone.  TAP on standard output.
# usage: BUILD=build/release test/cli/broker.sh   (from the root)
set -u
cloister=${CLOISTER:-$PWD/${BUILD:-build/release}/cloister}
model=$PWD/test/data/stories260K/stories260K.gguf
examples=$PWD/spec/examples
work=$(mktemp -d) || exit 1
broker=
. "$PWD/test/cli/tap.sh"
trap '[ -z "$broker" ] || kill -9 "$broker"; rm -rf "$work"' EXIT
cd "$work" || exit 1

# ---- init ----
gives 1 broker serve b && grep -q 'broker init' err
point 'serve without a broker: says how to make one'
gives 0 broker init b && [ "$(stat -c %a b b/kek b/tls.key | tr '\n' ' ')" = '700 600 600 ' ] && ! grep -q 'NOT A TEE' out
point 'init: a directory and secrets for the owner alone'
grep -q 'b/kek' err
point 'init warns that the KEK lies beside what it protects'
gives 1 broker init b && grep -q 'nothing was changed' err
point 'init never touches what is there'
mkdir full && touch full/file && gives 1 broker init full && [ -e full/file ] && ! ls -d full.new-* 2>/dev/null
point 'nor a directory that is no broker, and leaves no draft'
mkdir real && ln -s real linked && gives 0 broker init linked/b && gives 0 broker log real/b && rm -r real/b
point 'a path through a link'
gives 1 broker init /proc/nowhere/b
point 'init where nothing can be made'
gives 0 simulator new sim && gives 0 broker trust b --simulator-root sim.pub && grep -q 'NOT A TEE' out
point 'EV-6 trust says NOT A TEE'
gives 1 broker trust b && gives 1 broker trust b --simulator-root missing && gives 5 broker trust b --simulator-root "$model.md"
[ -s err ] && gives 5 broker trust b --simulator-root b/broker.pub
point 'trust wants the file of a public key'

# ---- KEK ----
gives 0 broker init c --kek c.kek && [ ! -e c/kek ] && [ "$(stat -c %a c.kek)" = 600 ] && [ ! -s err ]
point 'RL-9 a KEK elsewhere'
"$cloister" seal "$model" -o c.sealed --for c/broker.pub >/dev/null 2>&1
gives 1 broker add c c.sealed && gives 4 broker add c c.sealed --kek b/kek && grep -q 'wrong KEK' err
point 'RL-8 without it, or with another, nothing opens'
gives 0 broker add c c.sealed --kek c.kek
point 'with it the key is taken'
chmod 640 c.kek && gives 4 broker add c c.sealed --kek c.kek && grep -q 'chmod 600' err
point 'RL-9 a KEK that others can read is refused'
printf 'correct horse battery staple\n' >phrase && chmod 600 phrase
gives 0 broker init d --passphrase-file phrase && [ ! -e d/kek ]
point 'RL-9 a passphrase from a file'
"$cloister" seal "$model" -o d.sealed --for d/broker.pub >/dev/null 2>&1
gives 0 broker add d d.sealed --passphrase-file /dev/fd/3 3<phrase
point 'RL-9 or from a descriptor'
printf 'incorrect horse battery\n' >phrase && gives 4 broker add d d.sealed --passphrase-file phrase
point 'RL-9 a wrong passphrase is refused'
gives 1 broker add d d.sealed && grep -q -- '--passphrase-file' err
point 'a missing one is asked for'
printf 'short\n' >phrase && gives 1 broker init e --passphrase-file phrase && [ ! -e e ] && ! ls -d e.new-* 2>/dev/null
point 'a short one is refused, and nothing is left behind'

# ---- add ----
"$cloister" seal "$model" -o sealed --for b/broker.pub >/dev/null 2>&1
gives 0 broker add b sealed && grep -q '^model root [0-9a-f]\{64\}$' out && root=$(sed -n 's/^model root //p' out)
point 'add names the model'
gives 1 broker add b c.sealed && grep -q 'not sealed for this broker' err
point 'a model sealed for another broker'
gives 5 broker add b "$model"
point 'a file that is not sealed'
head -c 70000 sealed >cut && gives 5 broker add b cut
point 'a sealed file cut short'
gives 1 broker add b missing
point 'a file that is not there'

# ---- policy ----
measured=$(printf '%096d' 0)
cat >policy <<END
{"version":1,"kinds":["simulator"],"measurements":["$measured"],"minimum_tcb":[1],"debug":false,
 "configurations":["$(printf '%064d' 0)"],"model_roots":["${root:-}"],"labels":["simulator"]}
END
gives 0 broker policy b demo policy && grep -q 'NOT A TEE' out
point 'EV-6 a policy that accepts the simulator says NOT A TEE'
gives 0 broker policy b && [ "$(cat out)" = demo ] && gives 0 broker policy b demo && cmp -s out policy
point 'policies are listed and shown'
for field in kinds measurements minimum_tcb debug configurations model_roots labels; do
    tr '\n' ' ' <policy | sed "s/\"$field\":\(\[[^]]*\]\|false\),\?//;s/,}/}/;s/, *}/}/" >part
    gives 5 broker policy b part part && grep -q "\"$field\" is absent" err
    point "PO-2 a policy without $field is not taken"
done
sed 's/"debug":false/"debug":true/' policy >part && gives 4 broker policy b part part
point 'PO-5 nor one that allows debugging'
gives 5 broker policy b part "$examples/attestation.json" && gives 1 broker policy b part missing && gives 1 broker policy b 'a/b' policy
point 'nor what is no policy'
gives 1 broker policy b other --remove && gives 1 broker policy b --remove && gives 1 broker policy b other
point 'what is not there is neither removed nor shown'

# ---- serve, log ----
"$cloister" broker serve b --listen 127.0.0.1:0 >announced 2>err &
broker=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q 'NOT A TEE' announced && break
    sleep 0.1
done
grep -q '^broker  *https://127.0.0.1:[0-9]' announced && grep -q '^TLS key  *sha256 [0-9a-f]\{64\}$' announced && grep -q 'NOT A TEE' announced
point 'serve says where, under which key, and NOT A TEE'
gives 1 broker serve b --listen 127.0.0.1:0 && grep -q 'another broker serves' err
point 'RL-10 a second one is refused'
port=$(sed -n 's/.*127.0.0.1:\([0-9]*\)$/\1/p' announced)
gives 1 broker serve c --listen "127.0.0.1:$port" --kek c.kek || gives 4 broker serve c --listen "127.0.0.1:$port" --kek c.kek
chmod 600 c.kek && gives 1 broker serve c --listen "127.0.0.1:$port" --kek c.kek && grep -q "127.0.0.1:$port" err
point 'a taken port is named'
gives 3 verify "https://127.0.0.1:$port"
point 'a broker is no enclave'
gives 0 broker log b && tail -n 1 out | grep -q 'the chain holds'
point 'the log can be read while the broker runs'
gives 0 broker log b --json && [ "$(grep -c '"hash"' out)" -eq "$(sed -n 's/^{"records":\([0-9]*\),.*/\1/p' out)" ]
point 'also as JSON'
kill -9 "$broker" && wait "$broker" 2>/dev/null
broker=
printf '{"seq":' >>b/audit.log && gives 0 broker log b && grep -q 'incomplete record of 7 bytes' err
point 'RL-12 an incomplete record is reported'
gives 0 broker policy b demo policy && gives 0 broker log b && grep -q 'cut off an incomplete last record of 7 bytes' out
point 'RL-12 and cut off by the next, which says so'
cp b/audit.log whole && sed -i '2s/"ok"/"no"/' b/audit.log && gives 5 broker log b && grep -q 'line 2' err && gives 5 broker serve b
point 'RL-11 a changed record is found, and serve refuses'
cp whole b/audit.log && sed -i '$d' b/audit.log && gives 2 broker log b && gives 2 broker serve b && grep -q 'cut short' err
point 'RL-13 so is a log that was cut short'
cp whole b/audit.log && gives 0 broker log b
point 'the whole one is good again'
! grep -rqF "$(cat b/kek)" out err announced b/audit.log
point 'RL-14 no secret was printed or logged'

echo "1..$count"
[ "$failed" -eq 0 ]
