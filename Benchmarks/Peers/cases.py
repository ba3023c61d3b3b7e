"""What is measured, by all peers alike. The shapes are spelled as `concord bench` spells them."""

from typing import NamedTuple


class Product(NamedTuple):
    m: int
    n: int
    k: int
    batch: int = 1

    @property
    def shape(self):
        return f"m={self.m} n={self.n} k={self.k}" + (f" batch={self.batch}" if self.batch > 1 else "")


class Layer(NamedTuple):
    batch: int
    inputs: int
    size: int
    outputs: int
    window: int
    stride: int = 1
    groups: int = 1
    same_size: bool = True

    @property
    def padding(self):
        return self.window // 2 if self.same_size else 0

    @property
    def output_size(self):
        return (self.size + 2 * self.padding - self.window) // self.stride + 1

    @property
    def flops(self):
        pixels = self.batch * self.output_size ** 2
        return 2 * pixels * self.outputs * self.window ** 2 * self.inputs // self.groups

    @property
    def shape(self):
        return (f"{self.batch}x{self.size}x{self.size}x{self.inputs} to {self.outputs}, "
                f"{self.window}x{self.window}/{self.stride}" + (f", {self.groups} groups" if self.groups > 1 else ""))


# Squares, and the products of training steps.
PRODUCTS = [
    Product(512, 512, 512), Product(1024, 1024, 1024), Product(2048, 2048, 2048), Product(256, 512, 128),
    Product(256, 512, 512), Product(5120, 512, 512), Product(512, 512, 5120), Product(25088, 64, 576),
    Product(576, 64, 25088), Product(128, 1000, 1280), Product(17, 33, 65, batch=64),
]

LAYERS = [
    Layer(32, 64, 56, 64, 3), Layer(32, 128, 28, 128, 3), Layer(32, 256, 14, 256, 3), Layer(32, 512, 7, 512, 3),
    Layer(32, 3, 224, 64, 7, stride=2), Layer(64, 1, 28, 32, 5, same_size=False), Layer(32, 256, 56, 64, 1),
    Layer(32, 144, 56, 144, 3, groups=144), Layer(32, 240, 14, 240, 5, groups=240),
]

WORKLOADS = ["lenet", "mlp-20", "mlp-wide", "resnet18", "minilm"]

if __name__ == "__main__":
    for product in PRODUCTS:
        print(*product)
