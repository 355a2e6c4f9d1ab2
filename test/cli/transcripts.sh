#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that can be wrong with a use of the tool: each ends with its documented exit code and one line of error, says
# nothing that looks like success, and leaves nothing behind.  What seal.sh and broker.sh look at is left to them.  TAP.
# usage: BUILD=build/release test/cli/transcripts.sh   (from the root)
set -u
build=$PWD/${BUILD:-build/release}
cloister=${CLOISTER:-$build/cloister}
model=$PWD/test/data/stories260K/stories260K.gguf
base=$(mktemp -d) || exit 1
work=$base/work
log=$base/log # not in the directory whose files are watched
mounted=
enclave_pid=
count=0
failed=0
unset MODEL_KEY_BASE64
cleanup() {
    [ -z "$enclave_pid" ] || kill "$enclave_pid" 2>/dev/null
    [ -z "$mounted" ] || umount "$mounted"
    rm -rf "$base"
}
trap cleanup EXIT
mkdir "$work" "$log" && cd "$work" || exit 1

# ok STATUS NAME: one test point
ok() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
        sed 's/^/#   /' "$log/seen" "$log/out" "$log/err" 2>/dev/null | head -n 16
    fi
}

files() { find . -printf '%p %s %m %i\n' | sort; }

# runs CODE WORDS...: the tool ends with that code
runs() {
    wanted=$1
    shift
    timeout 60 "$cloister" "$@" >"$log/out" 2>"$log/err" </dev/null
    code=$?
    echo "exit code $code, wanted $wanted" >"$log/seen"
    [ "$code" -eq "$wanted" ]
}

# fails CODE WORDS...: the tool fails as it should
fails() {
    files >"$log/before"
    runs "$@" || return 1
    echo 'not one line of error, or words of success, or files changed' >>"$log/seen"
    [ "$(grep -c '^cloister: error: .' "$log/err")" -eq 1 ] &&
        ! grep -qE '^(verified|replayed|released|raw key|identity|recipient|sealed |saved|broker made|simulator root)|"verified":true' "$log/out" &&
        files | cmp -s - "$log/before"
}

# refuses CODE WORDS...: the same as a test point, named by its words
refuses() {
    fails "$@"
    result=$?
    code=$1
    shift
    ok $result "$code: $(printf '%s' "$*" | tr '\n\377#' '???' | cut -c1-120)"
}

# unsaved WORDS...: what was verified stays so, but that it could not be kept is an error
unsaved() {
    files >"$log/before"
    runs 1 "$@" && [ "$(grep -c '^cloister: error: .' "$log/err")" -eq 1 ] && files | cmp -s - "$log/before"
    ok $? "1: $(printf '%s' "$*" | cut -c1-120)"
}

# ---- things to go wrong with ----
mkdir directory
: >empty
printf 'hello\n' >hello
head -c 3000 "$build/cloister" >binary
head -c 100000 /dev/zero | tr '\0' '[' >nested
runs 0 simulator new sim && runs 0 simulator new other && runs 0 keys new key && runs 0 keys new wrong-key &&
    runs 0 keys new --identity id && runs 0 keys new --identity stranger && runs 0 seal "$model" -o sealed --raw-key key --for id.pub
ok $? 'set-up'
root=$("$cloister" inspect sealed --json | sed -n 's/.*"root":"\([0-9a-f]*\)".*/\1/p')
measurement=$("$cloister" simulator measure "$build/cloister-enclave")
cat >enclave.json <<END
{"version":1,"listen":"127.0.0.1:0","model":"sealed","model_name":"m","model_root":"$root",
 "evidence":{"kind":"simulator","key":"sim"},"key":{"from":"environment"},
 "threads":2,"sequences":2,"context":512,"batch":16,"egress_bits_per_hour":10000000,"exfiltration_floor_s":1,
 "user_base":61900}
END
labels='"simulator","raw-key"'
[ "$(id -u)" -eq 0 ] || labels='"simulator","raw-key","unlocked-memory","shared-user"'
policy() { # MEASUREMENT
    printf '{"version":1,"kinds":["simulator"],"measurements":["%s"],"minimum_tcb":[1],"debug":false,' "$1"
    printf '"configurations":["%s"],"model_roots":["%s"],"labels":[%s]}\n' \
        "$(sha256sum enclave.json | cut -d' ' -f1)" "$root" "$labels"
}
policy "$measurement" >policy
policy "$(printf '%096d' 0)" >other-policy
cp "$build/cloister-enclave" "$base/enclave" # so that nobody who looks for that program's processes finds this one
MODEL_KEY_BASE64=$(cat key) "$base/enclave" --config enclave.json >"$log/enclave" 2>&1 &
enclave_pid=$!
for _ in $(seq 100); do
    grep -q serving "$log/enclave" && break
    sleep 0.1
