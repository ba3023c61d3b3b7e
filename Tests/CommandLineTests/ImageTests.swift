import Foundation
import Testing

/// A PNG file of one colour, with stored blocks.
private func png(side: Int, red: UInt8, green: UInt8) -> Data {
    var row: [UInt8] = [0]
    for _ in 0..<side { row += [red, green, 90] }
    let rows: [UInt8] = Array(repeatElement(row, count: side).joined())
    var (low, high) = (1, 0)
    for byte in rows {
        low = (low + Int(byte)) % 65521
        high = (high + low) % 65521
    }
    func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    let size = [UInt8(rows.count & 0xFF), UInt8(rows.count >> 8)]
    var zlib: [UInt8] = [0x78, 0x01, 1]
    zlib += size + size.map { ~$0 }
    zlib += rows
    zlib += word(high << 16 | low)
    // Checksums of chunks are not looked at.
    func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        word(content.count) + Array(name.utf8) + content + [0, 0, 0, 0]
    }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", word(side) + word(side) + [8, 2, 0, 0, 0])
    file += chunk("IDAT", zlib)
    return Data(file + chunk("IEND", []))
}

private let configuration = """
    dataset:
      name: images
      training: train.csv
      test: test.csv
      targets: [{task: colour, column: colour, kind: classes}, {task: light, column: light, kind: number}]
      preprocessing: {name: custom, height: 16, width: 16, framing: stretch}
      augmentation: {flip: 0.5, brightness: 0.1}
    trunk: {model: lenet}
    tasks: [{name: colour, loss: crossEntropy}, {name: light, loss: mse}]
    optimizer: {name: adam, learningRate: 0.003}
    epochs: 8
    batchSize: 8
    device: cpu
    """

@Suite("concord on images")
struct ImageTests {
    @Test("train, evaluate and predict work on image files with stored preprocessing")
    func images() throws {
        let folder = try TemporaryFolder()
        for (name, numbers) in [("train", 0..<48), ("test", 48..<64)] {
            var lines = ["image,colour,light"]
            for number in numbers {
                let (red, green) = number % 2 == 0 ? (200 - number, 20 + number) : (20 + number, 200 - number)
                try png(side: 20, red: UInt8(red), green: UInt8(green))
                    .write(to: URL(fileURLWithPath: "\(folder.path)/\(number).png"))
                // Some labels are missing.
                let colour = number % 7 == 3 ? "" : number % 2 == 0 ? "red" : "green"
                lines.append("\(number).png,\(colour),\(number % 5 == 4 ? "" : "\(Double(red) / 255)")")
            }
            _ = try folder.write(lines.joined(separator: "\n") + "\n", to: "\(name).csv")
        }
        let file = try folder.write(configuration, to: "images.yaml")
        let training = try Concord.run("train", file, "--output", "run", in: folder)
        #expect(training.status == 0, "\(training.errors)")
        let stored = try String(contentsOfFile: "\(folder.path)/run/config.yaml", encoding: .utf8)
        #expect(stored.contains("deviation: [58.395, 57.12, 57.375]"))

        let evaluation = try Concord.run("evaluate", "run", "--json", in: folder)
        let metrics = try #require(try jsonLines(evaluation.output).first as? [String: [String: Double]])
        #expect(metrics["colour"]?["accuracy"] == 1)
        let prediction = try Concord.run("predict", "run", "48.png", "49.png", in: folder)
        #expect(prediction.status == 0, "\(prediction.errors)")
        let lines = try jsonLines(prediction.output)
        #expect(lines.map { $0["input"] as? String } == ["48.png", "49.png"])
        let names = lines.map { line in
            ((line["predictions"] as? [String: Any])?["colour"] as? [String: Any])?["name"] as? String
        }
        #expect(names == ["red", "green"])
        // The same file, the same preparation: an index of the test split gives the same values.
        let indexed = try jsonLines(try Concord.run("predict", "run", "0", in: folder).output)
        #expect(indexed.first?["predictions"] as? NSDictionary == lines.first?["predictions"] as? NSDictionary)

        _ = try folder.write("", to: "empty.png")
        let broken = try Concord.run("predict", "run", "empty.png", in: folder)
        #expect(broken.status != 0 && broken.errors.contains("empty.png: the file is empty"))
    }
}
