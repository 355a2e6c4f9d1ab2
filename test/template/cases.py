# SPDX-License-Identifier: Apache-2.0
"""Small templates, one a construct; what each renders to is asked of jinja2."""

VARIABLES = {
    "s": "Hello World", "u": "Größe 東京 🙂 ǅ", "e": "", "sp": "  a b\t\nc  ", "n": 7, "neg": -3, "f": 2.5, "z": 0,
    "t": True, "no": False, "nil": None, "big": 18446744073709551615, "l": [3, 1, 2], "ls": ["b", "A", "c"], "el": [],
    "d": {"b": 1, "A": [1, {"x": None}], "c": "it's \"q\" <&>\n"}, "ed": {},
    "items": [{"n": "x", "v": 2, "on": True}, {"n": "y", "v": 1, "on": False}, {"n": "X", "v": 3}],
    "deep": {"a": {"b": [10, 20, {"c": "found"}]}}, "msgs": [{"role": "user", "content": "hi"}],
}

EXPRESSIONS = """
1|1.0|-1|+2|1_000|1e3|2.50|'a'|"b"|'it\\'s'|"tab\\tnl\\nx"|'\\u00e9\\x41\\U0001F642'|'a' 'b'|'\\q'|true|True|false|none|None|[]|{}|()|(1,)|[1, 'a', none, true, 2.5]|{'a': 1, 'b': [2]}|(1, 2)|[1,2,]|{'a':1,}
n + 1|n - 10|n * 2|n / 2|n // 2|n % 3|neg // 2|neg % 2|2 ** 10|-2 ** 2|7 // -2|7 % -3|f + 1|f * 2|1 / 3|0.1 + 0.2|1e16|1e15|1.5e-7|0.0001|123456789.125|1e22|5e-324|1.7976931348623157e308|0.1|100.0|n / 0|n % 0
s + '!'|s ~ n ~ nil ~ t ~ f|'ab' * 3|3 * 'ab'|[1] * 2|[1] + [2]|(1,) + (2,)|'a' + 1|1 + 'a'|[1] + (2,)|s - 1|-s|nil + 1|x + 1|1 ~ x ~ 2|'%s' % 1|'%s-%s' % (1, 'b')|'%d' % 3.7|'%5d|%-5d|%05d' % (1, 2, 3)|'%.2f' % 2.345|'%r' % 'a'|'%x %X' % (255, 255)|'%%' % ()|'%(a)s' % {'a': 1}|'%s' % l|'%s %s' % 1|'%s' % (1, 2)|'%+d' % 5|'%5.1f' % 3.14159
1 == 1.0|1 == true|'a' == 'a'|[1] == [1.0]|{'a': 1} == {'a': 1}|none == none|x == y|x == none|1 != 2|1 < 2 < 3|1 < 2 > 3|'a' < 'b'|[1, 2] < [1, 3]|1 < 'a'|1 in l|9 in l|9 not in l|'ell' in s|'b' in d|'z' not in d|'x' in x|1 in 5|'a' in nil|not 1|not x|1 and 2|0 and 2|0 or 'b'|x or 'd'|not (1 and 0)|1 if t else 2|1 if no else 2|1 if no|(1 if no) is defined|1 if no else 2 if no else 3|not n in l
d.b|d['b']|d.zz|d.zz.y|d['zz']|x|x.y|x['y']|deep.a.b[2].c|deep['a'].b.2.c|l[0]|l[-1]|l[9]|l['a']|s[0]|s[-1]|s[99]|u[2]|u[6]|u[-2]|d['items'] is defined|nil.a|n.a|l.0|s.zz|d.items()|d.keys()|d.values()|d.get('b')|d.get('q')|d.get('q', 5)
l[1:]|l[:1]|l[::-1]|l[::2]|l[5:]|l[-2:]|l[:-1]|s[1:4]|s[::-1]|s[-3:]|u[2:4]|u[::-1]|s[::0]|l[none:2]|l[10:0:-1]|s[4:1]|s[-100:3]|l['a':]|(1, 2, 3)[1:]
s|u|nil|t|f|n|l|ls|d|big|items|deep|[none, true, 1.5, 'x\\'y', "q\\"", 'b\\'"\\n\\t\\\\ é']|{1: 2, none: 3, (1, 2): 4}|['\\u200b\\xa0\\x7f']|big|string
s is string|n is string|n is number|t is number|f is float|n is integer|t is integer|t is boolean|d is mapping|l is mapping|l is sequence|s is sequence|d is sequence|n is sequence|l is iterable|n is iterable|x is iterable|x is defined|s is defined|x is undefined|nil is none|x is none|t is true|n is true|no is false|z is false|n is odd|n is even|n is divisibleby 7|n is divisibleby(2)|n is eq 7|n is equalto 7|n is ne 7|n is lt 8|n is ge 7|n is gt(8)|1 is in l|1 is in([2])|s is upper|'ABC' is upper|'abc' is lower|l is sameas l|n is not string|x is not defined|s is callable|'upper' is filter|'odd' is test|n is nosuch|s is in ['a']|not s is string
s|upper|||s|lower|||u|upper|||u|lower|||'straße'|upper|||'hello wORLD-foo (bar'|title|||'hELLO'|capitalize|||sp|trim|||'xxaxx'|trim('x')|||nil|trim|||s|replace('l', 'L')|||s|replace('l', 'L', 1)|||s|replace('', '-')|||n|replace(7, 8)|||s|length|||u|length|||l|length|||d|length|||x|length|||n|length|||s|count|||nil|string|||l|string
x|default('d')|||x|default|||e|default('d')|||e|default('d', true)|||nil|default('d')|||nil|default('d', boolean=true)|||x|d('q')|||s|default(default_value='z')|||s|default(nosuch=1)|||x.y|default('q')
l|first|||l|last|||el|first|||s|first|||u|last|||d|first|||l|join|||l|join(', ')|||ls|join('-')|||items|join(',', attribute='n')|||s|join('.')|||l|list|||s|list|||d|list|||d|items|list|||x|items|list|||l|reverse|list|||s|reverse|||l|sort|||l|sort(reverse=true)|||ls|sort|||ls|sort(case_sensitive=true)|||items|sort(attribute='v')|map(attribute='n')|list|||[1, 'a']|sort|||d|dictsort|||d|dictsort(true)|||d|dictsort(reverse=true)|||{'a': 2, 'b': 1}|dictsort(by='value')|||d|dictsort(false, 'nosuch')|||[1, 2, 1, 'a', 'A']|unique|list|||l|sum|||items|sum(attribute='v')|||l|sum(start=10)|||l|min|||l|max|||ls|max|||ls|min(case_sensitive=true)|||el|min|||l|batch(2)|list|||l|batch(2, 'x')|list|||l|slice(2)|list|||l|slice(2, 'x')|list
ls|map('upper')|list|||items|map(attribute='n')|list|||items|map(attribute='on')|list|||items|map(attribute='on', default=5)|list|||ls|map('replace', 'b', 'B')|list|||l|map('nosuch')|list|||l|map|list|||[0, 1, '', 'a', none]|select|list|||[0, 1, '']|reject|list|||l|select('odd')|list|||l|select('gt', 1)|list|||l|reject('equalto', 1)|list|||items|selectattr('on')|list|||items|selectattr('on', 'defined')|list|||items|selectattr('n', 'equalto', 'x')|map(attribute='v')|first|||items|rejectattr('on')|list|||items|selectattr|list|||nil|selectattr('x')|list|||deep|list|||[deep]|map(attribute='a.b.1')|list|||l|select('odd')|length|||(l|select('odd')) is iterable|||1 if l|select('gt', 99) else 2
'42'|int|||' 42 '|int|||'4.7'|int|||'x'|int|||'x'|int(5)|||'ff'|int(0, 16)|||'0xff'|int(base=16)|||3.9|int|||nil|int|||t|int|||'1_0'|int|||x|int|||'1.5'|float|||'x'|float|||'1e3'|float|||' .5 '|float|||'1.'|float|||'x'|float(2.5)|||n|float|||neg|abs|||(-2.5)|abs|||2.5|round|||3.5|round|||2.567|round(2)|||2.1|round(method='ceil')|||2.9|round(0, 'floor')|||7|round|||1.005|round(2)
d|tojson|||items|tojson|||u|tojson|||u|tojson(ensure_ascii=true)|||d|tojson(indent=2)|||el|tojson(indent=2)|||ed|tojson(indent=4)|||l|tojson(separators=(',', ':'))|||d|tojson(sort_keys=true)|||f|tojson|||nil|tojson|||x|tojson|||{1: 2, none: 3, true: 4, 1.5: 5}|tojson|||(1, 2)|tojson|||'\\x1f\\x7f/é\\u2028'|tojson|||[1.0, 1e100, 1e-10]|tojson|||l|select|tojson|||range(2)|tojson|||big|tojson|||d|tojson(indent='--')|||deep|tojson(indent=1, separators=(';', '='))
s|indent|||'a\\nb\\n\\nc'|indent|||'a\\nb'|indent(2, true)|||'a\\n\\nb'|indent(2, blank=true)|||'a\\nb'|indent('> ')|||''|indent(first=true)|||'a\\n'|indent|||'<a & "b">'|e|||'<'|escape|e|||('<'|safe) + '<'|||'<' + ('<'|safe)|||('<'|safe) ~ '<'|||'x'|center(5)|||'xy'|center(5)|||'ab cd'|wordcount|||'%s=%s'|format('a', 1)|||'%(k)s'|format(k=2)|||s|nosuch|||n|attr('zz')|||d|attr('b')
s.upper()|s.lower()|s.title()|s.capitalize()|sp.strip()|sp.lstrip()|sp.rstrip()|'xxaxx'.strip('x')|'xyaxy'.lstrip('xy')|'a.b.'.rstrip('.')|s.replace('o', '0')|s.replace('o', '0', 1)|s.split()|sp.split()|'a,b,,c'.split(',')|'a,b,c'.split(',', 1)|sp.split(none, 1)|'a,b,c'.rsplit(',', 1)|sp.rsplit()|sp.rsplit(none, 1)|'abc'.split('')|''.split()|''.split(',')|'a\\nb\\r\\nc'.splitlines()|'a\\nb\\n'.splitlines(true)|'a=b=c'.partition('=')|'a=b=c'.rpartition('=')|'ab'.partition('=')|'ab'.rpartition('=')
s.startswith('Hell')|s.startswith(('x', 'H'))|s.endswith('d')|s.endswith(('x', 'y'))|s.startswith('')|'abc'.removeprefix('a')|'abc'.removesuffix('bc')|s.find('o')|s.find('o', 5)|s.find('zz')|s.rfind('o')|s.index('W')|s.index('zz')|u.find('京')|u.find('京', 3)|'aXbX'.count('X')|'abc'.count('')|'-'.join(ls)|'-'.join(l)|'7'.zfill(3)|'-7'.zfill(4)|'a'.ljust(3) ~ '|'|'a'.rjust(3)|'a'.center(4, '*')|'12'.isdigit()|'a1'.isalnum()|'ab'.isalpha()|' '.isspace()|'Ab'.isupper()|'AB'.isupper()|''.isdigit()|'a1b'.islower()|s.nosuch()
'{} {}'.format(1, 'a')|'{0}{1}{0}'.format('a', 'b')|'{x}'.format(x=5)|'{{}}'.format()|'{:5}|{:<5}|{:>5}|{:^5}|'.format('a', 'b', 'c', 'd')|'{:05d}'.format(42)|'{:.2f}'.format(2.345)|'{:,}'.format(1234567)|'{:x}'.format(255)|'{!r}'.format('a')|'{:*^7}'.format('x')|'{}'.format()|'{0.zz}'.format(1)|'{0[a]}'.format({'a': 3})|'{:>3}'.format(5)|'{:3}'.format(5) ~ '|'|'{:.2}'.format('abc')|'{'.format()|'{:+d}'.format(5)|'{}'.format(none)|'{:d}'.format('a')
range(3)|list|||range(1, 7, 2)|list|||range(3, 0, -1)|list|||range(0)|list|||range(1, 2, 0)|list|||range(5)[2]|||range(5)|length|||range(3)|||dict(a=1, b=2)|||dict([('a', 1)])|||dict({'a': 1}, b=2)|||namespace(a=1).a|||namespace(a=1).b|||namespace(a=1)['a'] is defined|||nosuch()|||raise_exception('no')|||strftime_now('%Y-%m-%d %H:%M:%S %B %b %A %a %j %I %p %y %d %e %%')|||strftime_now('%d %b %Y')|||s()|||l[0]()
"""


