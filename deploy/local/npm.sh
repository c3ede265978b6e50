# Installs npm packages as a lock file of this checkout has them. Sourced, never run.
# shellcheck shell=bash

# ensure_npm: Node with npm, from the distribution where it is missing.
ensure_npm() {
  command -v npm >/dev/null 2>&1 && return 0
  may_install || return 1
  apt_update
  apt_install nodejs npm && command -v npm >/dev/null 2>&1
}

# ensure_npm_packages FOLDER: what the folder's lock file names. No package's own script runs.
ensure_npm_packages() {
  local folder="$checkout/$1" wanted
  wanted="$(cat "$folder"/package{,-lock}.json | digest)"
  [ "$(cat "$folder/node_modules/.ves-contents" 2>/dev/null)" != "$wanted" ] || return 0
  ensure_npm || { say "no npm, and no means to install it: without the packages of $1"; return 0; }
  say "installing the packages of $1"
  logged npm npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund ||
    fail "could not install the packages of $1/package-lock.json"
  printf '%s' "$wanted" >"$folder/node_modules/.ves-contents"
}
