import Checkpoints
import Compute
import Foundation
import OpenCLBackend

/// What was tuned for a device: the parameters that were chosen and everything that was measured on the way.
package struct TuningFile: Hashable, Sendable, Codable {
    /// How fast one candidate did one piece of work.
    package struct Measurement: Hashable, Sendable, Codable {
        package var candidate: TuningParameters
        package var work: String
        package var medianMicroseconds: Double
        package var minimumMicroseconds: Double
        package var samples: Int
        /// Whether the candidate was left behind after these samples, because it was too slow.
        package var dropped: Bool

        package init(
            candidate: TuningParameters, work: String, medianMicroseconds: Double, minimumMicroseconds: Double,
            samples: Int, dropped: Bool
        ) {
            self.candidate = candidate
            self.work = work
            self.medianMicroseconds = medianMicroseconds
            self.minimumMicroseconds = minimumMicroseconds
            self.samples = samples
            self.dropped = dropped
        }
    }

    /// A candidate that did not compile, computed something wrong or wrote where it may not. It is not tried again.
    package struct Failure: Hashable, Sendable, Codable {
        package var candidate: TuningParameters
        package var reason: String

        package init(candidate: TuningParameters, reason: String) {
            self.candidate = candidate
            self.reason = reason
        }
    }

    package static let currentFormat = 1

    package var format = TuningFile.currentFormat
    package var device: String
    package var vendor: String
    package var computeUnits: Int
    /// The version of the driver that the parameters were last verified with.
    package var driver: String
    /// Tells the kernels that were measured from those of another version of the program.
    package var kernels: String
    /// What is used instead of the shipped parameters.
    package var parameters = TuningParameters()
    package var measurements: [Measurement] = []
    package var failures: [Failure] = []

    /// An empty one.
    package init(for information: DeviceInformation) {
        device = information.name
        vendor = information.vendor
        computeUnits = information.computeUnits
        driver = information.driver
        kernels = OpenCLDevice.kernelHash
    }

    /// Takes a measurement in, in the place of an earlier one of the same.
    package mutating func record(_ measurement: Measurement) {
        measurements.removeAll { $0.candidate == measurement.candidate && $0.work == measurement.work }
        measurements.append(measurement)
    }

    /// Reads a file.
    ///
    /// - Throws: ``TuningFileError``.
    package init(contentsOf path: String) throws(TuningFileError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable }
        do {
            self = try JSONDecoder().decode(TuningFile.self, from: data)
        } catch let error as DecodingError {
            throw .notJSON(TuningFileError.words(for: error))
        } catch {
            throw .notJSON("\(error)")
        }
        guard format == TuningFile.currentFormat else { throw .unknownFormat(format) }
    }

    /// Replaces the file in one step.
    package func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
    }

    /// - Throws: ``TuningFileError`` where the parameters must not be used on the device, whatever its driver.
    package func check(for information: DeviceInformation) throws(TuningFileError) {
        guard device == information.name && vendor == information.vendor else {
            throw .otherDevice(found: "\(device) (\(vendor))", expected: "\(information.name) (\(information.vendor))")
        }
        guard kernels == OpenCLDevice.kernelHash else { throw .otherKernels }
        if let problem = parameters.problem(on: information) { throw .outOfLimits(problem) }
    }
}

/// Why a tuning file cannot be used.
package enum TuningFileError: Error, Hashable, CustomStringConvertible {
    case unreadable
    case notJSON(String)
    case unknownFormat(Int)
    case otherDevice(found: String, expected: String)
    case otherKernels
    case outOfLimits(String)

    package var description: String {
        let remedy = "run concord tune again"
        return switch self {
        case .unreadable: "the tuning file cannot be read; check its permissions, or \(remedy)"
        case .notJSON(let problem): "the tuning file is damaged (\(problem)); \(remedy)"
        case .unknownFormat(let format):
            "the tuning file has format \(format), expected \(TuningFile.currentFormat); \(remedy)"
        case .otherDevice(let found, let expected):
            "the tuning file is of another device, \(found), expected \(expected); \(remedy)"
        case .otherKernels: "the tuning file was measured with the kernels of another version; \(remedy)"
        case .outOfLimits(let problem): "the tuning file asks for \(problem); \(remedy)"
        }
    }

    /// Where a text stops to be what was expected.
    fileprivate static func words(for error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "no \"\(key.stringValue)\"\(place(context.codingPath))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "a value of another type\(place(context.codingPath))"
        case .dataCorrupted: "no JSON"
        @unknown default: "\(error)"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "" : " in " + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
