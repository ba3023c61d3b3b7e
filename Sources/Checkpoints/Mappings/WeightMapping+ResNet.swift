extension WeightMapping {
    /// Residual networks with torchvision's names, which are Concord's, too.
    ///
    /// - Parameter withHead: whether the connected layer of the classes is wanted, as `fc`.
    public static func resNet(withHead: Bool = true) -> WeightMapping {
        WeightMapping(
            [
                .rule("conv1.weight", "conv1.weight", .convolution),
                .rule("layer**.conv*.weight", "layer**.conv*.weight", .convolution),
                .rule("layer**.downsample.0.weight", "layer**.downsample.0.weight", .convolution),
                .rule("fc.weight", "fc.weight", .linear), .rule("fc.bias", "fc.bias"),
                norm("bn1", "bn1"), .rule("layer**", "layer**"),
            ], ignoring: ["**.num_batches_tracked"] + (withHead ? [] : ["fc.*"]))
    }
}
