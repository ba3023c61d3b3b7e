import CPUKernels
import Compute

extension Activation {
    /// The kernels' name of the function.
    var kernel: concord_activation {
        switch self {
        case .none: concord_activation_none
        case .relu: concord_activation_relu
        case .relu6: concord_activation_relu6
        }
    }
}