done
url=$(grep -oE 'https://[0-9.:]+' "$log/enclave" | head -n 1)
runs 0 verify "$url" --policy policy --simulator-root sim.pub --save bundle &&
    runs 0 chat "$url" --policy policy --simulator-root sim.pub --prompt Once --max-tokens 8 --temperature 0 --receipt receipt
ok $? 'an enclave, its attestation and a receipt'
receipt_key=$(sed -n 's/.*"key":"\([0-9a-f]\{64\}\)".*/\1/p' receipt)
runs 0 receipt verify receipt --attestation bundle --policy policy --simulator-root sim.pub && runs 0 replay receipt --model sealed --raw-key key
ok $? 'which holds and replays'

# ---- the tool itself ----
refuses 1
refuses 1 nix
refuses 1 --nix
refuses 1 ''
refuses 1 help nix
for group in keys broker simulator receipt; do
    refuses 1 "$group"
    refuses 1 "$group" nix
done
for words in 'help' '--help' 'help seal' 'keys --help' 'version' 'chat --help' 'inspect sealed'; do
    # shellcheck disable=SC2086
    runs 0 $words && [ -s "$log/out" ] && [ ! -s "$log/err" ]
    ok $? "0: $words"
    # shellcheck disable=SC2086
    "$cloister" $words >/dev/full 2>"$log/err"
    [ $? -eq 1 ] && [ "$(grep -c '^cloister: error: cannot write to standard output' "$log/err")" -eq 1 ]
    ok $? "1: $words, with a full standard output"
done

# ---- every command: no argument, one too many, options ----
while read -r arguments command; do
    some=
    if [ "$arguments" -gt 0 ]; then
        refuses 1 $command
        for _ in $(seq "$arguments"); do some="$some missing"; done
    fi
    # shellcheck disable=SC2086
    refuses 1 $command $some one-more
    # shellcheck disable=SC2086
    refuses 1 $command $some --nix
    # shellcheck disable=SC2086
    refuses 1 $command $some -x=1
    # the options as --help lists them: a flag takes no value, the others want one
    # shellcheck disable=SC2086
    "$cloister" $command --help | sed -n 's/^  \(--\{0,1\}[a-z][a-z-]*\) \{2,\}.*/flag \1/p;s/^  \(--\{0,1\}[a-z][a-z-]*\) [^ ].*/valued \1/p' >"$log/options"
    while read -r kind option; do
        # shellcheck disable=SC2086
        if [ "$kind" = flag ]; then
            refuses 1 $command $some "$option=1"
        else
            refuses 1 $command $some "$option"
        fi
    done <"$log/options"
done <<END
1 seal
1 inspect
1 unseal
1 keys new
1 keys show
1 keys rewrap
1 broker init
1 broker trust
2 broker add
1 broker log
1 broker serve
1 simulator new
1 simulator measure
2 simulator release
1 verify
1 chat
1 receipt verify
1 replay
0 chat-template
END

# ---- chat templates ----
printf '%s' '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}!{% endif %}' >ask.jinja
printf '%s' '[{"role":"user","content":"<s>"},{"role":"x","content":"y"}]' >messages.json
printf '{{ raise_exception("not these") }}' >refusing.jinja
runs 0 chat-template --template ask.jinja --messages messages.json && [ "$(cat "$log/out")" = '<|user|><s><|x|>y!' ]
ok $? 'a prompt from a template'
runs 0 chat-template --template ask.jinja --messages messages.json --no-generation-prompt --json &&
    grep -qF '{"from":"template","text":"<|user|>"},{"from":"input","text":"<s>"}' "$log/out" && ! grep -q '!' "$log/out"
ok $? 'its pieces, and who wrote them'
refuses 1 chat-template
refuses 1 chat-template --model "$model"
refuses 1 chat-template --template refusing.jinja
refuses 5 chat-template --template ask.jinja --messages hello
refuses 5 chat-template --template ask.jinja --messages messages.json --tools enclave.json
refuses 5 chat-template --template binary
refuses 1 chat-template --template missing
refuses 1 chat-template --template directory
refuses 1 chat-template --model missing
refuses 5 chat-template --model hello

