import Foundation

/// Lines over a common axis, with ticks and a legend, drawn in SVG.
struct LineChart {
    struct Series {
        let name: String
        /// In the order of x.
        let points: [(x: Double, y: Double)]
    }

    let title: String
    let xLabel: String
    let yLabel: String
    /// What the y axis shows at least.
    let yRange: ClosedRange<Double>
    let series: [Series]

    static let size = (width: 760.0, height: 340.0)
    private static let plot = (left: 70.0, top: 40.0, width: 470.0, height: 240.0)
    private static let legendRows = 14
    /// Up to so many points are marked: a line through one point cannot be seen.
    private static let markedPoints = 40

    /// A document with charts below each other, on white.
    static func document(_ charts: [LineChart]) -> String {
        let height = size.height * Double(charts.count)
        let body = charts.enumerated().map { index, chart in
            "<g transform=\"translate(0 \(number(size.height * Double(index))))\">\n\(chart.svg)\n</g>"
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(size.width))" height="\(number(height))" \
            viewBox="0 0 \(number(size.width)) \(number(height))" font-family="sans-serif" font-size="12" fill="#333">
            <rect width="100%" height="100%" fill="white"/>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }

    private var svg: String {
        let points = series.flatMap(\.points)
        let x = Axis(containing: points.map(\.x), length: LineChart.plot.width, isWhole: true)
        let y = Axis(
            containing: points.map(\.y) + [yRange.lowerBound, yRange.upperBound], length: LineChart.plot.height)
        return ([frame(x, y)] + series.indices.map { line($0, x, y) } + [legend]).joined(separator: "\n")
    }

    private func frame(_ x: Axis, _ y: Axis) -> String {
        let plot = LineChart.plot
        let (right, bottom) = (plot.left + plot.width, plot.top + plot.height)
        var parts = [
            text(title, plot.left, 22, "font-size=\"14\" font-weight=\"bold\""),
            text(xLabel, plot.left + plot.width / 2, bottom + 42, "text-anchor=\"middle\""),
            """
            <text transform="translate(18 \(number(plot.top + plot.height / 2))) rotate(-90)" \
            text-anchor="middle">\(escaped(yLabel))</text>
            """,
        ]
        for tick in y.ticks {
            let height = bottom - y.position(tick)
            // Zero is what separates agreement from conflict.
            parts.append(line(plot.left, height, right, height, tick == 0 ? "#999" : "#e4e4e4"))
            parts.append(text(y.text(tick), plot.left - 8, height + 4, "text-anchor=\"end\""))
        }
        for tick in x.ticks {
            let place = plot.left + x.position(tick)
            parts.append(line(place, bottom, place, bottom + 5, "#999"))
            parts.append(text(x.text(tick), place, bottom + 20, "text-anchor=\"middle\""))
        }
        parts.append(line(plot.left, plot.top, plot.left, bottom, "#999"))
        parts.append(line(plot.left, bottom, right, bottom, "#999"))
        return parts.joined(separator: "\n")
    }

    private func line(_ index: Int, _ x: Axis, _ y: Axis) -> String {
        let plot = LineChart.plot
        let places = series[index].points.map { point in
            (plot.left + x.position(point.x), plot.top + plot.height - y.position(point.y))
        }
        let color = LineChart.color(index, of: series.count)
        let path = places.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
        var parts = [
            "<title>\(escaped(series[index].name))</title>",
            "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.8\" points=\"\(path)\"/>",
        ]
        if places.count <= LineChart.markedPoints {
            parts += places.map { "<circle cx=\"\(number($0.0))\" cy=\"\(number($0.1))\" r=\"2.4\" fill=\"\(color)\"/>" }
        }
        return "<g class=\"series\">\n\(parts.joined(separator: "\n"))\n</g>"
    }

    private var legend: String {
        let left = LineChart.plot.left + LineChart.plot.width + 20
        let shown = series.count > LineChart.legendRows ? LineChart.legendRows - 1 : series.count
        func height(_ row: Int) -> Double { LineChart.plot.top + 8 + 17 * Double(row) }
        var parts = (0..<shown).map { row in
            """
            \(line(left, height(row), left + 18, height(row), LineChart.color(row, of: series.count), width: 3))
            \(text(series[row].name, left + 25, height(row) + 4))
            """
        }
        if shown < series.count { parts.append(text("and \(series.count - shown) more", left + 25, height(shown) + 4)) }
        return "<g class=\"legend\">\n\(parts.joined(separator: "\n"))\n</g>"
    }

    // MARK: - Elements

    private func text(_ content: String, _ x: Double, _ y: Double, _ attributes: String = "") -> String {
        let attributes = attributes.isEmpty ? "" : " \(attributes)"
        return "<text x=\"\(number(x))\" y=\"\(number(y))\"\(attributes)>\(escaped(content))</text>"
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String, width: Double = 1
    ) -> String {
        """
        <line x1="\(number(x1))" y1="\(number(y1))" x2="\(number(x2))" y2="\(number(y2))" stroke="\(color)" \
        stroke-width="\(number(width))"/>
        """
    }

    /// Few series have colors that also people who confuse red and green can tell apart (Okabe, Ito, "Color Universal
    /// Design", 2008); many go around the circle of hues.
    private static func color(_ index: Int, of count: Int) -> String {
        let few = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#333333"]
        return count <= few.count ? few[index] : "hsl(\(index * 360 / count),65%,42%)"
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}

private func number(_ value: Double) -> String { String(format: "%g", (value * 100).rounded() / 100) }

/// A linear scale whose ticks are round numbers.
private struct Axis {
    private let lower: Double
    private let upper: Double
    private let step: Double
    private let length: Double

    /// - Parameter isWhole: ticks are integers, and the axis ends at the data instead of at ticks.
    init(containing values: [Double], length: Double, isWhole: Bool = false) {
        self.length = length
        let low = values.min() ?? 0
        let high = max(values.max() ?? 1, low)
        let width = high > low ? high - low : 1
        let power = pow(10, floor(log10(width / 6)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= width / 6 } ?? power
        self.step = isWhole ? max(step.rounded(), 1) : step
        lower = isWhole ? (high > low ? low : low - 1) : floor(low / step) * step
        upper = isWhole ? (high > low ? high : high + 1) : ceil(max(high, low + step) / step) * step
    }

    func position(_ value: Double) -> Double { (value - lower) / (upper - lower) * length }

    var ticks: [Double] {
        let first = Int((lower / step).rounded(.up))
        let last = Int((upper / step + 1e-9).rounded(.down))
        return first > last ? [] : (first...last).map { Double($0) * step }
    }

    func text(_ tick: Double) -> String { String(format: "%g", (tick * 1e6).rounded() / 1e6) }
}
