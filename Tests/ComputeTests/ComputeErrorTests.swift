import Compute
import Testing

@Suite struct ComputeErrorTests {
    @Test(
        "messages say what was found, where, and what to do",
        arguments: [
            (
                ComputeError.outOfMemory(device: "GPU", requested: 100, live: 50, limit: 120),
                "GPU: out of memory: 100 bytes requested, 50 bytes in use, limit 120 bytes. "
                    + "Use a smaller batch or another device."
            ),
            (
                .buildFailed(program: "conv2d.cl", device: "GPU", options: "-DM=8", log: "error: x"),
                "OpenCL: building \"conv2d.cl\" failed on \"GPU\" (-DM=8):\nerror: x\n"
                    + "Report it with the output of `concord selftest --json`."
            ),
            (.unsupported(primitive: "gramian", device: "GPU"), "GPU: gramian is not supported on this device"),
            (
                .noDevice(requested: "opencl:3", found: ["cpu", "opencl:0"], hint: "Use --device cpu."),
                "no device \"opencl:3\"; found: cpu, opencl:0. Use --device cpu."
            ),
            (
                .noDevice(requested: "opencl", found: [], hint: "Install a driver."),
                "no device \"opencl\"; found: none. Install a driver."
            ),
            (
                .driver(call: "clFinish", code: -5, meaning: "out of resources", device: "GPU"),
                "GPU: clFinish failed with -5 (out of resources)"
            ),
        ])
    func messages(error: ComputeError, message: String) {
        #expect("\(error)" == message)
    }
}

@Suite struct ProfileTests {
    @Test("adds up the runs of each primitive")
    func sums() {
        var profile = Profile()
        profile.record(.fill(Fill(count: 3)), seconds: 0.5)
        profile.record(.fill(Fill(count: 3)), seconds: 0.25)
        profile.record(.fill(Fill(count: 4)), seconds: 1)
        #expect(profile.entries[.fill(Fill(count: 3))]?.seconds == 0.75)
        #expect(profile.entries[.fill(Fill(count: 4))]?.runs == 1)
        #expect(profile.totalSeconds == 1.75)
    }
}
