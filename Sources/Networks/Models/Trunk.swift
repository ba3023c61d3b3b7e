/// A network, or the part of it that tasks share, which ends in features `[samples, featureCount]`.
public protocol Trunk: Layer {
    /// Number of features per sample that come out.
    var featureCount: Int { get }
}
