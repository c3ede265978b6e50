# Shared by the shell stages: progress lines, failing with a log tail, paths. Sourced, never run.
# shellcheck shell=bash

here="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
checkout="$(cd -P "$here/../.." && pwd)"
state="$checkout/.ves"
venv="$checkout/.venv"
# The system's own tools (runuser, useradd) lie where a plain user's or an emptied PATH does not look.
export PATH="$PATH:/usr/sbin:/sbin"
# Whole seconds are enough here; the Python stages go on counting from the same origin.
export VES_UP_STARTED="${VES_UP_STARTED:-$(date +%s)}"

say() { printf '[%3ds] %s\n' "$(($(date +%s) - VES_UP_STARTED))" "$*"; }

fail() {
  printf '\nfailed: %s\n' "$*" >&2
  exit 1
}

# logged NAME COMMAND...: runs quietly; on failure shows the end of what it said.
logged() {
  local log="$state/log/$1.log"
  shift
  rm -f "$log"
  (umask 077 && : >"$log")
  if ! "$@" >"$log" 2>&1 </dev/null; then
    printf '\n--- last lines of %s\n' "$log" >&2
    tail -n 25 "$log" >&2
    return 1
  fi
}

is_root() { [ "$(id -u)" = 0 ]; }

# Root's cluster may live inside the checkout and is run by another OS user, who must be able to pass through .ves
# (and see nothing there: every file with a secret is 0600).
make_state() {
  mkdir -p "$state/log" "$state/run"
  chmod 0700 "$state/log" "$state/run"
  if is_root; then chmod 0711 "$state"; else chmod 0700 "$state"; fi
}
