"""Writes the files of PyTorch, NumPy, ONNX and TensorFlow beside it (made with torch 2.15.0, numpy 2.4, onnx 1.23.2,
onnxruntime and the protocol of TensorBoard 2.21.0), and archives.json, which says what they hold. The names of storages in
legacy files of PyTorch are addresses, and differ from run to run.

Run: python3 Tests/CheckpointsTests/Fixtures/write-archives.py
"""

import collections
import json
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent
NAMES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}
expected = {}


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex() if tensor.numel() else ""


def note(file, tensors):
    """Keeps name, type, shape and the bytes of all tensors."""
    expected[file] = [
        {"name": name, "type": NAMES[tensor.dtype], "shape": list(tensor.shape), "bytes": bits(tensor)}
        for name, tensor in tensors.items()
    ]


def pytorch():
    generator = torch.Generator().manual_seed(1)
    block = torch.randn(4, 3, 2, 5, generator=generator)
    state = collections.OrderedDict()
    state["conv.weight"] = block.permute(3, 2, 0, 1)  # strides of another order, as exporters leave them
    state["conv.bias"] = block.reshape(-1)[7:12]  # an offset into the same storage
    state["every.other"] = torch.arange(20, dtype=torch.int64)[3::2]
    state["norm.num_batches_tracked"] = torch.tensor(-(2**62) - 1)
    state["half"] = torch.tensor([1.0, -2.5, 65504.0, 6e-8], dtype=torch.float16)
    state["brain"] = torch.tensor([1.0, -2.5, float("inf")], dtype=torch.bfloat16)
    state["double"] = torch.tensor([[0.1], [-1e300]], dtype=torch.float64)
    state["int"] = torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32).reshape(1, 2)
    state["short"] = torch.tensor([-(2**15), 2**15 - 1], dtype=torch.int16)
    state["char"] = torch.tensor([-128, 127], dtype=torch.int8)
    state["byte"] = torch.tensor([0, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state["empty"] = torch.zeros(0, 4)
    state["scalar"] = torch.tensor(0.5)
    run = {
        "model": collections.OrderedDict(weight=torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t())),
        "optimizer": {"state": {0: {"exp_avg": torch.tensor([0.25, -0.25])}}, "lr": 0.1},
        "epoch": 12,
        "shape": torch.Size([2, 2]),
        "note": "ä",
    }
    flat = {"model.weight": run["model"]["weight"].detach(), "optimizer.state.0.exp_avg": torch.tensor([0.25, -0.25])}
    for name, legacy in (("legacy", True), ("zip", False)):
        torch.save(state, FOLDER / f"state-{name}.pt", _use_new_zipfile_serialization=not legacy)
        torch.save(run, FOLDER / f"run-{name}.pt", _use_new_zipfile_serialization=not legacy)
        note(f"state-{name}.pt", state)
        note(f"run-{name}.pt", flat)


def numpy():
    random = np.random.default_rng(2)
    arrays = {
        "weight": random.standard_normal((3, 2, 4)).astype(np.float32),
        "fortran": np.asfortranarray(random.standard_normal((2, 3, 4)).astype(np.float64)),
        "half": np.array([1, -2.5, 65504], np.float16),
        "labels": np.array([[-(2**31)], [2**31 - 1]], np.int32),
        "words": np.array([0, 2**16 - 1], np.uint16),
        "mask": np.array([True, False]),
        "step": np.array(-(2**62) - 1, np.int64),
        "empty": np.zeros((0, 4), np.float32),
        "zeros": np.zeros((16, 16), np.float32),
        "layer/bias": np.array([7], np.int8),
    }
    np.savez(FOLDER / "arrays.npz", **arrays)
    np.savez_compressed(FOLDER / "arrays-compressed.npz", **arrays)
    np.save(FOLDER / "fortran.npy", arrays["fortran"])
    for file in ("arrays.npz", "arrays-compressed.npz"):
        expected[file] = numpy_notes(arrays)
    expected["fortran.npy"] = numpy_notes({"fortran": arrays["fortran"]})


def numpy_notes(arrays):
    types = {
        "float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "int32": "I32", "uint16": "U16",
        "int8": "I8", "uint8": "U8", "bool": "BOOL", "uint32": "U32", "uint64": "U64",
    }
    return [
        {
            "name": name, "type": types[array.dtype.name], "shape": list(array.shape),
            "bytes": np.ascontiguousarray(array).tobytes().hex(),
        }
        for name, array in arrays.items()
    ]


def onnx_model():
    random = np.random.default_rng(3)
    raw = random.standard_normal((2, 3)).astype(np.float32)
    values = {
        "raw": numpy_helper.from_array(raw, "raw"),
        "floats": helper.make_tensor("floats", TensorProto.FLOAT, [3], [1.0, -2.5, 0.1]),
        "doubles": helper.make_tensor("doubles", TensorProto.DOUBLE, [2, 1], [0.1, -1e300]),
        "halves": helper.make_tensor("halves", TensorProto.FLOAT16, [3], [1.0, -2.5, 65504.0]),
        "longs": helper.make_tensor("longs", TensorProto.INT64, [2], [-(2**62) - 1, 2]),
        "bytes": helper.make_tensor("bytes", TensorProto.UINT8, [2], [0, 255]),
        "flags": helper.make_tensor("flags", TensorProto.BOOL, [2], [True, False]),
        "brains": helper.make_tensor("brains", TensorProto.BFLOAT16, [2], [1.0, -2.5]),
        "scalar": helper.make_tensor("scalar", TensorProto.INT32, [], [-7]),
    }
    constants = {
        "constant": helper.make_node(
            "Constant", [], ["constant"], value=helper.make_tensor("ignored", TensorProto.FLOAT, [2], [3.0, 4.0])),
        "number": helper.make_node("Constant", [], ["number"], value_float=0.5),
        "axes": helper.make_node("Constant", [], ["axes"], value_ints=[1, -1]),
    }
    nodes = list(constants.values()) + [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(
        nodes, "fixture", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])], list(values.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="concord fixtures")
    onnx.save(model, FOLDER / "tensors.onnx")
    arrays = {name: numpy_helper.to_array(tensor) for name, tensor in values.items() if name != "brains"}
    notes = numpy_notes(arrays)
    notes.insert(7, {"name": "brains", "type": "BF16", "shape": [2], "bytes": "803f20c0"})
    notes += numpy_notes({
        "constant": np.array([3, 4], np.float32), "number": np.array(0.5, np.float32), "axes": np.array([1, -1]),
    })
    expected["tensors.onnx"] = notes


