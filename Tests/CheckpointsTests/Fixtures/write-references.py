"""Writes the .safetensors files beside it with the Python package (made with safetensors 0.8.0).

Run: python3 Tests/CheckpointsTests/Fixtures/write-references.py
"""

import ctypes
import pathlib
import struct

from safetensors import TensorSpec, serialize_file

FOLDER = pathlib.Path(__file__).parent

# name: (type as the package names it, format for struct, shape, elements)
ALL_TYPES = {
    "trunk.conv1.weight": ("float32", "f", [2, 1, 3], [1.0, -2.5, 0.1, 3e38, 1e-45, -0.0]),
    "trunk.half": ("float16", "e", [4], [1.0, -2.5, 65504.0, 6e-8]),
    # The upper halves of the float32 numbers 1, -2.5 and infinity.
    "trunk.brain": ("bfloat16", "H", [3], [0x3F80, 0xC020, 0x7F80]),
    "trunk.double": ("float64", "d", [3], [0.1, -1e300, 3.0]),
    "steps": ("int64", "q", [], [-(2**62) - 1]),
    "labels": ("int32", "i", [2, 2], [-(2**31), -1, 0, 2**31 - 1]),
    "pixels": ("uint8", "B", [5], [0, 1, 127, 128, 255]),
    "mask": ("bool", "B", [3], [1, 0, 1]),
    "empty": ("float32", "f", [0, 4], []),
}
# What the Swift writer can write; the names try the order and the escapes.
WRITABLE = {
    "b.weight": ("float32", "f", [2, 2], [1.0, -2.5, 0.1, 3e38]),
    "B.bias": ("float32", "f", [1], [7.0]),
    "ä.scale": ("float32", "f", [], [0.5]),
    'a "quoted"\\\n\t\x01/name': ("float32", "f", [3], [1.0, 2.0, 3.0]),
    "step": ("int64", "q", [1], [-(2**62) - 1]),
    "epoch": ("int64", "q", [], [12]),
    "labels": ("int32", "i", [3], [-(2**31), 0, 2**31 - 1]),
    "empty": ("int32", "i", [0, 4], []),
}


def write(name, tensors, metadata):
    memory = []  # keeps the elements alive until they are written
    specifications = {}
    for tensor, (dtype, code, shape, elements) in tensors.items():
        data = struct.pack(f"<{len(elements)}{code}", *elements)
        memory.append(ctypes.create_string_buffer(data, max(len(data), 1)))
        specifications[tensor] = TensorSpec(
            dtype=dtype, shape=shape, data_ptr=ctypes.addressof(memory[-1]), data_len=len(data)
        )
    serialize_file(specifications, str(FOLDER / name), metadata)


write("all-types.safetensors", ALL_TYPES, {"format": "np"})
write("writable.safetensors", WRITABLE, {"note": 'two\nlines, "quoted"'})
