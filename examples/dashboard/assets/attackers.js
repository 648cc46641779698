// Attackers, one of them, one of their sessions, and what they left behind.

import { get } from "./api.js";
import { histogram, intervalFor } from "./histogram.js";
import { sessionOf, table } from "./table.js";
import { el, number, time, word } from "./text.js";

const uncertain = (value) =>
  value === null || value === undefined || value === "" ? el("span", { class: "empty" }, "not known") : value;
const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A list that goes on with "More": `load(after)` returns a page, `row(item)` makes a row of an item. */
export function listing({ heads, label, load, row, say }) {
  const body = el("tbody");
  const more = el("button", { type: "button", hidden: true, click: () => go(next) }, "More");
  const count = el("span", { class: "total" });
  let next = null;
  async function go(after) {
    try {
      const page = await load(after);
      if (after === null) body.replaceChildren();
      body.append(...page.data.map(row));
      if (body.childElementCount === 0)
        body.append(el("tr", { class: "none" }, el("td", { colspan: heads.length }, "None.")));
      if (page.total !== null && page.total !== undefined) count.textContent = number(page.total);
      next = page.next ?? null;
      more.hidden = next === null;
    } catch (error) {
      say(error);
    }
  }
  go(null);
  const head = el(
    "thead",
    {},
    el(
      "tr",
      {},
      heads.map((name) => el("th", { scope: "col" }, name)),
    ),
  );
  return {
    count,
    restart: () => go(null),
    element: [
      el("table", { class: "plain", "aria-label": label }, head, body),
      el("div", { class: "tools end" }, more),
    ],
  };
}

/** A cell; its column's name stands before it where there is no room for columns. */
const cell = (name, ...children) => el("td", { "data-name": name }, el("div", {}, children));

export function attackers({ signal, say }, parameters) {
  const search = parameters.get("search") ?? "";
  const sort = parameters.get("sort_by") ?? "recent";
  const go = (change) => {
    location.hash = `#/attackers?${new URLSearchParams({ search, sort_by: sort, ...change })}`;
  };
  const input = el("input", {
    type: "search",
    maxlength: 512,
    placeholder: "part of an address",
    "aria-label": "Search",
    autocapitalize: "none",
    spellcheck: "false",
  });
  input.value = search;
  const list = listing({
    label: "Attackers",
    heads: ["Address", "Last seen (UTC)", "Events", "Services", "Deckies", "Country"],
    load: (after) => get("/attackers", { limit: 50, search, sort_by: sort, after }, signal),
    row: (attacker) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          el("a", { href: `#/attackers/${encodeURIComponent(attacker.uuid)}` }, el("bdi", {}, attacker.ip)),
        ),
        cell("Last seen", time(attacker.last_seen)),
        cell("Events", number(attacker.event_count)),
        cell("Services", el("bdi", {}, names(attacker.services))),
        cell(
          "Deckies",
          attacker.is_traversal
            ? el("bdi", {}, attacker.traversal_path ?? names(attacker.deckies))
            : el("bdi", {}, names(attacker.deckies)),
        ),
        cell("Country", attacker.country_code ?? "–"),
      ),
    say,
  });
  const orders = [
    ["recent", "Latest"],
    ["active", "Most active"],
    ["traversals", "Moved between deckies"],
  ];
  return el(
    "div",
    { class: "page" },
    el(
      "section",
      { class: "card list" },
      el(
        "div",
        { class: "tools" },
        el("h1", {}, "Attackers"),
        list.count,
        el("span", { class: "push" }),
        el(
          "div",
          { class: "ranges", role: "group", "aria-label": "Order" },
          orders.map(([name, label]) =>
            el(
              "button",
              { type: "button", "aria-pressed": String(name === sort), click: () => go({ sort_by: name }) },
              label,
            ),
          ),
        ),
        el(
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
        ),
      ),
      list.element,
    ),
  );
}

const names = (list) => (Array.isArray(list) ? list.map(textOf).join(", ") : textOf(list));

const facts = (pairs) =>
  el(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, el("bdi", {}, value)))),
  );

