import Checkpoints
import Foundation
import Testing

/// Every tensor of real weights, against what the peers read (see `scripts/check-readers.sh`).
@Suite("Parity with the peers' readers")
struct ParityTests {
    private struct File: Decodable {
        struct Tensor: Decodable {
            let name: String
            let type: String
            let shape: [Int]
            let bytes: Int
        }

        let path: String
        /// The file of the elements of all tensors.
        let bytes: String
        let tensors: [Tensor]
    }

    private static let references = ProcessInfo.processInfo.environment["CONCORD_REFERENCES"]

    @Test(
        "every tensor of every package has the peers' bits",
        .enabled(if: references != nil, "CONCORD_REFERENCES names no folder of references; scripts/check-readers.sh makes one"))
    func packages() throws {
        let folder = try #require(ParityTests.references)
        let index = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/index.json"))
        let files = try JSONDecoder().decode([File].self, from: index)
        #expect(!files.isEmpty)
        for file in files {
            let archive = try TensorArchives.open(file.path)
            #expect(Set(archive.tensors.map(\.name)) == Set(file.tensors.map(\.name)), "\(file.path)")
            let reference = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file.bytes)"), options: .alwaysMapped)
            var position = 0
            for tensor in file.tensors {
                let found = try archive.tensor(named: tensor.name)
                #expect(found.type.rawValue == tensor.type && found.shape == tensor.shape, "\(file.path): \(tensor.name)")
                let range = position..<position + tensor.bytes
                let isEqual = try archive.withUnsafeBytes(of: tensor.name) { Data($0) == reference[range] }
                #expect(isEqual, "\(file.path): \(tensor.name)")
                position = range.upperBound
            }
            print("\(file.path): \(file.tensors.count) tensors, \(position) bytes are equal")
        }
    }
}
