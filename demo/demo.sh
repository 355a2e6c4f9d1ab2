#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo/demo.sh [FILE.gguf]: the whole trust chain on this machine, with the simulator instead of a TEE.  Every step runs
# the real programs; a step that does not do what it should ends the demo with status 1.  From the root, after `make`.
set -eu
build=${BUILD:-build/release}
cloister=$PWD/$build/cloister
enclave=$PWD/$build/cloister-enclave
model=${1:-test/data/stories260K/stories260K.gguf}
[ -f "$model" ] || { echo "demo: error: no file $model" >&2; exit 1; }
[ "$(head -c 4 "$model")" = GGUF ] || {
    echo "demo: error: $model is no GGUF file" >&2
    echo "demo: hint: \`cloister convert\` makes one of a folder of safetensors" >&2
    exit 1
}
model=$(realpath "$model")
prompt='Once upon a time'
work=$(mktemp -d "${TMPDIR:-/tmp}/cloister-demo-XXXXXX")
broker_pid=
enclave_pid=
summary=
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold= plain=; fi

end() {
    [ -z "$enclave_pid" ] || kill "$enclave_pid" 2>/dev/null || :
    [ -z "$broker_pid" ] || kill "$broker_pid" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM

step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
done_with() { summary="$summary$(printf '  %-34s %s' "$1" "$2")
"; }
give_up() { echo "demo: error: $1" >&2; exit 1; }

# wait_for FILE TEXT PID: until the file holds the text; gives up when the process ends first
wait_for() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || { cat "$1"; give_up "it ended before it said: $2"; }
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || give_up "it did not say within two minutes: $2"
        sleep 0.1
    done
}

# member FILE NAME: the value of a text or number in JSON of ours
member() { sed -n "s/.*\"$2\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" "$1" | head -n 1; }

# refused WANTED_CODE WHAT COMMAND...: runs a command that must be refused with that exit code, and shows its words
refused() {
    wanted=$1
    what=$2
    shift 2
    code=0
    "$@" >"$work/refused" 2>&1 || code=$?
    grep -vE 'process (started|ended)|NOT A TEE' "$work/refused" | sed 's/^/  /'
    [ "$code" -eq "$wanted" ] || give_up "$what: wanted exit code $wanted, saw $code"
    echo "  exit code $code"
    done_with "$what" 'refused'
}

cd "$work"
echo "NOT A TEE: this machine's evidence comes from the simulator; everything else is real."

step '1. The model owner seals the model for the broker'
"$cloister" simulator new sim.key >/dev/null
"$cloister" broker init broker --simulator-root sim.key.pub | sed 's/^/  /'
"$cloister" seal "$model" -o model.sealed --for broker/broker.pub | sed 's/^/  /'
"$cloister" inspect model.sealed --json >inspect.json
root=$(member inspect.json root)
key_id=$(member inspect.json file_id)
done_with 'sealed, root' "$(echo "$root" | cut -c1-16)..."

step '2. The broker takes the wrapped key and serves'
"$cloister" broker add broker model.sealed | sed 's/^/  /'
"$cloister" broker serve broker --listen 127.0.0.1:0 >broker.log 2>&1 &
broker_pid=$!
wait_for broker.log 'sha256 [0-9a-f]\{64\}' "$broker_pid"
sed 's/^/  /' broker.log
broker_url=$(grep -oE 'https://[0-9.:]+' broker.log | head -n 1)
pin=$(sed -n 's/.*sha256 \([0-9a-f]\{64\}\).*/\1/p' broker.log | head -n 1)

step '3. The owner registers the release policy'
cat >enclave.json <<END
{"version":1,"listen":"127.0.0.1:0","model":"model.sealed","model_name":"demo","model_root":"$root",
 "evidence":{"kind":"simulator","key":"sim.key"},
 "key":{"from":"broker","url":"$broker_url","spki_sha256":"$pin"},
 "threads":$(nproc),"sequences":4,"context":2048,"batch":128,
 "egress_bits_per_hour":1000000,"exfiltration_floor_s":3600,"user_base":61800}
END
measurement=$("$cloister" simulator measure "$enclave")
labels='"simulator"'
[ "$(id -u)" -eq 0 ] || labels='"simulator","unlocked-memory","shared-user"' # what a start without root cannot do
configuration=$(sha256sum enclave.json | cut -d' ' -f1)
policy() {
    printf '{"version":1,"kinds":["simulator"],"measurements":["%s"],"minimum_tcb":[1],"debug":false,' "$1"
    printf '"configurations":["%s"],"model_roots":["%s"],"labels":[%s]}\n' "$configuration" "$root" "$labels"
}
policy "$measurement" >policy.json
"$cloister" broker policy broker demo policy.json | sed 's/^/  /'

step '4. The enclave proves itself, gets the key and opens the model'
"$enclave" --config enclave.json >enclave.log 2>&1 &
enclave_pid=$!
wait_for enclave.log 'serving' "$enclave_pid"
sed 's/^/  /' enclave.log
url=$(grep -oE 'https://[0-9.:]+' enclave.log | head -n 1)
done_with 'key released, model opened' "$(sed -n 's/.*model opened, //p' enclave.log)"
done_with 'time to exfiltrate the weights' "$(sed -n 's/.*permitted egress, seconds \([0-9]*\),.*/\1 s/p' enclave.log)"

step '5. The client verifies the evidence before it sends anything'
"$cloister" verify "$url" --policy policy.json --simulator-root sim.key.pub --save bundle.json | sed 's/^/  /'
done_with 'evidence' 'verified (NOT A TEE)'

step '6. A private chat: only the enclave can read it'
echo "  prompt: $prompt"
"$cloister" chat "$url" --policy policy.json --simulator-root sim.key.pub --prompt "$prompt" --temperature 0 \
    --max-tokens 100 --receipt receipt.json 2>chat.log | sed 's/^/  /'
grep -q 'the receipt holds' chat.log || {
    sed 's/^/  /' chat.log
    give_up 'the model does not answer a chat; the line above says why. Evidence, key and model were good.'
}
sed 's/^/  /' chat.log
done_with 'chat through OHTTP' 'answered'

step '7. The receipt is verified, without the server'
"$cloister" receipt verify receipt.json --attestation bundle.json --policy policy.json \
    --simulator-root sim.key.pub >receipt.log 2>&1 || { cat receipt.log; give_up 'the receipt does not hold'; }
sed 's/^/  /' receipt.log
done_with 'receipt' 'holds'

step '8. The auditor re-executes it: other kernels, other thread count'
"$cloister" replay receipt.json --model "$model" >replay.log 2>&1 || { cat replay.log; give_up 'the replay differs'; }
sed 's/^/  /' replay.log
done_with 'replay' 'the same tokens'

step '9. Refused: a nonce used twice'
release() {
    "$cloister" simulator release sim.key "$broker_url" --pin "$pin" --model-root "$root" --key-id "$key_id" \
        --measurement "$measurement" --configuration "$configuration" "$@"
}
release >first.log || give_up 'the first release was refused'
nonce=$(sed -n 's/.*nonce \([0-9a-f]\{64\}\).*/\1/p' first.log)
refused 4 'a replayed nonce' release --nonce "$nonce"

step '10. Refused: a wrong measurement'
kill "$enclave_pid"
wait "$enclave_pid" 2>/dev/null || :
enclave_pid=
policy "$(printf '%096d' 0)" >other.json
"$cloister" broker policy broker demo other.json >/dev/null
refused 4 'a wrong measurement' "$enclave" --config enclave.json
"$cloister" broker policy broker demo policy.json >/dev/null

step '11. Refused: one changed byte in a sealed chunk'
cp model.sealed good.sealed
printf '\001' | dd of=model.sealed bs=1 seek=100000 conv=notrunc 2>/dev/null
cmp -s good.sealed model.sealed && printf '\002' | dd of=model.sealed bs=1 seek=100000 conv=notrunc 2>/dev/null
refused 2 'a tampered chunk' "$enclave" --config enclave.json

step '12. The broker kept account of every release and refusal'
"$cloister" broker log broker | sed 's/^/  /'

step 'Summary (SIMULATOR - NOT A TEE)'
printf '%s' "$summary"
