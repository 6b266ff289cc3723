"""Tests of ./dev: what it installs is documented, and it answers to its name."""

import re
import subprocess
import unittest

from checkout_fixture import ROOT


class DevTest(unittest.TestCase):
    def test_every_package_is_explained(self):
        table = re.search(r"declare -rA packages=\((.*?)\n\)", (ROOT / "dev").read_text(), re.DOTALL).group(1)
        packages = {word for group in re.findall(r"'([^']*)'", table) for word in group.split()}
        documented = set(re.findall(r"`([\w.+-]+)`", (ROOT / "docs/dependencies.md").read_text()))
        self.assertGreater(len(packages), 20)
        self.assertEqual(set(), packages - documented)

    def test_refuses_an_unknown_verb_with_its_usage(self):
        done = subprocess.run([ROOT / "dev", "brew"], capture_output=True, text=True)
        self.assertEqual(2, done.returncode)
        self.assertIn("./dev VERB", done.stderr)

    def test_explains_every_verb(self):
        done = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True)
        for verb in re.findall(r"^verb_(\w+)\(\)", (ROOT / "dev").read_text(), re.MULTILINE):
            self.assertRegex(done.stdout, rf"(?m)^  {verb}\b")

    def selects(self, listing):
        """Whether ./dev finds a test in what `ctest -N` prints."""
        function = re.search(r"^selects\(\).*?^}\n", (ROOT / "dev").read_text(), re.DOTALL | re.MULTILINE).group(0)
        script = f"set -euo pipefail\nctest() {{ {listing}; }}\n{function}\nselects e2e"
        return subprocess.run(["bash", "-c", script]).returncode == 0

    def test_looks_for_tests_in_a_list_of_any_length(self):
        self.assertTrue(self.selects("printf '  Test #%d: e2e/x\\n' {1..30000}"))
        self.assertTrue(self.selects("echo '  Test   #7: e2e/x'; false"))
        self.assertFalse(self.selects("echo; echo 'Total Tests: 0'"))


if __name__ == "__main__":
    unittest.main()
