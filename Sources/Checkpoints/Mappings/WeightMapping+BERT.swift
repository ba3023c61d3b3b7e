extension WeightMapping {
    /// BERT encoders as Hugging Face stores them, for `BERTEncoder`: names are the same but for a leading `bert.`, weights
    /// of connected layers are transposed. The pooler, the heads of the pre-training and the buffer `position_ids` are left
    /// aside.
    public static let bert = WeightMapping(
        ["bert.", ""].flatMap { prefix in
            [
                .rule("\(prefix)embeddings.**", "embeddings.**"),
                .rule("\(prefix)encoder.**.LayerNorm.*", "encoder.**.LayerNorm.*"),
                .rule("\(prefix)encoder.**.weight", "encoder.**.weight", .linear),
                .rule("\(prefix)encoder.**.bias", "encoder.**.bias"),
            ]
        },
        ignoring: ["pooler.**", "bert.pooler.**", "cls.**", "**embeddings.position_ids"])
}
