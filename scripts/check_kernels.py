"""Compiles kernels for GPUs that are not there and reads what the compilers report about registers and memory.

Called by check-kernels.sh, with the kernels as JSON lines on standard input (one {"device", "variant"} a line).
Writes a Markdown table and exits with 1 if a kernel breaks a limit.
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

# What a work-item may use in a work-group of 256, two of which then fit into a multiprocessor. A smaller work-group may
# use more per work-item, up to the 255 or 256 that the machines can give one; what needs more than that is spilled.
REGISTERS = 128
WORK_GROUP_REGISTERS = REGISTERS * 256
LOCAL_MEMORY_LIMIT = 32 * 1024
CLANG_OPTIONS = ["-x", "cl", "-O3", "-S", "-Wno-linker-warnings"]


@dataclass
class Resources:
    """What one kernel needs on one target."""

    # 32-bit registers of a work-item; None where the machine gives a work-item a fixed number.
    registers: int | None
    # Bytes that a work-item keeps outside of registers: stack frame, scratch, private memory, and what is spilled.
    stack: int
    spills: int
    local_memory: int


class BuildFailure(Exception):
    pass


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise BuildFailure(f"{Path(command[0]).name}: {(done.stderr + done.stdout).strip()[:2000]}")
    return done.stdout + done.stderr


class NVIDIA:
    """clang's PTX, which is made once, compiled by NVIDIA's assembler for every target.

    NVIDIA's driver has a front end of its own, so its counts of registers differ by a tenth or two; stack frames and
    spills carry over."""

    device = "NVIDIA"
    targets = ("sm_80", "sm_90")

    def __init__(self, tools):
        self.ptxas = tools / "nvidia/cuda_nvcc/bin/ptxas"
        self.library = tools / "usr/lib/clc/nvptx64--nvidiacl.bc"

    def compile(self, source, options, folder):
        ptx = folder / "kernel.ptx"
        run(["clang-15", *CLANG_OPTIONS, "--target=nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang",
             "sm_70", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", str(self.library), *options, str(source), "-o",
             str(ptx)])
        # clang 15 writes for an older target; what it writes is valid for the newer ones.
        text = re.sub(r"(?m)^\.version .*$", ".version 7.8", ptx.read_text())
        results = {}
        for target in self.targets:
            ptx.write_text(re.sub(r"(?m)^\.target .*$", f".target {target}", text))
            results[target] = self.parse(
                run([str(self.ptxas), "-v", f"-arch={target}", str(ptx), "-o", str(folder / "kernel.cubin")]))
        return results

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

    device = "AMD"
    targets = ("gfx1030", "gfx90a")

    def __init__(self, tools):
        self.library = tools / "usr/lib/clc/amdgcn--amdhsa.bc"

    def compile(self, source, options, folder):
        assembly = folder / "kernel.s"
        results = {}
        for target in self.targets:
            run(["clang-15", *CLANG_OPTIONS, "--target=amdgcn-amd-amdhsa", f"-mcpu={target}", "-nogpulib", "-Xclang",
                 "-mlink-builtin-bitcode", "-Xclang", str(self.library), *options, str(source), "-o", str(assembly)])
            results[target] = self.parse(assembly.read_text())
        return results

    @staticmethod
    def parse(assembly):
        results = {}
        # The code of a kernel ends with comments about it; the metadata at the end of the file counts spills.
        comments = re.findall(
            r"\.amdhsa_kernel (\w+).*?; Kernel info:.*?; NumVgprs: (\d+).*?; ScratchSize: (\d+).*?"
            r"; LDSByteSize: (\d+)", assembly, re.S)
        metadata = assembly[assembly.find(".amdgpu_metadata"):]
        for name, registers, scratch, local_memory in comments:
            entry = re.search(rf"(?s)\.name: +{name}\n(.*?)\.wavefront_size", metadata)[1]
            # Scalar registers spill into lanes of vector registers, which costs no memory.
            spills = int(re.search(r"\.vgpr_spill_count: (\d+)", entry)[1])
            results[name] = Resources(
                registers=int(registers), stack=int(scratch), spills=spills, local_memory=int(local_memory))
        return results


class Intel:
    """Intel's offline compiler, whose binaries hold patch tokens that say what a kernel needs of the machine.

    A thread has a fixed number of registers and runs 8 to 32 work-items in them, as the compiler chooses."""

    device = "Intel"
    targets = ("dg2",)

    LOCAL_SURFACE, MEDIA_STATE, PRIVATE_MEMORY = 15, 18, 38
    MAGIC = b"CTNI"

    def __init__(self, tools):
        self.ocloc = tools / "usr/bin/ocloc"
        libraries = tools / "usr/lib/x86_64-linux-gnu"
        inherited = os.environ.get("LD_LIBRARY_PATH")
        paths = [str(libraries), str(libraries / "intel-opencl")] + ([inherited] if inherited else [])
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(paths)}

    def compile(self, source, options, folder):
        target, = self.targets
        log = run([str(self.ocloc), "compile", "-file", str(source), "-device", target, "-options",
                   " ".join(options), "-out_dir", str(folder), "-output", "kernel"], env=self.environment)
        binary, = folder.glob("kernel*.bin")
        results = self.parse(binary.read_bytes())
        # The compiler warns about spills in words, too: "kernel X compiled SIMD8 … spilled around N".
        for name, count in re.findall(r"[Kk]ernel (\w+)\s.*?spilled around (\d+)", log):
            results[name].spills = max(results[name].spills, int(count))
        return {target: results}

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
            result = Resources(registers=None, stack=0, spills=0, local_memory=0)
            while position < end:
                kind, size = struct.unpack_from("<2I", binary, position)
                if kind == cls.LOCAL_SURFACE:
                    result.local_memory, = struct.unpack_from("<I", binary, position + 12)
                elif kind == cls.MEDIA_STATE:
                    result.spills, = struct.unpack_from("<I", binary, position + 12)
                elif kind == cls.PRIVATE_MEMORY:
                    result.stack, = struct.unpack_from("<I", binary, position + 20)
                position += size
            results[name] = result
            position = end
        return results


def compilers(tools):
    """The compilers that are there."""
    has_clang = (tools / "usr/lib/clc/amdgcn--amdhsa.bc").exists()
    # The slowest comes first, so that none is waited for in the end.
    if (tools / "usr/bin/ocloc").exists():
        yield Intel(tools)
    if has_clang:
        yield AMD(tools)
    if has_clang and (tools / "nvidia/cuda_nvcc/bin/ptxas").exists():
        yield NVIDIA(tools)


def problems(resources, work_group_size):
    """What breaks a limit, in words."""
    found = []
    if resources.stack:
        found.append(f"stack {resources.stack}")
    if resources.spills:
        found.append(f"spills {resources.spills}")
    if (resources.registers or 0) * work_group_size > WORK_GROUP_REGISTERS:
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


def compile_program(compiler, kernels_folder, file, options):
    with tempfile.TemporaryDirectory() as folder:
        try:
            return compiler.compile(
                kernels_folder / f"{file}.cl", [*options.split(), f"-I{kernels_folder}"], Path(folder))
        except BuildFailure as failure:
            return failure


def cell(found):
    """The worst of what a kernel needs on a target over its variants."""
    if not found:
        return ""
    broken = sorted({text for resources, size in found for text in problems(resources, size)})
    if broken:
        return ", ".join(f"**{text}**" for text in broken)
    registers = [resources.registers for resources, _ in found if resources.registers is not None]
    return str(max(registers)) if registers else "fits"


def table(measured, columns):
    """One row per kernel, one column per target."""
    lines = ["| kernel | variants | work-items | local memory | " + " | ".join(columns) + " |",
             "|---|--:|--:|--:|" + "--:|" * len(columns)]
    for kernel, (variants, found) in sorted(measured.items()):
        everything = [pair for pairs in found.values() for pair in pairs]
        local_memory = max((resources.local_memory for resources, _ in everything), default=0)
        sizes = "/".join(str(size) for size in sorted({size for _, size in everything}))
        cells = [f"`{kernel}`", len(variants), sizes, local_memory] + [cell(found.get(name)) for name in columns]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()

    lines = [json.loads(line) for line in sys.stdin]
    available = {compiler.device: compiler for compiler in compilers(arguments.tools)}
    if not available:
        sys.exit("check-kernels: no offline compiler at all")
    forgotten = unlisted(arguments.kernels, {line["variant"]["kernel"] for line in lines})
    if forgotten:
        sys.exit(f"check-kernels: no primitive runs {', '.join(forgotten)}: remove them, or list a primitive that does")

    # Kernels of the same file with the same options are one program. What only processors run is not compiled: their
    # blocks fill the registers and caches of processors, and no offline compiler is needed for those.
    jobs = list(dict.fromkeys(
        (device, line["variant"]["file"], line["variant"]["options"])
        for device in available for line in lines if line["device"] == device))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = dict(zip(jobs, pool.map(
            lambda job: compile_program(available[job[0]], arguments.kernels, *job[1:]), jobs)))

    # By kernel: its variants, and what each needs by target.
    measured = {}
    failures = []
    for line in lines:
        variant = line["variant"]
        result = built.get((line["device"], variant["file"], variant["options"]))
        if result is None:
            continue
        label = f"{variant['kernel']} ({macros(variant['options'])})"
        if isinstance(result, BuildFailure):
            failures.append(f"{label} for {line['device']}: does not compile: {result}")
            continue
        variants, found = measured.setdefault(variant["kernel"], (set(), {}))
        variants.add(macros(variant["options"]))
        for target, kernels in result.items():
            resources = kernels[variant["kernel"]]
            found.setdefault(target, []).append((resources, variant["workGroupSize"]))
            broken = problems(resources, variant["workGroupSize"])
            if broken:
                failures.append(f"{label} on {target}: {', '.join(broken)}")

    columns = [target for compiler in reversed(available.values()) for target in compiler.targets]
    names = ", ".join(
        f"{compiler.device} ({', '.join(compiler.targets)})" for compiler in reversed(available.values()))
    report = f"""# What kernels need of a GPU

Written by `make check-kernels`, which compiles every kernel with every set of parameters that is shipped for GPUs, by
offline compilers for {names}.

The numbers are registers of 32 bits per work-item, the largest over all variants of a kernel. On Intel's GPUs threads
have a fixed number of registers, so that a kernel fits or does not. No kernel may need memory beside its registers:
a stack, scratch, or spills. A work-group may use {WORK_GROUP_REGISTERS} registers, {REGISTERS} for each of 256 work-items; in
smaller work-groups a work-item may use more, up to the 255 or 256 that the machines can give it. Local memory is in
bytes, at most {LOCAL_MEMORY_LIMIT // 1024} KiB.

Left out are kernels that only processors run, and Intel's GPUs before Xe-HPG, whose threads have half of the registers:
there 12 of the kernels spill.

{table(measured, columns)}
"""
    arguments.report.write_text(report)
    print(table(measured, columns))
    print(f"\n{len(jobs)} programs compiled for {names}; the table is in {arguments.report}")
    if failures:
        print(f"\n{len(failures)} over the limits:")
        print("\n".join(failures))
        sys.exit(1)
    print("all kernels that are shipped for GPUs stay within the limits")


main()
