"""The recorded calls of the later domains (tests/conformance/golden), made by DECNET 1.0.0 and by us in turn on one file.

What the one wrote the other goes on with: keys that the programs make take the recorded ones' place as they appear.
"""

import asyncio
import inspect
import json
import os
import re

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance", "golden")
MADE = re.compile(r"(5eed0000-0000-4000-8000-|0{8}-?0000-?4000-?8000-?)[0-9a-f]{12}")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00:00)?")


class Keys:
    """Which key a program made where the record has one."""

    def __init__(self):
        self.made = {}

    def learn(self, recorded, answer):
        if isinstance(recorded, str) and isinstance(answer, str) and MADE.fullmatch(recorded):
            self.made.setdefault(recorded, answer)
        elif isinstance(recorded, dict) and isinstance(answer, dict):
            for key in recorded.keys() & answer.keys():
                self.learn(recorded[key], answer[key])
        elif isinstance(recorded, list) and isinstance(answer, list) and len(recorded) == len(answer):
            for one, other in zip(recorded, answer):
                self.learn(one, other)

    def mapped(self, value):
        if isinstance(value, dict):
            return {key: self.mapped(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mapped(item) for item in value]
        return self.made.get(value, value) if isinstance(value, str) else value


def recorded(name):
    with open(os.path.join(GOLDEN, name + ".expected.json"), encoding="utf-8") as file:
        return json.load(file)


def text(value):
    """An argument as our command line takes it."""
    if isinstance(value, dict):
        if "$datetime" in value:
            return value["$datetime"]
        if "$hex" in value:
            return value["$hex"]
        if "$set" in value:
            return [text(item) for item in value["$set"]]
        return {key: text(item) for key, item in value.items()}
    return [text(item) for item in value] if isinstance(value, list) else value


def named(original, entry):
    """The arguments by name, which both programs share."""
    given = entry.get("args") or []
    if not hasattr(original.repository, entry["method"]):
        return dict(entry["kwargs"])  # outside of its repository
    signature = inspect.signature(getattr(original.repository, entry["method"]))
    names = [name for name, one in signature.parameters.items() if one.kind != one.VAR_KEYWORD]
    return dict(zip(names, given)) | (entry.get("kwargs") or {})


def plain(value):
    """An answer of either program in one form: times as text without zone, keys of objects in no order."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=order)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (found := MOMENT.fullmatch(value)):
        return f"{found[1]}T{found[2]}"
    return value


def order(value):
    return json.dumps(value, sort_keys=True)


def sorted_lists(value):
    """For answers whose order means nothing: lists in one order, those inside too."""
    if isinstance(value, dict):
        return {key: sorted_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((sorted_lists(item) for item in value), key=order)
    return value


# What the original answers in another shape, or in no order that means anything.
UNORDERED = re.compile(r"find_credential_reuse_candidates|list_techniques_.*|list_distinct_techniques|get_all_ttp_rollups_for_export")


def is_rule_store(entry):
    # DECNET has the store of rules outside of its repository.
    return entry["method"].startswith("rule_store.")


async def write_in_turn(checks, ours, original, name, first):
    """Makes the recorded writes; even ones by the one program, odd ones by the other. Returns the keys that were made."""
    keys = Keys()
    writes = recorded(name)["writes"]
    for number, entry in enumerate(writes, 1):
        if is_rule_store(entry):
            continue
        arguments = keys.mapped(named(original, entry))
        mine = (number + first) % 2 == 0 or not hasattr(original.repository, entry["method"])
        said = f"{name} write {number}, {entry['method']}, by {(ours if mine else original).name}"
        expected = "refused" if "error" in entry or (mine and (name, number) in REFUSED_BY_US) else "done"
        answer, outcome, reason = await outcome_of(ours if mine else original, mine, entry["method"], arguments)
        checks.equal(said + reason, outcome, expected)
        if outcome == "refused" and "error" not in entry:
            # What a ruling makes us refuse later calls refer to.
            answer, _, _ = await outcome_of(original, False, entry["method"], arguments)
        keys.learn(entry.get("result"), answer)
    return keys


async def outcome_of(program, mine, method, arguments):
    try:
        answer = await (program.call(method, text(arguments)) if mine else program.recorded(method, arguments))
        return plain(answer), "done", ""
    except Exception as error:  # noqa: BLE001
        return None, "refused", f" ({error})"


# Writes that rulings R8 and R15 refuse and DECNET takes: an unknown column, a reference to nothing.
REFUSED_BY_US = {("deployment", 5), ("deployment", 89), ("intelligence", 12)}
# Reads whose answers a ruling changes, with the ruling.
RULED = {
    ("deployment", 28): "R18: DECNET fails on a row whose services are no JSON",
    **{("intelligence", number): "R5: _ and % are literal" for number in (4, 9)},
    **{("intelligence", number): "R19: no principal and an empty one are the same" for number in (16, 17)},
    **{("intelligence", number): "R19: a hash of typing rhythm is hexadecimal" for number in (33, 34, 36, 37, 39, 56)},
    **{("intelligence", number): "R19: the projection for events" for number in (98, 99)},
    **{("intelligence", number): "R19: DECNET fetches the names of techniques from the network"
       for number in (104, 105, 107, 108, 110, 112, 114)},
}


async def read_alike(checks, ours, original, name, keys):
    """Both programs give the same answer to every recorded read."""
    for number, entry in enumerate(recorded(name)["reads"], 1):
        if is_rule_store(entry) or (name, number) in RULED:
            continue
        arguments = keys.mapped(named(original, entry))
        method = entry["method"]
        said = f"{name} read {number}, {method} {json.dumps(text(arguments), ensure_ascii=False)[:200]}"
        answers = []
        for program, call in ((original, original.recorded), (ours, None)):
            try:
                answer = await (call(method, arguments) if call else ours.call(method, text(arguments)))
                answer = plain(answer)
            except Exception:  # noqa: BLE001
                answer = "refused"
            answers.append(sorted_lists(answer) if entry.get("unordered") or UNORDERED.fullmatch(method) else answer)
        checks.equal(said, answers[1], answers[0])


async def at_once(checks, ours, original, other_of, rounds=100):
    """Both write the later domains' tables at the same time: counters lose nothing, rows come once, claims have one claimer."""
    start = {"token_uuid": "token", "topology": "11111111-0000-4000-8000-000000000001"}
    await ours.call("create_topology", {"data": {"id": start["topology"], "name": "shared"}})
    token = {"uuid": "token", "kind": "http", "decky_name": "d", "callback_token": "slug", "placement_path": "/p",
             "secret_seed": "s", "generator": "g", "created_by": "u"}
    await ours.call("create_canary_token", {"data": token})
    attacker = {"ip": "203.0.113.7", "first_seen": "2026-03-01T00:00:00", "last_seen": "2026-03-01T00:00:00"}
    attacker = await ours.call("upsert_attacker", {"data": attacker})
    for number in range(rounds):
        change = {"topology_id": start["topology"], "op": "add_lan", "payload": {"number": number}}
        await ours.call("enqueue_topology_mutation", change)
    claimed = {ours.name: [], original.name: []}
    done = {ours.name: 0, original.name: 0}

    async def write(program):
        by = program.name
        for number in range(rounds):
            hit = {"token_uuid": "token", "src_ip": "192.0.2.7", "user_agent": f"{by} {number}", "raw_headers": "{}"}
            await program.call("record_canary_trigger", {"data": hit})
            event = {"kind": "traffic", "protocol": "ssh", "action": f"{by} {number}", "dst_decky_uuid": "d",
                     "success": True, "payload": "{}"}
            await program.call("record_orchestrator_event", {"data": event})
            secret = {"attacker_ip": "203.0.113.7", "decky_name": by, "service": "ssh", "principal": "root",
                      "secret_sha256": "a" * 64, "secret_printable": "x", "secret_b64": "eA==", "fields": {}}
            await program.call("upsert_credential", {"data": secret})
            seen = {"attacker_uuid": attacker, "primitive": "p", "value": number, "confidence": 0.5, "envelope_v": 1,
                    "evidence_ref": f"{by} {number}", "identity_ref": None, "source": by, "ts": 1767323045.5 + number,
                    "window_start_ts": 1767323045.5, "window_end_ts": 1767323045.5}
            await program.call("upsert_observation", {"data": seen})
            lan = {"topology_id": start["topology"], "name": f"{by} {number}", "subnet": "172.20.0.0/24"}
            await program.call("add_lan", {"data": lan})
            mutation = plain(await program.call("claim_next_mutation", {"topology_id": start["topology"]}))
            if mutation:
                claimed[by].append(mutation["id"])
            done[by] = number + 1
            while done[by] > done[other_of[by]] + 20 and done[other_of[by]] < rounds:
                await asyncio.sleep(0)

    async with asyncio.timeout(300), asyncio.TaskGroup() as writers:
        writers.create_task(write(ours))
        writers.create_task(write(original))
    # DECNET says to the claimer which change is the oldest of those under way, which may be another one (contract 70 §7.1).
    mine = claimed[ours.name]
    checks.equal("as many claims as changes", len(mine) + len(claimed[original.name]), rounds)
    checks.equal("each of our claims is another change", len(set(mine)), len(mine))
    checks.equal("both claimed some", min(map(len, claimed.values())) > 0, True)
    for reader in (ours, original):
        read = lambda method, **args: reader.call(method, args)  # noqa: E731
        said = lambda what: f"{reader.name}: {what}"  # noqa: E731
        found = plain(await read("get_canary_token", uuid="token"))
        checks.equal(said("hits counted at the token"), found["trigger_count"], 2 * rounds)
        checks.equal(said("hits"), len(await read("list_canary_triggers", token_uuid="token", limit=10 * rounds)), 2 * rounds)
        checks.equal(said("events"), await read("count_orchestrator_events"), 2 * rounds)
        attempts = {row["decky_name"]: row["attempt_count"] for row in plain(await read("get_credentials"))}
        checks.equal(said("attempts with a credential"), attempts, {ours.name: rounds, original.name: rounds})
        series = plain(await read("observations_time_series", attacker_uuid=attacker, primitive="p"))
        checks.equal(said("observations"), len(series), 2 * rounds)
        changes = plain(await read("list_topology_mutations", topology_id=start["topology"]))
        states = {row["id"]: row["state"] for row in changes}
        checks.equal(said("changes under way"), list(states.values()), ["applying"] * rounds)
        lans = plain(await read("list_lans_for_topology", topology_id=start["topology"]))
        names = sorted(f"{name} {number}" for name in done for number in range(rounds))
        checks.equal(said("networks"), sorted(row["name"] for row in lans), names)
