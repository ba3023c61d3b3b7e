#!/usr/bin/env bash
# Compares EfficientNet-Lite0 and O-Net with PyTorch on 20 photographs, on every device.
#
# Fetches weights and images, makes a virtual environment in the ignored folder .venv-vision, records what PyTorch
# computes, and runs the tests that compare.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly environment=${VISION_ENVIRONMENT:-$PWD/.venv-vision}

scripts/fetch-weights.sh efficientnet-lite0 mtcnn
scripts/fetch-vision-images.sh
if [[ ! -x $environment/bin/python ]]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check torch torchvision numpy pillow==11.3.0 safetensors \
        requests tqdm
    # It asks for an older PyTorch than it needs.
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps facenet-pytorch==2.6.0
fi
"$environment/bin/python" scripts/check_vision.py Assets

swift build -c release --build-tests
swift test -c release --skip-build --filter VisionParityTests
