// The first page: figures, events over time, the most frequent values, and the events themselves as they come.

import { follow, get } from "./api.js";
import { histogram, intervalFor } from "./histogram.js";
import { table } from "./table.js";
import { el, number, word } from "./text.js";

const HOUR = 3600000;
const RANGES = [
  ["1h", "1 h", HOUR],
  ["6h", "6 h", 6 * HOUR],
  ["24h", "24 h", 24 * HOUR],
  ["7d", "7 d", 168 * HOUR],
  ["30d", "30 d", 720 * HOUR],
  ["all", "All", null],
];
const FIGURES = [
  ["total_logs", "Events"],
  ["unique_attackers", "Attackers"],
  ["active_deckies", "Deckies running"],
  ["deployed_deckies", "Deckies deployed"],
];
const TOPS = [
  ["attackers", "Attackers", "attacker"],
  ["services", "Services", "service"],
  ["usernames", "User names", "username"],
  ["passwords", "Passwords", "password"],
];
const PAGE = 50;

const iso = (ms) => new Date(ms).toISOString().slice(0, 19) + "Z";

/** Numbers that show how they moved. */
function figures() {
  const shown = new Map();
  const tiles = FIGURES.map(([name, label]) => {
    const value = el("strong", { "data-figure": name }, "–");
    const moved = el("span", { class: "moved", "aria-hidden": "true" });
    shown.set(name, { value, moved, last: null });
    return el(
      "div",
      { class: "figure" },
      el("span", { class: "label" }, label),
      el("span", { class: "value" }, value, moved),
    );
  });
  function update(stats) {
    for (const [name, tile] of shown) {
      const now = stats[name];
      if (tile.last !== null && now !== tile.last) {
        const sign = now > tile.last ? "+" : "−";
        tile.moved.replaceWith(
          (tile.moved = el(
            "span",
            { class: "moved now", "aria-hidden": "true" },
            `${sign}${number(Math.abs(now - tile.last))}`,
          )),
        );
      }
      tile.last = now;
      tile.value.textContent = number(now);
    }
  }
  return { element: el("section", { class: "figures", "aria-label": "Figures" }, tiles), update };
}

/** The most frequent values; each narrows the search. */
function tops(search) {
  const lists = TOPS.map(([column, label, name]) => {
    const list = el("ol");
    return { column, name, list, card: el("section", { class: "card top" }, el("h2", {}, label), list) };
  });
  async function load(parameters, signal) {
    await Promise.all(
      lists.map(async ({ column, name, list }) => {
        const top = await get("/top", { column, limit: 5, ...parameters }, signal);
        const most = top.values[0]?.count ?? 1;
        list.replaceChildren(
          ...top.values.map(({ value, count }) => {
            const share = el("meter", {
              min: 0,
              max: most,
              value: count,
              "aria-hidden": "true",
              tabindex: -1,
            });
            const button = el(
              "button",
              {
                type: "button",
                class: "word",
                title: `only ${name} ${value}`,
                click: () => search(word(name, value)),
              },
              el("bdi", {}, value || "(empty)"),
            );
            return el("li", {}, button, el("span", { class: "count" }, number(count)), share);
          }),
        );
        if (top.values.length === 0) list.replaceChildren(el("li", { class: "empty" }, "None."));
      }),
    );
  }
  return {
    element: el(
      "div",
      { class: "tops" },
      lists.map(({ card }) => card),
    ),
    load,
  };
}

