"""Tests of tools/check_limits.py."""

import unittest

from checkout_fixture import CheckoutTest

import check_limits


class CheckLimitsTest(CheckoutTest):
    def setUp(self):
        super().setUp()
        self.write("src/a/it.h", "\n".join((
            "inline constexpr std::size_t kBytes = std::size_t{64} << 20;",
            "static constexpr std::chrono::milliseconds kPatience{5'000};",
            "static constexpr base::Duration kLongest = std::chrono::hours(24);",
            "std::int32_t max_bytes = 1 << 20;  ///< of an answer",
            "constexpr std::size_t kTopics = 10'000;",
        )) + "\n")
        self.write("tests/unit/a/it_test.cc", "EXPECT_EQ(kBytes + kTopics + max_bytes, kPatience + kLongest);\n")
        self.write("tests/e2e/it_test.py", "self.node(max_bytes=1, count=2)\n")
        self.write("docs/configuration.md", '| `a.max_bytes` | size | `"128MiB"` | |\n| `a.count` | n | `16` | |\n'
                   .replace("| size |", "| size, 1 to 2 |"))

    def found_in(self, bounds, where):
        self.write("docs/limits.md", f"| what is bounded | bound | at | where |\n|---|---|---|---|\n"
                                     f"| it | {bounds} | refused | {where} |\n")
        return check_limits.findings(self.root)

    def test_accepts_what_is_so(self):
        self.assertEqual([], self.found_in("64 MiB", "`kBytes`, `src/a/it.h`"))
        self.assertEqual(
            [], self.found_in("5 s to 7; 24 h; 10,000", "`kPatience`, `kLongest`, `kTopics`, `src/a/it.h`"))
        self.assertEqual([], self.found_in("1 MiB, a larger one alone", "`max_bytes`, `src/a/it.h`"))
        self.assertEqual([], self.found_in("128 MiB; 16", "`a.max_bytes`, `a.count`"))
        self.assertEqual([], self.found_in("one", "`src/a/it.h`"))

    def test_finds_another_value(self):
        self.assertEqual(["docs/limits.md:3: kBytes is 6.71089e+07, not 33554432.0"],
                         self.found_in("32 MiB", "`kBytes`, `src/a/it.h`"))
        self.assertEqual(1, len(self.found_in("5 ms", "`kPatience`, `src/a/it.h`")))
        self.assertEqual(1, len(self.found_in("17", "`a.count`")))

    def test_finds_what_is_not_there(self):
        self.assertEqual(["docs/limits.md:3: no kGone of a known value in src/a/it.h"],
                         self.found_in("1", "`kGone`, `src/a/it.h`"))
        self.assertEqual(["docs/limits.md:3: src/gone.h does not exist"], self.found_in("1", "`kBytes`, `src/gone.h`"))
        self.assertEqual(1, len(self.found_in("1", "`a.gone`")))
        self.assertEqual(["docs/limits.md:3: 2 values, but 1 names"], self.found_in("1; 2", "`kBytes`, `src/a/it.h`"))

    def test_finds_what_no_test_names(self):
        where = "`kBytes`, `src/a/it.h`"
        self.write("tests/unit/a/it_test.cc", "// kBytes\nEXPECT_EQ(kTopics, 1);  // kBytes\n")
        untested = ["docs/limits.md:3: no test names kBytes"]
        self.assertEqual(untested, self.found_in("64 MiB", where))
        self.write("tests/unit/b/it_test.cc", "EXPECT_EQ(b::kBytes, 1);\n")
        self.write("tests/unit/a/fixture.h", "EXPECT_EQ(kBytes, 1);\n")
        self.assertEqual(untested, self.found_in("64 MiB", where))
        self.write("tests/contract/it_test.cc", "EXPECT_EQ(a::kBytes, 1);\n")
        self.assertEqual([], self.found_in("64 MiB", where))

    def test_does_not_take_reading_a_setting_for_reaching_it(self):
        self.write("tests/e2e/it_test.py", "self.node()\n")
        self.write("tests/unit/config/it_test.cc", "EXPECT_EQ(config.count, 16);\n")
        self.assertEqual(["docs/limits.md:3: no test names a.count"], self.found_in("16", "`a.count`"))
        self.write("tests/unit/b/it_test.cc", "config.count = 16;\n")
        self.assertEqual([], self.found_in("16", "`a.count`"))


if __name__ == "__main__":
    unittest.main()
