# Installs npm packages as a lock file of this checkout has them. Sourced, never run.
# shellcheck shell=bash

# ensure_npm: Node with npm, from the distribution where it is missing.
ensure_npm() {
  command -v npm >/dev/null 2>&1 && return 0
  may_install || return 1
  apt_update
  apt_install nodejs npm && command -v npm >/dev/null 2>&1
}

# ensure_npm_packages FOLDER SCOPE: `all` packages of the folder's lock file, or those of a local `chain` alone. What is
# there for one scope is kept when the other asks for less. No package's own script runs.
ensure_npm_packages() {
  local folder="$checkout/$1" wanted omit=()
  wanted="$2 $(cat "$folder"/package{,-lock}.json | digest)"
  case "$(cat "$folder/node_modules/.ves-contents" 2>/dev/null)" in
    "$wanted" | "all ${wanted#* }") return 0 ;;
  esac
  [ "$2" = all ] || omit=(--omit=dev)
  ensure_npm || { say "no npm, and no means to install it: without the packages of $1"; return 0; }
  say "installing the packages of $1 ($2)"
  logged npm npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund "${omit[@]}" ||
    fail "could not install the packages of $1/package-lock.json"
  printf '%s' "$wanted" >"$folder/node_modules/.ves-contents"
}
