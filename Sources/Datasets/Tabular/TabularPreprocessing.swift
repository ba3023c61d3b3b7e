import Foundation

/// How the rows of a table become inputs of a network, fitted on the training part and stored with the network.
///
/// A categorical value becomes an index into one vocabulary for all columns, in which every column has a range of its
/// own; the first index of a range stands for values that the training part does not have. A number becomes its
/// distance from the training part's mean in standard deviations; a missing one becomes 0 and, where the training part
/// misses some in this column too, sets an indicator, a number of its own.
public struct TabularPreprocessing: Hashable, Sendable, Codable {
    struct Category: Hashable, Sendable, Codable {
        let column: String
        let values: [String]
        /// The index of unknown values; ``values`` follow.
        let start: Int
    }

    struct Number: Hashable, Sendable, Codable {
        let column: String
        let isLogarithmic: Bool
        let mean: Double
        let deviation: Double
        let hasIndicator: Bool
    }

    public let schema: TabularSchema
    let categories: [Category]
    let numbers: [Number]
    /// The classes of the tasks that have some.
    let classes: [String: [String]]

    /// The shape of what comes out.
    public var layout: TabularLayout {
        TabularLayout(
            categories: categories.count, vocabulary: categories.reduce(0) { $0 + $1.values.count + 1 },
            numbers: numbers.reduce(0) { $0 + ($1.hasIndicator ? 2 : 1) })
    }

    /// Looks at the inputs of some rows of a table, and at the classes of all.
    init(fitting table: TextTable, rows: [Int], schema: TabularSchema) throws(DatasetError) {
        let named = schema.categorical + schema.numeric + schema.logarithmic + schema.targets.map(\.column)
        for name in named where !schema.ignored.contains(name) { _ = try table.required(name) }
        let notInputs = Set(schema.targets.map(\.column) + schema.ignored)

        var categories: [Category] = []
        var numbers: [Number] = []
        var start = 0
        for column in table.columns where !notInputs.contains(column.name) {
            var occurs = [Bool](repeating: false, count: column.values.count)
            for row in rows { occurs[Int(column.codes[row])] = true }
            if try TabularPreprocessing.isNumeric(column, occurs: occurs, schema) {
                numbers.append(try Number(fitting: column, rows: rows, schema: schema, path: table.path))
            } else {
                let values = zip(column.values, occurs).filter(\.1).map(\.0)
                categories.append(Category(column: column.name, values: values, start: start))
                start += values.count + 1
            }
        }
        if categories.isEmpty && numbers.isEmpty { throw .invalidFile(path: table.path, problem: .noInputColumns) }
        self.schema = schema
        self.categories = categories
        self.numbers = numbers
        classes = try schema.classes(of: table)
    }

    /// A preprocessing of the targets alone, for tables whose inputs lie elsewhere.
    init(targetsOf table: TextTable, schema: TabularSchema) throws(DatasetError) {
        self.schema = schema
        categories = []
        numbers = []
        classes = try schema.classes(of: table)
    }

    private static func isNumeric(
        _ column: TextColumn, occurs: [Bool], _ schema: TabularSchema
    ) throws(DatasetError) -> Bool {
        if schema.numeric.contains(column.name) || schema.logarithmic.contains(column.name) { return true }
        if schema.categorical.contains(column.name) { return false }
        let known = zip(column.values, occurs).filter { $1 && !schema.missing.contains($0) }
        return !known.isEmpty && known.allSatisfy { Double($0.0)?.isFinite ?? false }
    }
}

/// How many columns of which kind the inputs of a tabular dataset have.
///
/// A sample is Int32 `[categories + numbers]`: first the indices into the common vocabulary, then the bits of Float32
/// numbers.
public struct TabularLayout: Hashable, Sendable {
    public var categories: Int
    /// Number of values of all categorical columns together.
    public var vocabulary: Int
    public var numbers: Int

    public init(categories: Int, vocabulary: Int, numbers: Int) {
        self.categories = categories
        self.vocabulary = vocabulary
        self.numbers = numbers
    }

    /// Elements of a sample.
    public var columns: Int { categories + numbers }
}

extension TabularPreprocessing.Number {
    fileprivate init(
        fitting column: TextColumn, rows: [Int], schema: TabularSchema, path: String
    ) throws(DatasetError) {
        let isLogarithmic = schema.logarithmic.contains(column.name)
        let values = try column.numbers(missing: schema.missing, rows: rows, path: path)
        let known = rows.compactMap { values[Int(column.codes[$0])] }.map {
            isLogarithmic ? TabularPreprocessing.Number.logarithm($0) : $0
        }
        let mean = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
        let variance = known.isEmpty ? 0 : known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count)
        self.init(
            column: column.name, isLogarithmic: isLogarithmic, mean: mean,
            // A constant column stays 0.
            deviation: variance > 0 ? variance.squareRoot() : 1, hasIndicator: known.count < rows.count)
    }

    private static func logarithm(_ value: Double) -> Double { value < 0 ? -log1p(-value) : log1p(value) }

    /// The standardised value, 0 where it is missing.
    fileprivate func standardized(_ value: Double?) -> Float {
        guard let value else { return 0 }
        return Float(((isLogarithmic ? TabularPreprocessing.Number.logarithm(value) : value) - mean) / deviation)
    }
}

