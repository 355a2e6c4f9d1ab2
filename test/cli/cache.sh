#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The KV cache as its operator sees it: types and sizes that are said, found out or refused; a pool that is too small for
# all who ask at once; receipts of each type, computed again on other kernels with other numbers of threads.  TAP.
set -u
build=$PWD/${BUILD:-build/release}
cloister=$build/cloister
root_folder=$PWD
model=$PWD/test/data/stories260K/stories260K.gguf
. test/cli/tap.sh
work=$(mktemp -d) || exit 1
enclave_pid=
cleanup() {
    [ -z "$enclave_pid" ] || kill -9 "$enclave_pid" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
: >err

seal() { # MODEL: sealed as model.sealed; its root in $root
    rm -f model.sealed
    "$cloister" seal "$1" -o model.sealed --raw-key raw.key >out 2>&1
    root=$("$cloister" inspect model.sealed --json | sed -n 's/.*"root":"\([0-9a-f]*\)".*/\1/p')
}
# config SEQUENCES MEMBERS: enclave.json; MEMBERS begin with a comma, or are nothing
config() {
    cat >enclave.json <<END
{"version":1,"listen":"127.0.0.1:0","model":"model.sealed","model_name":"m","model_root":"$root",
"evidence":{"kind":"simulator","key":"sim.key"},"key":{"from":"environment"},"threads":2,"sequences":$1,
"batch":256,"egress_bits_per_hour":10000000,"exfiltration_floor_s":1,"user_base":25000$2}
END
}
start() { # as config
    config "$1" "$2"
    : >enclave.log
    MODEL_KEY_BASE64=$(tr -d '\n' <raw.key) "$build/cloister-enclave" --config enclave.json >enclave.log 2>&1 &
    enclave_pid=$!
    tries=0
    until grep -q serving enclave.log; do
        kill -0 "$enclave_pid" 2>/dev/null && [ "$tries" -lt 300 ] || return 1
        tries=$((tries + 1))
        sleep 0.1
    done
    url=$(grep -oE 'https://[0-9.:]+' enclave.log | head -n 1)
}
stop() {
    kill "$enclave_pid"
    wait "$enclave_pid" 2>/dev/null
    enclave_pid=
}
# refused CODE PATTERN NAME, of what config wrote: one line of error
refused() {
    MODEL_KEY_BASE64=$(tr -d '\n' <raw.key) timeout 60 "$build/cloister-enclave" --config enclave.json >out 2>&1
    code=$?
    [ "$code" -eq "$1" ] && grep -qE "cloister: error: .*$2" out && [ "$(grep -c 'error:' out)" -eq 1 ]
    point "$3"
}
post() { # FILE BODY
    curl -sk --max-time 60 -o "$1" -w '%{http_code}' "$url/v1/completions" -H 'Content-Type: application/json' -d "$2"
}
text_of() { sed -n 's/.*"text":\("[^"]*"\).*/\1/p' "$1"; }

"$cloister" simulator new sim.key >out 2>&1 && "$cloister" keys new raw.key >>out 2>&1 && seal "$model"
point 'set-up'

# ---- what is refused before anything is served ----
config 3 ',"kv_cache":"q4"'
refused 5 'configuration: "kv_cache" must be "bf16", "q8" or "f32"' 'a type that there is not'
config 3 ',"kv_cache_bytes":"1GiB"'
refused 5 '"kv_cache_bytes" must be a whole number from 1 to 1125899906842624' 'a size that is no number'
config 3 ',"context":128,"kv_cache_bytes":122879'
refused 1 '"kv_cache_bytes" of 122879 holds less than one sequence: 128 tokens in bf16 take 122880; raise it or lower "context"' \
    'a pool that is a byte short of one sequence'
config 3 ',"kv_cache_bytes":1000'
refused 1 '"kv_cache_bytes" of 1000 holds less than one sequence: 64 tokens in bf16 take 61440; raise it' 'less than a page'
python3 "$root_folder/test/models/make.py" llama Q8_0 long.gguf --context 1048576 && seal long.gguf && config 256 ''
refused 1 'too little memory: free are [0-9]+; bytes wanted: weights [0-9]+, KV cache 412316860416, the rest [0-9]+; lower "kv_cache_bytes"' \
    'a context and sequences that this machine has no memory for: the sum, and what to lower'

# ---- what is found out ----
start 256 ',"kv_cache_bytes":1000000' && grep -q 'vault: KV cache bf16, tokens 640, bytes 983040$' enclave.log
point 'the same with a size: the pool is printed'
curl -sk "$url/v1/models" >out && grep -q '"context_length":640' out
point 'and a context that is not said is what the pool holds'
[ "$(post out '{"model":"m","prompt":"a","max_tokens":1}')" = 200 ]
point 'it serves'
stop
seal "$model"
start 3 '' && grep -q 'vault: KV cache bf16, tokens 384, bytes 368640$' enclave.log
point 'nothing said: BF16, three sequences of all that the model can'
stop
start 3 ',"context":64,"kv_cache":"f32"' && grep -q 'vault: KV cache f32, tokens 192, bytes 368640$' enclave.log
point 'F32: twice the bytes for half the context'
stop

# ---- one pool, one sequence long, for three at once ----
start 3 ',"kv_cache":"q8","kv_cache_bytes":100000' && grep -q 'vault: KV cache q8, tokens 128, bytes ' enclave.log
point 'Q8: a pool of 128 tokens for three sequences'
long_one='{"model":"m","prompt":"Once upon a time","temperature":1,"seed":5,"max_tokens":110}'
short_one='{"model":"m","prompt":"Once upon a time","temperature":1,"seed":5,"max_tokens":20}'
[ "$(post long "$long_one")" = 200 ] && [ "$(post short "$short_one")" = 200 ] && [ -n "$(text_of long)" ]
point 'each alone'
pids=
for i in 1 2 3 4 5 6; do
    post "long.$i" "$long_one" >"long.$i.code" &
    pids="$pids $!"
    post "short.$i" "$short_one" >"short.$i.code" &
    pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
good=0
for i in 1 2 3 4 5 6; do
    for kind in long short; do
        [ "$(cat "$kind.$i.code")" = 200 ] && [ "$(text_of "$kind.$i")" = "$(text_of "$kind")" ] || good=1
    done
done
[ "$good" -eq 0 ]
point 'twelve at once, more than twice what the pool holds: each waits its turn and gets the text that it gets alone'
words=$(printf 'once %.0s' $(seq 400))
[ "$(post out "{\"model\":\"m\",\"prompt\":\"$words\"}")" = 400 ] && grep -q '"code":"context_length_exceeded"' out &&
    grep -q "the prompt is too long: this model's context length is 128 tokens here" out
point 'a prompt beyond the pool: 400, context_length_exceeded, and how long it may be'
[ "$(post out '{"model":"m","prompt":"Once","max_tokens":100000,"temperature":0}')" = 200 ] &&
    grep -qE '"completion_tokens":[0-9]+' out
point 'more tokens asked for than there is room: as many as there is, as ever'
curl -sk --max-time 20 -o streamed "$url/v1/completions" -d '{"model":"m","prompt":"Once","max_tokens":110,"n":3,"seed":1,"stream":true}'
grep -q '^data: \[DONE\]' streamed && sed -n 's/^: cloister-receipt //p' streamed >receipt.json &&
    gives 0 replay receipt.json --model "$model" --isa scalar --threads 3
point 'three choices of one stream, one after the other in that pool: whole, and their receipt replays'
stop

# ---- receipts ----
for type in bf16 q8 f32; do
    start 2 ",\"kv_cache\":\"$type\""
    [ "$(post out "$long_one")" = 200 ]
    point "$type: an answer"
    cp out "answer.$type"
    id=$(sed -n 's/.*"id":"[a-z]*-\([0-9a-f]*\)".*/\1/p' out)
    curl -sk "$url/v1/receipts/$id" >"receipt.$type"
    grep -q "\"kv_cache\":\"$type\",\"model_root\"" "receipt.$type"
    point "$type: the receipt names it"
    for how in '--isa scalar --threads 1' '--isa scalar --threads 3' '--threads 2' '--threads 5' ''; do
        # shellcheck disable=SC2086
        gives 0 replay "receipt.$type" --model "$model" $how && grep -qE '([1-9][0-9]*) of \1 equal' out
        point "$type: its receipt replays ${how:-as the tool chooses}"
    done
    stop
done
[ "$(text_of answer.bf16)" != "$(text_of answer.q8)" ]
point 'the type makes a difference: BF16 and Q8 draw other texts with the same seed'
sed 's/"kv_cache":"q8"/"kv_cache":"bf16"/' receipt.q8 >forged
gives 2 replay forged --model "$model" && grep -q 'signature' out
point 'a receipt with its type exchanged is not what was signed'
sed 's/"kv_cache":"q8"/"kv_cache":"q4"/' receipt.q8 >forged
gives 5 replay forged --model "$model" && grep -q "the receipt's kv_cache is missing or not of its form" err
point 'one with a type that there is not is malformed'
sed 's/cloister receipt v3/cloister receipt v2/; s/"kv_cache":"q8",//' receipt.q8 >old
gives 5 replay old --model "$model" && grep -q 'no receipt of version 3' err
point 'one of version 2 is refused, by its version'

# ---- the tool's benchmark ----
for type in bf16 q8 f32; do
    gives 0 bench --model "$model" --kv-cache "$type" --prompt 16 --decode 4 --json && grep -q "\"kv_cache\":\"$type\"" out
    point "bench --kv-cache $type"
done
gives 1 bench --model "$model" --kv-cache q4 && grep -q 'bf16, q8 or f32' err
point 'bench with a type that there is not'
echo "1..$count"
[ "$failed" -eq 0 ]