# ---- inputs that are missing, no files, or of another format ----
for bad in missing directory; do
    refuses 1 inspect $bad
    refuses 1 unseal $bad -o plain --raw-key key
    refuses 1 keys show $bad
    refuses 1 keys rewrap $bad --raw-key key --add-raw-key wrong-key
    refuses 1 simulator measure $bad
    refuses 1 verify $bad
    refuses 1 verify bundle --policy $bad
    refuses 1 verify bundle --simulator-root $bad
    refuses 1 chat "$url" --policy $bad
    refuses 1 chat "$url" --simulator-root $bad --policy policy
    refuses 1 receipt verify $bad
    refuses 1 receipt verify receipt --attestation $bad
    refuses 1 receipt verify receipt --attestation bundle --policy $bad
    refuses 1 receipt verify receipt --attestation bundle --simulator-root $bad --policy policy
    refuses 1 replay $bad --model sealed --raw-key key
    refuses 1 replay receipt --model $bad
    refuses 1 replay receipt --model sealed --raw-key $bad
    refuses 1 replay receipt --model sealed --identity $bad
    refuses 1 unseal sealed -o plain --identity $bad
    refuses 1 keys rewrap sealed --raw-key key --add-for $bad
    refuses 1 keys rewrap sealed --raw-key $bad --add-raw-key wrong-key
done
chmod 600 empty hello binary nested
for bad in empty hello binary; do
    refuses 5 inspect $bad
    refuses 5 unseal $bad -o plain --raw-key key
    refuses 5 keys rewrap $bad --raw-key key --add-raw-key wrong-key
    refuses 5 verify $bad
    refuses 5 verify $bad --json
    refuses 5 receipt verify $bad
    refuses 5 receipt verify receipt --attestation $bad
    refuses 5 replay $bad --model sealed --raw-key key
done
refuses 1 verify nested
refuses 1 receipt verify nested
refuses 1 receipt verify receipt --attestation nested
refuses 1 replay nested --model sealed --raw-key key
for bad in empty hello; do
    refuses 5 keys show $bad
    refuses 5 verify bundle --policy $bad
    refuses 5 verify bundle --simulator-root $bad
    refuses 5 chat "$url" --policy $bad
    refuses 5 chat "$url" --simulator-root $bad --policy policy
    refuses 5 receipt verify receipt --attestation bundle --policy $bad
    refuses 5 replay receipt --model sealed --raw-key $bad
    refuses 5 replay receipt --model sealed --identity $bad
    refuses 5 keys rewrap sealed --raw-key key --add-for $bad
done

# ---- wrong keys, wrong values ----
refuses 1 replay receipt --model sealed
refuses 1 replay receipt --model sealed --raw-key wrong-key
refuses 1 replay receipt --model sealed --identity stranger
refuses 1 replay receipt
refuses 1 replay receipt --model sealed --raw-key key --isa nix
refuses 1 replay receipt --model sealed --raw-key key --threads 0
refuses 1 replay receipt --model sealed --raw-key key --threads 257
refuses 1 replay receipt --model sealed --raw-key key --threads -1
refuses 1 replay receipt --model sealed --raw-key key --key 12
refuses 2 replay receipt --model sealed --raw-key key --key "$(printf '%064d' 0)"
refuses 1 replay receipt --model empty
printf 'another model' >another && refuses 5 replay receipt --model another
refuses 1 receipt verify receipt --key xyz
refuses 1 receipt verify receipt --key "$receipt_key" --policy policy
refuses 1 receipt verify receipt --key "$receipt_key" --time 5
refuses 1 receipt verify receipt --attestation bundle --time soon
refuses 4 receipt verify receipt
refuses 2 receipt verify receipt --key "$(printf '%064d' 0)"
refuses 4 receipt verify receipt --attestation bundle --simulator-root sim.pub
refuses 4 receipt verify receipt --attestation bundle --simulator-root sim.pub --policy other-policy
refuses 1 receipt verify receipt --attestation bundle --simulator-root sim.pub --policy policy --key "$(printf '%064d' 0)"
sed "s/\"engine_hash\":\"[0-9a-f]*\"/\"engine_hash\":\"$(printf '%064d' 0)\"/" receipt >forged && ! cmp -s forged receipt && refuses 2 receipt verify forged --key "$receipt_key"
head -c 300 receipt >cut && refuses 5 receipt verify cut
head -c 300 bundle >cut && refuses 5 verify cut
refuses 4 verify "$url" --simulator-root sim.pub
refuses 4 verify "$url" --simulator-root sim.pub --policy other-policy
refuses 4 verify "$url" --simulator-root sim.pub --policy other-policy --json
refuses 4 verify "$url" --policy policy
refuses 2 verify "$url" --policy policy --simulator-root other.pub
refuses 2 verify bundle --policy policy --simulator-root sim.pub --nonce "$(printf '%064d' 0)"
refuses 1 verify bundle --nonce 12
refuses 1 verify bundle --time yesterday
refuses 6 verify "$url" --policy policy --simulator-root sim.pub --time 4102444800
refuses 4 chat "$url" --simulator-root sim.pub --prompt Once
refuses 4 chat "$url" --simulator-root sim.pub --policy other-policy --prompt Once
refuses 2 chat "$url" --simulator-root other.pub --policy policy --prompt Once
for pair in 'temperature warm' 'temperature -1' 'temperature 1,"n":2' 'temperature 0x1' 'max-tokens many' 'max-tokens -1' 'seed -1' 'seed 9223372036854775808'; do
    refuses 1 chat "$url" --simulator-root sim.pub --policy policy --prompt Once "--${pair%% *}" "${pair#* }"
