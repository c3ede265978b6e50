# Finds or installs the system's share: PostgreSQL >= 15 with PL/Python and the interpreter that PL/Python embeds.
# Sets ENGINE (full, core, external), PG_BINDIR (may be empty: the wheel's) and PYTHON. Sourced, never run.
# shellcheck shell=bash

oldest_postgres=15
oldest_python=11 # 3.11

# major BINDIR: the server's major version, nothing when there is no server.
major() {
  [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 0
  "$1/postgres" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9][0-9]*\).*/\1/p'
}

# server_folders: "MAJOR BINDIR" of each usable server, newest first.
server_folders() {
  local folder number
  {
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin "$(pg_config --bindir 2>/dev/null)"; do
      number="$(major "$folder")"
      [ -n "$number" ] && [ "$number" -ge "$oldest_postgres" ] && printf '%s %s\n' "$number" "$folder"
    done
  } | sort -u -k1,1nr
}

plpython_library() {
  local folder
  for folder in "$("$1/pg_config" --pkglibdir 2>/dev/null)" "$1/../lib"; do
    [ -f "$folder/plpython3.so" ] && { printf '%s\n' "$folder/plpython3.so"; return 0; }
  done
  return 1
}

# embedded_python LIBRARY: the command of the interpreter that this PL/Python loads.
embedded_python() {
  local minor
  minor="$(ldd "$1" 2>/dev/null | sed -n 's/.*libpython3\.\([0-9]*\)\.so.*/\1/p' | head -n 1)"
  [ -n "$minor" ] && printf '/usr/bin/python3.%s\n' "$minor"
}

makes_venvs() { [ -x "$1" ] && "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# choose_server: sets PG_BINDIR, the newest server with PL/Python, or the one that the existing data was made by.
choose_server() {
  local number folder made_by=""
  PG_BINDIR=""
  [ -r "$state/pg/data/PG_VERSION" ] && made_by="$(cat "$state/pg/data/PG_VERSION")"
  while read -r number folder; do
    [ -z "$made_by" ] || [ "$made_by" = "$number" ] || continue
    plpython_library "$folder" >/dev/null || continue
    PG_BINDIR="$folder"
    return 0
  done < <(server_folders)
  return 1
}

# --- installing -------------------------------------------------------------------------------------------------------

# as_admin COMMAND...: as root, by sudo without asking, or by sudo at a terminal.
as_admin() {
  if is_root; then
    "$@"
  elif sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    sudo "$@"
  fi
}

may_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  is_root || sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null 2>&1; }
}

apt_update() {
  [ -z "${apt_is_fresh:-}" ] || return 0
  say "reading the package lists"
  logged apt-update as_admin apt-get update -q || say "apt-get update failed: going on with the lists at hand"
  apt_is_fresh=yes
}

# A server package makes and starts a system-wide cluster unless told otherwise first. The note to it is removed
# again: it is none of our business how the machine's owner installs the next one.
apt_install() {
  local note=/etc/postgresql-common/createcluster.d/ves-sequencer.conf status=0 made=""
  say "installing $*"
  [ -d "${note%/*}" ] || made=yes
  as_admin mkdir -p "${note%/*}"
  printf 'create_main_cluster = false\n' | as_admin tee "$note" >/dev/null
  # apt refuses everything after an installation that was interrupted.
  as_admin env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >"$state/log/dpkg.log" 2>&1 </dev/null ||
    say "dpkg --configure -a failed (another one runs?): going on"
  logged apt-install as_admin env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" || status=1
  as_admin rm -f "$note"
  [ -z "$made" ] || as_admin rmdir --ignore-fail-on-non-empty "${note%/*}" 2>/dev/null
  return "$status"
}

offered() { apt-cache show "$1" >/dev/null 2>&1; }

# same_release PACKAGE SERVER: PACKAGE, tied to the installed release of SERVER where apt still offers that one, so
# that an add-on does not upgrade (and restart) a server which somebody else runs.
same_release() {
  local installed
  installed="$(dpkg-query -W -f='${Version}' "$2" 2>/dev/null)"
  if [ -n "$installed" ] && apt-cache madison "$1" 2>/dev/null | awk '{print $3}' | grep -qxF "$installed"; then
    printf '%s=%s\n' "$1" "$installed"
  else
    printf '%s\n' "$1"
  fi
}

