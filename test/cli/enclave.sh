#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The running enclave, as an operator, a client and an attacker meet it: start, answers, refusals, processes, ends, and
# a search for plaintext everywhere.  TAP.
set -u
build=${BUILD:-build/release}
cloister=$PWD/$build/cloister
enclave=$PWD/$build/cloister-enclave
model=$PWD/test/data/stories260K/stories260K.gguf
work=$(mktemp -d) || exit 1
count=0
broker_pid=
enclave_pid=

# ok STATUS NAME: one test point; a failure shows $work/out
ok() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        [ ! -s "$work/out" ] || { head -c 2000 "$work/out" | sed 's/^/#   /'; echo; }
    fi
}
has() { grep -qE -- "$2" "$1"; ok $? "$3"; }
has_not() { ! grep -qaE -- "$2" "$1"; ok $? "$3"; }

cleanup() {
    [ -z "$enclave_pid" ] || kill -9 "$enclave_pid" 2>/dev/null
    [ -z "$broker_pid" ] || kill -9 "$broker_pid" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

wait_for() { # FILE TEXT PID
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || return 1
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.1
    done
}

# ---- a broker, a sealed model, a configuration ----
{
    "$cloister" simulator new sim.key && "$cloister" broker init broker --simulator-root sim.key.pub &&
        "$cloister" keys new raw.key && "$cloister" seal "$model" -o model.sealed --for broker/broker.pub --raw-key raw.key &&
        "$cloister" broker add broker model.sealed
} >out 2>&1
ok $? 'set-up'
"$cloister" broker serve broker --listen 127.0.0.1:0 >broker.log 2>&1 &
broker_pid=$!
wait_for broker.log 'sha256 [0-9a-f]\{64\}' "$broker_pid"
ok $? 'broker serves'
broker_url=$(grep -oE 'https://[0-9.:]+' broker.log | head -n 1)
pin=$(sed -n 's/.*sha256 \([0-9a-f]\{64\}\).*/\1/p' broker.log | head -n 1)
root=$("$cloister" inspect model.sealed --json | sed -n 's/.*"root":"\([0-9a-f]*\)".*/\1/p')
measurement=$("$cloister" simulator measure "$enclave")
labels='"simulator"'
[ "$(id -u)" -eq 0 ] || labels='"simulator","unlocked-memory","shared-user"'

config() { # KEY-OBJECT
    cat <<END
{"version":1,"listen":"127.0.0.1:0","model":"model.sealed","model_name":"m","model_root":"$root",
 "evidence":{"kind":"simulator","key":"sim.key"},"key":$1,
 "threads":2,"sequences":3,"context":2048,"batch":16,"egress_bits_per_hour":10000000,"exfiltration_floor_s":1,
 "user_base":61800}
END
}
config "{\"from\":\"broker\",\"url\":\"$broker_url\",\"spki_sha256\":\"$pin\"}" >enclave.json
policy() { # CONFIGURATION-FILE
    printf '{"version":1,"kinds":["simulator"],"measurements":["%s"],"minimum_tcb":[1],"debug":false,' "$measurement"
    printf '"configurations":["%s"],"model_roots":["%s"],"labels":[%s]}\n' \
        "$(sha256sum "$1" | cut -d' ' -f1)" "$root" "$labels"
}

# ---- configurations that are wrong: one line, the documented exit code, nothing left running ----
wrong() { # NAME CODE PATTERN FILE
    timeout 30 "$enclave" --config "$4" >out 2>&1
    code=$?
    [ "$code" -eq "$2" ] && grep -qE "cloister: error: .*$3" out && [ "$(grep -c 'error:' out)" -eq 1 ]
    ok $? "refused with $2: $1"
}
wrong 'no configuration' 1 'nowhere.json' nowhere.json
echo '{' >bad.json
wrong 'no JSON' 5 'byte' bad.json
for member in version listen model model_name model_root evidence key threads sequences batch \
    egress_bits_per_hour exfiltration_floor_s user_base; do
    sed "s/\"$member\":/\"other\":/" enclave.json >bad.json
    wrong "\"$member\" is missing" 5 '"' bad.json
done
sed 's/"version":1/"version":2/' enclave.json >bad.json
wrong 'another version' 5 'version' bad.json
sed 's/"threads":2/"threads":2,"threads":2/' enclave.json >bad.json
wrong 'a member twice' 5 'twice' bad.json
sed 's/"kind":"simulator"/"kind":"tdx"/' enclave.json >bad.json
wrong 'evidence that this build cannot produce' 5 'simulator' bad.json
sed "s/$root/$(printf '%064d' 0)/" enclave.json >bad.json
wrong 'another model root' 4 'root' bad.json
sed 's/model.sealed/no.sealed/' enclave.json >bad.json
wrong 'no model' 1 'no.sealed' bad.json
sed 's/"model.sealed"/"enclave.json"/' enclave.json >bad.json
wrong 'a model that is none' 5 '.' bad.json
sed "s/$pin/$(printf '%064d' 1)/" enclave.json >bad.json
wrong 'a broker with another key' 2 '.' bad.json
sed "s|$broker_url|https://127.0.0.1:1|" enclave.json >bad.json
wrong 'a broker that is down' 3 '.' bad.json
sed "s|127.0.0.1:0|${broker_url#https://}|" enclave.json >bad.json
wrong 'a port that is taken' 1 'port|use' bad.json
sed 's/"exfiltration_floor_s":1,/"exfiltration_floor_s":99999999,/' enclave.json >bad.json
policy bad.json >policy.json && "$cloister" broker policy broker test policy.json >out 2>&1
wrong 'egress above the floor' 4 'exfiltration_floor_s' bad.json
wrong 'a configuration that the policy does not list' 4 'configuration' enclave.json
policy enclave.json >policy.json && "$cloister" broker policy broker test policy.json >out 2>&1
ok $? 'policy set'
for _ in $(seq 100); do # one that was told to end may still be wiping its memory
    [ -n "$(pgrep -f "$enclave --config")" ] || break
    sleep 0.1
done
[ -z "$(pgrep -f "$enclave --config")" ]
ok $? 'no process is left of any of these'

# ---- it serves ----
start() { # CONFIGURATION
    rm -f enclave.log
    "$enclave" --config "$1" >enclave.log 2>&1 &
    enclave_pid=$!
    wait_for enclave.log 'serving' "$enclave_pid"
}
start enclave.json
ok $? 'the enclave serves'
has enclave.log 'NOT A TEE' 'and says that this is no TEE'
url=$(grep -oE 'https://[0-9.:]+' enclave.log | head -n 1)
pid_of() { pgrep -P "$enclave_pid" -f -- "--role $1"; }

for role in warden gate scribe vault; do
    pid=$enclave_pid
    [ "$role" = warden ] || pid=$(pid_of "$role")
    [ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")" = 2 ] &&
        [ "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")" = 1 ] &&
        [ "$(awk '/^Max core file size/ { print $5 }' "/proc/$pid/limits")" = 0 ]
    ok $? "$role: seccomp filter, no new privileges, no core"
done
if [ "$(id -u)" -eq 0 ]; then
    users=$(for pid in $enclave_pid $(pgrep -P "$enclave_pid"); do awk '/^Uid:/ { print $2 }' "/proc/$pid/status"; done | sort -u)
    [ "$(echo "$users" | wc -l)" -eq 4 ] && ! echo "$users" | grep -qx 0
    ok $? 'four processes run as four users, none of them root'
    files=$(for role in scribe vault; do ls -l "/proc/$(pid_of "$role")/fd" | awk '$0 !~ /socket:|\/dev\/null|pipe:|enclave.log|^total/'; done)
    [ -z "$files" ]
    ok $? 'scribe and vault hold sockets to each other, and no file'
fi

# ---- answers ----
get() { curl -sk --max-time 20 -o out -w '%{http_code}' "$@"; }
post() { # PATH BODY
    get "$url$1" -H 'Content-Type: application/json' -d "$2"
}
is() { # WANTED SEEN NAME
    [ "$1" = "$2" ]
    ok $? "$3 ($2)"
}
is 200 "$(get "$url/health")" 'GET /health'
is 200 "$(get "$url/v1/models")" 'GET /v1/models'
has out '"id":"m"' 'it names the model'
is 200 "$(post /infer '{"prompt":"Once upon a time","max_new_tokens":30}')" 'POST /infer'
has out '"response":", there was a little girl named Lily' 'a story begins'
cp out infer.json
is 200 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"Once upon a time"}],"temperature":0,"max_tokens":30}')" 'POST /v1/chat/completions'
has out '"finish_reason":"length"' 'it says why it ended'
id=$(sed -n 's/.*"id":"chatcmpl-\([0-9a-f]*\)".*/\1/p' out)
is 200 "$(get "$url/v1/receipts/$id")" 'GET /v1/receipts/ID'
cp out receipt.json && echo >>receipt.json
"$cloister" replay receipt.json --model "$model" >out 2>&1
ok $? 'the receipt replays'
"$cloister" replay receipt.json --model model.sealed --raw-key raw.key --isa scalar --threads 3 >out 2>&1
ok $? 'also from the sealed model, scalar, with three threads'
is 404 "$(get "$url/v1/receipts/$(printf '%032d' 0)")" 'no receipt of that id'
is 200 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"Once upon a time"}],"temperature":0,"max_tokens":30,"stream":true,"stream_options":{"include_usage":true}}')" 'streamed'
[ "$(tail -n 2 out | head -n 1)" = 'data: [DONE]' ] && grep -q '"usage":{"prompt_tokens":5,"completion_tokens":30' out
ok $? 'with usage and the end mark'
is 200 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"Once upon a time"}],"temperature":0,"max_tokens":100,"stop":"Lily"}')" 'a stop text'
has out '"content":", there was a little girl named "' 'the answer ends before it'
has out '"finish_reason":"stop"' 'and says so'
sampled() { # SEED
    post /v1/chat/completions "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Once\"}],\"temperature\":1.2,\"max_tokens\":40,\"seed\":$1}" >/dev/null
    sed -n 's/.*"content":\(.*\)},"logprobs".*/\1/p' out
}
one=$(sampled 1) again=$(sampled 1) two=$(sampled 2)
[ -n "$one" ] && [ "$one" = "$again" ] && [ "$one" != "$two" ]
ok $? 'the same seed gives the same text, another seed another'
for i in 1 2 3 4 5 6 7 8; do
    curl -sk --max-time 60 -o "many.$i" "$url/infer" -d '{"prompt":"Once upon a time","max_new_tokens":30}' &
    jobs_pids="${jobs_pids-} $!"
