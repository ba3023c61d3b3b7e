import Compute
import Networks
import Tensors

/// The exponential moving average of a network's parameters: `average += (1 - decay)·(parameters - average)` behind every
/// step, from the initial parameters on.
///
/// Statistics are not averaged; the network's own ones go with the average. A parameter that stands still keeps its bits.
///
/// Source: Polyak, Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30, 1992; with
/// exponential weights: Tarvainen, Valpola, "Mean Teachers Are Better Role Models", NeurIPS 2017.
public final class WeightAverage {
    public let decay: Float
    public let arena: ParameterArena
    /// `[arena.count]`, laid out as the arena; whoever restores a run writes to it in place.
    public let values: Tensor

    /// - Precondition: the decay is in 0..<1.
    public init(of arena: ParameterArena, decay: Float) throws(ComputeError) {
        precondition((0..<1).contains(decay), "WeightAverage: decay \(decay) outside 0..<1")
        self.decay = decay
        self.arena = arena
        values = try arena.values.duplicated()
    }

    /// Takes in the parameters as they are now.
    public func update() throws(ComputeError) {
        try values.overwrite(with: values + (arena.values - values).affine(scale: 1 - decay))
    }

    /// Runs something with the average in place of the network's parameters, which are back afterwards, bit for bit.
    public func callAsFunction<Result>(_ body: () throws -> Result) throws -> Result {
        let parameters = try arena.values.duplicated()
        try arena.values.overwrite(with: values)
        let result = Swift.Result { try body() }
        try arena.values.overwrite(with: parameters)
        return try result.get()
    }
}
