import Compute

extension Pool2D {
    func plan(_ tuning: Tuning) -> Plan {
        let extents: [Argument] = [
            .int(inputHeight), .int(inputWidth), .int(channels), .int(outputHeight), .int(outputWidth),
            .int(window.height), .int(window.width), .int(window.strideHeight), .int(window.strideWidth),
            .int(window.paddingTop), .int(window.paddingLeft),
        ]
        let counting: [Argument] = [.int(window.paddingBottom), .int(window.paddingRight), .flag(countsPadding)]
        let images = tasks * batch
        let launch =
            switch (kind, pass) {
            case (.maximum, .forward):
                Launch(
                    file: "pool2d", kernel: "pool2d_maximum", items: (batch * outputHeight, 1, 1),
                    arguments: [.operand(0), .operand(1), .operand(2), .int(batch)] + extents)
            case (.average, .forward):
                Launch(
                    file: "pool2d", kernel: "pool2d_average", items: (batch * outputHeight, 1, 1),
                    arguments: [.operand(0), .operand(1), .int(batch)] + extents + counting)
            case (.maximum, .gradient) where windowsLieApart:
                Launch(
                    file: "pool2d", kernel: "pool2d_maximum_gradient_apart",
                    items: (images * quotient(inputHeight, roundedUpBy: window.strideHeight), 1, 1),
                    arguments: [
                        .operand(0), .operand(1), .operand(2), .int(images), .int(batch), .int(inputHeight),
                        .int(inputWidth), .int(channels), .int(outputHeight), .int(outputWidth),
                        .int(window.strideHeight), .int(window.strideWidth),
                    ])
            case (.maximum, .gradient):
                Launch(
                    file: "pool2d", kernel: "pool2d_maximum_gradient", items: (images * inputHeight, 1, 1),
                    arguments: [.operand(0), .operand(1), .operand(2), .int(images), .int(batch)] + extents)
            case (.average, .gradient):
                Launch(
                    file: "pool2d", kernel: "pool2d_average_gradient", items: (images * inputHeight, 1, 1),
                    arguments: [.operand(0), .operand(1), .int(images)] + extents + counting)
            }
        return Plan(launch)
    }

    /// Whether no element of the input belongs to two windows, and the first window begins with the first element.
    private var windowsLieApart: Bool {
        window.strideHeight >= window.height && window.strideWidth >= window.width && window.paddingTop == 0
            && window.paddingLeft == 0
    }
}
