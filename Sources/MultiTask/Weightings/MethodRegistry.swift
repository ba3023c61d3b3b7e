extension Method {
    /// A method by its name.
    struct Entry: Sendable {
        let name: String
        let make: @Sendable (inout MethodParameters) throws(WeightingError) -> Kind

        init<Weighting: LossWeighting>(_: Weighting.Type, named name: String = Weighting.name) {
            self.name = name
            make = { parameters throws(WeightingError) in .loss(try Weighting(&parameters)) }
        }

        init<Weighting: GramianWeighting>(_: Weighting.Type) {
            name = Weighting.name
            make = { parameters throws(WeightingError) in .gramian(try Weighting(&parameters)) }
        }

        init<Aggregator: JacobianAggregator>(_: Aggregator.Type) {
            name = Aggregator.name
            make = { parameters throws(WeightingError) in .jacobian(try Aggregator(&parameters)) }
        }
    }

    /// All methods, in the order in which they are listed.
    static let registry: [Entry] = [
        Entry(SumWeighting.self, named: "ew"),
        Entry(SumWeighting.self),
        Entry(MeanWeighting.self),
        Entry(FixedWeighting.self),
        Entry(RandomWeighting.self),
        Entry(UncertaintyWeighting.self),
        Entry(DynamicWeightAverage.self),
        Entry(GeometricLoss.self),
        Entry(SmoothTchebycheff.self),
        Entry(IMTLL.self),
        Entry(FAMO.self),
        Entry(GradNorm.self),
        Entry(PCGrad.self),
        Entry(GradVac.self),
        Entry(MGDA.self),
        Entry(CAGrad.self),
        Entry(IMTLG.self),
        Entry(NashMTL.self),
        Entry(FairGrad.self),
        Entry(AlignedMTL.self),
        Entry(UPGrad.self),
        Entry(DualProj.self),
        Entry(ConFIG.self),
        Entry(PCD.self),
        Entry(Krum.self),
        Entry(TrimmedMean.self),
        Entry(GradDrop.self),
        Entry(MoCo.self),
        Entry(DBMTL.self),
        Entry(ExcessMTL.self),
        Entry(SDMGrad.self),
        Entry(MoDo.self),
    ]
}

extension MethodOptions {
    /// Reads the options that a kind of method has.
    init(_ parameters: inout MethodParameters, for kind: Method.Kind) throws(WeightingError) {
        reduction = try parameters.choice("reduction", default: type(of: kind.value).reduction)
        switch kind {
        case .loss:
            (normalization, rescaling, weightsHeads) = (.none, .none, true)
        case .gramian, .jacobian:
            normalization = try parameters.choice("normalize", default: Normalization.none)
            rescaling = try parameters.choice("rescaleTo", default: Rescaling.none)
            weightsHeads = false
        }
        momentum = 0
        switch kind {
        case .loss: momentum = try parameters.fraction("weightMomentum", default: 0)
        case .gramian:
            weightsHeads = try parameters.flag("weightHeads", default: false)
            momentum = try parameters.fraction("weightMomentum", default: 0)
        case .jacobian(let aggregator):
            if type(of: aggregator).yieldsWeights { weightsHeads = try parameters.flag("weightHeads", default: false) }
        }
    }
}
