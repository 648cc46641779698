"""Result files: reading, medians over rounds, the targets, and the tables made of them. Python 3.11+, standard library."""
from __future__ import annotations

import json
import statistics
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
BACKENDS = {"sqlite": "SQLite", "mysql": "MariaDB"}

# Operation: (rows at which the target counts, {backend: how many times as fast as the original}).
TARGETS: dict[str, tuple[int, dict[str, float]]] = {
    "add_log_seq@N": (100_000, {"sqlite": 20, "mysql": 5}),
    "add_log_c64@N": (100_000, {"sqlite": 60, "mysql": 20}),
    "add_logs_500@N": (100_000, {"sqlite": 20, "mysql": 10}),
    "get_logs_page1": (100_000, {"sqlite": 20, "mysql": 10}),
    "get_user_by_username": (100_000, {"sqlite": 60, "mysql": 10}),
    "get_state": (100_000, {"sqlite": 60, "mysql": 10}),
    "get_logs_deep": (1_000_000, {"sqlite": 20, "mysql": 100}),
    "get_total_logs": (1_000_000, {"sqlite": 100, "mysql": 100}),
    "get_stats_summary": (1_000_000, {"sqlite": 100, "mysql": 100}),
    "get_log_histogram": (1_000_000, {"sqlite": 100, "mysql": 100}),
    "mixed_c64": (100_000, {"sqlite": 40, "mysql": 15}),
    "search_rare_first": (1_000_000, {"sqlite": 100, "mysql": 100}),
    "search_common_first": (1_000_000, {"sqlite": 1, "mysql": 1}),
}
# Operation: {backend: its median is below so many milliseconds}, with a million rows.
BELOW: dict[str, dict[str, float]] = {
    "search_rare_page_first": {"sqlite": 5, "mysql": 15},
    "search_absent_first": {"sqlite": 2, "mysql": 5},
    "search_rare_again": {"sqlite": 1, "mysql": 2},
    "search_rare_1000_new": {"sqlite": 5, "mysql": 10},
    **{f"{op}@foreign": {"sqlite": 2, "mysql": 5} for op in ("get_total_logs", "get_log_histogram", "get_stats_summary")},
}
INGEST = 0.97  # rows stored a second with all known of events, against nothing known
SEARCH_BYTES = 24  # memory for each row, of what makes searches fast
# At a million rows these cost at most so many times what they cost at 10,000.
FLAT: dict[str, float] = {
    "get_total_logs": 2, "get_stats_summary": 2, "get_log_histogram": 2, "get_logs_keyset_deep": 2,
}
READ_P99_MS = {"sqlite": 10.0, "mysql": 50.0}  # of every read while writers are busy
TELEMETRY = {"off": 0.01, "on": 0.05}  # share of the throughput of mixed_c64
PEAK_RSS_MB = 150.0  # while 10M rows are ingested, and while they are exported


def name_of(who: str, backend: str, rows: int) -> str:
    return f"{who}_{backend}_{rows}.json"


def load(folder: Path = RESULTS) -> dict[tuple[str, str, int], dict]:
    """Merged results by (who, backend, rows); who is `ours` or `original`."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        parts = path.stem.split("_")
        if len(parts) == 3 and parts[0] in ("ours", "original") and parts[2].isdigit():
            found[parts[0], parts[1], int(parts[2])] = json.loads(path.read_text())
    return found


def merge(rounds: list[dict]) -> dict:
    """One result of several rounds: the median of each figure, and the rates of all rounds."""
    merged: dict = {}
    for result in rounds:
        for op in result:
            if op == "_meta" or op in merged:
                continue
            seen = [r[op] for r in rounds if op in r]
            out: dict = {}
            for key in dict.fromkeys(k for figures in seen for k in figures):
                values = [figures[key] for figures in seen if figures.get(key) is not None]
                if key == "errors":
                    out[key] = values[0]
                elif key == "n":
                    out[key] = int(statistics.median_low(values))
                elif values and all(isinstance(v, (int, float)) for v in values):
                    out[key] = round(statistics.median(values), 4)
            if len(seen) > 1:
                out["rounds_ops_per_s"] = [figures["ops_per_s"] for figures in seen]
            merged[op] = out
    metas = [r["_meta"] for r in rounds]
    meta = {k: v for k, v in metas[0].items() if k not in ("load_before", "load_after", "checks", "telemetry_seen")}
    meta["rounds"] = len(rounds)
    for key in ("peak_rss_mb", "rss_after_import_mb"):
        values = [m[key] for m in metas if m.get(key)]
        if values:
            meta[key] = round(statistics.median(values), 1)
    meta["load_before"] = max((m.get("load_before") or [0])[0] for m in metas)
    merged["_meta"] = meta
    return merged


def ratio(results: dict, backend: str, rows: int, op: str) -> float | None:
    """How many times as many calls per second as the original's."""
    ours = results.get(("ours", backend, rows), {}).get(op)
    theirs = results.get(("original", backend, rows), {}).get(op)
    if not ours or not theirs or not theirs["ops_per_s"]:
        return None
    return ours["ops_per_s"] / theirs["ops_per_s"]


