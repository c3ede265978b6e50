# Installs the npm packages of contracts/ as its lock file has them. Sourced, never run.
# shellcheck shell=bash

contracts="$checkout/contracts"

# ensure_npm: Node with npm, from the distribution where it is missing.
ensure_npm() {
  command -v npm >/dev/null 2>&1 && return 0
  may_install || return 1
  apt_update
  apt_install nodejs npm && command -v npm >/dev/null 2>&1
}

# ensure_contract_tools SCOPE: `all` for building and testing, `chain` for a local chain alone. What is there for one
# scope is kept when the other asks for less. No package's own script runs.
ensure_contract_tools() {
  local wanted omit=()
  wanted="$1 $(cat "$contracts"/package{,-lock}.json | digest)"
  case "$(cat "$contracts/node_modules/.ves-contents" 2>/dev/null)" in
    "$wanted" | "all ${wanted#* }") return 0 ;;
  esac
  [ "$1" = all ] || omit=(--omit=dev)
  ensure_npm || { say "no npm, and no means to install it: contracts can neither be built nor tested here"; return 0; }
  say "installing the tools of contracts/ ($1)"
  logged contract-tools npm --prefix "$contracts" ci --ignore-scripts --no-audit --no-fund "${omit[@]}" ||
    fail "could not install the packages of contracts/package-lock.json"
  printf '%s' "$wanted" >"$contracts/node_modules/.ves-contents"
}
