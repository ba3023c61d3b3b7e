import Compute
import Foundation

extension ImagePreprocessing {
    /// The input for an image to train on: `[height, width, channels]`.
    ///
    /// - Parameters:
    ///   - seed: of the run.
    ///   - sample: the image's number in its data set.
    public func callAsFunction(
        _ image: Bitmap, augmentedBy augmentation: ImageAugmentation, seed: UInt64, epoch: Int, sample: Int
    ) -> [Float] {
        var generator = ImageAugmentation.generator(seed: seed, epoch: epoch, sample: sample)
        var pixels: [Float]
        if let smallest = augmentation.crop {
            let box = ImagePreprocessing.randomPart(of: image, smallest: smallest, &generator)
            pixels = resize(image.cropped(box).converted(toChannels: channels), width: width, height: height)
        } else {
            pixels = self.pixels(of: image)
        }
        if generator.next(in: 0...1) < augmentation.flip { pixels = mirrored(pixels) }
        let angle = generator.next(in: -augmentation.rotation...augmentation.rotation)
        if angle != 0 { pixels = turned(pixels, degrees: angle) }
        recolour(&pixels, augmentation, &generator)
        var result = normalized(pixels)
        if generator.next(in: 0...1) < augmentation.erasing { erase(&result, &generator) }
        return result
    }

    /// A part with a random area and random proportions; after ten that do not fit, the middle.
    private static func randomPart(of image: Bitmap, smallest: Double, _ generator: inout Philox) -> PixelBox {
        let area = Double(image.width * image.height)
        let proportions = log(3.0 / 4)...log(4.0 / 3)
        for _ in 0..<10 {
            let target = area * generator.next(in: smallest...1)
            let ratio = exp(generator.next(in: proportions))
            let (width, height) = (Int((target * ratio).squareRoot().rounded()), Int((target / ratio).squareRoot().rounded()))
            let (x, y) = (generator.next(in: 0...1), generator.next(in: 0...1))
            guard (1...image.width).contains(width), (1...image.height).contains(height) else { continue }
            return PixelBox(
                x: min(Int(x * Double(image.width - width + 1)), image.width - width),
                y: min(Int(y * Double(image.height - height + 1)), image.height - height), width: width, height: height)
        }
        let size = min(image.width, image.height)
        return PixelBox(x: (image.width - size) / 2, y: (image.height - size) / 2, width: size, height: size)
    }

    func mirrored(_ pixels: [Float]) -> [Float] {
        var result = pixels
        for row in 0..<height {
            for column in 0..<width {
                let (source, target) = (row * width + width - 1 - column, row * width + column)
                for channel in 0..<channels { result[target * channels + channel] = pixels[source * channels + channel] }
            }
        }
        return result
    }

    /// Turned counterclockwise around the middle, bilinearly.
    func turned(_ pixels: [Float], degrees: Double) -> [Float] {
        let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
        let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        var result = [Float](repeating: 0, count: pixels.count)
        for row in 0..<height {
            for column in 0..<width {
                let (x, y) = (Double(column) - middleX, Double(row) - middleY)
                let (sourceX, sourceY) = (cosine * x - sine * y + middleX, sine * x + cosine * y + middleY)
                let (left, top) = (Int(sourceX.rounded(.down)), Int(sourceY.rounded(.down)))
                let (right, bottom) = (Float(sourceX - Double(left)), Float(sourceY - Double(top)))
                for (dx, dy, weight) in [
                    (0, 0, (1 - right) * (1 - bottom)), (1, 0, right * (1 - bottom)), (0, 1, (1 - right) * bottom),
                    (1, 1, right * bottom),
                ] where (0..<width).contains(left + dx) && (0..<height).contains(top + dy) {
                    let source = ((top + dy) * width + left + dx) * channels
                    let target = (row * width + column) * channels
                    for channel in 0..<channels { result[target + channel] += weight * pixels[source + channel] }
                }
            }
        }
        return result
    }

    /// Brightness, contrast around the mean grey, and saturation around every pixel's grey, as torchvision's
    /// `ColorJitter` in this order.
    private func recolour(_ pixels: inout [Float], _ augmentation: ImageAugmentation, _ generator: inout Philox) {
        func factor(_ width: Double) -> Float { Float(generator.next(in: 1 - width...1 + width)) }
        let (brightness, contrast) = (factor(augmentation.brightness), factor(augmentation.contrast))
        let saturation = factor(augmentation.saturation)
        if brightness != 1 { for index in pixels.indices { pixels[index] = limited(pixels[index] * brightness) } }
        if contrast != 1 {
            let places = stride(from: 0, to: pixels.count, by: channels)
            let mean = places.reduce(Float(0)) { $0 + grey(pixels, at: $1) } / Float(width * height)
            for index in pixels.indices { pixels[index] = limited(mean + contrast * (pixels[index] - mean)) }
        }
        guard saturation != 1, channels == 3 else { return }
        for place in stride(from: 0, to: pixels.count, by: channels) {
            let grey = grey(pixels, at: place)
            for index in place..<place + channels {
                pixels[index] = limited(grey + saturation * (pixels[index] - grey))
            }
        }
    }

    private func grey(_ pixels: [Float], at place: Int) -> Float {
        channels == 1 ? pixels[place] : 0.299 * pixels[place] + 0.587 * pixels[place + 1] + 0.114 * pixels[place + 2]
    }

    private func limited(_ value: Float) -> Float { min(max(value, 0), 255) }

    /// Sets a rectangle to 0, the mean.
    private func erase(_ values: inout [Float], _ generator: inout Philox) {
        for _ in 0..<10 {
            let area = Double(width * height) * generator.next(in: 0.02...0.33)
            let ratio = exp(generator.next(in: log(0.3)...log(1 / 0.3)))
            let (wide, high) = (Int((area * ratio).squareRoot().rounded()), Int((area / ratio).squareRoot().rounded()))
            let (x, y) = (generator.next(in: 0...1), generator.next(in: 0...1))
            guard (1..<width).contains(wide), (1..<height).contains(high) else { continue }
            let (left, top) = (Int(x * Double(width - wide)), Int(y * Double(height - high)))
            for row in top..<top + high {
                for index in (row * width + left) * channels..<(row * width + left + wide) * channels {
                    values[index] = 0
                }
            }
            return
        }
    }
}
