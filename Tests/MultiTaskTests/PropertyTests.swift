import Foundation
import MultiTask
import Testing

@Suite("Properties of methods")
struct PropertyTests {
    /// All methods that turn a matrix into a direction.
    static let names = Method.names.filter { name in
        (try? Method(named: name, seed: 0)).map { if case .loss = $0.kind { false } else { true } } ?? false
    }
    static let gramianNames = names.filter { name in
        (try? Method(named: name, seed: 0)).map { if case .gramian = $0.kind { true } else { false } } ?? false
    }
    /// No task ever loses by them.
    static let nonConflicting = ["upgrad", "dualproj", "nash-mtl", "fairgrad", "mgda", "imtl-g"]

    private func direction(_ name: String, _ rows: [[Double]], _ parameters: [String: String] = [:]) throws -> [Double] {
        var aggregation = Aggregation(try Method(named: name, parameters: parameters, seed: 3))
        return try aggregation(rows, losses: rows.map { _ in 1.5 }).aggregate
    }

    private func minimumTasks(_ name: String) -> Int { name == "krum" || name == "trimmed-mean" ? 3 : 1 }

    @Test("directions are finite for all shapes and scales", arguments: names)
    func finite(name: String) throws {
        var sampler = MatrixSampler(seed: 1)
        for (rows, columns) in MatrixSampler.sizes where rows >= minimumTasks(name) {
            for scale in [0, 1e-10, 1e3, 1e5, 1e10, 1e15] {
                let matrices = [
                    sampler.normals(rows, columns), sampler.rankDeficient(rows, columns, rank: max(1, min(rows, columns) / 2)),
                    rows > 1 ? sampler.stationary(rows, columns) : [],
                ]
                for matrix in matrices where !matrix.isEmpty {
                    let scaled = matrix.map { $0.map { $0 * scale } }
                    let result = try direction(name, scaled)
                    #expect(result.count == columns && result.allSatisfy(\.isFinite), "\(rows) × \(columns) at \(scale)")
                }
            }
        }
    }

    @Test("zero rows and equal rows leave a finite direction, and zero rows stop nobody", arguments: names)
    func degenerateRows(name: String) throws {
        var sampler = MatrixSampler(seed: 2)
        let rows = sampler.fullRank(4, 9)
        let zeros = [Double](repeating: 0, count: 9)
        for matrix in [
            [rows[0], zeros, rows[1], rows[2]], [rows[0], rows[0], rows[1], rows[1]], [rows[0], rows[0], rows[0]],
            [zeros, zeros, zeros],
        ] {
            let result = try direction(name, matrix)
            #expect(result.allSatisfy { $0.isFinite })
        }
        // The first of PCD is the one to follow; Krum and the trimmed mean may choose what is zero.
        if ["pcd", "krum", "trimmed-mean"].contains(name) { return }
        #expect(norm(try direction(name, [rows[0], rows[1], zeros])) > 1e-3)
    }

