#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `cloister tokenize` and `cloister detokenize`: bytes in, ids out, and back.  TAP.
# usage: BUILD=build/release test/cli/tokenize.sh   (from the root)
set -u
build=$PWD/${BUILD:-build/release}
cloister=${CLOISTER:-$build/cloister}
data=$PWD/test/data
gpt2=$data/tokenizer-gpt-2/ggml-vocab-gpt-2.gguf
phi3=$data/tokenizer-phi-3/ggml-vocab-phi-3.gguf
stories=$data/stories260K/stories260K.gguf
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
count=0
failed=0

# ok STATUS NAME: one test point
ok() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
        head -c 400 out err 2>/dev/null | sed 's/^/#   /'
    fi
}

# gives WANTED WORDS...: standard input to the tool gives exactly the wanted output
gives() {
    printf '%b' "$1" >wanted
    shift
    "$cloister" "$@" >out 2>err && cmp -s out wanted
}

# fails CODE WORDS...: that exit code, one line of error, nothing on standard output
fails() {
    wanted=$1
    shift
    "$cloister" "$@" >out 2>err </dev/null
    code=$?
    [ "$code" -eq "$wanted" ] && [ "$(grep -c '^cloister: error: .' err)" -eq 1 ] && [ ! -s out ]
    ok $? "$wanted: $*"
}

printf 'Hello world' | gives '15496 995\n' tokenize --model "$gpt2"
ok $? 'the ids of a text'
printf 'Hello world\n' | gives '15496 995 198\n' tokenize --model "$gpt2" -
ok $? 'a newline at the end is a part of it'
printf '' | gives '\n' tokenize --model "$gpt2"
ok $? 'an empty text'
printf '<s>a' | gives '1 263\n' tokenize --model "$phi3" --special
ok $? 'special tokens, when asked for'
printf 'a' | gives '1 263\n' tokenize --model "$phi3" --bos
ok $? 'begin, when asked for'
printf 'Hello \303\251\n"' | gives '{"ids":[15496,38251,198,1],"pieces":["Hello"," \303\251","\\n","\\""]}\n' tokenize --model "$gpt2" --json
ok $? 'as JSON'
printf ' 15496\n995\t' | gives 'Hello world' detokenize --model "$gpt2"
ok $? 'ids apart by white space'
printf '[15496, 995 ]\n' | gives '{"text":"Hello world"}\n' detokenize --model "$gpt2" --json
ok $? 'a list, as JSON'
printf '' | gives '' detokenize --model "$gpt2"
ok $? 'no ids'
printf '1 263' | gives '<s>a' detokenize --model "$phi3" --special
ok $? 'the text of special tokens, when asked for'
head -c 20000 "$cloister" >binary
for model in "$gpt2" "$phi3" "$stories"; do
    "$cloister" tokenize --model "$model" binary >ids 2>err && "$cloister" detokenize --model "$model" ids >back 2>err && cmp -s binary back
    ok $? "20,000 bytes that are no text come back from $(basename "$model")"
done
for number in $(seq 46); do
    awk -v RS='\n__ggml_vocab_test__\n' -v n="$number" 'NR == n { printf "%s", $0 }' "$gpt2.inp" >text
    "$cloister" tokenize --model "$gpt2" text | sed 's/^ *//' >out
    sed -n "${number}p" "$gpt2.out" | sed 's/^ *//; s/ *$//' | cmp -s out - || echo "$number" >>differing
done
[ ! -e differing ]
ok $? 'the published vectors'

json=$data/tokenizer-json
cp "$json/bert.json" bert.json
printf 'The AB dog' | gives '13 11 18\n' tokenize --model bert.json
ok $? 'a tokenizer.json that stands alone, under any name'
printf 'the [MASK] dog' | gives '2 13 4 18 3\n' tokenize --model bert.json --special --bos --eos
ok $? 'with what its template puts around a text'
printf '13 17 20' | gives 'the fox.' detokenize --model bert.json
ok $? 'and back'
mkdir folder
cp "$json/qwen2.json" folder/tokenizer.json
printf 'e\314\201' | "$cloister" tokenize --model folder >ids 2>err && "$cloister" detokenize --model folder/tokenizer.json ids >out 2>err
printf '\303\251' | cmp -s out -
ok $? 'a folder; text in Normalization Form C where it asks for that'
printf '{"bos_token":"</s>","eos_token":null}' >folder/tokenizer_config.json
begin=$(printf '</s>' | "$cloister" tokenize --model folder --special)
printf '' | gives "$begin\n" tokenize --model folder --bos
ok $? 'the files beside it count'
printf '{"bos_token":' >folder/tokenizer_config.json
fails 5 tokenize --model folder
printf ' {"model":{"type":"WordLevel"}}' >other.json
printf '[1]' >list.json
mkdir empty_folder

printf '1 2 99999999\n' >beyond
printf '1,2\n' >commas
printf '[1 2]' >blanks
printf '[1,2' >open
printf '1 two' >words
head -c 1000 "$gpt2" >cut
: >empty
fails 1 tokenize
fails 1 detokenize
fails 1 tokenize --model absent
fails 1 tokenize --model "$gpt2" absent
fails 1 tokenize --model "$gpt2" text text
fails 1 tokenize --model "$gpt2" --unknown
fails 1 tokenize --model .
fails 1 tokenize --model empty_folder
fails 5 tokenize --model other.json
grep -q "unsupported model .WordLevel" err
ok $? 'what is not known is named'
fails 5 detokenize --model list.json
grep -q 'neither a GGUF file nor a tokenizer.json' err
ok $? 'what is neither is told'
for bad in cut empty binary text; do
    fails 5 tokenize --model "$bad"
    fails 5 detokenize --model "$bad"
done
for bad in beyond commas blanks open words; do
    fails 5 detokenize --model "$gpt2" "$bad"
done
echo "1..$count"
[ "$failed" -eq 0 ]
