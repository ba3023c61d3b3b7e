"""Compiles kernels for GPUs that are not there and reads what the compilers report about registers and memory.

Called by check-kernels.sh, with the kernels as JSON lines on standard input (one {"deviceClass", "variant"} a line).
Writes a Markdown table and exits with 1 if a kernel that is shipped for GPUs breaks a limit.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# Registers of a work-group of 256 work-items with 128 each, which fits twice into a multiprocessor; a smaller
# work-group may use more per work-item.
WORK_GROUP_REGISTERS = 128 * 256
LOCAL_MEMORY_LIMIT = 32 * 1024
CLANG_OPTIONS = ["-x", "cl", "-O3", "-S", "-Wno-linker-warnings"]


@dataclass
class Resources:
    """What one kernel needs on one target."""

    registers: int
    # Bytes that a work-item keeps outside of registers: stack frame, scratch, private memory, and what is spilled.
    stack: int
    spills: int
    local_memory: int
    # What else the compiler says, in words.
    note: str = ""


class BuildFailure(Exception):
    pass


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise BuildFailure(f"{Path(command[0]).name}: {(done.stderr + done.stdout).strip()[:2000]}")
    return done.stdout + done.stderr


class NVIDIA:
    """clang's PTX, compiled by NVIDIA's assembler.

    NVIDIA's driver has a front end of its own, so its counts of registers differ by a tenth or two; stack frames and
    spills carry over."""

    def __init__(self, architecture, tools):
        self.name = f"NVIDIA {architecture}"
        self.architecture = architecture
        self.ptxas = tools / "nvidia/cuda_nvcc/bin/ptxas"
        self.library = tools / "usr/lib/clc/nvptx64--nvidiacl.bc"

    def compile(self, source, options, folder):
        ptx = folder / "kernel.ptx"
        run(["clang-15", *CLANG_OPTIONS, "--target=nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang",
             "sm_70", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", str(self.library), *options, str(source), "-o",
             str(ptx)])
        # clang 15 writes for an older target; what it writes is valid for the newer ones.
        text = re.sub(r"(?m)^\.version .*$", ".version 7.8", ptx.read_text())
        ptx.write_text(re.sub(r"(?m)^\.target .*$", f".target {self.architecture}", text))
        report = run([
            str(self.ptxas), "-v", f"-arch={self.architecture}", str(ptx), "-o", str(folder / "kernel.cubin")])
        return self.parse(report)

    @staticmethod
    def parse(report):
        results = {}
        for part in report.split("Compiling entry function")[1:]:
            name = re.search(r"'(\w+)'", part)[1]
            frame, stores, loads = map(int, re.search(
                r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part).groups())
            shared = re.search(r"(\d+) bytes smem", part)
            results[name] = Resources(
                registers=int(re.search(r"Used (\d+) registers", part)[1]), stack=frame, spills=stores + loads,
                local_memory=int(shared[1]) if shared else 0)
        return results


class AMD:
    """clang's machine code. The driver's compiler is the same project, of another version."""

    def __init__(self, architecture, tools):
        self.name = f"AMD {architecture}"
        self.architecture = architecture
        self.library = tools / "usr/lib/clc/amdgcn--amdhsa.bc"

    def compile(self, source, options, folder):
        assembly = folder / "kernel.s"
        run(["clang-15", *CLANG_OPTIONS, "--target=amdgcn-amd-amdhsa", f"-mcpu={self.architecture}", "-nogpulib",
             "-Xclang", "-mlink-builtin-bitcode", "-Xclang", str(self.library), *options, str(source), "-o",
             str(assembly)])
        return self.parse(assembly.read_text())

    @staticmethod
    def parse(assembly):
        results = {}
        # The code of a kernel ends with comments about it; the metadata at the end of the file counts spills.
        comments = re.findall(
            r"\.amdhsa_kernel (\w+).*?; Kernel info:.*?; NumVgprs: (\d+).*?; ScratchSize: (\d+).*?"
            r"; LDSByteSize: (\d+).*?; Occupancy: (\d+)", assembly, re.S)
        metadata = assembly[assembly.find(".amdgpu_metadata"):]
        for name, registers, scratch, local_memory, occupancy in comments:
            entry = re.search(rf"(?s)\.name: +{name}\n(.*?)\.wavefront_size", metadata)[1]
            vector_spills, scalar_spills = (
                int(re.search(rf"\.{kind}gpr_spill_count: (\d+)", entry)[1]) for kind in "vs")
            # Scalar registers spill into lanes of vector registers, which costs no memory.
            results[name] = Resources(
                registers=int(registers), stack=int(scratch), spills=vector_spills, local_memory=int(local_memory),
                note=f"occupancy {occupancy}" + (f", {scalar_spills} scalars in lanes" if scalar_spills else ""))
        return results


class Intel:
    """Intel's offline compiler, whose binaries hold patch tokens that say what a kernel needs of the machine."""

    LOCAL_SURFACE, MEDIA_STATE, EXECUTION_ENVIRONMENT, PRIVATE_MEMORY = 15, 18, 23, 38
    MAGIC = b"CTNI"

    def __init__(self, device, tools):
        self.name = f"Intel {device}"
        self.device = device
        self.ocloc = tools / "usr/bin/ocloc"
        libraries = tools / "usr/lib/x86_64-linux-gnu"
        inherited = os.environ.get("LD_LIBRARY_PATH")
        paths = [str(libraries), str(libraries / "intel-opencl")] + ([inherited] if inherited else [])
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(paths)}

    def compile(self, source, options, folder):
        log = run([str(self.ocloc), "compile", "-file", str(source), "-device", self.device, "-options",
                   " ".join(options), "-out_dir", str(folder), "-output", "kernel"], env=self.environment)
        binary, = folder.glob("kernel*.bin")
        results = self.parse(binary.read_bytes())
        # The compiler warns about spills in words, too: "kernel X compiled SIMD8 … spilled around N".
        for name, count in re.findall(r"[Kk]ernel (\w+)\s.*?spilled around (\d+)", log):
            results[name].spills = max(results[name].spills, int(count))
        return results

    @classmethod
    def parse(cls, binary):
        """Magic, version, device, pointer size, kernels, stepping, size of the program's tokens; then, per kernel, a
        header, its name, its code and its tokens. A token starts with its kind and its size."""
        results = {}
        start = binary.index(cls.MAGIC)
        count, _, program_tokens = struct.unpack_from("<3I", binary, start + 16)
        position = start + 28 + program_tokens
        for _ in range(count):
            name_size, token_size, *heaps = struct.unpack_from("<2I4I", binary, position + 12)
            position += 40
            name = binary[position:position + name_size].split(b"\0")[0].decode()
            position += name_size + sum(heaps)
            end = position + token_size
            result = Resources(registers=0, stack=0, spills=0, local_memory=0)
            while position < end:
                kind, size = struct.unpack_from("<2I", binary, position)
                if kind == cls.EXECUTION_ENVIRONMENT:
                    lanes, = struct.unpack_from("<I", binary, position + 20)
                    registers, = struct.unpack_from("<I", binary, position + 88)
                    # A register holds 8 numbers of 4 bytes.
                    result.registers = registers * 8 // lanes
                    result.note = f"SIMD{lanes}"
                elif kind == cls.LOCAL_SURFACE:
                    result.local_memory, = struct.unpack_from("<I", binary, position + 12)
                elif kind == cls.MEDIA_STATE:
                    result.spills, = struct.unpack_from("<I", binary, position + 12)
                elif kind == cls.PRIVATE_MEMORY:
                    result.stack, = struct.unpack_from("<I", binary, position + 20)
                position += size
            results[name] = result
            position = end
        return results


