/// The sizes of a deferred outer product `inputsᵀ·deltas[k]`, and what its uses cost.
///
/// The inner products of the tasks' gradients can be had in two forms. The *direct form* computes the gradient of every
/// task, K products of `inputs × rows × outputs`, and multiplies those rows. The *delta form* uses
/// `⟨Aᵀ·Dₖ, Aᵀ·Dₗ⟩ = ⟨Dₖ, (A·Aᵀ)·Dₗ⟩`: one product for `A·Aᵀ` and K of `rows × rows × outputs`. It wins where a layer has
/// many more inputs than rows, and needs no memory for gradients.
///
/// Costs are in multiply-adds of a large matrix product. The two constants are what other work costs against that. They
/// were measured on two cores with AVX-512, with OpenBLAS and with PoCL, where products reach 95 and 103·10⁹
/// multiply-adds and memory 5 to 8·10⁹ elements a second; data-centre GPUs have a similar ratio.
public struct OuterProduct: Hashable, Sendable {
    public enum Form: Hashable, Sendable { case direct, deltas }

    /// Blocks of deltas, K.
    public var tasks: Int
    /// Rows of the activations and of every block of deltas: samples, times positions in a convolution.
    public var rows: Int
    /// Columns of the activations of one group: input features, or the elements of a filter's window.
    public var inputs: Int
    /// Columns of the deltas of one group.
    public var outputs: Int
    /// Independent outer products of these sizes.
    public var groups: Int
    /// Whether the activations must be copied out of overlapping windows before the delta form can use them.
    public var unfolds: Bool
    /// Whether every row of the activations is a row of the identity, as in a table of embeddings: then products with
    /// them are sums, and the delta form adds up the rows that occur.
    public var selectsRows: Bool

    public init(
        tasks: Int, rows: Int, inputs: Int, outputs: Int, groups: Int = 1, unfolds: Bool = false,
        selectsRows: Bool = false
    ) {
        self.tasks = tasks
        self.rows = rows
        self.inputs = inputs
        self.outputs = outputs
        self.groups = groups
        self.unfolds = unfolds
        self.selectsRows = selectsRows
    }

    /// An element that is read or written once.
    private static let elementCost = 16
    /// A multiply-add of the inner products, whose operands come from a cache and not from registers.
    private static let innerProductCost = 3

    /// Elements of the gradient of one task.
    public var count: Int { groups * inputs * outputs }

    private func innerProductsCost(columns: Int) -> Int {
        tasks * (tasks + 1) / 2 * columns * OuterProduct.innerProductCost
    }

    /// One product with the weighted deltas.
    private var weightedProductCost: Int {
        if selectsRows { return (count + (tasks + 2) * rows * outputs) * OuterProduct.elementCost }
        return rows * count + (tasks + 1) * rows * groups * outputs * OuterProduct.elementCost
    }

    /// The weighted sum of the tasks' rows.
    private var weightedRowsCost: Int { (tasks + 1) * count * OuterProduct.elementCost }

    /// The inner products and the weighted gradient from the gradients of every task.
    package var directCost: Int {
        (selectsRows ? tasks * rows * outputs * OuterProduct.elementCost : tasks * rows * count)
            + 2 * tasks * count * OuterProduct.elementCost + innerProductsCost(columns: count)
            + min(weightedProductCost, weightedRowsCost)
    }

    /// The same from the factors.
    package var deltaCost: Int {
        let deltas = rows * groups * outputs
        if selectsRows {
            return 2 * tasks * deltas * OuterProduct.elementCost + innerProductsCost(columns: deltas) + weightedProductCost
        }
        return groups * rows * rows * inputs + tasks * rows * deltas
            + (unfolds ? 2 * groups * rows * inputs * OuterProduct.elementCost : 0)
            + 2 * tasks * deltas * OuterProduct.elementCost + innerProductsCost(columns: deltas) + weightedProductCost
    }

    /// The cheaper form.
    public var form: Form { deltaCost < directCost ? .deltas : .direct }

    /// Whether the weighted gradient costs less from rows that were kept than from the factors.
    public var favorsKeepingRows: Bool { weightedRowsCost < weightedProductCost }
}
