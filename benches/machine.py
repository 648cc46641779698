"""What all comparisons need: programs that are run, and a private MariaDB. Python 3.11+, standard library."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MARIADB = ROOT / "tests/servers/mariadb.sh"


def count(text: str) -> int:
    """A number of rows as people write it: 540, 10k, 1M."""
    for unit, factor in (("k", 1000), ("M", 1_000_000)):
        if text.endswith(unit):
            return int(text[:-1]) * factor
    return int(text)


def listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list, **options) -> str:
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def build(package: str, binary: str, *options: str) -> Path:
    """A release build of a program of this project."""
    run(["cargo", "build", "--release", "--quiet", "-p", package, "--bin", binary, *options], cwd=ROOT)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return (target if target.is_absolute() else ROOT / target) / "release" / binary


class MariaDb:
    """A server of its own, started when the first database is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, False
        self.env = {**os.environ, "DECNET_TEST_MARIADB_DIR": str(folder),
                    # As a server that must not lose an acknowledged row has it; the tests' server doesn't.
                    "DECNET_TEST_MARIADB_ARGS": "--innodb-flush-log-at-trx-commit=1"}

    def url(self, database: str) -> str:
        """The URL of a database, which is made if it is not there."""
        if not self.started:
            self.started = True
            run([MARIADB, "start"], env=self.env)
        run([MARIADB, "sql", f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4"], env=self.env)
        return run([MARIADB, "url"], env=self.env).strip().rpartition("/")[0] + f"/{database}"

    def close(self) -> None:
        if self.started:
            run([MARIADB, "clean"], env=self.env)
