import Foundation
import MultiTask
import Testing

/// Results that other libraries have recorded; `Fixtures/README.md` says which.
@Suite("Recorded results")
struct GoldenTests {
    struct Golden: Decodable {
        let `case`: String
        let method: String
        let kind: String
        let params: Parameters
        let J: [[Double]]
        let J_step1: [[Double]]?
        let orders: [[Int]]?
        let expected_w: [Double]?
        let expected_aggregation: [Double]
        let tol: Double

        struct Parameters: Decodable {
            let c, calpha, tau, beta, alpha: Double?
            let rescale, n_byzantine, n_selected, trim_number, step: Int?
            let scale_mode: String?
            let losses: [Double]?
        }
    }

    static let goldens: [Golden] = {
        guard let url = Bundle.module.url(forResource: "aggregators", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url), let goldens = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return goldens
    }()

    /// What a library calls our methods.
    private static let names = [
        "Mean": "mean", "Sum": "sum", "ConFIG": "config", "IMTLG": "imtl-g", "AlignedMTL": "aligned-mtl",
        "MGDA_exact": "mgda", "CAGrad": "cagrad", "NashMTL_exact": "nash-mtl", "NashMTL": "nash-mtl",
        "FairGrad": "fairgrad", "UPGrad_exact": "upgrad", "DualProj_exact": "dualproj", "UPGrad": "upgrad",
        "DualProj": "dualproj", "PCGrad": "pcgrad", "GradVac": "gradvac", "PCD": "pcd", "Krum": "krum",
        "TrimmedMean": "trimmed-mean", "MoCo_LibMTL": "moco", "DB_MTL_LibMTL": "db-mtl",
        "AlignedMTL_LibMTL": "aligned-mtl", "MGDA": "mgda",
    ]

    private static func method(for golden: Golden) throws -> Method {
        let name = try #require(names[golden.method])
        var parameters: [String: String] = [:]
        func set(_ key: String, _ value: (some CustomStringConvertible)?) {
            if let value { parameters[key] = value.description }
        }
        set("c", golden.params.c ?? golden.params.calpha)
        set("rescale", golden.params.rescale)
        set("tau", golden.params.tau)
        set("alpha", golden.params.alpha)
        set("beta", golden.params.beta)
        set("scale", golden.params.scale_mode)
        set("byzantine", golden.params.n_byzantine)
        set("selected", golden.params.n_selected)
        set("trim", golden.params.trim_number)
        if name == "nash-mtl" { parameters["maxNorm"] = "0" }
        if golden.method == "AlignedMTL_LibMTL" { parameters["reduction"] = "sum" }
        return try Method(named: name, parameters: parameters, seed: 0)
    }

    private static func aggregate(_ golden: Golden) throws -> (weights: [Double]?, aggregate: [Double]) {
        var aggregation = Aggregation(try method(for: golden))
        if let first = golden.J_step1 { _ = try aggregation(first, orders: golden.orders) }
        // Methods with averages of rows were recorded in the second step with the same rows.
        if golden.params.step == 2 && golden.J_step1 == nil {
            _ = try aggregation(golden.J, losses: golden.params.losses)
        }
        return try aggregation(golden.J, losses: golden.params.losses, orders: golden.orders)
    }

    private static func positions(of kind: String, except excluded: Set<String> = []) -> [Int] {
        goldens.indices.filter { goldens[$0].kind == kind && !excluded.contains(goldens[$0].method) }
    }

