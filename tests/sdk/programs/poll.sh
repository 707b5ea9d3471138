#!/bin/sh
# With curl alone: upload, create, look again until it is finished.
set -eu

value() { # of a member that is a string, in JSON on one line
  sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p'
}

upload_url=$(curl -sS --fail-with-body "$BASE_URL/v2/upload" \
  -H "authorization: $API_KEY" --data-binary "@$AUDIO_FILE" | value upload_url)

id=$(curl -sS --fail-with-body "$BASE_URL/v2/transcript" \
  -H "authorization: $API_KEY" -H "content-type: application/json" \
  -d "{\"audio_url\": \"$upload_url\", ${OPTIONS#?}" | sed 's/^{"id": *"\([^"]*\)".*/\1/')

while true; do
  transcript=$(curl -sS --fail-with-body "$BASE_URL/v2/transcript/$id" -H "authorization: $API_KEY")
  case $transcript in
    *'"status":"completed"'* | *'"status":"error"'*) break ;;
  esac
  sleep "$EVERY_S"
done
printf '%s\n' "$transcript"