def number(x: float | None) -> str:
    if x is None:
        return "–"
    if x >= 1000:
        return f"{x:,.0f}"
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def size(rows: int) -> str:
    return f"{rows // 1_000_000}M" if rows % 1_000_000 == 0 else f"{rows // 1000}k" if rows % 1000 == 0 else str(rows)


def verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def comparisons(results: dict) -> list[dict]:
    """Every operation that both programs have, at every number of rows."""
    rows_of = []
    for (who, backend, rows), ours in results.items():
        if who != "ours":
            continue
        theirs = results.get(("original", backend, rows), {})
        for op, figures in ours.items():
            if op == "_meta" or op not in theirs:
                continue
            times = ratio(results, backend, rows, op)
            at, wanted = TARGETS.get(op, (0, {}))
            target = wanted.get(backend) if at == rows else None
            rows_of.append({
                "backend": backend, "rows": rows, "op": op,
                "original_ops_per_s": theirs[op]["ops_per_s"], "ops_per_s": figures["ops_per_s"],
                "original_p99_ms": theirs[op]["p99_ms"], "p99_ms": figures["p99_ms"],
                "times": times, "target": target, "met": None if target is None or times is None else times >= target,
                "noisy": max(figures.get("other_load") or 0, theirs[op].get("other_load") or 0) > 0.2,
            })
    return rows_of


def tables(results: dict, extra: dict | None = None) -> str:
    """All tables, as Markdown."""
    lines: list[str] = []
    compared = comparisons(results)
    for backend, title in BACKENDS.items():
        for rows in sorted({c["rows"] for c in compared if c["backend"] == backend}):
            day = results["ours", backend, rows]["_meta"]["started"][:10]
            lines += [f"### {title}, {size(rows)} rows, {day}", "",
                      "| operation | original, calls/s | ours, calls/s | times as fast | target | p99, ms: original | ours |",
                      "|---|--:|--:|--:|--:|--:|--:|"]
            for c in compared:
                if (c["backend"], c["rows"]) != (backend, rows):
                    continue
                target = "" if c["target"] is None else f"≥ {c['target']:g} {verdict(c['met'])}"
                mark = " ~" if c["noisy"] else ""
                lines.append(f"| {c['op']} | {number(c['original_ops_per_s'])} | {number(c['ops_per_s'])} | "
                             f"{number(c['times'])}{mark} | {target} | {number(c['original_p99_ms'])} | {number(c['p99_ms'])} |")
            lines.append("")
    if any(c["noisy"] for c in compared):
        lines += ["~: something else used more than a fifth of the machine meanwhile.", ""]
    lines += flat(results) + searches(results) + beside_writers(results) + memory(results, extra or {}) + telemetry(extra or {})
    return "\n".join(lines).rstrip() + "\n"


def flat(results: dict) -> list[str]:
    lines: list[str] = []
    for backend, title in BACKENDS.items():
        sizes = sorted(rows for who, b, rows in results if who == "ours" and b == backend)
        if len(sizes) < 2:
            continue
        first, last = sizes[0], sizes[-1]
        lines += [f"### {title}: cost against the number of rows (p50, ms)", "",
                  "| operation | " + " | ".join(size(n) for n in sizes) + f" | {size(last)} / {size(first)} | target |",
                  "|---|" + "--:|" * (len(sizes) + 2)]
        for op in ["get_logs_page1", "get_logs_deep", *FLAT]:
            p50 = [results["ours", backend, n].get(op, {}).get("p50_ms") for n in sizes]
            if not p50[0] or not p50[-1]:
                continue
            growth = p50[-1] / p50[0]
            at = dict(zip(sizes, p50))
            small, large = at.get(10_000), at.get(1_000_000)
            counts = op in FLAT and small and large
            target = f"1M / 10k ≤ {FLAT[op]:g} {verdict(large / small <= FLAT[op])}" if counts else ""
            cells = " | ".join("–" if x is None else f"{x:.4f}" for x in p50)
            lines.append(f"| {op} | {cells} | {number(growth)} | {target} |")
        lines.append("")
    return lines


def searches(results: dict) -> list[str]:
    """Searches and figures that have targets in milliseconds, and what knowing so much costs."""
    lines: list[str] = []
    for backend, title in BACKENDS.items():
        for rows in sorted(rows for who, b, rows in results if (who, b) == ("ours", backend)):
            figures, rest = results["ours", backend, rows], []
            for op, limits in BELOW.items():
                if (value := figures.get(op, {}).get("p50_ms")) is not None:
                    target = f"< {limits[backend]:g} {verdict(value < limits[backend])}" if rows == 1_000_000 else ""
                    rest.append(f"| {op} | {number(value)} | {target} |")
            if not rest:
                continue
            lines += [f"### {title}, {size(rows)} rows: searches, and figures beside a foreign writer (p50, ms)", "",
                      "| operation | p50 | target |", "|---|--:|--:|", *rest, ""]
            known, unknown = (figures.get(f"ingest@{name}", {}).get("ops_per_s") for name in ("known", "unknown"))
            if known and unknown:
                lines += [f"Rows stored a second with all known of events: {known / unknown:.2f} of those with nothing known "
                          f"(target {INGEST}: {verdict(known / unknown >= INGEST)}).", ""]
            if rows >= 1_000_000 and (grown := figures["_meta"].get("searches_rss_mb")):
                each = grown * 2**20 / rows
                lines += [f"The process grew by {number(each)} bytes for each row when searches became fast "
                          f"(target {SEARCH_BYTES}: {verdict(each <= SEARCH_BYTES)}).", ""]
    return lines


