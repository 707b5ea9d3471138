#!/bin/sh
# Writes requirements*.txt: names, versions, hashes; no download addresses. Needs uv on PATH or in $UV.
set -eu
uv=${UV:-uv}
lock() { # lock OUTPUT EXTRA...
  output=$1; shift
  "$uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url "$@" pyproject.toml -o "$output"
}
lock requirements.txt
lock requirements-engine.txt --extra engine -c requirements.txt
lock requirements-dev.txt --extra dev -c requirements.txt
