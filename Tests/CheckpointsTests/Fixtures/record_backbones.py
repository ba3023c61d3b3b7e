"""Records the names and shapes of pretrained backbones: python3 record_backbones.py ASSETS > backbones.json

ASSETS holds what scripts/fetch-weights.sh fetches. Needs torch, torchvision and tensorflow (TF_PYTHON=… names another
Python that has it).
"""

import json
import os
import pathlib
import subprocess
import sys


def graph(path):
    import tensorflow

    graph = tensorflow.compat.v1.GraphDef()
    graph.ParseFromString(path.read_bytes())
    constants = {}
    for node in graph.node:
        value = node.attr["value"].tensor
        if node.op == "Const" and value.dtype == 1 and len(value.tensor_shape.dim) > 0:
            constants[node.name] = [axis.size for axis in value.tensor_shape.dim]
    return constants


def main(assets):
    import torch
    from torchvision import models

    def shapes(state):
        return {name: list(tensor.shape) for name, tensor in state.items()}

    def load(path):
        return shapes(torch.load(assets / path, map_location="cpu", weights_only=True))

    python = os.environ.get("TF_PYTHON", sys.executable)
    constants = subprocess.run(
        [python, __file__, "graph", str(assets / "ssdlite" / "frozen_inference_graph.pb")], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    json.dump(
        {
            "efficientnet-lite0": load("efficientnet-lite0/efficientnet-lite0-57934424.pth"),
            "mobilenet-v2": shapes(models.mobilenet_v2().state_dict()),
            "mobilenet-v2-tensorflow": json.loads(constants),
            "onet": load("mtcnn/onet.pt"),
            "resnet18": shapes(models.resnet18().state_dict()),
            "resnet50": shapes(models.resnet50().state_dict()),
        },
        sys.stdout, separators=(",", ":"))
    print()


if sys.argv[1] == "graph":
    json.dump(graph(pathlib.Path(sys.argv[2])), sys.stdout)
else:
    main(pathlib.Path(sys.argv[1]))
