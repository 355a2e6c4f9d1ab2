#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: compare.py RENDER_LINES FOLDER: every template of FOLDER (*.jinja) with every conversation, ours against
jinja2's, byte for byte.  Prints each that differs and how many agree; exit status 1 when one differs."""
import pathlib
import sys

import jinja2.sandbox

import conversations
import oracle


def main():
    renderer = oracle.Renderer(sys.argv[1])
    good = bad = refused = 0
    wrong = {}
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.jinja")):
        text = path.read_text(encoding="utf-8")
        for name, variables in conversations.all_cases():
            wanted = oracle.expected(text, variables)
            if "error" in wanted and "SecurityError" in wanted["error"]:  # a list that changes: see spec/template.md
                wanted = oracle.expected(text, variables, jinja2.sandbox.SandboxedEnvironment)
            ours = renderer.render(text, variables)
            same = ours.get("text") == wanted.get("text")
            good += same
            refused += same and "error" in wanted
            if not same:
                bad += 1
                wrong.setdefault(path.name, []).append((name, wanted, ours))
    for file, cases in wrong.items():
        print(f"# {file}: {len(cases)} differ")
        for name, wanted, ours in cases[:int(sys.argv[3]) if len(sys.argv) > 3 else 1]:
            print(f"#   {name}\n#     wanted {str(wanted)[:1500]}\n#     ours   {str(ours)[:1500]}")
    print(f"# {good} renderings agree ({refused} refused by both), {bad} differ, in {len(wrong)} templates")
    return bad != 0 or renderer.close() != 0


if __name__ == "__main__":
    sys.exit(main())
