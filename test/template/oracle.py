# SPDX-License-Identifier: Apache-2.0
"""jinja2 set up as model libraries set it up for chat templates, and the renderer under test as a process."""
import datetime
import functools
import json
import subprocess

import jinja2
import jinja2.ext
import jinja2.sandbox

NOW = datetime.datetime(2026, 7, 31, 14, 30, 45)


class Generation(jinja2.ext.Extension):
    """{% generation %}: its body."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("support"), [], [], body).set_lineno(line)

    def support(self, caller):
        return caller()


class Refused(Exception):
    pass


def refuse(message):
    raise Refused(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment(sandbox=jinja2.sandbox.ImmutableSandboxedEnvironment):
    env = sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = to_json
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return env


@functools.lru_cache(maxsize=8)
def compiled(template, sandbox):
    return environment(sandbox).from_string(template)


def expected(template, variables, sandbox=jinja2.sandbox.ImmutableSandboxedEnvironment):
    """{"text"} or {"error"}."""
    try:
        return {"text": compiled(template, sandbox).render(**variables)}
    except Exception as error:  # whatever it raises, the renderer has to refuse
        return {"error": f"{type(error).__name__}: {error}"}


class Renderer:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def render(self, template, variables):
        line = json.dumps({"template": template, "variables": json.dumps(variables)})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("the renderer died")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
