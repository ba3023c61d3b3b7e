import ArgumentParser
import Concord
import Foundation

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turns texts into vectors with a pretrained BERT encoder.",
        discussion: """
            Prints one JSON object a line, in the order of the texts: "embedding", a vector of length 1, or with --tokens \
            the numbers of the text's tokens. The throughput goes to standard error.
            """)

    @Argument(help: "The folder of the encoder: config.json, vocab.txt, model.safetensors.")
    var model: String

    @Argument(help: "A file with one text a line; - reads standard input. Bytes that are not UTF-8 are left out.")
    var file: String

    @Flag(help: "Print the numbers of the tokens instead, without encoding.")
    var tokens = false

    @Option(help: "Texts that are encoded at a time.")
    var batch = 64

    @Option(help: "Tokens of a text at most. Default: what the encoder is meant for.")
    var length: Int?

    @OptionGroup var device: DeviceOption

    private struct Tokens: Encodable { let tokens: [Int32] }
    private struct Embedding: Encodable { let embedding: [Float] }

    func validate() throws {
        guard batch > 0 else { throw ValidationError("A batch of \(batch); expected at least one text.") }
        if let length, length < 3 { throw ValidationError("A length of \(length); expected at least 3 tokens.") }
    }

    func run() throws {
        let texts = try lines()
        let start = ContinuousClock.now
        if tokens {
            let tokenizer = try WordPieceTokenizer(vocabulary: "\(model)/vocab.txt", maximumLength: length ?? 256)
            let loaded = ContinuousClock.now
            let numbers = texts.map(tokenizer.encode)
            report(texts.count, since: loaded, loading: loaded - start)
            for numbers in numbers { try JSONOutput.print(Tokens(tokens: numbers)) }
            return
        }
        let encoder = try SentenceEncoder(
            folder: model, maximumLength: length, on: try device.choose().device)
        // The first batch compiles kernels.
        _ = try encoder.embeddings(of: Array(texts.prefix(batch)), batchSize: batch)
        let loaded = ContinuousClock.now
        let vectors = try encoder.embeddings(of: texts, batchSize: batch)
        report(texts.count, since: loaded, loading: loaded - start)
        for vector in vectors { try JSONOutput.print(Embedding(embedding: vector)) }
    }

    private func lines() throws -> [String] {
        let data: Data
        if file == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            guard let contents = FileManager.default.contents(atPath: file) else {
                throw DatasetError.missingFile(path: file, advice: "Check the path.")
            }
            data = contents
        }
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }

    private func report(_ count: Int, since start: ContinuousClock.Instant, loading: Duration) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let line = String(
            format: "%d texts in %.2f s, %.0f a second (%.2f s to load)\n", count, seconds, Double(count) / seconds,
            loading / .seconds(1))
        FileHandle.standardError.write(Data(line.utf8))
    }
}
