# Makes .venv from $PYTHON and brings it to exactly requirements.lock plus the distributions of this checkout. Sourced, never run.
# shellcheck shell=bash

digest() { sha256sum 2>/dev/null || shasum -a 256; }

# What an environment cannot change once it is made: its interpreter and its own place (scripts name it).
venv_identity() { printf '%s %s %s' "$PYTHON" "$("$PYTHON" -c 'import sys; print(sys.version)')" "$venv" | tr '\n' ' '; }

# locked_entry NAME: one package's lines of the lock file, with its hashes.
locked_entry() { awk -v name="$1==" 'index($0, name) == 1 {on = 1} on {print} on && !/\\$/ {exit}' "$checkout/requirements.lock"; }

# uv takes certificates from the system where there are some (a company's proxy has its own), but reads nothing of pip's
# configuration; where that matters, pip does the same work, slower.
install_locked() {
  locked_entry uv >"$state/run/uv.lock"
  logged venv-installer "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
    -r "$state/run/uv.lock" || return 1
  if ! logged venv-packages "$venv/bin/uv" pip sync --python "$venv/bin/python" --require-hashes --compile-bytecode \
    "$checkout/requirements.lock"; then
    say "uv could not install; trying pip"
    logged venv-packages "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes --no-deps \
      -r "$checkout/requirements.lock" || return 1
  fi
  logged venv-project "$venv/bin/uv" pip install --python "$venv/bin/python" --no-deps --no-build-isolation --offline \
    --editable "$checkout/plpython" --editable "$checkout/api/client" --editable "$checkout"
}

ensure_venv() {
  local identity contents
  export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_LINK_MODE="${UV_LINK_MODE:-copy}"
  if [ -r /etc/ssl/certs/ca-certificates.crt ] || [ -r /etc/pki/tls/certs/ca-bundle.crt ] || [ "$(uname)" = Darwin ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
  fi
  # An activated environment or a version switcher of the caller's must not leak into ours.
  unset VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME
  identity="$(venv_identity)"
  contents="$(cat "$checkout"/{requirements.lock,pyproject.toml,plpython/pyproject.toml,api/client/pyproject.toml} | digest)"
  # Without the note of its contents it is new, or an installation was interrupted: installers take half a package for a whole one.
  if [ "$(cat "$venv/.ves-identity" 2>/dev/null)" != "$identity" ] || [ ! -s "$venv/.ves-contents" ] ||
    ! "$venv/bin/python" -c '' 2>/dev/null; then
    say "making .venv from $PYTHON"
    rm -rf "$venv"
    logged venv-make "$PYTHON" -m venv "$venv" || fail "could not make $venv"
    printf '%s' "$identity" >"$venv/.ves-identity"
  fi
  if [ "$(cat "$venv/.ves-contents" 2>/dev/null)" != "$contents" ]; then
    say "installing $(grep -c '^[a-zA-Z0-9].*==' "$checkout/requirements.lock") locked packages"
    rm -f "$venv/.ves-contents"
    install_locked || fail "could not install the locked packages"
    printf '%s' "$contents" >"$venv/.ves-contents"
  fi
}
