import Compute
import Tensors

extension DerivativeCase {
    private static func convolution(
        _ name: String, image: Shape, outputs: Int, window: Window2D, groups: Int = 1, bias: Bool = false
    ) -> DerivativeCase {
        DerivativeCase(
            "Conv2D", name,
            [
                DerivativeInput(image), DerivativeInput([window.height, window.width, image[3] / groups, outputs]),
            ] + (bias ? [DerivativeInput([outputs])] : [])
        ) { try $0[0].conv2D(filter: $0[1], bias: bias ? $0[2] : nil, window: window, groups: groups) }
    }

    static let convolution: [DerivativeCase] = [
        convolution("3×3", image: [2, 5, 6, 3], outputs: 4, window: Window2D(size: 3)),
        convolution("bias", image: [2, 5, 6, 3], outputs: 4, window: Window2D(size: 3), bias: true),
        convolution("5×5 on one channel", image: [3, 9, 7, 1], outputs: 5, window: Window2D(size: 5), bias: true),
        convolution("7×7, stride 2, padding 3", image: [1, 9, 11, 3], outputs: 5, window: Window2D(size: 7, stride: 2, padding: 3)),
        convolution("stride 2, padding 1", image: [2, 7, 6, 3], outputs: 5, window: Window2D(size: 3, stride: 2, padding: 1)),
        convolution("stride 3 leaves a rest", image: [2, 8, 9, 2], outputs: 3, window: Window2D(size: 2, stride: 3)),
        convolution(
            "asymmetric window, stride and padding", image: [2, 6, 7, 3], outputs: 4,
            window: Window2D(
                height: 2, width: 3, strideHeight: 1, strideWidth: 2, paddingTop: 1, paddingBottom: 0, paddingLeft: 2,
                paddingRight: 1)),
        convolution("dilation 2", image: [2, 7, 8, 3], outputs: 4, window: Window2D(size: 3, dilation: 2, padding: 2)),
        convolution("1×1", image: [2, 5, 3, 7], outputs: 5, window: Window2D(size: 1), bias: true),
        convolution("1×1, stride 2", image: [2, 5, 7, 3], outputs: 6, window: Window2D(size: 1, stride: 2)),
        convolution("2 groups", image: [2, 5, 6, 4], outputs: 6, window: Window2D(size: 3, padding: 1), groups: 2),
        convolution("depthwise", image: [2, 5, 6, 5], outputs: 5, window: Window2D(size: 3, stride: 2, padding: 1), groups: 5, bias: true),
        convolution("depthwise, two filters each", image: [2, 6, 5, 3], outputs: 6, window: Window2D(size: 3), groups: 3),
        convolution("one sample, one pixel", image: [1, 1, 1, 17], outputs: 3, window: Window2D(size: 1)),
    ]

    /// With 9 products that are odd multiples of ½, and biases that are even ones, no result comes nearer to a kink than ½.
    static let fusedConvolution: [DerivativeCase] = [Activation.relu, .relu6].flatMap { activation in
        [1, 2].flatMap { groups in
            [false, true].map { hasBias in
                DerivativeCase(
                    "Conv2D", "\(groups) groups\(hasBias ? " with bias" : ""), activation \(activation)",
                    [
                        DerivativeInput([3, 6, 5, groups], .choice([-1.5, -0.5, 0.5, 1.5])),
                        DerivativeInput([3, 3, 1, 4], .choice([-1, 1])),
                    ] + (hasBias ? [DerivativeInput([4], .choice([-1, 0, 1]))] : [])
                ) {
                    try $0[0].conv2D(
                        filter: $0[1], bias: hasBias ? $0[2] : nil, window: Window2D(size: 3), groups: groups,
                        activation: activation)
                }
            }
        }
    }
}
