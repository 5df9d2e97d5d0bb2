"""A short run of the fuzzing that ``make bench`` does at length."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks/fuzz_bank_files.py"


def test_mutated_files_are_read_right_or_refused(tmp_path, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("fuzz_bank_files", SCRIPT)
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    monkeypatch.chdir(tmp_path)
    assert fuzz.main(["--files", "600", "--seed", "7"]) == 0
    assert "0 crashes" in capsys.readouterr().out
