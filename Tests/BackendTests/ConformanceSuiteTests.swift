import Compute
import Conformance
import Testing

/// A device in host memory that runs `Fill` only, and that as it is told to.
private final class FillingDevice: Device {
    /// Fills `count` elements from `elements` on; `run` counts the calls.
    typealias Filling = (_ elements: UnsafeMutablePointer<Float>, _ count: Int, _ value: Float, _ run: Int) -> Void

    let information = DeviceInformation(
        identifier: "filling", kind: .cpu, name: "Filling", vendor: "", driver: "", computeUnits: 1,
        memoryBytes: 1 << 30, maximumBufferBytes: 1 << 30, localMemoryBytes: 0, maximumWorkGroupSize: 1)
    let pool = BufferPool(
        limit: 1 << 30,
        source: BufferPool.Source(
            allocate: { OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: $0, alignment: 64)) },
            free: { UnsafeMutableRawPointer($0).deallocate() }))
    var profile: Profile?
    private(set) var launches = 0
    private let filling: Filling

    init(_ filling: @escaping Filling) { self.filling = filling }

    private func address(of operand: Operand) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(operand.buffer.handle) + operand.offset * 4
    }

    func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError) {
        guard case .fill(let fill) = primitive else {
            throw .unsupported(primitive: "\(primitive)", device: information.name)
        }
        launches += 1
        filling(address(of: operands[0]).assumingMemoryBound(to: Float.self), fill.count, scalars[0], launches)
    }
    func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) {
        UnsafeMutableRawBufferPointer(start: address(of: operand), count: bytes.count).copyMemory(from: bytes)
    }
    func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) {
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: address(of: operand), count: bytes.count))
    }
    func synchronize() {}
}

@Suite struct ConformanceSuiteTests {
    private static func summary(_ filling: @escaping FillingDevice.Filling) -> OperationSummary {
        ConformanceSuite.summary(of: "Fill", on: FillingDevice(filling))
    }

    @Test("a device that does what it should passes")
    func passes() {
        let summary = Self.summary { elements, count, value, _ in elements.update(repeating: value, count: count) }
        #expect(summary.cases == 27)
        #expect(summary.passed == 27)
        #expect(summary.worstRatio == 0)
    }

    @Test("a missing element fails every case")
    func missingElement() throws {
        let summary = Self.summary { elements, count, value, _ in elements.update(repeating: value, count: count - 1) }
        #expect(summary.passed == 0)
        #expect(try #require(summary.failures.first).reason.hasPrefix("output[0]: found nan"))
    }

    @Test("a value that is off by one unit in the last place fails where exactness is asked for")
    func inexactValue() {
        let summary = Self.summary { elements, count, value, _ in
            elements.update(repeating: value.nextDown, count: count)
        }
        #expect(summary.passed == 0)
    }

    @Test("writing behind the result fails every case")
    func overrun() throws {
        let summary = Self.summary { elements, count, value, _ in elements.update(repeating: value, count: count + 1) }
        #expect(summary.passed == 0)
        #expect(try #require(summary.failures.first).reason.hasPrefix("output[1]: overwritten with 0.0"))
    }

    @Test("writing before the result fails every case")
    func underrun() throws {
        let summary = Self.summary { elements, count, value, _ in
            (elements - 1).update(repeating: value, count: count + 1)
        }
        #expect(summary.passed == 0)
        #expect(try #require(summary.failures.first).reason.hasPrefix("output[-1]: overwritten with 0.0"))
    }

    @Test("a second run with other bits fails every case")
    func notRepeatable() throws {
        let summary = Self.summary { elements, count, value, run in
            elements.update(repeating: run % 2 == 0 ? -value : value, count: count)
        }
        #expect(summary.passed == 0)
        #expect(try #require(summary.failures.first).reason.contains("in the second"))
    }

    @Test("a device that throws fails, with the error in the reason")
    func throwing() throws {
        let summary = ConformanceSuite.summary(of: "Gramian", on: FillingDevice { _, _, _, _ in }, tiny: true)
        #expect(summary.cases > 10)
        #expect(summary.passed == 0)
        #expect(try #require(summary.failures.first).reason.contains("is not supported on this device"))
    }

    @Test("every primitive has cases, and some of them are tiny")
    func coverage() {
        for operation in ConformanceSuite.operations {
            #expect(ConformanceSuite.cases.contains { $0.operation == operation && $0.isTiny })
        }
        var kinds: Set<String> = []
        for next in ConformanceSuite.cases { kinds.insert("\(type(of: next.primitive.description))") }
        // As many as the enumeration of primitives has cases.
        #expect(kinds.count == 36)
    }

    @Test("names are unique within an operation")
    func names() {
        let names = ConformanceSuite.cases.map { "\($0.operation) \($0.name)" }
        #expect(Set(names).count == names.count)
    }
}
