#!/usr/bin/env bash
# Installs DECNET 1.0.0, the program whose database we share, into a Python environment of its own.
# It is only run, as a black box: nothing of it is part of this project.
#
#   tests/original/setup.sh     does nothing when the environment is complete; prints its python's path
#
# Environment, with what holds without it:
#   DECNET_ORIGINAL_VENV=${XDG_CACHE_HOME:-~/.cache}/decnet-db/original-1.0.0
#   PYTHON=python3              3.11 or newer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${DECNET_ORIGINAL_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/decnet-db/original-1.0.0}
python=${PYTHON:-python3}
pins=$here/requirements.txt

say() { printf '%s\n' "$*" >&2; }
die() { say "tests/original/setup.sh: $*"; exit 1; }

# The stamp is written last and holds the pins, so an environment that was interrupted or is older is made anew.
complete() { cmp -s "$pins" "$venv/decnet-db.stamp" && [ -x "$venv/bin/python" ]; }

if ! complete; then
  command -v "$python" >/dev/null || die "$python is missing: install Python 3.11 or newer, with venv and pip"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "DECNET 1.0.0 needs Python 3.11 or newer; $python is $("$python" --version 2>&1)"
  mkdir -p "$(dirname "$venv")"
  exec 9>"$venv.lock"
  flock -w 1200 9 || die "another run has been installing into $venv for 20 minutes"
  if ! complete; then
    [ ! -e "$venv" ] || [ -e "$venv/pyvenv.cfg" ] || die "$venv exists and is not a Python environment"
    say "installing DECNET 1.0.0 into $venv (half a minute, 500 MB)"
    rm -rf -- "$venv"
    "$python" -m venv "$venv" || die "could not make a Python environment (Debian: install python3-venv)"
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --no-deps -r "$pins" >&2 || die \
      "pip could not install DECNET 1.0.0 (see above). It needs the Python package index;" \
      "to leave these checks out, set SKIP_ORIGINAL=1"
    "$venv/bin/python" -m pip check --disable-pip-version-check >&2 || die "requirements.txt does not fit together"
    cp "$pins" "$venv/decnet-db.stamp"
  fi
  exec 9>&-
fi
printf '%s\n' "$venv/bin/python"
