import Compute

/// The primitives as their documentation states them, in Float64, without regard to speed.
///
/// Operands come as dense Float32 arrays in the order of the primitive's documentation, results as estimates that carry
/// the error which Float32 arithmetic may have.
enum Reference {
    static func activation(_ activation: Activation, _ value: Estimate) -> Estimate {
        switch activation {
        case .none: value
        case .relu: .maximum(value, 0)
        case .relu6: .minimum(.maximum(value, 0), 6)
        }
    }
}