export function events({ signal, say }, parameters) {
  const state = {
    search: parameters.get("search") ?? "",
    range: parameters.get("range") ?? "24h",
    from: Number(parameters.get("from")) || null,
    to: Number(parameters.get("to")) || null,
  };
  const fixed = state.from !== null && state.to !== null;

  /** Goes to the same page with other conditions; the browser's way back leads to these. */
  function go(change) {
    const next = { ...state, ...change };
    const query = new URLSearchParams();
    if (next.search) query.set("search", next.search);
    if (next.from && next.to) {
      query.set("from", next.from);
      query.set("to", next.to);
    } else if (next.range !== "24h") {
      query.set("range", next.range);
    }
    const text = query.toString();
    const hash = `#/${text && "?"}${text}`;
    if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = hash;
  }
  const narrow = (term) => go({ search: state.search ? `${state.search} ${term}` : term });

  const moving = figures();
  const chart = histogram((from, to) => go({ from, to }));
  const top = tops(narrow);
  const everything = () =>
    el(
      "button",
      { type: "button", click: () => go({ range: "all", from: null, to: null }) },
      "Look at all times",
    );
  const rows = table({
    label: "Events, the newest first",
    search: narrow,
    none: () => ["No events. ", (fixed || state.range !== "all") && everything()],
  });

  const input = el("input", {
    type: "search",
    name: "search",
    value: state.search,
    maxlength: 512,
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "service:ssh username:root wget",
    "aria-label": "Search",
    enterkeyhint: "search",
  });
  // The value as it was typed: an attribute would have marks for what can't be seen.
  input.value = state.search;
  const search = el(
    "form",
    {
      class: "search",
      role: "search",
      submit: (event) => {
        event.preventDefault();
        go({ search: input.value.trim() });
      },
    },
    input,
    el("button", {}, "Search"),
    state.search && el("button", { type: "button", click: () => go({ search: "" }) }, "Clear"),
  );
  input.addEventListener("search", () => input.value === "" && state.search && go({ search: "" }));
  const ranges = el(
    "div",
    { class: "ranges", role: "group", "aria-label": "Time" },
    RANGES.map(([range, label]) =>
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(!fixed && range === state.range),
          click: () => go({ range, from: null, to: null }),
        },
        label,
      ),
    ),
    fixed &&
      el(
        "span",
        { class: "chosen" },
        `${iso(state.from).slice(5, 16).replace("T", " ")} – ${iso(state.to).slice(5, 16).replace("T", " ")}`,
      ),
  );

  // Live, or not.
  let paused = fixed;
  let missed = 0;
  let stream = "waiting";
  const pause = el("button", {
    type: "button",
    class: "pause",
    click: () => {
      paused = !paused;
      if (!paused) load(null);
      tell();
    },
  });
  const status = el("span", { class: "status", role: "status" });
  function tell() {
    pause.textContent = paused ? (missed ? `Resume (${number(missed)} new)` : "Resume") : "Pause";
    pause.hidden = fixed;
    status.className = `status ${fixed || paused ? "paused" : stream}`;
    status.textContent = fixed
      ? "■ fixed time"
      : paused
        ? "❚❚ paused"
        : stream === "live"
          ? "● live"
          : "○ connecting";
  }

  // The table, page by page.
  const count = el("span", { class: "total" });
  const newest = el("button", { type: "button", hidden: true, click: () => load(null) }, "Newest");
  const older = el("button", { type: "button", class: "older", click: () => load(next) }, "Older");
  let next = null;
  let total = 0;
  const conditions = { search: state.search, start_time: null, end_time: null };
  async function load(after) {
    try {
      const page = await get("/logs", { ...conditions, limit: PAGE, after }, signal);
      rows.set(page.data);
      next = page.next;
      total = page.total ?? total;
      older.disabled = next === null;
      newest.hidden = after === null;
      // Whoever reads what is old is not to be disturbed by what is new.
      paused = fixed || after !== null;
      if (!paused) missed = 0;
      showCount();
      tell();
    } catch (error) {
      say(error);
    }
  }
  const showCount = () => {
    count.textContent = `${number(total)} ${total === 1 ? "event" : "events"}`;
  };

  function arrived(batch) {
    total += batch.length;
    showCount();
    if (paused) missed += batch.length;
    else rows.add(batch);
    tell();
  }

  async function begin() {
    let from = state.from;
    if (!fixed) {
      const range = RANGES.find(([name]) => name === state.range) ?? RANGES[2];
      if (range[2] === null) {
        const days = await get("/logs/histogram", { search: state.search, interval_minutes: 1440 }, signal);
        from = days.length ? Date.parse(`${days[0].time.replace(" ", "T")}Z`) : Date.now() - 24 * HOUR;
      } else {
        from = Date.now() - range[2];
      }
    }
    const minutes = intervalFor((fixed ? state.to : Date.now()) - from);
    // Whole intervals, so that the first bar is one.
    from = Math.floor(from / (minutes * 60000)) * minutes * 60000;
    const draw = (buckets) => chart.draw(buckets, from, fixed ? state.to : Date.now(), minutes);
    conditions.start_time = iso(from);
    // The service's bounds are inclusive.
    if (fixed) conditions.end_time = iso(state.to - 1000);
    const drawn = get("/logs/histogram", { ...conditions, interval_minutes: minutes }, signal).then(draw);
    await Promise.all([
      load(null),
      drawn,
      top.load(conditions, signal),
      get("/stats", {}, signal).then(moving.update),
    ]);
    if (signal.aborted) return;
    const end = follow(
      { ...conditions, interval_minutes: minutes },
      {
        state: (now) => {
          stream = now;
          tell();
        },
        message: ({ type, data }) => {
          if (type === "logs") arrived(data);
          else if (type === "stats") moving.update(data);
          else if (type === "histogram") draw(data);
        },
      },
    );
    signal.addEventListener("abort", end);
  }
  tell();
  begin().catch(say);

  return el(
    "div",
    { class: "page" },
    el("h1", { class: "hidden" }, "Events"),
    moving.element,
    el(
      "section",
      { class: "card", "aria-label": "Events over time" },
      el("div", { class: "tools" }, search, ranges),
      chart.figure,
    ),
    top.element,
    el(
      "section",
      { class: "card list", "aria-label": "Events" },
      el(
        "div",
        { class: "tools" },
        el("h2", {}, "Events"),
        status,
        count,
        el("span", { class: "push" }),
        pause,
      ),
      rows.element,
      el("div", { class: "tools end" }, newest, older),
    ),
  );
}
