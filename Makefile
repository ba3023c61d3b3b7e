# The way from a fresh machine to a trained network: `make train`. To a tested build: `make test`.
# More options for the program: `make train ARGS="--device cpu --epochs 2"`.

CONFIG ?= Examples/multifashion.yaml
ARGS ?=

.PHONY: help setup build train test bench check-safetensors check-kernels check-oclgrind check-pocl check-intel check-report \
	check-readers fuzz check-scripts clean

help:
	@echo "make train [ARGS=…] [CONFIG=…]  build and train on $(CONFIG)"
	@echo "make test                       build and run the tests"
	@echo "make build                      build the program .build/release/concord"
	@echo "make setup                      check for the libraries that are needed, install them as root"
	@echo "make bench [SUITES=…] [ROUNDS=3] measure Concord beside its peers, see Benchmarks/run.sh"
	@echo "make check-safetensors          compare files with the Python package safetensors"
	@echo "make check-readers              compare real weights with what PyTorch, ONNX and TensorFlow read"
	@echo "make fuzz [SECONDS_EACH=60]     feed damaged files to every reader, after make test"
	@echo "make check-kernels              compile every kernel offline for GPUs, and write what it needs"
	@echo "make check-oclgrind             run the tiny conformance cases on Oclgrind"
	@echo "make check-pocl                 run the conformance cases on PoCL with two of its methods"
	@echo "make check-intel                run the conformance cases on Intel's OpenCL runtime for processors"
	@echo "make check-report               test the report of the benchmarks"
	@echo "make check-scripts              run shellcheck over the scripts"
	@echo "make clean                      remove what was built"

setup:
	@scripts/setup.sh

build: setup
	swift build -c release --product concord

train: build
	.build/release/concord train $(CONFIG) $(ARGS)

# Two commands, because a plain "swift test" would build everything once more with flags of its own.
test: setup
	swift build -c release --build-tests
	swift test -c release --skip-build

bench: setup
	SUITES="$(SUITES)" ROUNDS="$(ROUNDS)" Benchmarks/run.sh

check-safetensors: setup
	scripts/check-safetensors.sh

check-readers: setup
	scripts/check-readers.sh

fuzz:
	Fuzzing/fuzz.sh

check-kernels: setup
	scripts/check-kernels.sh

check-oclgrind: setup
	scripts/check-oclgrind.sh

check-pocl: setup
	scripts/check-pocl.sh

check-intel: setup
	scripts/check-intel.sh

check-report:
	python3 -m unittest discover Benchmarks/Report

check-scripts:
	scripts/check-scripts.sh

clean:
	swift package clean
