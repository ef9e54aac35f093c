#!/bin/sh
# recipe.sh FROM TO: what a build of the workspace's dependencies needs, and nothing of our own code. The manifests and
# cargo's settings are copied and the sources that they may name are stubs, so that an image's layer with the compiled
# dependencies holds until one of these or Cargo.lock changes.
set -eu
from=$1
to=$2

mkdir -p "$to"
to=$(cd "$to" && pwd)
cd "$from"

find . -name target -prune -o -type f \( -name Cargo.toml -o -name Cargo.lock -o -path ./.cargo/config.toml \) -print |
    while IFS= read -r file; do
        mkdir -p "$to/$(dirname "$file")"
        cp "$file" "$to/$file"
    done

# The targets that cargo insists on: a library or a program for each package, and whatever a manifest names.
find . -name target -prune -o -type f \
    \( -name lib.rs -o -name main.rs -o -name build.rs -o -path '*/benches/*.rs' \) -print |
    while IFS= read -r file; do
        mkdir -p "$to/$(dirname "$file")"
        case $file in
        */lib.rs) : >"$to/$file" ;;
        *) echo 'fn main() {}' >"$to/$file" ;;
        esac
    done
