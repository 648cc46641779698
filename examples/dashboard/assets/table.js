// Rows of events: in the overview, of an attacker, of a session.

import { el, time, word } from "./text.js";

/** Members that say again what columns say. */
const SAID = new Set(["src_ip", "src", "client_ip", "remote_addr"]);

function membersOf(fields) {
  try {
    const value = JSON.parse(fields);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return Object.entries(value);
  } catch {
    // Whatever it is, it is shown.
  }
  return fields === "" || fields === "{}" ? [] : [["fields", fields]];
}

const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** The name of the session that an event belongs to. */
export function sessionOf(event) {
  for (const wanted of ["session", "session_id", "sid"]) {
    const member = membersOf(event.fields).find(
      ([name, value]) => name === wanted && typeof value === "string",
    );
    if (member) return member[1];
  }
  return null;
}

/** An event in a few words. */
function summary(event) {
  const members = membersOf(event.fields).filter(([name]) => !SAID.has(name));
  if (members.length > 0) {
    return members.map(([name, value]) => [
      el("span", { class: "key" }, name),
      "=",
      el("bdi", {}, textOf(value)),
      " ",
    ]);
  }
  return [el("bdi", {}, event.msg || event.raw_line)];
}

function details(event) {
  const pairs = [
    ["time", event.timestamp],
    ["id", String(event.id)],
    ["attacker", event.attacker_ip],
    ["decky", event.decky],
    ["service", event.service],
    ["event", event.event_type],
    ...(event.msg ? [["message", event.msg]] : []),
    ...membersOf(event.fields),
    ["line", event.raw_line],
  ];
  const session = sessionOf(event);
  return [
    el(
      "dl",
      {},
      pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, el("bdi", {}, textOf(value)))]),
    ),
    session && el("a", { href: `#/sessions/${encodeURIComponent(session)}` }, "The whole session"),
  ];
}

/** A row, and the row of details that it opens. `search` is called with a word that is to be looked for. */
function rowsOf(event, search) {
  const id = `event-${event.id}`;
  const more = el("tr", { class: "details", id, hidden: true });
  const button = el(
    "button",
    {
      type: "button",
      class: "open",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-label": "Details",
      click: () => {
        const open = more.hidden;
        if (open && more.childElementCount === 0) more.append(el("td", { colspan: 7 }, details(event)));
        more.hidden = !open;
        button.setAttribute("aria-expanded", String(open));
      },
    },
    el("span", { "aria-hidden": "true" }, "›"),
  );
  const link = (name, value) =>
    search
      ? el(
          "button",
          {
            type: "button",
            class: "word",
            title: `only ${name} ${value}`,
            click: () => search(word(name, value)),
          },
          el("bdi", {}, value),
        )
      : el("bdi", {}, value);
  const row = el(
    "tr",
    { class: "event", "data-id": event.id, "data-time": event.timestamp },
    el("td", { class: "c-open" }, button),
    el("td", { class: "c-time" }, time(event.timestamp)),
    el("td", { class: "c-source" }, link("attacker", event.attacker_ip)),
    el("td", { class: "c-service" }, link("service", event.service)),
    el("td", { class: "c-decky" }, link("decky", event.decky)),
    el("td", { class: "c-type" }, link("event", event.event_type)),
    el("td", { class: "c-line" }, summary(event)),
  );
  return [row, more];
}

/** A table of events: `set(events)` shows them, or `none()`; `add(events)` puts new ones to where they belong. */
export function table({ label, search, most = 200, none = () => "No events." }) {
  const body = el("tbody");
  const heads = ["", "Time (UTC)", "Attacker", "Service", "Decky", "Event", "Content"];
  const element = el(
    "table",
    { class: "events", "aria-label": label },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        heads.map((head) => el("th", { scope: "col" }, head || el("span", { class: "hidden" }, "Details"))),
      ),
    ),
    body,
  );
  const empty = () => body.replaceChildren(el("tr", { class: "none" }, el("td", { colspan: 7 }, none())));
  function set(events) {
    if (events.length === 0) empty();
    else body.replaceChildren(...events.flatMap((event) => rowsOf(event, search)));
  }
  function add(events) {
    body.querySelector(".none")?.remove();
    for (const event of events) {
      const rows = rowsOf(event, search);
      rows[0].classList.add("new");
      // What comes is the newest as a rule.
      let behind = body.firstElementChild;
      while (behind && (!behind.dataset.time || behind.dataset.time > event.timestamp))
        behind = behind.nextElementSibling;
      body.insertBefore(rows[0], behind);
      body.insertBefore(rows[1], behind);
    }
    while (body.childElementCount > 2 * most) body.lastElementChild.remove();
  }
  return { element, set, add };
}
