import Tensors
import Testing

@Suite("Cost of the Gramian's forms") struct GramianCostTests {
    struct Layer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let size: OuterProduct
        let form: OuterProduct.Form
        let keepsRows: Bool

        init(
            _ name: String, _ tasks: Int, _ rows: Int, _ inputs: Int, _ outputs: Int, unfolds: Bool = false,
            _ form: OuterProduct.Form, keepsRows: Bool = true
        ) {
            testDescription = name
            size = OuterProduct(tasks: tasks, rows: rows, inputs: inputs, outputs: outputs, unfolds: unfolds)
            self.form = form
            self.keepsRows = keepsRows
        }
    }

    /// The layers of the standard workloads. Which form is faster was measured with `concord bench gramian` on OpenBLAS and
    /// on PoCL; both agree.
    static let layers = [
        Layer("lenet conv1", 2, 262_144, 25, 10, unfolds: true, .direct),
        Layer("lenet conv2", 2, 36_864, 250, 20, unfolds: true, .direct),
        Layer("lenet fc", 2, 256, 720, 50, .direct),
        Layer("mlp-20 first", 20, 256, 128, 512, .direct),
        Layer("mlp-20 second", 20, 256, 512, 512, .deltas),
        Layer("mlp-wide first", 8, 16, 256, 1024, .deltas),
        Layer("mlp-wide second", 8, 16, 1024, 1024, .deltas),
        Layer("resnet18 conv1", 8, 32_768, 147, 64, unfolds: true, .direct),
        Layer("resnet18 layer1", 8, 8192, 576, 64, unfolds: true, .direct),
        Layer("resnet18 layer2", 8, 2048, 1152, 128, unfolds: true, .direct),
        Layer("resnet18 layer3.0", 8, 512, 1152, 256, unfolds: true, .deltas),
        Layer("resnet18 layer3.1", 8, 512, 2304, 256, unfolds: true, .deltas),
        Layer("resnet18 layer3 shortcut", 8, 512, 128, 256, unfolds: true, .direct),
        Layer("resnet18 layer4.0", 8, 128, 2304, 512, unfolds: true, .deltas),
        Layer("resnet18 layer4.1", 8, 128, 4608, 512, unfolds: true, .deltas),
        Layer("resnet18 layer4 shortcut", 8, 128, 256, 512, unfolds: true, .deltas),
    ]

    @Test("the form is the one that was measured to be faster", arguments: layers)
    func chosenForm(layer: Layer) {
        #expect(layer.size.form == layer.form)
    }
}
