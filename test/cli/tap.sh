# SPDX-License-Identifier: Apache-2.0
# Test points for scripts that run the tool; sourced.  Wants $cloister; uses the files out and err of the directory that
# the script is in by then, and counts in $count and $failed.
count=0
failed=0

# point NAME: judges the last command
point() {
    result=$?
    count=$((count + 1))
    if [ "$result" -eq 0 ]; then
        echo "ok $count - $1"
    else
        failed=$((failed + 1))
        echo "not ok $count - $1"
        sed 's/^/#   /' out err 2>/dev/null | head -n 12
    fi
}

# gives CODE COMMAND...: runs the tool; true when it ends with that code and, unless that is 0, with one line of error
gives() {
    wanted=$1
    shift
    "$cloister" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$wanted" ] || echo "exit code $got" >>err
    [ "$got" -eq "$wanted" ] && { [ "$got" -eq 0 ] || [ "$(grep -c '^cloister: error: ' err)" -eq 1 ]; }
}
