extension WeightMapping {
    /// Number of blocks of a MobileNetV2.
    private static let blockCount = 17

    /// MobileNetV2 with torchvision's names: `features.0` is the stem, `features.1` the first block.
    ///
    /// - Parameter withHead: whether the connected layer of the classes is wanted, as `fc`.
    public static func mobileNetV2(withHead: Bool = true) -> WeightMapping {
        func block(_ theirs: String, _ norm: String, _ ours: String) -> [Rule] {
            [
                .rule("\(theirs).weight", "\(ours).conv.weight", .convolution), WeightMapping.norm(norm, "\(ours).bn"),
            ]
        }
        var rules = block("features.0.0", "features.0.1", "stem")
        for number in 0..<blockCount {
            let (theirs, ours) = ("features.\(number + 1).conv", "blocks.\(number)")
            // The first block widens nothing, so that its layers move up.
            let parts = number == 0 ? ["depthwise"] : ["expand", "depthwise"]
            for (position, part) in parts.enumerated() {
                rules += block("\(theirs).\(position).0", "\(theirs).\(position).1", "\(ours).\(part)")
            }
            rules += block("\(theirs).\(parts.count)", "\(theirs).\(parts.count + 1)", "\(ours).project")
        }
        rules += block("features.\(blockCount + 1).0", "features.\(blockCount + 1).1", "head")
        rules += [.rule("classifier.1.weight", "fc.weight", .linear), .rule("classifier.1.bias", "fc.bias")]
        return WeightMapping(rules, ignoring: ["**.num_batches_tracked"] + (withHead ? [] : ["classifier.*.*"]))
    }

    /// MobileNetV2 inside of a detector of TensorFlow's Object Detection API (`FeatureExtractor/MobilenetV2/…`), without
    /// the detector's own layers: for `MobileNetV2` in the style of TensorFlow.
    public static let mobileNetV2TensorFlow: WeightMapping = {
        let root = "FeatureExtractor/MobilenetV2/"
        let statistics = [
            ("gamma", "weight"), ("beta", "bias"), ("moving_mean", "running_mean"), ("moving_variance", "running_var"),
        ]
        func block(_ theirs: String, _ ours: String) -> [Rule] {
            let filters: Rule =
                ours.hasSuffix("depthwise")
                ? .rule("\(root)\(theirs)/depthwise_weights", "\(ours).conv.weight", .depthwise)
                : .rule("\(root)\(theirs)/weights", "\(ours).conv.weight")
            return [filters] + statistics.map { .rule("\(root)\(theirs)/BatchNorm/\($0)", "\(ours).bn.\($1)") }
        }
        var rules = block("Conv", "stem") + block("Conv_1", "head")
        for number in 0..<blockCount {
            let theirs = number == 0 ? "expanded_conv" : "expanded_conv_\(number)"
            for part in ["expand", "depthwise", "project"] {
                rules += block("\(theirs)/\(part)", "blocks.\(number).\(part)")
            }
        }
        // Everything else belongs to the detector, and to its graph.
        let layers = [
            "\(root)layer_**", "BoxPredictor**", "Const**", "MultipleGrid**", "Preprocessor**", "Postprocessor**",
            "Concatenate**", "concat**", "add/**",
        ]
        return WeightMapping(rules, ignoring: layers)
    }()
}
