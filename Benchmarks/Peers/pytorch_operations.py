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
    count = 1 << 24
    vector, other, result = torch.rand(count) - 0.5, torch.rand(count) - 0.5, torch.empty(count)

    def memory(operation, shape, work, moved_elements):
        report("reduce", PEER, operation, shape, seconds_per_run(work), moved_bytes=4 * moved_elements)

    memory("copy", count, lambda: result.copy_(vector), 2 * count)
    for outer, axis, inner in ((1, count, 1), (4096, 4096, 1), (1, 4096, 4096), (256, 1024, 64)):
        box, shape, moved = vector.view(outer, axis, inner), f"{outer}x{axis}x{inner} over {axis}", count + outer * inner
        memory("reduce sum", shape, lambda: box.sum(1), moved)
        memory("reduce maximum", shape, lambda: box.amax(1), moved)
        memory("reduce argmax", shape, lambda: box.argmax(1), moved)
    for rows, columns in ((4096, 4096), (1 << 20, 16)):
        matrix, deltas = vector.view(rows, columns), other.view(rows, columns)
        output = result.view(rows, columns)
        memory("softmax", f"{rows}x{columns}", lambda: torch.softmax(matrix, 1, out=output), 2 * count)
        memory("softmaxGradient", f"{rows}x{columns}",
               lambda: torch._softmax_backward_data(deltas, matrix, 1, torch.float32), 3 * count)
    for rows, classes in ((1 << 14, 1000), (1 << 20, 10)):
        cross_entropy(rows, classes, memory)
    for images, size, channels in ((128, 56, 64), (128, 14, 1024)):
        batch_norm(images, size, channels, memory)
    memory("add", count, lambda: torch.add(vector, other, out=result), 3 * count)
    memory("relu", count, lambda: torch.clamp_min(vector, 0, out=result), 2 * count)
    memory("reluGradient", count, lambda: torch.ops.aten.threshold_backward(other, vector, 0), 3 * count)
    parameter = torch.nn.Parameter(vector.clone())
    parameter.grad = other
    optimizer = torch.optim.Adam([parameter], fused=True)
    memory("adam", count, optimizer.step, 7 * count)


def cross_entropy(rows, classes, memory):
    """The gradient starts from the logarithms that PyTorch keeps of the forward pass; Concord's from the logits."""
    labels = torch.randint(classes, (rows,))
    with torch.enable_grad():
        logits = (torch.rand(rows, classes) - 0.5).requires_grad_()
        loss = torch.nn.functional.cross_entropy(logits, labels)
    shape, count = f"{rows}x{classes}", rows * classes
    memory("crossEntropy", shape, lambda: torch.nn.functional.cross_entropy(logits, labels), count + 3 * rows)
    memory("crossEntropyGradient", shape, lambda: torch.autograd.grad(loss, logits, retain_graph=True),
           2 * count + rows)


def batch_norm(images, size, channels, memory):
    """PyTorch has no input gradient without the parameters', so there is none to compare with."""
    shape = f"{images * size ** 2}x{channels}"
    tensors = [torch.rand(images, channels, size, size).to(memory_format=torch.channels_last) for _ in range(2)]
    input, deltas = tensors
    scale, shift, mean, variance = torch.rand(4, channels)
    running = mean.clone(), variance.clone()
    count = input.numel()
    memory("batchNormStatistics", shape, lambda: torch.batch_norm_update_stats(input, *running, 0.1), count)
    memory("batchNormApply relu", shape,
           lambda: torch.nn.functional.batch_norm(input, mean, variance, scale, shift).relu_(), 2 * count)
    memory("batchNormParameterGradient", shape,
           lambda: torch.ops.aten.native_batch_norm_backward(
               deltas, input, scale, *running, mean, variance, True, 1e-5, (False, True, True)), 2 * count)


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
