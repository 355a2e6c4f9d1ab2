#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The chat templates' language against jinja2; skipped without it.  usage: BUILD=build/release test/template/oracle.sh
build=${BUILD:-build/release}
if ! python3 -c 'import jinja2, jinja2.sandbox' 2>/dev/null; then
    echo "ok 1 - templates against jinja2 # SKIP python3-jinja2 is not there"
    echo 1..1
    exit 0
fi
exec python3 test/template/oracle_test.py "$build/test/template/render_lines" test/template/templates
