#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a client may ask of the running enclave: every option of the sampler, several choices, log-probabilities, text
# that keeps to a grammar or a schema; each answer is checked by python3 alone, and its receipt is computed again on
# other kernels with other numbers of threads.  TAP.
set -u
build=${BUILD:-build/release}
cloister=$PWD/$build/cloister
enclave=$PWD/$build/cloister-enclave
model=$PWD/test/data/stories260K/stories260K.gguf
work=$(mktemp -d) || exit 1
count=0
enclave_pid=

ok() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        [ ! -s "$work/out" ] || { head -c 2000 "$work/out" | sed 's/^/#   /'; echo; }
        [ ! -s "$work/err" ] || { head -c 2000 "$work/err" | sed 's/^/#   /'; echo; }
    fi
}
is() { # WANTED SEEN NAME
    [ "$1" = "$2" ]
    ok $? "$3 ($2)"
}
has() { grep -qE -- "$2" "$1"; ok $? "$3"; }
cleanup() {
    [ -z "$enclave_pid" ] || kill -9 "$enclave_pid" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

{
    "$cloister" simulator new sim.key && "$cloister" keys new raw.key &&
        "$cloister" seal "$model" -o model.sealed --raw-key raw.key
} >out 2>&1
ok $? 'set-up'
root=$("$cloister" inspect model.sealed --json | sed -n 's/.*"root":"\([0-9a-f]*\)".*/\1/p')

# start LOGPROBS THREADS
start() {
    cat >enclave.json <<END
{"version":1,"listen":"127.0.0.1:0","model":"model.sealed","model_name":"m","model_root":"$root",
"evidence":{"kind":"simulator","key":"sim.key"},"key":{"from":"environment"},"threads":$2,"sequences":3,"context":512,
"batch":16,"egress_bits_per_hour":10000000,"exfiltration_floor_s":1,"user_base":20000$1}
END
    : >enclave.log
    MODEL_KEY_BASE64=$(tr -d '\n' <raw.key) "$enclave" --config enclave.json >enclave.log 2>&1 &
    enclave_pid=$!
    tries=0
    until grep -q serving enclave.log; do
        kill -0 "$enclave_pid" 2>/dev/null || return 1
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.1
    done
    url=$(grep -oE 'https://[0-9.:]+' enclave.log | head -n 1)
}
stop() {
    kill "$enclave_pid"
    wait "$enclave_pid" 2>/dev/null
    enclave_pid=
}
post() { # PATH BODY
    curl -sk --max-time 60 -o out -w '%{http_code}' "$url$1" -H 'Content-Type: application/json' -d "$2"
}
chat() { # MEMBERS
    post /v1/chat/completions '{"model":"m","messages":[{"role":"user","content":"Once upon a time"}],"max_tokens":120,'"$1}"
}
complete() { # MEMBERS
    post /v1/completions '{"model":"m","prompt":"Once upon a time","max_tokens":20,'"$1}"
}
# python CODE: judges the answer `a`, whose choices' texts are `t`
python() {
    cat >judge.py <<'END'
import json, sys
a = json.load(open("out"))
t = [c["message"]["content"] if "message" in c else c["text"] for c in a["choices"]]
exec(sys.argv[1])
END
    python3 judge.py "$1" 2>err
}
# replays NAME: the receipt of the answer in out, on scalar with three threads and as the tool chooses
replays() {
    id=$(sed -n 's/.*"id":"[a-z]*-\([0-9a-f]*\)".*/\1/p' out)
    curl -sk --max-time 20 -o receipt.json "$url/v1/receipts/$id" && echo >>receipt.json
    "$cloister" replay receipt.json --model "$model" --isa scalar --threads 3 >replayed 2>&1 &&
        "$cloister" replay receipt.json --model "$model" >>replayed 2>&1
    code=$?
    [ "$code" -eq 0 ] || cp replayed out
    ok $code "$1: its receipt replays"
}

start ',"logprobs":true' 2
ok $? 'the enclave serves'

# ---- the sampler ----
is 200 "$(chat '"temperature":1.1,"top_k":50,"top_p":0.95,"min_p":0.02,"typical_p":0.9,"repeat_penalty":1.2,"repeat_last_n":32,"frequency_penalty":0.5,"presence_penalty":0.3,"seed":7,"logit_bias":{"420":-100,"300":2,"5":false}')" 'every option'
replays 'every option'
is 200 "$(complete '"temperature":0,"logit_bias":{"403":100}')" 'a bias'
python 'b = t[0]; sys.exit(len(b) == 0)'
ok $? 'gives text'
replays 'a bias'
is 200 "$(complete '"temperature":0,"logit_bias":{"2":100}')" 'a bias towards the end'
python 'sys.exit(not (t[0] == "" and a["choices"][0]["finish_reason"] == "stop"))'
ok $? 'ends at once'
is 200 "$(complete '"temperature":0,"logit_bias":{"2":100},"ignore_eos":true')" 'unless the end is ignored'
python 'sys.exit(not (len(t[0]) > 20 and a["choices"][0]["finish_reason"] == "length"))'
ok $? 'then it goes on'
replays 'an ignored end'
is 200 "$(complete '"temperature":0,"stop_token_ids":[403]')" 'a token that stops'
replays 'a token that stops'

# ---- choices ----
is 200 "$(complete '"n":5,"seed":3,"temperature":1')" 'five choices in three slots'
python 'sys.exit(not (len(set(t)) == 5 and [c["index"] for c in a["choices"]] == list(range(5)) and a["usage"]["completion_tokens"] <= 100))'
ok $? 'they differ, and are in order'
cp out five
replays 'five choices'
is 200 "$(complete '"seed":5,"temperature":1')" 'the third alone'
python 'b = json.load(open("five")); sys.exit(t[0] != b["choices"][2]["text"])'
ok $? 'has the seed after the next'
curl -sk --max-time 60 -o out "$url/v1/chat/completions" -d '{"model":"m","messages":[{"role":"user","content":"Once"}],"n":3,"stream":true,"max_tokens":10,"seed":1,"logprobs":true,"top_logprobs":1,"stream_options":{"include_usage":true}}'
cat >stream.py <<'END'
import json, sys
texts, roles, ends, told, receipt = {}, [], [], 0, None
for event in open("out").read().split("\n\n"):
    if event.startswith(": cloister-receipt "):
        receipt = json.loads(event[19:])
        open("receipt.json", "w").write(event[19:] + "\n")
    elif event.startswith("data: {"):
        a = json.loads(event[6:])
        for c in a["choices"]:
            texts[c["index"]] = texts.get(c["index"], "") + c["delta"].get("content", "")
            roles += ["role"] * ("role" in c["delta"])
            ends += [c["index"]] * (c["finish_reason"] is not None)
            told += len((c.get("logprobs") or {"content": []})["content"])
tokens = sum(c["tokens"] for c in receipt["statement"]["choices"])
print(texts, roles, ends, told, tokens)
sys.exit(not (sorted(texts) == [0, 1, 2] and len(roles) == 3 and sorted(ends) == [0, 1, 2] and told == tokens == 30))
END
python3 stream.py >err 2>&1
ok $? 'three streamed at once: texts, roles, ends and log-probabilities of each'
"$cloister" replay receipt.json --model "$model" >replayed 2>&1
ok $? 'and their receipt replays'

# ---- log-probabilities ----
is 200 "$(chat '"temperature":0,"logprobs":true,"top_logprobs":4')" 'log-probabilities'
python 'import math
e = a["choices"][0]["logprobs"]["content"]
good = "".join(x["token"] for x in e) == t[0] and len(e) == a["usage"]["completion_tokens"]
for x in e:
    top = x["top_logprobs"]
    good = good and len(top) == 4 and x["logprob"] == top[0]["logprob"] and bytes(x["bytes"]).decode() == x["token"]
    good = good and sorted((y["logprob"] for y in top), reverse=True) == [y["logprob"] for y in top]
    good = good and 0 < sum(math.exp(y["logprob"]) for y in top) <= 1.0001
sys.exit(not good)'
ok $? 'of every token, the likeliest first, with at most 1 in all'
is 200 "$(complete '"temperature":0,"logprobs":2')" 'of a completion'
python 'l = a["choices"][0]["logprobs"]
sys.exit(not ("".join(l["tokens"]) == t[0] and len(l["token_logprobs"]) == 20 == len(l["top_logprobs"]) == len(l["text_offset"])
    and all(len(x) <= 2 and max(x.values()) == y for x, y in zip(l["top_logprobs"], l["token_logprobs"])) and l["text_offset"][1] == len(l["tokens"][0])))'
ok $? 'in the older shape'
is 200 "$(post /v1/completions '{"model":"m","prompt":[1,403,407,261,378],"max_tokens":5}')" 'a prompt of tokens'
is 400 "$(post /v1/completions '{"model":"m","prompt":[1,512],"max_tokens":5}')" 'of a token that there is not'

# ---- schemas and grammars ----
cat >schema.json <<'END'
{"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":12},"age":{"type":"integer","minimum":1,"maximum":99},
"pets":{"type":"array","items":{"enum":["cat","dog","bird"]},"minItems":1,"maxItems":3},"born":{"type":"string","format":"date"},
"home":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/place"}]}},"required":["name","age","pets","born"],"additionalProperties":false,
"$defs":{"place":{"type":"object","properties":{"town":{"type":"string","pattern":"^[A-Z][a-z]{1,8}$"}},"required":["town"]}}}
END
format='"response_format":{"type":"json_schema","json_schema":{"name":"person","strict":true,"schema":'$(tr -d '\n' <schema.json)'}}'
judge='import datetime, re
for x in t:
    v = json.loads(x)
    assert set(v) <= {"name", "age", "pets", "born", "home"} and {"name", "age", "pets", "born"} <= set(v)
    assert isinstance(v["name"], str) and 1 <= len(v["name"]) <= 12 and type(v["age"]) is int and 1 <= v["age"] <= 99
    assert 1 <= len(v["pets"]) <= 3 and set(v["pets"]) <= {"cat", "dog", "bird"} and datetime.date.fromisoformat(v["born"])
    h = v.get("home")
    assert h is None or (set(h) == {"town"} and re.fullmatch("[A-Z][a-z]{1,8}", h["town"]))
