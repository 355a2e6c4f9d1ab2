#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: write_expected.py > expected.jsonl, in this folder: what jinja2 renders, for test/template/language.c, which needs
no Python.  A line: {"name", "template", "variables" unless they are the line's before, and "text" unless it is an
error}."""
import json
import pathlib

import cases
import conversations
import oracle


def row(name, template, variables, seen=[None]):
    made = {"name": name, "template": template}
    if variables is not seen[0]:
        made["variables"] = json.dumps(variables, ensure_ascii=False)
        seen[0] = variables
    made.update({k: v for k, v in oracle.expected(template, variables).items() if k == "text"})
    print(json.dumps(made, ensure_ascii=False))


def main():
    for template in cases.all_cases():
        row(template[:80], template, cases.VARIABLES)
    chosen = [f"{name}, tools, prompt" for name in ("system and turns", "two calls", "reasoning", "unicode")]
    chosen += ["user, plain, prompt", "turns, plain, no prompt", "ends with call, plain, no prompt"]
    for path in sorted(pathlib.Path("templates").glob("*.jinja")):
        for name, variables in conversations.all_cases():
            if name in chosen:
                row(f"{path.name}: {name}", path.read_text(encoding="utf-8"), variables)


if __name__ == "__main__":
    main()
