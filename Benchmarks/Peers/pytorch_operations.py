"""Measures PyTorch on the CPU: products, convolutions, or operations that are bound by memory.

    python pytorch_operations.py gemm|conv|reduce [--threads 2]
"""

import argparse

import torch

from cases import LAYERS, PRODUCTS
from measuring import report, seconds_per_run

PEER = "pytorch"


def gemm():
    for product in PRODUCTS:
        m, n, k, batch = product
        for order in ("NN", "NT", "TN"):
            left = torch.rand(batch, *((k, m) if order[0] == "T" else (m, k)))
            right = torch.rand(batch, *((n, k) if order[1] == "T" else (k, n)))
            left = left.transpose(1, 2) if order[0] == "T" else left
            right = right.transpose(1, 2) if order[1] == "T" else right
            result = torch.empty(batch, m, n)
            if batch == 1:
                operands = left[0], right[0]
                work = lambda: torch.mm(*operands, out=result[0])
            else:
                work = lambda: torch.bmm(left, right, out=result)
            report("gemm", PEER, f"gemm {order}", product.shape, seconds_per_run(work), flops=2 * batch * m * n * k)


def conv():
    for layer in LAYERS:
        # The faster of PyTorch's two layouts counts.
        layouts = [torch.contiguous_format, torch.channels_last]
        for name, mask in (("forward", None), ("dataGradient", (True, False, False)),
                           ("weightGradient", (False, True, False))):
            timings = {}
            for layout in layouts:
                images = torch.rand(layer.batch, layer.inputs, layer.size, layer.size).to(memory_format=layout)
                filters = torch.rand(layer.outputs, layer.inputs // layer.groups, layer.window, layer.window)
                filters = filters.to(memory_format=layout)
                size = layer.output_size
                deltas = torch.rand(layer.batch, layer.outputs, size, size).to(memory_format=layout)
                place = [layer.stride] * 2, [layer.padding] * 2, [1, 1]
                if mask is None:
                    work = lambda: torch.convolution(images, filters, None, *place, False, [0, 0], layer.groups)
                else:
                    work = lambda: torch.ops.aten.convolution_backward(
                        deltas, images, filters, None, *place, False, [0, 0], layer.groups, mask)
                timings[layout] = seconds_per_run(work, warm_ups=2, minimum_samples=5, seconds=0.3)
            best = min(layouts, key=lambda layout: timings[layout][0])
            report("conv", PEER, f"conv {name}", layer.shape, timings[best], flops=layer.flops,
                   layout=str(best).removeprefix("torch."))


def reduce():
    for rows, columns in ((1, 1 << 24), (4096, 4096)):
        matrix, other = torch.rand(rows, columns), torch.empty(rows, columns)
        size, name = 4 * rows * columns, f"{rows}x{columns}x1 over {columns}"
        report("reduce", PEER, "copy", name, seconds_per_run(lambda: other.copy_(matrix)), moved_bytes=2 * size)
        report("reduce", PEER, "reduce sum", name, seconds_per_run(lambda: matrix.sum(1)), moved_bytes=size)
        report("reduce", PEER, "reduce maximum", name, seconds_per_run(lambda: matrix.amax(1)), moved_bytes=size)
        report("reduce", PEER, "reduce argmax", name, seconds_per_run(lambda: matrix.argmax(1)), moved_bytes=size)
    matrix = torch.rand(4096, 4096)
    size, name = 4 * matrix.numel(), "1x4096x4096 over 4096"
    report("reduce", PEER, "reduce sum", name, seconds_per_run(lambda: matrix.sum(0)), moved_bytes=size)
    report("reduce", PEER, "softmax", "4096x4096", seconds_per_run(lambda: matrix.softmax(1)), moved_bytes=2 * size)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", choices=["gemm", "conv", "reduce"])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    with torch.no_grad():
        {"gemm": gemm, "conv": conv, "reduce": reduce}[arguments.suite]()


main()