def beside_writers(results: dict) -> list[str]:
    lines: list[str] = []
    for (who, backend, rows), figures in results.items():
        if who != "ours":
            continue
        reads = {op.split("@")[0]: f for op, f in figures.items() if op.endswith("@writing") and f.get("p50_ms") is not None}
        mixed = figures.get("mixed_c64", {})
        if "read_p99_ms" in mixed:
            reads = {"get_logs_page1 in mixed_c64": {"p50_ms": mixed["read_p50_ms"], "p99_ms": mixed["read_p99_ms"]}, **reads}
        if not reads:
            continue
        lines += [f"### {BACKENDS.get(backend, backend)}, {size(rows)} rows: reads while 64 callers write", "",
                  "| read | p50, ms | p99, ms | target |", "|---|--:|--:|--:|"]
        for name, f in reads.items():
            target = f"< {READ_P99_MS[backend]:g} {verdict(f['p99_ms'] < READ_P99_MS[backend])}" if f["p99_ms"] else ""
            lines.append(f"| {name} | {number(f['p50_ms'])} | {number(f['p99_ms'])} | {target} |")
        lines.append("")
    return lines


def memory(results: dict, extra: dict) -> list[str]:
    runs = {(backend, rows): figures for (who, backend, rows), figures in results.items() if who == "ours"}
    for key, figures in extra.get("memory", {}).items():
        backend, rows = key.split("_")
        runs[backend, int(rows)] = figures
    lines = []
    for (backend, rows), figures in sorted(runs.items()):
        peaks = [figures.get(op, {}).get("peak_rss_mb") for op in ("preload_add_logs_5000", "export_logs")]
        if None in peaks:
            continue
        target = f"< {PEAK_RSS_MB:g} {verdict(max(peaks) < PEAK_RSS_MB)}" if rows >= 10_000_000 else ""
        lines.append(f"| {BACKENDS.get(backend, backend)} | {size(rows)} | {number(peaks[0])} | {number(peaks[1])} | {target} |")
    if not lines:
        return []
    return ["### Peak memory of the process (MiB)", "",
            "| | rows | ingesting them in batches of 5,000 | exporting them by pages of 1,000 | target |", "|---|--:|--:|--:|--:|",
            *lines, ""]


def telemetry(extra: dict) -> list[str]:
    lines = []
    for backend, rounds in extra.get("telemetry", {}).items():
        for state, limit in TELEMETRY.items():
            # By rounds, whose three runs follow one another: what disturbs one disturbs the others.
            base = "bare" if state == "off" else "off"
            costs = [1 - one[state]["ops_per_s"] / one[base]["ops_per_s"] for one in rounds]
            cpu = statistics.median(one[state]["cpu_ms_per_op"] / one[base]["cpu_ms_per_op"] - 1 for one in rounds)
            cost = statistics.median(costs)
            lines.append(f"| {BACKENDS.get(backend, backend)} | {'nobody listens' if state == 'off' else 'spans and metrics recorded'} | "
                         f"{cost:.1%} | {min(costs):.1%} … {max(costs):.1%} | {cpu:.1%} | ≤ {limit:.0%} {verdict(cost <= limit)} |")
    if not lines:
        return []
    return ["### Telemetry: throughput lost in mixed_c64_long", "",
            "| | | median | all rounds | more CPU time | target |", "|---|---|--:|--:|--:|--:|", *lines, ""]


def machine(results: dict, backend: str = "") -> str:
    """When and on what it was measured, in one line."""
    metas = [figures["_meta"] for (who, b, _), figures in sorted(results.items()) if who == "ours" and backend in ("", b)]
    if not metas:
        return "nothing was measured"
    days = " and ".join(sorted({meta["started"][:10] for meta in metas}))
    models = " and ".join(sorted({meta.get("cpu_model") or "unknown processor" for meta in metas}))
    cpus = " and ".join(sorted({str(meta["cpus"]) for meta in metas}))
    syncs = sorted({meta["fdatasync_p50_ms"] for meta in metas if meta.get("fdatasync_p50_ms") is not None})
    sync = f"fdatasync {syncs[0]} to {syncs[-1]} ms" if len(syncs) > 1 else f"fdatasync {syncs[0] if syncs else '–'} ms"
    return f"{days}, {models}, {cpus} cores, {sync}"