def targets(tools):
    """The targets whose tools are there."""
    ptxas, ocloc = tools / "nvidia/cuda_nvcc/bin/ptxas", tools / "usr/bin/ocloc"
    if ptxas.exists():
        yield from (NVIDIA(architecture, tools) for architecture in ("sm_80", "sm_90"))
    if (tools / "usr/lib/clc/amdgcn--amdhsa.bc").exists():
        yield from (AMD(architecture, tools) for architecture in ("gfx1030", "gfx90a"))
    if ocloc.exists():
        yield from (Intel(device, tools) for device in ("tgllp", "dg2"))


def problems(resources, work_group_size):
    """What breaks a limit, in words."""
    found = []
    if resources.stack:
        found.append(f"stack {resources.stack}")
    if resources.spills:
        found.append(f"spills {resources.spills}")
    if resources.registers * work_group_size > WORK_GROUP_REGISTERS:
        found.append(f"{resources.registers} registers at {work_group_size} work-items")
    if resources.local_memory > LOCAL_MEMORY_LIMIT:
        found.append(f"local memory {resources.local_memory}")
    return found


def macros(options):
    """The options that tell one variant of a kernel from another."""
    return " ".join(word[2:] for word in options.split() if word.startswith("-D"))


def unlisted(kernels_folder, listed):
    """Kernels in the sources that no plan launches."""
    defined = {
        name for path in kernels_folder.glob("*.cl")
        for name in re.findall(r"__kernel\b.*?\bvoid (\w+)\(", path.read_text())}
    return sorted(defined - listed)


