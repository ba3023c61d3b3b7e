import Compute
import Tensors

extension DerivativeCase {
    static let pooling: [DerivativeCase] = {
        let image: Shape = [2, 5, 6, 3]
        let windows: [(String, Window2D)] = [
            ("2×2, stride 2", Window2D(size: 2, stride: 2)),
            ("3×3, stride 2, padding 1", Window2D(size: 3, stride: 2, padding: 1)),
            ("3×3, overlapping", Window2D(size: 3)),
            (
                "asymmetric window and padding",
                Window2D(
                    height: 2, width: 3, strideHeight: 1, strideWidth: 2, paddingTop: 0, paddingBottom: 1, paddingLeft: 2,
                    paddingRight: 1)
            ),
        ]
        return windows.flatMap { name, window in
            [
                DerivativeCase("Pool2D", "maximum \(name)", [DerivativeInput(image, .distinct(spacing: 0.125))]) {
                    try $0[0].maxPool2D(window: window)
                },
                DerivativeCase("Pool2D", "average \(name)", [DerivativeInput(image)]) {
                    try $0[0].averagePool2D(window: window)
                },
                DerivativeCase("Pool2D", "average with padding \(name)", [DerivativeInput(image)]) {
                    try $0[0].averagePool2D(window: window, countsPadding: true)
                },
            ]
        } + [
            DerivativeCase("Pool2D", "global average", [DerivativeInput(image)]) { try $0[0].globalAveragePool2D() }
        ]
    }()
}
