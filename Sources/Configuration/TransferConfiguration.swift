import Networks
import Transfer
import Yams

/// How a run starts from what was learnt before. Everything is optional.
///
/// ```yaml
/// recipe: {name: fine-tune, freezeEpochs: 1}
/// layerRates: {decay: 0.75}
/// freezeTo: trunk.layer3.0
/// l2sp: {alpha: 0.01, beta: 0.01}
/// ema: 0.999
/// distillation: {teacher: runs/large-1, temperature: 4, alpha: 0.5}
/// ```
public struct TransferConfiguration: Hashable, Sendable {
    /// What is frozen when, and at which rates. Default: everything learns alike.
    public var recipe: Recipe?
    /// How the learning rate depends on depth. Default: what the recipe says.
    public var layerRates: LayerRates?
    /// The first group of layers that is trained. Default: that of the inputs.
    public var freezeTo: FreezePoint?
    public var startingPoint: StartingPointConfiguration?
    /// Of an average of the weights that is measured and saved in place of them. Default: none.
    public var averageDecay: Float?
    public var distillation: DistillationConfiguration?

    /// A group of layers.
    public enum FreezePoint: Hashable, Sendable {
        /// From 0, that of the inputs; negative ones count from the end, -1 being the heads.
        case position(Int)
        case name(String)
    }

    static let keys = ["recipe", "layerRates", "freezeTo", "l2sp", "ema", "distillation"]

    public init(
        recipe: Recipe? = nil, layerRates: LayerRates? = nil, freezeTo: FreezePoint? = nil,
        startingPoint: StartingPointConfiguration? = nil, averageDecay: Float? = nil,
        distillation: DistillationConfiguration? = nil
    ) {
        self.recipe = recipe
        self.layerRates = layerRates
        self.freezeTo = freezeTo
        self.startingPoint = startingPoint
        self.averageDecay = averageDecay
        self.distillation = distillation
    }

    /// - Parameters:
    ///   - values: of the whole configuration.
    ///   - tasks: the names of the run's tasks.
    init(_ values: ConfigurationMapping, tasks: [String]) throws(ConfigurationError) {
        recipe = try values["recipe"].map(Recipe.init)
        layerRates = try values["layerRates"].map(LayerRates.init)
        freezeTo = try values["freezeTo"].map { value throws(ConfigurationError) in
            value.node.reads(as: .int)
                ? .position(Int(try value.integer() as Int32)) : .name(try value.string("a group of layers, or its number"))
        }
        startingPoint = try values["l2sp"].map(StartingPointConfiguration.init)
        averageDecay = try values["ema"]?.fraction()
        distillation = try values["distillation"].map { value throws(ConfigurationError) in
            try DistillationConfiguration(value, tasks: tasks)
        }
        if let schedule = values["schedule"], let recipe, recipe.hasOwnSchedule {
            throw schedule.failure(
                .unexpected(found: "a schedule", expected: "none with \"\(recipe.name)\", which has one of its own"))
        }
        if case .linearProbe(let caches)? = recipe {
            if let value = values["layerRates"] {
                throw value.failure(.unexpected(found: "rates by depth", expected: "none where only heads are trained"))
            }
            if caches, let value = values["distillation"] {
                throw value.failure(
                    .unexpected(found: "a teacher", expected: "none with cached features, or cache: false"))
            }
        }
    }

    var pairs: [(String, Node)] {
        var pairs: [(String, Node)] = []
        if let recipe { pairs.append(("recipe", recipe.node)) }
        if let layerRates { pairs.append(("layerRates", layerRates.node)) }
        switch freezeTo {
        case .position(let number): pairs.append(("freezeTo", .number(number)))
        case .name(let name): pairs.append(("freezeTo", .text(name)))
        case nil: break
        }
        if let startingPoint { pairs.append(("l2sp", startingPoint.node)) }
        if let averageDecay { pairs.append(("ema", .number(averageDecay))) }
        if let distillation { pairs.append(("distillation", distillation.node)) }
        return pairs
    }
}

extension TransferConfiguration.FreezePoint {
    /// The numbers of the parameters before it.
    func frozen(of groups: LayerGroups) throws(TransferError) -> Set<Int> {
        let count = groups.groups.count
        switch self {
        case .position(let number):
            let position = number < 0 ? count + number : number
            guard (0..<count).contains(position) else {
                throw .invalidSetting(
                    name: "freezeTo", found: "\(number)",
                    expected: "from \(-count) to \(count - 1), the groups of layers being "
                        + groups.groups.map(\.name).joined(separator: ", "))
            }
            return groups.parameters(before: position)
        case .name(let name):
            guard let position = groups.groups.firstIndex(where: { $0.name == name }) else {
                throw .unknownGroup(name: name, known: groups.groups.map(\.name))
            }
            return groups.parameters(before: position)
        }
    }
}

/// L2-SP: `{alpha: 0.01, beta: 0.01}`, strengths for the parameters of trunks and for new ones. Default of `beta`: 0.
public struct StartingPointConfiguration: Hashable, Sendable {
    public var alpha: Float
    public var beta: Float

    public init(alpha: Float, beta: Float = 0) {
        self.alpha = alpha
        self.beta = beta
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["alpha", "beta"])
        alpha = try values.required("alpha", "a number of at least 0").nonNegative()
        beta = try values["beta"]?.nonNegative() ?? 0
    }

    var node: Node { .keys([("alpha", .number(alpha)), ("beta", .number(beta))]) }
}
