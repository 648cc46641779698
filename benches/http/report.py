"""Results of benches/http/run: reading, writing, and the table made of them. Python 3.11+, standard library."""
from __future__ import annotations

import json

from figures import BACKENDS, RESULTS, number, size, verdict

PATH = RESULTS / "http.json"
PHASES = {"thinking": "500 users, a second of thought", "not_thinking": "500 users, no thought"}
TIMES = 10  # as many requests a second as the original, without thought
P99_MS = 50.0


def load() -> dict:
    return json.loads(PATH.read_text()) if PATH.exists() else {}


def save(results: dict) -> None:
    PATH.write_text(json.dumps(results, indent=1) + "\n")


def table(results: dict) -> str:
    """As Markdown."""
    lines = []
    for backend, title in BACKENDS.items():
        for rows, services in sorted(results.get(backend, {}).items(), key=lambda item: int(item[0])):
            lines += [f"### {title}, {size(int(rows))} events", "",
                      "| load | service | requests/s | p50, ms | p99, ms | p99.9, ms | errors | CPU of the service, ms a request | sign-in, p50 ms |",
                      "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
            for phase, load in PHASES.items():
                for who in services:
                    figures = services[who][phase]
                    cells = [number(figures[key]) for key in ("requests_per_s", "p50_ms", "p99_ms", "p99_9_ms")]
                    lines.append(f"| {load} | {who} | {' | '.join(cells)} | {figures['errors']} | {figures['cpu_ms_per_request']:.2f} | "
                                 f"{number(figures['sign_ins']['p50_ms'])} |")
            lines += ["", *conclusions(services), ""]
    return "\n".join(lines)


def conclusions(services: dict) -> list[str]:
    ours = services["ours"]
    found = []
    if "original" in services:
        rate, theirs = ours["not_thinking"]["requests_per_s"], services["original"]["not_thinking"]["requests_per_s"]
        times = f"{number(rate / theirs)} times the original's requests a second" if theirs else "The original answered none in that time"
        found.append(f"{times} (target {TIMES} times: {verdict(rate >= TIMES * theirs)})")
    p99 = ours["thinking"]["p99_ms"]
    found.append(f"p99 of users who think {number(p99)} ms (target {P99_MS:g}: {verdict(p99 < P99_MS)})")
    memory = ", ".join(f"{who} {services[who]['peak_memory_mb']:.0f} MB" for who in services)
    return [f"{'; '.join(found)}. Peak memory: {memory}."]