# wanted_major: the version to install: an installed server's that PL/Python is offered for, else the newest offered.
wanted_major() {
  local number folder
  while read -r number folder; do
    offered "postgresql-plpython3-$number" && { printf '%s\n' "$number"; return 0; }
  done < <(server_folders)
  apt-cache search --names-only '^postgresql-plpython3-[0-9]+$' 2>/dev/null |
    sed -n 's/^postgresql-plpython3-\([0-9]*\).*/\1/p' | sort -nr |
    while read -r number; do
      [ "$number" -ge "$oldest_postgres" ] && { printf '%s\n' "$number"; break; }
    done
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install_server() {
  local number wanted
  apt_update
  number="$(wanted_major)"
  [ -n "$number" ] || return 1
  wanted=("$(same_release "postgresql-plpython3-$number" "postgresql-$number")" python3-venv)
  # Naming a server that is there would upgrade it.
  installed "postgresql-$number" || wanted+=("postgresql-$number")
  apt_install "${wanted[@]}" && choose_server
}

# ensure_python COMMAND: /usr/bin/python3.X with the means to make environments, installing them if need be.
ensure_python() {
  makes_venvs "$1" && return 0
  may_install || return 1
  apt_update
  apt_install "${1##*/}-venv" && makes_venvs "$1"
}

# any_python: for a server that embeds no interpreter of ours. The one of an installed PL/Python comes first, so that
# one .venv serves every mode; then the newest system interpreter of 3.11 or later.
any_python() {
  local number folder minor command
  while read -r number folder; do
    command="$(embedded_python "$(plpython_library "$folder")")"
    makes_venvs "$command" && { printf '%s\n' "$command"; return 0; }
  done < <(server_folders)
  for minor in 14 13 12 11; do
    makes_venvs "/usr/bin/python3.$minor" && { printf '/usr/bin/python3.%s\n' "$minor"; return 0; }
  done
  if may_install; then
    apt_update >&2
    for minor in 13 12 11; do
      offered "python3.$minor-venv" || continue
      ensure_python "/usr/bin/python3.$minor" >&2 && { printf '/usr/bin/python3.%s\n' "$minor"; return 0; }
    done
  fi
  # No system interpreter will do: take one from PATH and its own folder, never through a version switcher's shim.
  for minor in 14 13 12 11; do
    command="$("python3.$minor" -c 'import sys; print(sys.executable)' 2>/dev/null)" || continue
    makes_venvs "$command" && { printf '%s\n' "$command"; return 0; }
  done
  return 1
}

# --- choosing ---------------------------------------------------------------------------------------------------------

use_core() {
  ENGINE=core
  PG_BINDIR=""
  PYTHON="$(any_python)" || fail "no Python 3.$oldest_python or later with the venv module was found (Debian: apt-get install python3-venv)"
}

use_full() {
  ENGINE=full
  PYTHON="$(embedded_python "$(plpython_library "$PG_BINDIR")")"
  ensure_python "$PYTHON" ||
    fail "PL/Python of $PG_BINDIR embeds ${PYTHON##*/}, but $PYTHON cannot make environments (apt-get install ${PYTHON##*/}-venv)"
}

# Tests choose for themselves: neither the running system's mode nor its server is theirs.
remembered() { [ "${purpose:-up}" = up ] && [ -r "$state/toolchain" ] && sed -n "s/^$1=//p" "$state/toolchain"; }

# find_toolchain: the ladder of deploy/README.md.
find_toolchain() {
  local wanted="${VES_ENGINE:-}"
  case "$wanted" in "" | full | core) ;; *) fail "VES_ENGINE is '$wanted'; it may be full or core" ;; esac
  if [ -n "${DATABASE_URL:-}" ] || { [ -z "$wanted" ] && [ "$(remembered ENGINE)" = external ]; }; then
    use_core
    ENGINE=external
  elif [ "$wanted" = core ] || { [ -z "$wanted" ] && [ "$(remembered ENGINE)" = core ] && [ -e "$state/pg/data" ]; }; then
    use_core
  elif choose_server; then
    use_full
  elif [ ! -e "$state/pg/data" ] && may_install && install_server; then
    use_full
  elif [ "$wanted" = full ]; then
    fail "no PostgreSQL $oldest_postgres or later with PL/Python is installed, and it cannot be installed from here
(Debian and Ubuntu: apt-get install postgresql-15 postgresql-plpython3-15, as root)"
  elif [ -e "$state/pg/data" ]; then
    fail "the data in .ves/pg was made by PostgreSQL $(cat "$state/pg/data/PG_VERSION" 2>/dev/null), which is not here with PL/Python any more; install it, or make reset"
  else
    say "PostgreSQL with PL/Python is neither here nor to be installed from here: core mode"
    say "(full mode: have root install postgresql and postgresql-plpython3 of one version, then make reset up)"
    use_core
  fi
}

# --- the front ---------------------------------------------------------------------------------------------------------

# install_front: the distribution's HAProxy, without the service that its package would start and enable.
install_front() {
  local policy=/usr/sbin/policy-rc.d made="" status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_admin tee "$policy" >/dev/null && as_admin chmod 0755 "$policy" && made=yes
  fi
  apt_install haproxy || status=1
  [ -z "$made" ] || as_admin rm -f "$policy"
  as_admin update-rc.d haproxy disable >/dev/null 2>&1
  return "$status"
}

# find_front: sets FRONT, the HAProxy to run before the API; empty where there is none and none can be installed.
find_front() {
  FRONT="$(command -v haproxy || true)"
  if [ -z "$FRONT" ] && may_install; then
    apt_update
    if offered haproxy && install_front; then FRONT="$(command -v haproxy || true)"; fi
  fi
  [ -n "$FRONT" ] || say "no HAProxy, and no means to install it: the API serves clients itself, without the front's limits on connections"
}

# ensure_test_packages: what only the tests need of the server. Without them those tests say that they were skipped.
ensure_test_packages() {
  local number share package
  choose_server || return 0
  number="$(major "$PG_BINDIR")"
  share="$("$PG_BINDIR/pg_config" --sharedir 2>/dev/null || echo "/usr/share/postgresql/$number")/extension"
  local missing=()
  [ -f "$share/pgtap.control" ] || missing+=("postgresql-$number-pgtap")
  [ -f "$share/plpgsql_check.control" ] || missing+=("postgresql-$number-plpgsql-check")
  command -v openssl >/dev/null 2>&1 || missing+=(openssl)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if may_install; then
    apt_update
    for package in "${missing[@]}"; do
      offered "$package" || fail "the tests need $package, which apt does not offer"
    done
    apt_install "${missing[@]}" || fail "could not install ${missing[*]}"
  else
    say "the tests want ${missing[*]}; not installed, and no means to install"
  fi
}
