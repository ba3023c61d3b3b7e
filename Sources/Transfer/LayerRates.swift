import Foundation

/// How the learning rate depends on depth: layers near the inputs, which are the most general, move less.
public enum LayerRates: Hashable, Sendable {
    /// A geometric slice: the first group's rate is the last one's divided by this, with equal ratios in between. Fastai's
    /// `slice(rate / ratio, rate)`.
    case ratio(Double)
    /// Every group's rate is that of the group behind it times this: layer-wise decay as in timm, where 0.65 to 0.9 are
    /// common; ULMFiT's discriminative rates are a decay of 1/2.6.
    ///
    /// Sources: Clark et al., "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators", ICLR 2020;
    /// Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018, section 3.2.
    case decay(Double)

    /// Factors on the learning rate, from the group of the inputs to that of the outputs, whose factor is 1.
    public func factors(groups: Int) -> [Float] {
        (0..<groups).map { group in
            switch self {
            case .ratio(let ratio):
                groups == 1 ? 1 : Float(pow(ratio, Double(group) / Double(groups - 1) - 1))
            case .decay(let decay): Float(pow(decay, Double(groups - 1 - group)))
            }
        }
    }
}
