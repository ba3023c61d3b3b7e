import Compute
import Foundation
import OpenCLBackend

/// Finds the kernel parameters with which a device is fastest.
///
/// Parameters are tuned one after the other, each with those found before it. Every candidate first computes all pieces
/// of work once, which also compiles its kernels, and must agree with the reference in every bit. Those that do take
/// turns; who falls behind is left out. What is shipped stays unless something else is clearly faster.
package struct Tuner {
    /// How thoroughly candidates are compared.
    package struct Settings: Hashable, Sendable {
        /// Seconds for everything; a candidate that is under way is finished.
        package var budget: Double
        /// Samples before a candidate may be left out, and before anything is decided.
        package var minimumRounds = 3
        package var maximumRounds = 10
        /// Who takes so many times as long as the fastest is left out.
        package var dropRatio = 1.5
        /// What is shipped stays unless its time shrinks to this share: smaller gains are often noise.
        package var requiredShare = 0.95
        /// The share of a parameter's time in which candidates are checked; the rest is for timing those that passed.
        package var checkShare = 0.6

        package init(budget: Double) { self.budget = budget }
    }

    /// What happens while tuning.
    package enum Event {
        /// A candidate is checked or timed; the share counts the time that is gone.
        case progress(subject: String, candidate: String, share: Double, secondsLeft: Double)
        case failed(TuningFile.Failure)
        /// A parameter's time is over.
        case decided(Decision)
    }

    /// The outcome for one parameter.
    package struct Decision: Hashable, Sendable, Encodable {
        package var subject: String
        package var candidates: Int
        /// Candidates that were compared to the end of the minimum number of rounds.
        package var compared: Int
        /// The chosen value in words; nil where nothing is clearly faster than what is shipped, or too little was
        /// measured.
        package var choice: String?
        /// The time of a run as a share of what it is with the shipped value, over all work.
        package var timeShare: Double
    }

    package let settings: Settings
    private let device: any TunableDevice
    private let reference: any Device
    private let subjects: [TuningSubject]
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - device: the one to tune. Its parameters are left as they were.
    ///   - reference: computes the results that candidates must agree with.
    ///   - subjects: what is tuned, in this order; by default everything that the device has.
    package init(
        _ device: any TunableDevice, reference: any Device, settings: Settings, subjects: [TuningSubject]? = nil
    ) {
        self.device = device
        self.reference = reference
        self.subjects = subjects ?? TuningSubject.all(for: device.information)
        self.settings = settings
    }

    /// Tunes all parameters.
    ///
    /// - Parameters:
    ///   - file: its failures are not tried again, and what the time does not suffice for stays as it is there.
    ///   - report: is told what happens, with what is known so far.
    package func run(
        startingFrom file: TuningFile, report: (Event, TuningFile) throws -> Void
    ) throws -> TuningFile {
        var result = file
        let before = device.parameters
        defer { device.parameters = before }
        var rest = subjects
        while !rest.isEmpty {
            let weight = rest.reduce(0) { $0 + $1.weight }
            let subject = rest.removeFirst()
            let deadline = elapsed + max(0, settings.budget - elapsed) * subject.weight / weight
            try tune(subject, until: deadline, result: &result, report: report)
        }
        return result
    }

    /// Seconds since the beginning.
    private var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// A candidate in the race.
    private struct Contender {
        let candidate: TuningParameters
        /// Per piece of work.
        var samples: [[Double]]
        var isDropped = false

        /// The geometric mean of the medians.
        var score: Double {
            exp(samples.reduce(0) { $0 + log($1.median) } / Double(samples.count))
        }
    }

    private func tune(
        _ subject: TuningSubject, until deadline: Double, result: inout TuningFile,
        report: (Event, TuningFile) throws -> Void
    ) throws {
        let tuned = result.parameters.removing(subject.keys)
        let checkDeadline = elapsed + settings.checkShare * max(0, deadline - elapsed)
        func show(_ candidate: TuningParameters) throws {
            try report(
                .progress(
                    subject: subject.name, candidate: candidate.summary, share: elapsed / max(settings.budget, 1e-9),
                    secondsLeft: max(0, settings.budget - elapsed)), result)
        }

        var probes: [LoadedProbe] = []
        var contenders: [Contender] = []
        func fail(_ candidate: TuningParameters, _ error: any Error) throws {
            let failure = TuningFile.Failure(candidate: candidate, reason: "\(error)")
            result.failures.append(failure)
            try report(.failed(failure), result)
            // Others are not to blame for what it wrote. A device that does not take this is lost.
            for probe in probes { try probe.restore() }
        }
        for candidate in [subject.shipped] + subject.candidates
        where !result.failures.contains(where: { $0.candidate == candidate }) {
            guard elapsed < checkDeadline else { break }
            try show(candidate)
            if probes.isEmpty {
                probes = try subject.probes.map { try LoadedProbe($0, on: device, reference: reference) }
            }
            device.parameters = tuned.merging(candidate)
            do {
                for probe in probes where elapsed < checkDeadline { try probe.check() }
            } catch let error where error is ProbeFailure || error is ComputeError {
                try fail(candidate, error)
                continue
            }
            // A check that the time did not suffice for says nothing.
            guard elapsed < checkDeadline else { break }
            contenders.append(Contender(candidate: candidate, samples: probes.map { _ in [] }))
        }

        for round in 1...settings.maximumRounds {
            for index in contenders.indices where !contenders[index].isDropped && elapsed < deadline {
                try show(contenders[index].candidate)
                device.parameters = tuned.merging(contenders[index].candidate)
                do throws(ComputeError) {
                    for (place, probe) in probes.enumerated() {
                        contenders[index].samples[place].append(try probe.sample())
                    }
                } catch {
                    contenders[index].isDropped = true
                    try fail(contenders[index].candidate, error)
                }
            }
            guard elapsed < deadline else { break }
            if round >= settings.minimumRounds { drop(from: &contenders) }
        }

        for contender in contenders {
            for (probe, samples) in zip(probes, contender.samples) where !samples.isEmpty {
                result.record(
                    TuningFile.Measurement(
                        candidate: contender.candidate, work: probe.probe.name,
                        medianMicroseconds: samples.median.inMicroseconds,
                        minimumMicroseconds: (samples.min() ?? 0).inMicroseconds, samples: samples.count,
                        dropped: contender.isDropped))
            }
        }
        let (winner, decision) = decide(subject, contenders)
        if let winner { result.parameters = winner == subject.shipped ? tuned : tuned.merging(winner) }
        try report(.decided(decision), result)
    }

    /// Leaves out who is too slow.
    private func drop(from contenders: inout [Contender]) {
        guard let fastest = contenders.filter({ !$0.isDropped }).map(\.score).min() else { return }
        for index in contenders.indices
        where !contenders[index].isDropped && contenders[index].score > settings.dropRatio * fastest {
            contenders[index].isDropped = true
        }
    }

    /// The winner; nil where too little was measured.
    private func decide(
        _ subject: TuningSubject, _ contenders: [Contender]
    ) -> (winner: TuningParameters?, decision: Decision) {
        let finished = contenders.filter { contender in
            contender.samples.allSatisfy { $0.count >= settings.minimumRounds }
        }
        var decision = Decision(
            subject: subject.name, candidates: subject.candidates.count,
            compared: finished.count { $0.candidate != subject.shipped }, timeShare: 1)
        guard let best = finished.filter({ !$0.isDropped }).min(by: { $0.score < $1.score })
        else { return (nil, decision) }
        // What is shipped is checked and timed first. Where it is missing here, it failed.
        if let shipped = finished.first(where: { $0.candidate == subject.shipped }) {
            guard best.score <= settings.requiredShare * shipped.score else { return (subject.shipped, decision) }
            decision.timeShare = best.score / shipped.score
        }
        decision.choice = best.candidate.summary
        return (best.candidate, decision)
    }
}

extension [Double] {
    /// The upper one where there are two. The array must not be empty.
    fileprivate var median: Double { sorted()[count / 2] }
}

extension Double {
    /// Of seconds, to a hundredth.
    fileprivate var inMicroseconds: Double { (self * 1e8).rounded() / 100 }
}