def tensorflow():
    from tensorboard.compat.proto import graph_pb2, types_pb2

    graph = graph_pb2.GraphDef()
    arrays = {}

    def constant(name, array, type, fill):
        node = graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = type
        tensor = node.attr["value"].tensor
        tensor.dtype = type
        for extent in array.shape:
            tensor.tensor_shape.dim.add(size=extent)
        fill(tensor, array)
        arrays[name] = array

    def content(tensor, array):
        tensor.tensor_content = array.tobytes()

    constant(
        "conv/weights", np.arange(24, dtype=np.float32).reshape(3, 2, 4, 1) / 7, types_pb2.DT_FLOAT, content)
    constant("scalar", np.array(0.25, np.float32), types_pb2.DT_FLOAT, lambda t, a: t.float_val.append(0.25))
    # Missing values repeat the last one.
    constant(
        "ones", np.array([2, 1, 1, 1], np.float32), types_pb2.DT_FLOAT, lambda t, a: t.float_val.extend([2.0, 1.0]))
    constant("axes", np.array([1, -2], np.int32), types_pb2.DT_INT32, lambda t, a: t.int_val.extend([1, -2]))
    constant("long", np.array([-(2**62)], np.int64), types_pb2.DT_INT64, lambda t, a: t.int64_val.extend([-(2**62)]))
    constant("flags", np.array([True, True]), types_pb2.DT_BOOL, lambda t, a: t.bool_val.extend([True]))
    constant(
        "half", np.array([1.5, -2], np.float16), types_pb2.DT_HALF, lambda t, a: t.half_val.extend([0x3E00, 0xC000]))
    text = graph.node.add(name="text", op="Const")
    text.attr["dtype"].type = types_pb2.DT_STRING
    text.attr["value"].tensor.dtype = types_pb2.DT_STRING
    text.attr["value"].tensor.string_val.append(b"no numbers")
    graph.node.add(name="relu", op="Relu", input=["conv/weights"])
    (FOLDER / "frozen.pb").write_bytes(graph.SerializeToString(deterministic=True))
    expected["frozen.pb"] = numpy_notes(arrays)


