/// The mean over segments of rows that lie one behind the other; 0 for an empty one.
///
/// Operands: input `[rows, width]`, starts Int32 `[segments + 1]`: ascending, the first row of every segment and the end of
/// the last one; result `[segments, width]`.
public struct SegmentMean: PrimitiveDescription {
    public var rows: Int
    public var segments: Int
    public var width: Int

    public init(rows: Int, segments: Int, width: Int) {
        self.rows = rows
        self.segments = segments
        self.width = width
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * (rows + segments) * width }
}

/// The derivative of ``SegmentMean``.
///
/// Operands: starts Int32 `[segments + 1]`, deltas `[tasks, segments, width]`, input gradients `[tasks, rows, width]`, 0
/// for rows that belong to no segment.
public struct SegmentMeanGradient: PrimitiveDescription {
    public var rows: Int
    public var segments: Int
    public var width: Int
    public var tasks: Int

    public init(rows: Int, segments: Int, width: Int, tasks: Int = 1) {
        self.rows = rows
        self.segments = segments
        self.width = width
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * tasks * (rows + segments) * width }
}
