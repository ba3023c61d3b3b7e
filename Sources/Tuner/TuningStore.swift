import Compute
import Foundation
import OpenCLBackend

/// The tuning files of a user, one per device.
package struct TuningStore: Sendable {
    /// Where the files lie; made when the first one is written.
    package let folder: URL

    package init(folder: URL) { self.folder = folder }

    /// The environment variable that names another folder.
    package static let variable = "CONCORD_TUNING"

    /// The one in the user's cache folder, or where `CONCORD_TUNING` says.
    package static func user() -> TuningStore {
        if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty {
            return TuningStore(folder: URL(fileURLWithPath: path, isDirectory: true))
        }
        return TuningStore(folder: UserCache.folder("tuning"))
    }

    /// The path of a device's file.
    package func path(for information: DeviceInformation) -> String {
        let words = "\(information.vendor) \(information.name)".lowercased().split { character in
            !(character.isASCII && (character.isLetter || character.isNumber))
        }
        return folder.appendingPathComponent(words.joined(separator: "-") + ".json").path
    }

    /// Gives a device the parameters of its file, if there is one that can be used, and says so in its `tuningSource`.
    ///
    /// A file that was verified with another version of the driver is verified again: every entry computes each piece of
    /// work once and must agree with the reference. Entries that fail are removed, and the file is written anew.
    ///
    /// - Parameter reference: makes the device that results are compared with.
    package func apply(to device: OpenCLDevice, reference: () throws -> any Device) {
        let path = path(for: device.information)
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            var file = try TuningFile(contentsOf: path)
            try file.check(for: device.information)
            var note: String?
            if file.driver != device.information.driver {
                note = try verify(&file, on: device, reference: try reference(), path: path)
            }
            device.parameters = file.parameters
            device.tuningSource = .file(path: path, note: note)
        } catch {
            device.parameters = TuningParameters()
            device.tuningSource = .rejected(path: path, reason: "\(error)")
        }
    }

    /// Verifies a file after a change of the driver; returns what is worth knowing about it.
    private func verify(
        _ file: inout TuningFile, on device: OpenCLDevice, reference: any Device, path: String
    ) throws -> String? {
        let removed = try file.removeFailures(on: device, reference: reference)
        let before = file.driver
        file.driver = device.information.driver
        var notes: [String] = []
        if !removed.isEmpty {
            notes.append(
                "since the driver changed from \(before) to \(file.driver), \(removed.joined(separator: ", ")) "
                    + "computes something wrong and is not used; run concord tune again")
        }
        do {
            try file.write(to: path)
        } catch {
            notes.append("cannot be updated after a change of the driver (\(error)), so it is verified at every start")
        }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    /// Tunes a device and stores what was found after every parameter and every failure.
    ///
    /// Candidates that failed with the same kernels and driver before are not tried again.
    ///
    /// - Throws: at once where the file cannot be written; what the device and `report` throw.
    package func tune(
        _ device: any TunableDevice, reference: any Device, settings: Tuner.Settings,
        subjects: [TuningSubject]? = nil, report: (Tuner.Event) throws -> Void
    ) throws -> TuningFile {
        let path = path(for: device.information)
        var file = TuningFile(for: device.information)
        if let earlier = try? TuningFile(contentsOf: path), (try? earlier.check(for: device.information)) != nil,
            earlier.driver == file.driver
        {
            file = earlier
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try file.write(to: path)
        let tuner = Tuner(device, reference: reference, settings: settings, subjects: subjects)
        let result = try tuner.run(startingFrom: file) { event, file in
            switch event {
            case .failed, .decided: try file.write(to: path)
            case .progress: break
            }
            try report(event)
        }
        try result.write(to: path)
        return result
    }
}

extension TuningFile {
    /// Removes the entries that do not compute what they must; returns them in words.
    package mutating func removeFailures(
        on device: any TunableDevice, reference: any Device, subjects: [TuningSubject]? = nil
    ) throws -> [String] {
        var removed: [String] = []
        for subject in subjects ?? TuningSubject.all(for: device.information) {
            let entry = parameters.only(subject.keys)
            guard !entry.isEmpty else { continue }
            device.parameters = entry
            do {
                for probe in subject.probes { try LoadedProbe(probe, on: device, reference: reference).check() }
            } catch let error where error is ProbeFailure || error is ComputeError {
                failures.append(Failure(candidate: entry, reason: "\(error)"))
                removed.append(entry.summary)
                parameters = parameters.removing(subject.keys)
            }
        }
        return removed
    }
}
