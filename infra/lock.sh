#!/bin/sh
# Writes requirements*.txt: names with extras, versions, hashes; no download addresses. Needs uv on PATH or in $UV.
# Extras stay: pip in hash mode refuses `coverage[toml]` of another package where only `coverage` is pinned.
set -eu
uv=${UV:-uv}
lock() { # lock OUTPUT EXTRA...
  output=$1; shift
  "$uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-strip-extras --no-emit-index-url "$@" pyproject.toml -o "$output"
}
lock requirements.txt --group build # what builds the package is pinned beside what runs it
lock requirements-dev.txt --extra dev -c requirements.txt
lock requirements-engine.txt --extra engine -c requirements.txt -c requirements-dev.txt
lock requirements-whisper.txt --extra engine --extra whisper -c requirements-engine.txt