extension TabularPreprocessing {
    /// The inputs of all rows of a table, one row behind the other.
    func inputs(of table: TextTable) throws(DatasetError) -> [Int32] {
        let width = layout.columns
        var words = [Int32](repeating: 0, count: table.rowCount * width)
        var position = 0
        for category in categories {
            let column = try table.required(category.column)
            let known = Dictionary(uniqueKeysWithValues: category.values.enumerated().map { ($1, $0 + 1) })
            let indices = column.values.map { Int32(category.start + (known[$0] ?? 0)) }
            for row in 0..<table.rowCount { words[row * width + position] = indices[Int(column.codes[row])] }
            position += 1
        }
        for number in numbers {
            let column = try table.required(number.column)
            let values = try column.numbers(missing: schema.missing, path: table.path)
            let bits = values.map { Int32(bitPattern: number.standardized($0).bitPattern) }
            for row in 0..<table.rowCount { words[row * width + position] = bits[Int(column.codes[row])] }
            position += 1
            guard number.hasIndicator else { continue }
            let indicators = values.map { Int32(bitPattern: Float($0 == nil ? 1 : 0).bitPattern) }
            for row in 0..<table.rowCount { words[row * width + position] = indicators[Int(column.codes[row])] }
            position += 1
        }
        return words
    }

    /// The targets of all rows of a table.
    func targets(of table: TextTable) throws(DatasetError) -> [ArrayDataset.Target] {
        try schema.targets(of: table, classes: classes)
    }
}

extension TabularSchema {
    /// The classes of the tasks that have some, in the order of their first occurrence.
    func classes(of table: TextTable) throws(DatasetError) -> [String: [String]] {
        var classes: [String: [String]] = [:]
        for target in targets where target.kind == .classes {
            classes[target.task] = try table.required(target.column).values.filter { !missing.contains($0) }
        }
        return classes
    }

    /// The targets of all rows of a table.
    func targets(of table: TextTable, classes: [String: [String]]) throws(DatasetError) -> [ArrayDataset.Target] {
        var result: [ArrayDataset.Target] = []
        for target in targets {
            let column = try table.required(target.column)
            let isMissing = column.values.map(missing.contains)
            // Without missing labels all rows count, and no mask is needed.
            let mask: [Float]? =
                isMissing.contains(true) ? column.codes.map { isMissing[Int($0)] ? 0 : 1 } : nil
            switch target.kind {
            case .binary(let positive):
                let values: [Float] = column.values.map { positive.contains($0) ? 1 : 0 }
                result.append(
                    .regression(target.task, values: column.codes.map { values[Int($0)] }, columns: 1, mask: mask))
            case .classes:
                let names = classes[target.task] ?? []
                let known = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
                let labels = zip(column.values, isMissing).map { value, isMissing in
                    isMissing ? ArrayDataset.Target.ignoredLabel : known[value]
                }
                if let unknown = labels.firstIndex(of: nil) {
                    throw .invalidFile(
                        path: table.path,
                        problem: .unknownClass(
                            column: column.name, value: column.values[unknown], record: column.record(of: unknown),
                            known: names))
                }
                result.append(
                    .classes(
                        target.task, labels: column.codes.map { labels[Int($0)] ?? ArrayDataset.Target.ignoredLabel },
                        count: names.count, names: names))
            case .number:
                let values = try column.numbers(missing: missing, path: table.path).map { Float($0 ?? 0) }
                result.append(
                    .regression(target.task, values: column.codes.map { values[Int($0)] }, columns: 1, mask: mask))
            }
        }
        return result
    }
}

extension TextColumn {
    /// Every different text as a number, nil where it is missing.
    ///
    /// - Parameter rows: those that must be numbers; the texts of others may be anything. Nil takes all.
    fileprivate func numbers(
        missing: [String], rows: [Int]? = nil, path: String
    ) throws(DatasetError) -> [Double?] {
        let numbers: [Double?] = values.map { text in
            missing.contains(text) ? nil : Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
        let isWrong = zip(values, numbers).map { $1 == nil && !missing.contains($0) }
        guard isWrong.contains(true) else { return numbers }
        let used = rows ?? Array(codes.indices)
        if let row = used.first(where: { isWrong[Int(codes[$0])] }) {
            throw .invalidFile(
                path: path,
                problem: .notANumber(column: name, value: values[Int(codes[row])], record: row + 1))
        }
        return numbers
    }

    /// The first record that has a text, counted from 1 without a header.
    fileprivate func record(of value: Int) -> Int { (codes.firstIndex(of: Int32(value)) ?? 0) + 1 }
}
