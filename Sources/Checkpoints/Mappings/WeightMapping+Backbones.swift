extension WeightMapping {
    /// The table for the pretrained weights that a model of `ModelRegistry` is usually found with; nil for models that are
    /// never imported.
    ///
    /// - Parameter withoutHead: whether the layers behind the features (`fc`, and the heads of O-Net) stay aside, for a
    ///   trunk that has none.
    public static func backbone(_ model: String, withoutHead: Bool = false) -> WeightMapping? {
        switch model {
        case "bert", "minilm": bert
        case "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2": efficientNetLite(withHead: !withoutHead)
        case "mobilenet-v2": mobileNetV2(withHead: !withoutHead)
        case "mobilenet-v2-tensorflow": mobileNetV2TensorFlow
        case "onet": onet(withHeads: !withoutHead)
        case "resnet18", "resnet50": resNet(withHead: !withoutHead)
        default: nil
        }
    }

    /// The four tensors of a batch normalisation under one name.
    static func norm(_ pattern: String, _ name: String) -> Rule { .rule("\(pattern).*", "\(name).*") }
}