done
for pid in $jobs_pids; do wait "$pid"; done
same=0
for i in 1 2 3 4 5 6 7 8; do
    [ "$(sed 's/"receipt_id.*//' "many.$i")" = "$(sed 's/"receipt_id.*//' infer.json)" ] || same=1
done
ok $same 'eight at once, three at a time: each gets the text that one alone gets'

# ---- refusals ----
long=$(printf 'a%.0s' $(seq 4097))
is 400 "$(post /infer "{\"prompt\":\"$long\"}")" 'a prompt over 4096 characters'
has out 'Prompt too long' 'in the words of the older server'
is 400 "$(post /infer '{"prompt":7}')" 'a prompt that is no text'
is 400 "$(post /infer '{"prompt":"x","max_new_tokens":0}')" 'no tokens wanted'
is 400 "$(post /infer '{"prompt":"x","max_new_tokens":-1}')" 'a negative number of tokens'
is 400 "$(post /infer '')" 'an empty body'
is 400 "$(post /infer '{"prompt":"a","prompt":"b"}')" 'a member twice'
is 400 "$(post /v1/chat/completions '[]')" 'no object'
is 400 "$(post /v1/chat/completions '{"model":"m","messages":[]}')" 'no messages'
is 404 "$(post /v1/chat/completions '{"model":"other","messages":[{"role":"user","content":"x"}]}')" 'another model'
is 400 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"x"}],"n":9}')" 'nine answers at once'
is 400 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}')" 'tools'
is 400 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":-1}')" 'a temperature below 0'
is 400 "$(post /v1/chat/completions '{"model":"m","messages":[{"role":"root","content":"x"}]}')" 'an unknown role'
words=$(printf 'once %.0s' $(seq 400))
is 400 "$(post /v1/chat/completions "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"$words\"}]}")" 'a prompt beyond the context'
printf '{"prompt":"\377"}' >raw
is 400 "$(get "$url/infer" --data-binary @raw)" 'no UTF-8'
head -c 1100000 /dev/zero | tr '\0' a >large
is 413 "$(get "$url/infer" --data-binary @large)" 'a body over 1 MiB'
is 404 "$(get "$url/nowhere")" 'no such path'
is 405 "$(get "$url/infer")" 'another method'
is 415 "$(post /ohttp x)" 'another content type'
head -c 300 /dev/urandom >raw
is 400 "$(get "$url/ohttp" -H 'Content-Type: message/ohttp-req' --data-binary @raw)" 'OHTTP that is none'
is 400 "$(get "$url/ohttp" -H 'Content-Type: message/ohttp-chunked-req' --data-binary @raw)" 'chunked OHTTP that is none'
is 400 "$(get "$url/v1/attestation")" 'attestation without a nonce'
is 400 "$(get "$url/v1/attestation?nonce=00")" 'a short nonce'
is 200 "$(get "$url/v1/attestation?nonce=$(printf '%064d' 7)")" 'attestation'
curl -sk --max-time 0.05 -N "$url/v1/chat/completions" -d '{"model":"m","messages":[{"role":"user","content":"Once"}],"stream":true}' >/dev/null 2>&1
is 200 "$(post /infer '{"prompt":"Once upon a time","max_new_tokens":30}')" 'it serves on after a client that went away'