    private func expect(_ found: [Double], _ expected: [Double], _ golden: Golden) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected) <= golden.tol * max(1, abs(expected)), "\(golden.case) \(golden.method)")
        }
    }

    @Test("are present")
    func arePresent() {
        #expect(GoldenTests.goldens.count == 253)
        #expect(GoldenTests.positions(of: "target").count == 131)
    }

    /// Where the recorded conic solver stopped early: ours helps the worst task more in the same ball.
    private static let suboptimal: Set = ["M01_k2d2_conflict 0.5", "M03_k2d2_aligned 0.4", "M09_k5d8_random 0.4", "M09_k5d8_random 0.5"]

    private static func isSuboptimal(_ golden: Golden) -> Bool {
        golden.method == "CAGrad" && suboptimal.contains("\(golden.case) \(golden.params.c ?? 0)")
    }

    @Test("CAGrad is at least as good where the recorded solution is not the best", arguments: positions(of: "target").filter { isSuboptimal(goldens[$0]) })
    func better(index: Int) throws {
        let golden = GoldenTests.goldens[index]
        func progress(_ direction: [Double]) -> Double {
            golden.J.map { zip($0, direction).reduce(0) { $0 + $1.0 * $1.1 } }.min() ?? 0
        }
        func distance(_ direction: [Double]) -> Double {
            let mean = direction.indices.map { column in
                golden.J.reduce(0) { $0 + $1[column] } / Double(golden.J.count)
            }
            return norm(zip(direction, mean).map(-))
        }
        let found = try GoldenTests.aggregate(golden).aggregate
        #expect(progress(found) > progress(golden.expected_aggregation))
        #expect(distance(found) <= distance(golden.expected_aggregation) * (1 + 1e-12))
        #expect(norm(zip(found, golden.expected_aggregation).map(-)) <= 1e-4)
    }

    @Test("every target is matched", arguments: positions(of: "target").filter { !isSuboptimal(goldens[$0]) })
    func targets(index: Int) throws {
        let golden = GoldenTests.goldens[index]
        let result = try GoldenTests.aggregate(golden)
        expect(result.aggregate, golden.expected_aggregation, golden)
        // Weights are unique where the rows are independent.
        if let expected = golden.expected_w, golden.case != "M07_k3d2_rankdef" {
            expect(try #require(result.weights), expected, golden)
        }
    }

    @Test("other conventions are matched with the parameters that express them")
    func conventions() throws {
        let methods: Set = ["MoCo_LibMTL", "DB_MTL_LibMTL", "AlignedMTL_LibMTL"]
        let positions = GoldenTests.positions(of: "peer_behaviour").filter {
            methods.contains(GoldenTests.goldens[$0].method)
        }
        #expect(positions.count == 18)
        for golden in positions.map({ GoldenTests.goldens[$0] }) {
            expect(try GoldenTests.aggregate(golden).aggregate, golden.expected_aggregation, golden)
        }
    }

    @Test("directions are matched where a library scales differently", arguments: positions(of: "target_direction"))
    func directions(index: Int) throws {
        let golden = GoldenTests.goldens[index]
        let result = try GoldenTests.aggregate(golden).aggregate
        expect(unit(result), unit(golden.expected_aggregation), golden)
    }

    @Test("regularised targets are matched from the regularised Gramian", arguments: positions(of: "target_with_reg"))
    func regularized(index: Int) throws {
        let golden = GoldenTests.goldens[index]
        var gramian = SquareMatrix(gramianOf: golden.J)
        let trace = (0..<gramian.size).reduce(0) { $0 + gramian[$1, $1] }
        gramian = SquareMatrix(size: gramian.size, values: gramian.values.map { $0 / trace })
        for row in 0..<gramian.size { gramian[row, row] += 1e-4 }
        var method = try GoldenTests.method(for: golden)
        let weights = try method.weights(for: gramian, in: StepContext(taskCount: gramian.size))
        expect(weights, try #require(golden.expected_w), golden)
    }

    @Test("where a library's solver failed, ours has an answer", arguments: positions(of: "peer_failure"))
    func failures(index: Int) throws {
        let golden = GoldenTests.goldens[index]
        let result = try GoldenTests.aggregate(golden)
        let weights = try #require(result.weights)
        #expect(weights.allSatisfy { $0.isFinite && $0 > 0 })
        if golden.case == "M07_k3d2_rankdef" {
            // Positive combinations of these rows vanish: there is no progress to share.
            let size = zip(weights, golden.J).reduce(0) { $0 + $1.0 * norm($1.1) }
            #expect(norm(result.aggregate) <= 1e-9 * size)
        } else {
            let exact = try #require(
                GoldenTests.goldens.first { $0.case == golden.case && $0.method == "NashMTL_exact" })
            expect(weights, try #require(exact.expected_w), exact)
            #expect(minimumCosine(golden.J, result.aggregate) > 0.1)
        }
    }

    @Test("antiparallel and zero gradients", arguments: ["mgda", "pcgrad", "config", "upgrad", "dualproj", "nash-mtl"])
    func edges(name: String) throws {
        var aggregation = Aggregation(try Method(named: name, seed: 0))
        // Nothing can be done for both: the direction vanishes.
        let opposed = try aggregation([[1, 2, -1], [-2, -4, 2]]).aggregate
        #expect(norm(opposed) <= 1e-8)
        // A zero gradient stops nobody else.
        let others = try aggregation([[1, 0, 2], [0, 0, 0], [-1, 1, 0.5]])
        #expect(minimumCosine([[1, 0, 2], [-1, 1, 0.5]], others.aggregate) > 0.1)
    }
}

func norm(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }

func unit(_ vector: [Double]) -> [Double] {
    let length = norm(vector)
    return vector.map { $0 / length }
}

/// The smallest cosine between a direction and the rows that are not zero.
func minimumCosine(_ rows: [[Double]], _ direction: [Double]) -> Double {
    let length = norm(direction)
    return rows.filter { norm($0) > 0 }.map { row in
        zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } / norm(row) / length
    }.min() ?? 1
}
