extension WeightMapping {
    /// MTCNN's output network with the names of the package `facenet-pytorch`.
    ///
    /// - Parameter withHeads: whether the three heads are wanted, as `face`, `box` and `landmarks` (`0.weight` and
    ///   `0.bias` of each), next to the trunk.
    public static func onet(withHeads: Bool = true) -> WeightMapping {
        let heads = zip(["dense6_1", "dense6_2", "dense6_3"], ["face", "box", "landmarks"])
        let headRules = heads.flatMap { theirs, ours in
            [Rule.rule("\(theirs).weight", "\(ours).0.weight", .linear), .rule("\(theirs).bias", "\(ours).0.bias")]
        }
        return WeightMapping(
            [
                .rule("conv*.weight", "conv*.weight", .convolution), .rule("conv*.bias", "conv*.bias"),
                .rule("prelu*.weight", "prelu*.weight"), .rule("dense5.weight", "dense5.weight", .linear),
                .rule("dense5.bias", "dense5.bias"),
            ] + (withHeads ? headRules : []), ignoring: withHeads ? [] : ["dense6_*.*"])
    }
}