# ---- the client ----
chat() { "$cloister" chat "$url" --simulator-root sim.key.pub --policy policy.json --temperature 0 --max-tokens 30 "$@"; }
marker='Zebra quokka 7319'
chat --prompt "$marker" >out 2>&1
ok $? 'chat'
has out 'the receipt holds' 'its receipt holds'
"$cloister" chat "$url" --simulator-root sim.key.pub --prompt x >out 2>&1
[ $? -ne 0 ] && grep -q 'nothing was sent' out
ok $? 'without a policy nothing is sent'
"$cloister" chat "$url" --policy policy.json --prompt x >out 2>&1
[ $? -ne 0 ] && grep -q 'nothing was sent' out
ok $? 'nor without a root to trust'
echo '{"type":"object","properties":{"good":{"type":"boolean"}},"required":["good"]}' >schema.json
chat --prompt hello --json-schema schema.json --top-k 40 --top-p 0.9 --min-p 0.1 --seed 3 --receipt form.json >out 2>err
[ $? -eq 0 ] && python3 -c 'import json; v = json.load(open("out")); assert list(v) == ["good"] and type(v["good"]) is bool'
ok $? 'chat with a schema: JSON that holds to it'
"$cloister" replay form.json --model "$model" >out 2>&1
ok $? 'its receipt replays'
printf 'root ::= "one" | "two"\n' >one.gbnf
chat --prompt hello --grammar one.gbnf >out 2>err
[ $? -eq 0 ] && grep -qxE 'one|two' out
ok $? 'chat with a grammar'
echo 'root ::= x' >bad.gbnf
chat --prompt hello --grammar bad.gbnf >out 2>&1
[ $? -ne 0 ] && grep -q 'there is no rule' out
ok $? 'a grammar that is none: the tool says why'
chat --prompt hello --grammar one.gbnf --json-schema schema.json >out 2>&1
is 1 $? 'not both'
echo '{' >bad.json
chat --prompt hello --json-schema bad.json >out 2>&1
is 5 $? 'a schema that is no JSON'
chat --prompt hello --grammar nowhere >out 2>&1
is 1 $? 'a file that is not there'
chat --prompt hello --min-p 2 >out 2>&1
is 1 $? 'a min-p above 1'
sed "s/$measurement/$(printf '%096d' 0)/" policy.json >other.json
"$cloister" verify "$url" --simulator-root sim.key.pub --policy other.json >out 2>&1
is 4 $? 'verify: another measurement is refused'

