"""Writes what the peers read from the files of weights, for the tests to compare with.

For every file of ASSETS a JSON list of tensors (name, type, shape) and a file of all their bytes, row-major and
little-endian, one after the other.

Run: python3 scripts/check-readers.py ASSETS FOLDER
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import safetensors.torch
import torch
from onnx import numpy_helper
from tensorboard.compat.proto import graph_pb2, types_pb2

TORCH_TYPES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}
NUMPY_TYPES = {
    "float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
}
TENSORFLOW_TYPES = {
    types_pb2.DT_FLOAT: (np.float32, "float_val"), types_pb2.DT_DOUBLE: (np.float64, "double_val"),
    types_pb2.DT_INT32: (np.int32, "int_val"), types_pb2.DT_INT64: (np.int64, "int64_val"),
    types_pb2.DT_BOOL: (np.bool_, "bool_val"),
}


def from_torch(tensor):
    data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    return TORCH_TYPES[tensor.dtype], list(tensor.shape), data


def from_numpy(array):
    return NUMPY_TYPES[array.dtype.name], list(array.shape), np.ascontiguousarray(array).tobytes()


def read_pytorch(path):
    return {name: from_torch(tensor) for name, tensor in torch.load(path, map_location="cpu", weights_only=True).items()}


def read_safetensors(path):
    return {name: from_torch(tensor) for name, tensor in safetensors.torch.load_file(path).items()}


def read_onnx(path):
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            attribute = node.attribute[0]
            value = onnx.helper.get_attribute_value(attribute)
            if attribute.name == "value":
                tensors[node.output[0]] = numpy_helper.to_array(value)
            elif attribute.name.startswith("value_float"):
                tensors[node.output[0]] = np.array(value, np.float32)
            elif attribute.name.startswith("value_int"):
                tensors[node.output[0]] = np.array(value, np.int64)
    return {name: from_numpy(array) for name, array in tensors.items() if array.dtype.name in NUMPY_TYPES}


def read_tensorflow(path):
    graph = graph_pb2.GraphDef()
    graph.ParseFromString(path.read_bytes())
    tensors = {}
    for node in graph.node:
        if node.op != "Const" or node.attr["value"].tensor.dtype == types_pb2.DT_STRING:
            continue
        tensor = node.attr["value"].tensor
        kind, field = TENSORFLOW_TYPES[tensor.dtype]
        shape = [dimension.size for dimension in tensor.tensor_shape.dim]
        if tensor.tensor_content:
            array = np.frombuffer(tensor.tensor_content, kind).reshape(shape)
        else:
            values = np.array(getattr(tensor, field), kind)
            count = int(np.prod(shape))
            array = np.concatenate([values, np.repeat(values[-1:], count - len(values))]).reshape(shape)
        tensors[node.name] = from_numpy(array)
    return tensors


READERS = {
    ".pth": read_pytorch, ".pt": read_pytorch, ".safetensors": read_safetensors, ".onnx": read_onnx, ".pb": read_tensorflow,
}


def main(assets, folder):
    index = []
    for path in sorted(path for path in assets.rglob("*") if path.suffix in READERS):
        tensors = READERS[path.suffix](path)
        name = f"{len(index)}.bin"
        entries = []
        with open(folder / name, "wb") as file:
            for tensor, (kind, shape, data) in tensors.items():
                file.write(data)
                entries.append({"name": tensor, "type": kind, "shape": shape, "bytes": len(data)})
        index.append({"path": str(path.resolve()), "bytes": name, "tensors": entries})
        print(f"{path}: {len(entries)} tensors")
    (folder / "index.json").write_text(json.dumps(index))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
