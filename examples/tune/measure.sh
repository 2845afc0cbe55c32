#!/bin/sh
# Runs a workflow three times in one process, by settings from the environment, and prints what the last run took.
set -eu
settings=$(mktemp)
cat > "$settings" <<END
[files]
entries = $PARAM_ENTRIES
workers = $PARAM_WORKERS
freshness = "$PARAM_FRESHNESS"
[limits]
io = $PARAM_IO
END
out=$(mktemp -d)
trap 'rm -rf "$settings" "$out"' EXIT
# Of three reports the last one, by the indentation of its own figures.
"${ORCHESTRATOR:-target/release/orchestrator}" --config "$settings" run --no-trace --repeat 3 --json --out "$out" examples/codebase-review.yaml |
    awk '
        /^  "duration_ms":/ { gsub(/[^0-9.]/, "", $2); time = $2 }
        /^    "peak_bytes":/ { gsub(/[^0-9.]/, "", $2); peak = $2 }
        END { printf "{\"milliseconds\": %s, \"megabytes\": %.3f}\n", time, peak / 1e6 }'
