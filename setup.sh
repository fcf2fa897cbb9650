#!/usr/bin/env bash
# Everything a checkout needs, in .venv, and the demo to show that it works.
# Needs git, pip and Python 3.11 to 3.13 (set PYTHON to choose one).
set -euo pipefail
cd "$(dirname "$0")"
python="${PYTHON:-}"
if [ -z "$python" ]; then
    for candidate in python3.12 python3.11 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            python="$candidate"
            break
        fi
    done
fi
if [ -z "$python" ]; then
    echo "territoryopt needs Python 3.11, 3.12 or 3.13; none was found" >&2
    exit 1
fi
echo "Setting up .venv; the first time takes about a minute ..." >&2
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev]'
exec .venv/bin/territoryopt demo
