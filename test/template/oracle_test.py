#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: oracle_test.py RENDER_LINES FOLDER: the language cases, and the templates of FOLDER with every conversation, ours
against jinja2's.  TAP on standard output.  TPL-1"""
import pathlib
import sys

import cases
import conversations
import oracle


class Points:
    count = failed = 0

    def check(self, name, wanted, ours):
        self.count += 1
        same = wanted.get("text") == ours.get("text")
        self.failed += not same
        print(f"{'ok' if same else 'not ok'} {self.count} - {name!r}"[:200].replace("#", "."))
        if not same:
            print(f"#   wanted {str(wanted)[:600]}\n#   ours   {str(ours)[:600]}")


def main():
    renderer, points = oracle.Renderer(sys.argv[1]), Points()
    for template in cases.all_cases():
        points.check(template, oracle.expected(template, cases.VARIABLES), renderer.render(template, cases.VARIABLES))
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.jinja")):
        text = path.read_text(encoding="utf-8")
        for name, variables in conversations.all_cases():
            points.check(f"{path.name}: {name}", oracle.expected(text, variables), renderer.render(text, variables))
    print(f"1..{points.count}")
    return points.failed != 0 or renderer.close() != 0


if __name__ == "__main__":
    sys.exit(main())