# ---- plaintext is nowhere ----
# the prompt of a chat through OHTTP, and a piece of the weights
dd if="$model" bs=1 skip=600000 count=24 of=needle 2>/dev/null
found=$(find . -type f ! -name needle ! -name '*.gguf' -exec grep -laF -- "$marker" {} + 2>/dev/null | grep -v '^\./out$')
[ -z "$found" ]
ok $? 'the prompt is in no file of the run'
cat >search.py <<'END'
import os, re, sys
needle = open(sys.argv[1], "rb").read() if sys.argv[1] != "-" else sys.argv[2].encode()
for pid in sys.argv[3:]:
    hits = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not span or "[v" in line:
                continue
            start, end = (int(x, 16) for x in span.groups())
            try:
                memory.seek(start)
                hits += memory.read(end - start).count(needle)
            except (OSError, ValueError, OverflowError):
                pass
    print(pid, hits)
END
if [ "$(id -u)" -eq 0 ] && python3 search.py - "$marker" $$ >/dev/null 2>&1; then
    python3 search.py - "$marker" "$enclave_pid" "$(pid_of gate)" "$(pid_of vault)" >out
    [ "$(awk '{ n += $2 } END { print n }' out)" = 0 ] && [ "$(wc -l <out)" -eq 3 ]
    ok $? 'the prompt is not in the memory of warden, gate or vault'
    python3 search.py - "$marker" "$(pid_of scribe)" >out
    [ "$(awk '{ n += $2 } END { print n }' out)" = 0 ]
    ok $? 'nor, once answered, in that of the scribe'
    python3 search.py needle x "$enclave_pid" "$(pid_of gate)" "$(pid_of scribe)" >out
    [ "$(awk '{ n += $2 } END { print n }' out)" = 0 ] && [ "$(wc -l <out)" -eq 3 ]
    ok $? 'the weights are not in the memory of warden, gate or scribe'
    python3 search.py needle x "$(pid_of vault)" >out
    [ "$(awk '{ n += $2 } END { print n }' out)" -gt 0 ] || [ -s out ]
    ok $? 'the search itself can read the vault'
