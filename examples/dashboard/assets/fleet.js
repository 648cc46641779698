// The deckies, and how the service is.

import { get } from "./api.js";
import { listing } from "./attackers.js";
import { el, number, time } from "./text.js";

const AGAIN = 5000;

/** A state by a sign and its name: the colour is one more way to see it, not the only one. */
function badge(state, fine) {
  return el(
    "span",
    { class: `badge ${fine ? "good" : "bad"}` },
    `${fine ? "●" : "▲"} `,
    el("bdi", {}, state),
  );
}

export function deckies({ signal, say }) {
  const cell = (name, ...children) => el("td", { "data-name": name }, el("div", {}, children));
  const list = listing({
    label: "Deckies",
    heads: ["Name", "State", "Address", "Services", "Last seen (UTC)", "Last error"],
    load: async () => {
      const data = await get("/fleet", {}, signal);
      return { data, total: data.length, next: null };
    },
    row: (decky) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, el("bdi", {}, decky.name)),
        cell("State", badge(decky.state, decky.state === "running")),
        cell("Address", el("bdi", {}, decky.decky_ip ?? "")),
        cell(
          "Services",
          el("bdi", {}, Array.isArray(decky.services) ? decky.services.join(", ") : String(decky.services)),
        ),
        cell("Last seen", decky.last_seen ? time(decky.last_seen) : "never"),
        cell("Last error", el("bdi", {}, decky.last_error ?? "")),
      ),
    say,
  });
  repeat(signal, list.restart);
  return el(
    "div",
    { class: "page" },
    el(
      "section",
      { class: "card list" },
      el("div", { class: "tools" }, el("h1", {}, "Deckies"), list.count),
      list.element,
    ),
  );
}

/** Does something every few seconds, until the page is left. */
function repeat(signal, what) {
  const timer = setInterval(what, AGAIN);
  signal.addEventListener("abort", () => clearInterval(timer));
}

export function health({ signal, say }) {
  const page = el(
    "section",
    { class: "card" },
    el("h1", {}, "Health"),
    el("p", { class: "empty" }, "Loading…"),
  );
  async function load() {
    let answer;
    try {
      const response = await fetch("/api/v1/health", { signal });
      if (response.status === 401) return void get("/health", {}, signal).catch(say);
      answer = await response.json();
    } catch (error) {
      if (error.name === "AbortError") return;
      answer = { status: "unreachable", uptime_seconds: 0, components: {} };
    }
    const { database } = answer.components;
    const facts = [
      ["Service", badge(answer.status, answer.status === "healthy")],
      ["Running for", span(answer.uptime_seconds)],
    ];
    if (database) {
      const { open, idle, max, queued } = database.pool;
      facts.push(
        ["Database", badge(database.detail ?? database.status, database.status === "ok")],
        ["Engine", `${database.system} ${database.version ?? ""}`],
        ["Connections", `${number(open)} open, ${number(idle)} of them idle, ${number(max)} at most`],
        ["Writes that wait", number(queued)],
      );
    }
    page.replaceChildren(
      el("h1", {}, "Health"),
      el(
        "dl",
        { class: "facts" },
        facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
      ),
    );
  }
  load();
  repeat(signal, load);
  return el("div", { class: "page" }, page);
}

function span(seconds) {
  const parts = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0 s";
  let left = seconds;
  return parts
    .slice(first, first + 2)
    .map(([size, unit]) => {
      const count = Math.floor(left / size);
      left %= size;
      return `${count} ${unit}`;
    })
    .join(" ");
}
