#!/bin/sh
# Runs a Python script with python3, or with the interpreter that FANIN_PYTHON names; 77 (skipped) where there is none.
python=${FANIN_PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
  echo "skipped: there is no $python"
  exit 77
fi
exec "$python" "$@"
