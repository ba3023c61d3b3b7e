import CPUKernels
import Compute

extension CPUDevice {
    func run(_ pooling: Pool2D, _ arguments: inout Arguments) {
        let window = pooling.window
        let geometry = concord_pool(
            input_height: pooling.inputHeight, input_width: pooling.inputWidth, channels: pooling.channels,
            output_height: pooling.outputHeight, output_width: pooling.outputWidth, window_height: window.height,
            window_width: window.width, stride_height: window.strideHeight, stride_width: window.strideWidth,
            padding_top: window.paddingTop, padding_left: window.paddingLeft,
            counts_padding: pooling.countsPadding ? 1 : 0)
        switch pooling.pass {
        case .forward: pool(pooling, geometry, &arguments)
        case .gradient: spread(pooling, geometry, &arguments)
        }
    }

    private func pool(_ pooling: Pool2D, _ geometry: concord_pool, _ arguments: inout Arguments) {
        let input = arguments.floats(pooling.inputCount)
        let output = arguments.floats(pooling.outputCount)
        let winners = pooling.kind == .maximum ? arguments.integers(pooling.outputCount) : nil
        let imageCount = pooling.inputHeight * pooling.inputWidth * pooling.channels
        let rowCount = pooling.outputWidth * pooling.channels
        let height = pooling.outputHeight
        let cost = pooling.window.height * pooling.window.width
        workers.rows(pooling.batch * height, columns: rowCount, cost: cost) { range in
            var geometry = geometry
            var row = range.lowerBound
            while row < range.upperBound {
                let image = row / height
                let first = row % height
                let last = min(height, first + range.upperBound - row)
                let pixels = input + image * imageCount
                let target = image * height * rowCount
                if let winners {
                    concord_max_pool(&geometry, pixels, first, last, output + target, winners + target)
                } else {
                    concord_average_pool(&geometry, pixels, first, last, output + target)
                }
                row += last - first
            }
        }
    }

    private func spread(_ pooling: Pool2D, _ geometry: concord_pool, _ arguments: inout Arguments) {
        let outputCount = pooling.outputHeight * pooling.outputWidth * pooling.channels
        let inputCount = pooling.inputHeight * pooling.inputWidth * pooling.channels
        let deltas = arguments.floats(pooling.tasks * pooling.outputCount)
        let winners = pooling.kind == .maximum ? arguments.integers(pooling.outputCount) : nil
        let gradients = arguments.floats(pooling.tasks * pooling.inputCount)
        workers.rows(pooling.tasks * pooling.batch, columns: inputCount) { images in
            var geometry = geometry
            for image in images {
                let delta = deltas + image * outputCount
                let gradient = gradients + image * inputCount
                if let winners {
                    let shared = winners + image % pooling.batch * outputCount
                    concord_max_pool_gradient(&geometry, delta, shared, gradient)
                } else {
                    concord_average_pool_gradient(&geometry, delta, gradient)
                }
            }
        }
    }
}
