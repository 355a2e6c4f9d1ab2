#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo on models that are not the one it brings: of other families, with and without a chat template, and files that
# cannot be run, which must end it with a line that says why.  TAP.
set -u
. test/cli/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
chatml="{% for m in messages %}<|im_start|>{{ m['role'] }}
{{ m['content'] }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"
make() { # FAMILY TYPE OPTIONS...
    family=$1
    type=$2
    shift 2
    python3 test/models/make.py "$family" "$type" "$work/model.gguf" "$@"
}
demo() { # CODE: runs it; what it says is in out
    timeout 100 demo/demo.sh "$work/model.gguf" >"$work/out" 2>&1
    got=$?
    [ "$got" -eq "$1" ] || echo "exit code $got" >>"$work/out"
    [ "$got" -eq "$1" ]
}
shown() { # NAME: judges the last command, with the end of what the demo said
    code=$?
    (exit "$code")
    point "$1"
    [ "$code" -eq 0 ] || tail -n 8 "$work/out" | sed 's/^/#   /'
}

make qwen2 Q4_0 --template "$chatml" && demo 0 && grep -q 'a tampered chunk  *refused' "$work/out"
shown 'qwen2 with a chat template: the whole chain'
make qwen3moe Q8_0 && demo 0 && grep -q 'a tampered chunk  *refused' "$work/out"
shown 'qwen3moe, an expert model without a chat template: the whole chain'
make llama Q8_0 --template '{% trans %}x{% endtrans %}' && demo 1 &&
    grep -q 'chat template, line 1: a tag that is not supported: "trans"' "$work/out" &&
    grep -q '^demo: error: the model does not answer a chat; the line above says why' "$work/out"
shown 'a template that is not understood: the end, with its line'
make phi3 Q8_0 --bare && demo 1 && grep -q 'GGUF: no key tokenizer.ggml.model' "$work/out"
shown 'a model without a vocabulary: the end, before anything is served'
echo 'no model' >"$work/model.gguf" && demo 1 && grep -q '^demo: error: .* is no GGUF file' "$work/out"
shown 'a file that is no model'
echo "1..$count"
[ "$failed" -eq 0 ]
