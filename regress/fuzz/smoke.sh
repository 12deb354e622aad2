#!/bin/bash
# regress: timeout 600
# Every fuzz harness for a few seconds from its seeds: enough to see that it builds, runs, and that nothing
# known breaks it. make fuzz runs on.
exec "$(dirname "$0")/run" -s "${FUZZ_SECONDS:-5}"
