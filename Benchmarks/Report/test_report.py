"""Checks the report on a recorded sample: `python -m unittest discover Benchmarks/Report`."""

import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import report

SAMPLE = (Path(__file__).parent / "sample.jsonl").read_text().splitlines()


class ReportTests(unittest.TestCase):
    def setUp(self):
        self.suites, self.broken = report.read(SAMPLE)

    def test_rounds_become_median_minimum_and_spread(self):
        measured = self.suites["gemm"]["gemm NN", "m=512 n=512 k=512"]["concord cpu"]
        self.assertEqual((measured.median, measured.minimum), (1.2, 0.9))
        self.assertAlmostEqual(measured.spread, 0.2 / 1.2)

    def test_ratios_pair_what_both_measured(self):
        found = report.ratios(self.suites["gemm"], "concord opencl", "pytorch")
        self.assertEqual(list(found.values()), [1.2, 0.5])
        self.assertEqual(list(report.ratios(self.suites["gemm"], "concord cpu", "openblas").values()), [1.8 / 1.2])
        self.assertEqual(report.ratios(self.suites["step"], "concord opencl", "libmtl"), {})

    def test_geometric_mean(self):
        self.assertAlmostEqual(report.geometric_mean([2, 8]), 4)

    def test_broken_lines_are_counted_and_stated(self):
        self.assertEqual(self.broken, 2)
        self.assertIn("2 lines", report.markdown(self.suites, self.broken, "machine"))

    def test_tables_have_gaps_where_nothing_was_measured(self):
        text = report.markdown(self.suites, self.broken, "machine")
        self.assertIn("| gemm NT | m=512 n=512 k=512 | – | – | – | – | 2.6 (2.5) |", text)
        self.assertIn("| step pcgrad | lenet, batch 256 | 4.00 | 6.00 |", text)
        self.assertIn("| Matrix products | concord opencl : pytorch | 2 | 0.77 | 0.50 |", text)
        for block in text.split("\n\n"):
            if block.startswith("|"):
                self.assertEqual(len({line.replace("|:", "|").count("|") for line in block.strip().split("\n")}), 1)

    def test_shares_of_the_calibrated_rate(self):
        self.assertEqual(self.suites["gemm"]["gemm NN", "m=512 n=512 k=512"]["concord cpu"].peak_share, 0.8)
        text = report.markdown(self.suites, self.broken, "machine")
        self.assertIn("| operation | shape | concord cpu | concord opencl |", text)
        self.assertIn("| gemm NN | m=512 n=512 k=512 | 0.80 | – |", text)
        # Nobody knows a share of the training steps.
        self.assertEqual(report.share_table(self.suites["step"], ["concord cpu"]), "")

    def test_work_of_the_host_is_in_microseconds(self):
        text = report.markdown(self.suites, self.broken, "machine")
        self.assertIn("Microseconds: median", text)
        self.assertIn("| weights pcgrad | 8 tasks | 2.5 (2.25) |", text)

    def test_plot_has_a_dot_for_every_ratio(self):
        root = ElementTree.fromstring(report.plot(self.suites))
        titled = [circle for circle in root.iter("{http://www.w3.org/2000/svg}circle") if len(circle)]
        # Concord CPU against three peers, OpenCL against three and once more against PyTorch, two methods' peers.
        self.assertEqual(len(titled), 3 + 3 + 1 + 2)


if __name__ == "__main__":
    unittest.main()