assert all(c["finish_reason"] == "stop" for c in a["choices"])'
is 200 "$(chat "\"temperature\":0,$format")" 'a schema'
python "$judge"
ok $? 'the answer is JSON that holds to it'
cp out greedy
replays 'a schema'
is 200 "$(chat "\"temperature\":1.5,\"n\":6,\"seed\":11,$format")" 'six choices, drawn'
python "$judge"
ok $? 'all hold to it'
cp out drawn
replays 'six choices with a schema'
is 200 "$(chat '"temperature":1,"seed":2,"response_format":{"type":"json_object"}')" 'any object'
python 'e = a["choices"][0]["finish_reason"]; sys.exit(not (e == "length" or isinstance(json.loads(t[0]), dict)))'
ok $? 'is one, or was cut at its length'
replays 'any object'
is 200 "$(chat '"temperature":1,"grammar":"root ::= (\"yes\" | \"no\" | \"na\u00efve \" [\u00e0-\u00ff]{2}) \"!\"{1,3}","n":8,"seed":4')" 'a grammar'
python 'import re; sys.exit(not all(re.fullmatch("(yes|no|naïve [à-ÿ]{2})!{1,3}", x) for x in t))'
ok $? 'is kept to by eight choices'
replays 'a grammar'
is 200 "$(chat '"temperature":0,"grammar":"root ::= \"a\"{3}","ignore_eos":true')" 'a grammar that ends, and an end that is ignored'
python 'sys.exit(not (t[0] == "aaa" and a["choices"][0]["finish_reason"] == "stop"))'
ok $? 'ends where the grammar does'
is 400 "$(chat '"temperature":0,"grammar":"root ::= a\na ::= \"x\" a \"y\" | \"x\" a \"z\""')" 'a grammar with too many ways'
has out 'ambiguous' 'is given up, and says so'
is 200 "$(complete '"temperature":0')" 'and the enclave serves on'
for body in '"grammar":"root ::= x"' '"grammar":"root ::= root \"a\""' '"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"number","multipleOf":2}}}' \
    '"logit_bias":{"512":1}' '"stop_token_ids":[600]' '"n":9' '"min_p":2' '"mirostat":1'; do
    is 400 "$(chat "$body")" "refused: $body"
done
"$cloister" chat "$url" --help >out 2>&1
has out 'json-schema' 'the tool has the options'
stop

# ---- other threads, no permission ----
start '' 1
ok $? 'the enclave serves with one thread, and without log-probabilities'
is 200 "$(chat "\"temperature\":0,$format")" 'the same request'
python 'b = json.load(open("greedy")); sys.exit(t[0] != b["choices"][0]["message"]["content"])'
ok $? 'gives the same bytes'
is 200 "$(chat "\"temperature\":1.5,\"n\":6,\"seed\":11,$format")" 'the six choices again'
python 'b = json.load(open("drawn")); sys.exit(t != [c["message"]["content"] for c in b["choices"]])'
ok $? 'are the same'
is 400 "$(chat '"logprobs":true')" 'log-probabilities are refused'
has out 'configuration' 'with a hint'
is 400 "$(complete '"logprobs":0')" 'also of a completion'
is 200 "$(chat '"logprobs":false')" 'not asking for them is fine'
stop
echo "1..$count"