    @Test(
        "the order of the tasks does not matter",
        arguments: gramianNames.filter { !["pcgrad", "gradvac", "pcd"].contains($0) } + ["trimmed-mean", "moco", "db-mtl"])
    func permutation(name: String) throws {
        var sampler = MatrixSampler(seed: 3)
        // Of three gradients two are each other's nearest neighbours, and have the same score in Krum.
        for count in name == "krum" ? [5, 8] : [3, 5, 8] {
            let rows = sampler.fullRank(count, 12)
            let order = (0..<count).map { ($0 * 2 + 1) % count }
            let shuffled = Set(order).count == count ? order.map { rows[$0] } : Array(rows.reversed())
            let (first, second) = (try direction(name, rows), try direction(name, shuffled))
            for (first, second) in zip(first, second) { #expect(abs(first - second) <= 1e-9 * norm(rows[0])) }
        }
    }

    @Test("the direction scales with the gradients", arguments: [
        "mean", "pcgrad", "mgda", "cagrad", "imtl-g", "aligned-mtl", "upgrad", "dualproj", "config", "krum", "trimmed-mean",
        "graddrop",
    ], [1e-10, 1e-5, 1e5, 1e15])
    func scales(name: String, scale: Double) throws {
        var sampler = MatrixSampler(seed: 4)
        let rows = sampler.fullRank(6, 14)
        let expected = try direction(name, rows)
        let found = try direction(name, rows.map { $0.map { $0 * scale } })
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected * scale) <= 1e-9 * scale * max(norm(rows[0]), 1))
        }
    }

    @Test("UPGrad is linear under scaling of its rows")
    func linearUnderScaling() throws {
        var sampler = MatrixSampler(seed: 5)
        let rows = sampler.fullRank(5, 11)
        let (first, second) = ((0..<5).map { _ in abs(sampler.normal()) }, (0..<5).map { _ in abs(sampler.normal()) })
        func scaled(_ factors: [Double]) -> [[Double]] { zip(rows, factors).map { row, factor in row.map { $0 * factor } } }
        let parts = (try direction("upgrad", scaled(first)), try direction("upgrad", scaled(second)))
        let whole = try direction("upgrad", scaled(zip(first, second).map { 2 * $0 + 3 * $1 }))
        for column in 0..<11 {
            #expect(abs(whole[column] - 2 * parts.0[column] - 3 * parts.1[column]) < 1e-11)
        }
    }

    @Test("no task loses, in 1,000 random cases of full rank", arguments: nonConflicting)
    func conflictFree(name: String) throws {
        var sampler = MatrixSampler(seed: 6)
        var worst = 1.0
        for index in 0..<1000 {
            let count = 2 + index % 9
            var rows = sampler.fullRank(count, count + (index / 9) % 12)
            // Norms that differ by up to three orders of magnitude.
            for row in rows.indices {
                let factor = pow(10, 3 * sampler.normal() / 4)
                rows[row] = rows[row].map { $0 * factor }
            }
            worst = min(worst, minimumCosine(rows, try direction(name, rows)))
        }
        #expect(worst >= -1e-9)
    }

    @Test("no task loses where gradients depend on each other", arguments: ["upgrad", "dualproj", "mgda"])
    func conflictFreeWithoutRank(name: String) throws {
        var sampler = MatrixSampler(seed: 7)
        for index in 0..<200 {
            let rows = sampler.rankDeficient(3 + index % 8, 6, rank: 2)
            let result = try direction(name, rows)
            let size = rows.map(norm).max() ?? 0
            for row in rows {
                #expect(zip(row, result).reduce(0) { $0 + $1.0 * $1.1 } >= -1e-9 * norm(row) * size)
            }
        }
    }

    @Test("directions vanish at stationary points", arguments: ["mgda", "upgrad", "dualproj"])
    func stationary(name: String) throws {
        var sampler = MatrixSampler(seed: 8)
        for count in 2...9 {
            let rows = sampler.stationary(count, 12)
            #expect(norm(try direction(name, rows)) <= 1e-7 * (rows.map(norm).max() ?? 0))
        }
    }

    @Test("MGDA is the shortest vector: no step towards a gradient shortens it")
    func shortest() throws {
        var sampler = MatrixSampler(seed: 9)
        for (rows, columns) in MatrixSampler.sizes where rows > 1 {
            let matrix = sampler.normals(rows, columns)
            let result = try direction("mgda", matrix)
            let square = norm(result) * norm(result)
            for row in matrix { #expect(zip(row, result).reduce(0) { $0 + $1.0 * $1.1 } >= square - 1e-9) }
        }
    }

    @Test("CAGrad stays in its ball, and no other direction in it helps the worst task more", arguments: [0.2, 0.5, 0.9])
    func worstTask(c: Double) throws {
        var sampler = MatrixSampler(seed: 10)
        for (count, columns) in [(2, 2), (3, 5), (5, 3), (8, 12)] {
            let rows = sampler.normals(count, columns)
            let mean = (0..<columns).map { column in rows.reduce(0) { $0 + $1[column] } / Double(count) }
            let result = try direction("cagrad", rows, ["c": c.description])
            func progress(_ direction: [Double]) -> Double {
                rows.map { zip($0, direction).reduce(0) { $0 + $1.0 * $1.1 } }.min() ?? 0
            }
            #expect(abs(norm(zip(result, mean).map(-)) - c * norm(mean)) <= 1e-8 * norm(mean))
            for _ in 0..<200 {
                let other = unit((0..<columns).map { _ in sampler.normal() })
                let nearby = unit(zip(zip(result, mean).map(-), other).map { $0 + 0.05 * c * norm(mean) * $1 })
                for turned in [other, nearby] {
                    let candidate = zip(mean, turned).map { $0 + c * norm(mean) * $1 }
                    #expect(progress(candidate) <= progress(result) + 1e-9)
                }
            }
        }
    }

    @Test("a gradient that is not finite is named", arguments: names)
    func notFinite(name: String) throws {
        var aggregation = Aggregation(try Method(named: name, seed: 0))
        #expect(throws: WeightingError.notFinite(task: 2)) {
            try aggregation([[1, 0], [0, 1], [1, .nan], [1, 1]], losses: [1, 1, 1, 1])
        }
    }

    @Test("methods that need more tasks say how many")
    func tooFewTasks() {
        for (name, minimum) in [("krum", 3), ("trimmed-mean", 3)] {
            #expect(throws: WeightingError.badTaskCount(method: name, found: 2, expected: "at least \(minimum)")) {
                try direction(name, [[1, 0], [0, 1]])
            }
        }
    }
}
