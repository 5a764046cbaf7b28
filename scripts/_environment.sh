# Sourced by the other scripts: a virtual environment of the project's own, in .venv, made when there is none and
# brought up to date when pyproject.toml has changed since. Needs Python >= 3.11 and, the first time, pip's package index.
# PYTHON names the interpreter to make it with, if it is not to be looked for.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

give_up() {
  say "$*"
  exit 1
}

find_python() {
  local name
  for name in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
    [ -n "$name" ] || continue
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
    [ "$name" != "${PYTHON:-}" ] || give_up "PYTHON names '$name', which is no Python 3.11 or newer."
  done
  give_up "Python 3.11 or newer is needed, and none was found; install one, or name it as in PYTHON=/path/to/python3.12."
}

make_environment() {
  local python
  python=$(find_python)
  "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || give_up \
    "'$python' comes without the modules venv and ensurepip; install them (Debian and Ubuntu: the package python3-venv)."
  say "making a virtual environment in $VENV, with $("$python" --version)"
  "$python" -m venv --clear "$VENV"
}

# prepare_environment [EXTRA]: have .venv hold the project and what an extra of it names.
prepare_environment() {
  install_environment "$@"
  # editable code is compiled when it is first imported, and anew each time where Python may not write what it compiled
  "$VENV/bin/python" -m compileall -q "$ROOT/depository"
}

install_environment() {
  local extra=${1:-} wanted stamp
  stamp=$VENV/installed${extra:+-$extra}
  wanted="$ROOT $(cksum <"$ROOT/pyproject.toml")"
  if "$VENV/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  else
    make_environment
  fi
  say "installing depository${extra:+ with what its extra '$extra' names} into $VENV"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$ROOT${extra:+[$extra]}" ||
    give_up "pip could not install depository; what it says stands above."
  printf '%s\n' "$wanted" | tee "$stamp" >"$VENV/installed"
}