def expressions():
    """One row a line; with ||| between expressions where some have filters, otherwise |."""
    for line in EXPRESSIONS.strip().split("\n"):
        if "|||" in line:
            yield from line.split("|||")
        else:
            yield from _split(line)


def _split(line):
    quote, depth, start, i = None, 0, 0, 0
    while i < len(line):
        c = line[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = None
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "|" and depth == 0:
            yield line[start:i]
            start = i + 1
        i += 1
    yield line[start:]


TEMPLATES = r"""
{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ i }};{% endfor %}
=====
{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i > 1) }}{{ loop.depth }}{% endfor %}
=====
{% for k, v in d.items() %}{{ k }}={{ v }},{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for a, b in [[1, 2], (3, 4)] %}{{ a }}{{ b }}{% endfor %}
=====
{% for i in el %}x{% else %}empty{% endfor %}{% for i in l if i > 9 %}x{% else %}none{% endfor %}{% for i in l if i > 1 %}{{ loop.index }}:{{ i }}{{ loop.last }} {% endfor %}
=====
{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
=====
{% for i in l %}{% for j in ls %}{{ loop.index }}{{ loop.depth }}{% if j == 'A' %}{% break %}{% endif %}{% endfor %}{{ loop.index }}{% endfor %}
=====
{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}{% if t %}{% set x = 9 %}{% endif %}{{ x }}
=====
{% set ns = namespace(c=0, q='a') %}{% for i in l %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }}{% set ns.new = 5 %}{{ ns.new }}{{ ns.zz }}{% set d.x = 1 %}
=====
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% set a, b = [1] %}
=====
{% set t1 %}block {{ n }}{% set inner = 5 %}{% endset %}[{{ t1 }}]{{ inner }}{% set t2 | upper | trim %} up {% endset %}[{{ t2 }}]
=====
{% macro m(a, b=2, c='x' ~ a) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(b=5, a=4) }}|{{ m() }}|{{ m(1, c=none) }}{{ m.name }}
=====
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
=====
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=2) }}
=====
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}
=====
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}
=====
{% macro m(x) %}<{{ caller(x) }}>{{ caller is defined }}{% endmacro %}{% call(y) m(5) %}in {{ y }} {{ n }}{% endcall %}
=====
{% macro m(x) %}{{ x }}{% endmacro %}{% call m(5) %}unused{% endcall %}
=====
{% macro fact(i) %}{% if i > 1 %}{{ i * (fact(i - 1) | int) }}{% else %}1{% endif %}{% endmacro %}{{ fact(10) }}{{ fact(3) ~ 'x' }}{{ fact(3) is string }}
=====
{% set g = 1 %}{% macro m() %}{{ g }}{{ s }}{% set g = 3 %}{{ g }}{% endmacro %}{% set g = 2 %}{{ m() }}{{ g }}
=====
{% for i in l %}{% macro q(x) %}{{ x }}{{ i }}{% endmacro %}{{ q('a') }}{% endfor %}
=====
{% filter upper %}abc {{ s }}{% endfilter %}{% filter replace('b', 'X') | trim %} abc {% endfilter %}{% with a = 1, b = 2 %}{{ a + b }}{% set w = 1 %}{% endwith %}{{ a }}{{ w }}
=====
{% generation %}inside {{ s }}{% set gg = 1 %}{% endgeneration %}{{ gg }}
=====
{% raw %}{{ not }} {% if %}{% endraw %} {%- raw -%}  x  {%- endraw -%}  y
=====
a {# comment {{ x }} #} b
{# whole line #}
c {#- tight -#} d
=====
  {% if t %}
    yes
  {% else %}
    no
  {% endif %}
tail
=====
  {%- if t -%}
    yes
  {%- endif %}
  {%+ if t %}kept{% endif +%}
next
=====
x {{- n -}} y {{ n }}
{{ n }}
  {{ n }}
=====
{% if t %}{% if no %}a{% elif n == 7 %}b{% elif t %}c{% else %}d{% endif %}{% endif %}{% if no %}x{% elif no %}y{% endif %}{% if 1, 2 %}tuple{% endif %}
=====
{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {}} }}{{ '}}' }}{{ "{% x %}" }}
=====
{{ 1, 2 }}{{ (1) }}{{ ('a' if t else 'b') ~ 'c' }}{{ -n | abs }}{{ -1 ** 2 }}{{ n | string + 'x' }}{{ 1 + n | string | length }}
=====
{% set it = l | map('string') %}{{ it | join }}{{ it | join }}{{ it is defined }}
=====
{{ x.y }}
=====
{{ 'a' if }}
=====
{% if t %}
=====
{% endif %}
=====
{% for i in %}{% endfor %}
=====
{% nosuch %}
=====
{{ 'abc
=====
{# no end
=====
{{ 1 + }}
=====
{% macro m %}{% endmacro %}x
=====
{% break %}
=====
{{ foo(1, a=2, 3) }}
=====
{% set 1 = 2 %}
=====
{{ "a" "b" 'c' }}{{ ["x" "y"] }}{{ 'é' | length }}{{ 'line
two' }}
=====
{% for m in msgs %}{{ m.role ~ ': ' ~ m['content'] }}{% if not loop.last %}, {% endif %}{% endfor %}{{ msgs[0].get('zz', 'none') }}{{ msgs[-1].role == 'user' and msgs | length == 1 }}
=====
{% for c in u %}{{ c }}.{% endfor %}{% for x in nil %}{% endfor %}
=====
{% for x in nosuch %}a{% else %}nothing{% endfor %}{{ nosuch | list }}{{ nosuch | join }}{{ nosuch | upper }}{{ nosuch ~ 1 }}
=====
{% set c = [] %}{% for i in l %}{% set c = c + [i] %}{% endfor %}{{ c }}{% set ns = namespace(c=[]) %}{% for i in l %}{% set ns.c = ns.c + [i * 2] %}{% endfor %}{{ ns.c }}

=====

  {% set a = 1 %}

  {{ a }}


=====
{{ s if s is string and s | length > 3 else 'short' }}{{ (s | length) > 3 and not no }}{{ s is string and n is number or nosuch.a }}
=====
{% if s.split(' ')[0] == 'Hello' %}{{ s.split(' ')[-1] | lower }}{% endif %}{{ s.split('o')[1:] | join('0') }}{{ (s.split(' ') | last)[:3] }}
""".strip("\n").split("\n=====\n")


def all_cases():
    for expression in expressions():
        yield "{{ " + expression + " }}"
    yield from TEMPLATES
