#!/usr/bin/env bash
# Gradescope runs this once, when the image is built.
set -euo pipefail
apt-get update
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get install -y python3.11 python3.11-venv
fi
apt-get install -y python3-venv
python="$(command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)"
"$python" -m venv /autograder/python
/autograder/python/bin/python -m pip install --no-cache-dir -r /autograder/source/requirements.txt