def compile_program(target, kernels_folder, file, options):
    with tempfile.TemporaryDirectory() as folder:
        return target.compile(
            kernels_folder / f"{file}.cl", [*options.split(), f"-I{kernels_folder}"], Path(folder))


def table(rows):
    lines = ["| kernel | options | target | work-items | registers | stack | spills | local memory | notes |",
             "|---|---|---|--:|--:|--:|--:|--:|---|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()

    lines = [json.loads(line) for line in sys.stdin]
    available = list(targets(arguments.tools))
    if not available:
        sys.exit("check-kernels: no offline compiler at all")
    forgotten = unlisted(arguments.kernels, {line["variant"]["kernel"] for line in lines})
    if forgotten:
        sys.exit(f"check-kernels: no primitive runs {', '.join(forgotten)}: remove them, or list a primitive that does")
    # What CPUs run says the same everywhere, and Intel's compiler takes minutes for it.
    compiled_on = {"gpu": available, "cpu": [target for target in available if not isinstance(target, Intel)][::2]}
    jobs = sorted({
        (target.name, line["variant"]["file"], line["variant"]["options"])
        for line in lines for target in compiled_on[line["deviceClass"]]})
    named = {target.name: target for target in available}

    def attempt(job):
        try:
            return compile_program(named[job[0]], arguments.kernels, *job[1:])
        except BuildFailure as failure:
            return failure

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = dict(zip(jobs, pool.map(attempt, jobs)))

    rows = {"gpu": [], "cpu": []}
    failures = []
    for line in lines:
        variant = line["variant"]
        for target in compiled_on[line["deviceClass"]]:
            result = built[(target.name, variant["file"], variant["options"])]
            label = (f"`{variant['kernel']}`", f"`{macros(variant['options'])}`" if macros(variant["options"]) else "",
                     target.name, variant["workGroupSize"])
            where = f"{variant['kernel']} ({macros(variant['options'])}) on {target.name}"
            if isinstance(result, BuildFailure):
                rows[line["deviceClass"]].append((*label, "", "", "", "", "does not compile"))
                failures.append(f"{where}: does not compile: {result}")
                continue
            resources = result[variant["kernel"]]
            broken = problems(resources, variant["workGroupSize"])
            note = resources.note
            if broken and line["deviceClass"] == "gpu":
                failures.append(f"{where}: {', '.join(broken)}")
                note = f"**over the limit** {note}".strip()
            rows[line["deviceClass"]].append(
                (*label, resources.registers, resources.stack, resources.spills, resources.local_memory, note))

    names = ", ".join(target.name for target in available)
    report = f"""# What kernels need of a GPU

Written by `make check-kernels`: every kernel with every set of parameters that is shipped, compiled by offline
compilers for {names}.
"Stack" and "spills" are what a work-item keeps outside of registers, in the compiler's units, and must be 0 for what
is shipped for GPUs. A work-group may use {WORK_GROUP_REGISTERS} registers: {WORK_GROUP_REGISTERS // 256} for each
of 256 work-items. Local memory is in bytes, at most {LOCAL_MEMORY_LIMIT // 1024} KiB.

## Shipped for GPUs

{table(rows["gpu"])}

## Shipped for CPUs

For information: these blocks fill the registers of CPUs and run on no GPU.

{table(rows["cpu"])}
"""
    arguments.report.write_text(report)
    print(table(rows["gpu"]))
    print(f"\n{len(jobs)} programs compiled for {names}; the whole table is in {arguments.report}")
    if failures:
        print(f"\n{len(failures)} over the limits:")
        print("\n".join(failures))
        sys.exit(1)
    print("all kernels that are shipped for GPUs stay within the limits")


main()
