// `import Concord` is all that a program needs.
@_exported import CPUBackend
@_exported import Checkpoints
@_exported import Compute
@_exported import Datasets
@_exported import Images
@_exported import MultiTask
@_exported import Networks
@_exported import OpenCLBackend
@_exported import Optimizers
@_exported import Tensors
@_exported import Transfer