def onnx_network():
    """A network of every operator that is imported, with what onnxruntime makes of two inputs.

    The reference evaluator of onnx takes the padding of pools in another order than the specification.
    """
    from onnxruntime import InferenceSession

    def run(nodes, output, inputs):
        session = InferenceSession(model(nodes, weights, output).SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": inputs})[0]

    random = np.random.default_rng(4)
    weights, nodes = {}, []

    def weight(name, *shape, low=-0.5, high=0.5):
        weights[name] = random.uniform(low, high, shape).astype(np.float32)
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output + "_node", **attributes))
        return output

    x = node("Conv", ["x", weight("w0", 6, 3, 3, 3), weight("b0", 6)], "conv0", pads=[1, 0, 1, 2], strides=[2, 1])
    norm = [weight("scale", 6, low=0.5, high=1.5), weight("shift", 6), weight("mean", 6), weight("var", 6, low=0.5, high=2)]
    x = node("BatchNormalization", [x, *norm], "norm", epsilon=1e-3)
    x = start = node("Relu", [x], "relu")
    x = node("Conv", [x, weight("w1", 6, 1, 3, 3)], "depthwise", group=6, auto_pad="SAME_UPPER", dilations=[1, 1])
    x = node("Add", [x, weight("channels", 6, 1, 1)], "channel_bias")
    weights["six"], weights["zero"] = np.array(6, np.float32), np.array(0, np.float32)
    x = node("Clip", [x, "zero", "six"], "relu6")
    x = node("Add", [start, x], "residual")
    x = node("MaxPool", [x], "max", kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1])
    x = node("LeakyRelu", [x], "leaky", alpha=0.1)
    x = node("Conv", [x, weight("w2", 4, 3, 2, 1), weight("b2", 4)], "grouped", group=2)
    x = node("Tanh", [x], "tanh")
    x = image = node("AveragePool", [x], "average", kernel_shape=[2, 3], pads=[1, 1, 0, 0])
    x = node("Flatten", [x], "flat")
    features = run(nodes, x, np.zeros((1, 3, 7, 5), np.float32)).size
    x = left = node("Gemm", [x, weight("w3", 5, features), weight("b3", 5)], "gemm", transB=1)
    pooled = node("GlobalAveragePool", [image], "pooled")
    weights["vector"] = np.array([-1, 4], np.int64)
    y = node("Reshape", [pooled, "vector"], "vectors")
    y = node("MatMul", [y, weight("w4", 4, 5)], "product")
    y = node("Add", [weight("b4", 5), y], "bias")
    y = node("Sigmoid", [y], "sigmoid")
    y = node("Clip", [y], "clip")
    y = node("Dropout", [y], "dropout")
    x = node("Add", [left, y], "sum")
    x = node("Softmax", [x], "y", axis=-1)
    nodes.reverse()  # importers must not rely on the order of the nodes
    inputs = random.standard_normal((2, 3, 7, 5)).astype(np.float32)
    outputs = run(list(reversed(nodes)), x, inputs)
    (FOLDER / "network.onnx").write_bytes(model(nodes, weights, x).SerializeToString())
    with open(FOLDER / "network.json", "w") as file:
        json.dump({"input": inputs.transpose(0, 2, 3, 1).ravel().tolist(), "output": outputs.ravel().tolist()}, file)
        file.write("\n")


def model(nodes, weights, output):
    graph = helper.make_graph(
        nodes, "network", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 7, 5])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


pytorch()
numpy()
onnx_model()
onnx_network()
tensorflow()
with open(FOLDER / "archives.json", "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
