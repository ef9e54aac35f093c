#!/bin/sh
# Writes .env as .env.example has it, with a random secret in each empty line. One that exists is left alone.
set -eu
cd "$(dirname "$0")/../.."
if [ -e .env ]; then
    echo ".env exists, nothing was changed" >&2
    exit 1
fi
# Only its owner may read it.
umask 077
while IFS= read -r line; do
    case $line in
    [A-Z]*=) echo "$line$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) echo "$line" ;;
    esac
done <.env.example >.env