else
    ok 0 'memory of the processes # SKIP not root, or ptrace is restricted'
fi
cat >search_files.py <<'END'
import os, sys
needle = open(sys.argv[1], "rb").read()
for folder in sys.argv[2:]:
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            try:
                if os.path.isfile(path) and not os.path.islink(path) and needle in open(path, "rb").read() \
                        and os.path.abspath(path) != os.path.abspath(sys.argv[1]):
                    print(path)
            except OSError:
                pass
END
python3 search_files.py needle . /dev/shm >out
[ ! -s out ]
ok $? 'the weights are in no file of the run and not in /dev/shm'
has_not enclave.log "$marker|Lily" 'neither prompt nor answer is in the log'
ls core* /tmp/core* >out 2>/dev/null
[ ! -s out ]
ok $? 'there is no core file'

# ---- ends ----
# gone PIDS: none of these runs; another test's enclave may
gone() {
    for pid in $1; do
        [ -z "$(tr -d '\0' 2>/dev/null <"/proc/$pid/cmdline")" ] || return 1
    done
} 2>/dev/null
pids=$(pgrep -P "$enclave_pid")
kill -TERM "$enclave_pid"
wait "$enclave_pid"
is 0 $? 'SIGTERM ends it in order'
[ "$(echo "$pids" | wc -l)" -eq 3 ] && gone "$pids" && [ -z "$(pgrep -f "$work")" ]
ok $? 'with all its processes'
for role in gate scribe vault; do
    start enclave.json || ok 1 "start before killing $role"
    pids=$(pgrep -P "$enclave_pid")
    kill -9 "$(pid_of $role)"
    wait "$enclave_pid"
    code=$?
    sleep 0.2
    [ "$code" -ne 0 ] && gone "$pids"
    ok $? "killing $role ends all, with an error ($code)"
done
start enclave.json || ok 1 'start before killing the warden'
pids=$(pgrep -P "$enclave_pid")
kill -9 "$enclave_pid"
wait "$enclave_pid" 2>/dev/null
sleep 0.5
gone "$pids"
ok $? 'killing the warden ends all'

# ---- the key from the environment ----
config '{"from":"environment"}' >local.json
"$enclave" --config local.json >out 2>&1
[ $? -eq 1 ] && grep -q MODEL_KEY_BASE64 out
ok $? 'MODEL_KEY_BASE64 is missed'
MODEL_KEY_BASE64=$(head -c 32 /dev/urandom | base64) "$enclave" --config local.json >out 2>&1
is 1 $? 'a wrong MODEL_KEY_BASE64'
rm -f enclave.log
MODEL_KEY_BASE64=$(tr -d '\n' <raw.key) "$enclave" --config local.json >enclave.log 2>&1 &
enclave_pid=$!
wait_for enclave.log serving "$enclave_pid"
ok $? 'the right one opens the model'
has enclave.log 'weaker' 'with a warning that says why it is weaker'
url=$(grep -oE 'https://[0-9.:]+' enclave.log | head -n 1)
is 200 "$(post /infer '{"prompt":"Once upon a time","max_new_tokens":5}')" 'and it serves'
policy local.json >local-policy.json
"$cloister" verify "$url" --simulator-root sim.key.pub --policy local-policy.json >out 2>&1
is 4 $? 'a client whose policy does not accept such a key refuses'
has out 'raw-key' 'and says so'
! tr '\0' '\n' <"/proc/$enclave_pid/environ" | grep -q "$(cut -c1-20 raw.key)"
ok $? 'the key is gone from the environment'
kill "$enclave_pid"
wait "$enclave_pid"
enclave_pid=
echo "1..$count"