export function attacker({ signal, say }, _parameters, uuid) {
  const page = el("div", { class: "page" }, el("p", { class: "empty" }, "Loading…"));
  fill().catch(say);
  return page;

  async function fill() {
    const path = `/attackers/${encodeURIComponent(uuid)}`;
    const one = await get(path, {}, signal);
    const search = word("attacker", one.ip);
    const chart = histogram((from, to) => {
      location.hash = `#/?${new URLSearchParams({ search, from, to })}`;
    });
    const rows = table({ label: "Its latest events" });
    const sessions = el("ul", { class: "chips" });
    const targets = el("ul", { class: "chips" });
    const commands = listing({
      label: "Commands",
      heads: ["Command", "Service", "Time (UTC)"],
      load: async (after) => {
        const part = await get(`${path}/commands`, { limit: 50, offset: after ?? 0 }, signal);
        const end = part.offset + part.data.length;
        return { ...part, next: end < part.total ? end : null };
      },
      row: (command) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row", class: "code" },
            el("bdi", {}, textOf(command.command_text ?? command.command ?? "")),
          ),
          cell("Service", el("bdi", {}, textOf(command.service ?? ""))),
          cell("Time", typeof command.timestamp === "string" ? time(command.timestamp) : ""),
        ),
      say,
    });
    // An hour at least: a few bars as wide as the page would say nothing.
    const [first, last] = [Date.parse(one.first_seen), Date.parse(one.last_seen)];
    const room = Math.max(0, 3600000 - (last - first)) / 2;
    const span = { from: first - room, to: last + room };
    const minutes = intervalFor(span.to - span.from);
    page.replaceChildren(
      el(
        "div",
        { class: "tools head" },
        el("h1", {}, el("bdi", {}, one.ip)),
        one.is_traversal && el("span", { class: "badge" }, "moved between deckies"),
        el("span", { class: "push" }),
        el(
          "a",
          { class: "button", href: `#/?${new URLSearchParams({ search, range: "all" })}` },
          "All its events",
        ),
      ),
      el(
        "section",
        { class: "card" },
        facts([
          ["First seen", time(one.first_seen)],
          ["Last seen", time(one.last_seen)],
          ["Events", number(one.event_count)],
          ["Bounties", number(one.bounty_count)],
          ["Credentials", number(one.credential_count)],
          ["Country", uncertain(one.country_code)],
          ["Network", uncertain(one.as_name ?? one.asn)],
          ["Reverse DNS", uncertain(one.ptr_record)],
          ["Services", names(one.services)],
          ["Way", one.traversal_path ?? names(one.deckies)],
        ]),
      ),
      el("section", { class: "card", "aria-label": "When" }, el("h2", {}, "When"), chart.figure),
      el(
        "div",
        { class: "halves" },
        el(
          "section",
          { class: "card" },
          el("div", { class: "tools" }, el("h2", {}, "Commands"), commands.count),
          commands.element,
        ),
        el(
          "div",
          { class: "stack" },
          el("section", { class: "card" }, el("h2", {}, "Sessions"), sessions),
          el("section", { class: "card" }, el("h2", {}, "Domains it sent mail to"), targets),
        ),
      ),
      el("section", { class: "card list" }, el("h2", {}, "Latest events"), rows.element),
    );
    const chips = (list, items) =>
      list.replaceChildren(
        ...(items.length ? items.map((item) => el("li", {}, item)) : [el("li", { class: "empty" }, "None.")]),
      );
    await Promise.all([
      get("/logs/histogram", { search, interval_minutes: minutes }, signal).then((buckets) =>
        chart.draw(buckets, span.from, span.to + 1, minutes),
      ),
      get("/logs", { search, limit: 200 }, signal).then(({ data }) => {
        rows.set(data.slice(0, 50));
        const known = [...new Set(data.map(sessionOf).filter((name) => name !== null))];
        chips(
          sessions,
          known.map((name) =>
            el("a", { href: `#/sessions/${encodeURIComponent(name)}` }, el("bdi", {}, name)),
          ),
        );
      }),
      get(`${path}/smtp-targets`, {}, signal).then(({ data }) =>
        chips(
          targets,
          data.map((target) => [el("bdi", {}, target.domain), " × ", number(target.count)]),
        ),
      ),
    ]);
  }
}

export function oneSession({ signal, say }, _parameters, id) {
  const page = el("div", { class: "page" }, el("p", { class: "empty" }, "Loading…"));
  get(`/sessions/${encodeURIComponent(id)}`, { limit: 1000 }, signal)
    .then((session) => {
      const rows = table({ label: "Events of the session", most: 1000 });
      rows.set(session.events);
      const of = (name) => [...new Set(session.events.map((event) => event[name]))].join(", ");
      page.replaceChildren(
        el("div", { class: "tools head" }, el("h1", {}, "Session ", el("bdi", {}, id))),
        el(
          "section",
          { class: "card" },
          facts([
            ["From", session.first ? time(session.first) : ""],
            ["To", session.last ? time(session.last) : ""],
            ["Events", number(session.total)],
            ["Attacker", of("attacker_ip")],
            ["Decky", of("decky")],
            ["Service", of("service")],
          ]),
        ),
        el(
          "section",
          { class: "card list" },
          el("h2", {}, "What happened, from the beginning"),
          rows.element,
        ),
      );
    })
    .catch(say);
  return page;
}

export function bounties({ signal, say }, parameters) {
  const search = parameters.get("search") ?? "";
  const kind = parameters.get("bounty_type") ?? "";
  const input = el("input", {
    type: "search",
    maxlength: 512,
    placeholder: "text",
    "aria-label": "Search",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const type = el("input", {
    type: "search",
    maxlength: 255,
    placeholder: "type, such as credential",
    "aria-label": "Type",
    autocapitalize: "none",
    spellcheck: "false",
  });
  input.value = search;
  type.value = kind;
  const list = listing({
    label: "Bounties",
    heads: ["Time (UTC)", "Type", "Attacker", "Decky", "Service", "Content"],
    load: (after) => get("/bounty", { limit: 50, search, bounty_type: kind, after }, signal),
    row: (bounty) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, time(bounty.timestamp)),
        cell("Type", el("bdi", {}, bounty.bounty_type)),
        cell("Attacker", el("bdi", {}, bounty.attacker_ip)),
        cell("Decky", el("bdi", {}, bounty.decky)),
        cell("Service", el("bdi", {}, bounty.service)),
        el("td", { class: "code", "data-name": "Content" }, el("bdi", {}, textOf(bounty.payload))),
      ),
    say,
  });
  return el(
    "div",
    { class: "page" },
    el(
      "section",
      { class: "card list" },
      el(
        "div",
        { class: "tools" },
        el("h1", {}, "Bounties"),
        list.count,
        el("span", { class: "push" }),
        el(
          "form",
          {
            class: "search",
            role: "search",
            submit: (event) => {
              event.preventDefault();
              const next = { search: input.value.trim(), bounty_type: type.value.trim() };
              location.hash = `#/bounties?${new URLSearchParams(next)}`;
            },
          },
          type,
          input,
          el("button", {}, "Search"),
        ),
      ),
      list.element,
    ),
  );
}