done
refuses 1 chat "$url" --simulator-root sim.pub --policy policy --prompt Once --model "$(printf '%0200d' 0)"
refuses 4 chat "$url" --simulator-root sim.pub --policy policy --prompt Once --model another
refuses 5 chat "$url" --simulator-root sim.pub --policy policy --prompt "$(printf '\377')"

# ---- the network ----
for address in '' hello http://127.0.0.1 https:// https://127.0.0.1:99999 https://127.0.0.1:x; do
    refuses 1 chat "$address"
done
for address in http://127.0.0.1 https:// https://127.0.0.1:99999; do
    refuses 1 verify "$address"
done
for command in chat verify; do
    refuses 3 $command https://127.0.0.1:1
    refuses 3 $command https://name.invalid
done
release() { # ADDRESS KEY
    zero=$(printf '%064d' 0)
    refuses "$1" simulator release "$3" "$2" --pin "$zero" --model-root "$zero" --key-id "${4:-$(printf '%032d' 0)}" \
        --measurement "$measurement" --configuration "$zero"
}
release 3 https://127.0.0.1:1 sim
release 2 "$url" sim
release 1 nowhere sim
release 1 https://127.0.0.1:1 missing
release 5 https://127.0.0.1:1 hello
release 1 https://127.0.0.1:1 sim 12

# ---- outputs: there already, in no directory, in one that cannot be written, on a full disk ----
refuses 1 simulator new sim
refuses 1 simulator new directory
refuses 1 keys new --identity id
printf x >half.pub
refuses 1 simulator new half
refuses 1 keys new --identity half
printf x >full-name && refuses 1 simulator new full-name
refuses 1 keys new new --identity --comment "$(printf 'a\nb')"
long=$(printf '%04200d' 0)
outputs() { # DIRECTORY
    refuses 1 simulator new "$1/sim"
    refuses 1 keys new "$1/key"
    refuses 1 keys new --identity "$1/id"
    unsaved verify "$url" --policy policy --simulator-root sim.pub --save "$1/bundle"
    refuses 1 chat "$url" --policy policy --simulator-root sim.pub --prompt Once --max-tokens 2 --receipt "$1/receipt"
    refuses 1 unseal sealed -o "$1/plain" --raw-key key
    refuses 1 broker init "$1/broker"
}
outputs nowhere
outputs hello
outputs "$long"
if [ "$(id -u)" -eq 0 ]; then
    mkdir full && mount -t tmpfs -o size=64k tmpfs full 2>/dev/null && mounted=$work/full
fi
if [ -n "$mounted" ]; then
    dd if=/dev/zero of=full/filler bs=4096 2>/dev/null
    outputs full
    mount -o remount,ro full
    outputs full
else
    mkdir full && chmod 500 full && outputs full
    ok 0 'a full disk # SKIP no tmpfs can be mounted here'
fi
echo "1..$count"
[ "$failed" -eq 0 ]
