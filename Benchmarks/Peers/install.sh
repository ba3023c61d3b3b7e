#!/usr/bin/env bash
# Installs the Python packages that Concord is compared with into the ignored folder .venv-peers of the checkout. PyPI's
# PyTorch brings libraries for GPUs along, several gigabytes.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly packages=(torch==2.15.0 torchjd==0.18.0 numpy==2.4.6 transformers==4.57.3)

python3 -m venv .venv-peers
.venv-peers/bin/python -m pip install -q "${packages[@]}"
