// Which page is shown, and who is signed in.

import { get, post, session } from "./api.js";
import { attacker, attackers, bounties, oneSession } from "./attackers.js";
import { events } from "./events.js";
import { deckies, health } from "./fleet.js";
import { changePassword, signIn } from "./account.js";
import { el } from "./text.js";

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const notice = document.getElementById("notice");

// Path, page, title. A page gets what says that it is left, the parameters, and the part of the path that is in brackets;
// it returns its content.
const PAGES = [
  [/^\/$/, events, "Events"],
  [/^\/attackers$/, attackers, "Attackers"],
  [/^\/attackers\/(.+)$/, attacker, "Attacker"],
  [/^\/sessions\/(.+)$/, oneSession, "Session"],
  [/^\/bounties$/, bounties, "Bounties"],
  [/^\/deckies$/, deckies, "Deckies"],
  [/^\/health$/, health, "Health"],
];

let user = null;
let leave = () => {};

/** Says what went wrong, until the next page. */
function say(error) {
  if (error.name === "AbortError" || error.status === 401) return;
  notice.replaceChildren(el("span", {}, error.message));
  notice.hidden = false;
}

/** Shows a page in place of another one. */
function show(page, title, ...rest) {
  leave();
  notice.hidden = true;
  const left = new AbortController();
  leave = () => left.abort();
  document.title = `${title} · DECNET`;
  main.replaceChildren(page({ signal: left.signal, say }, ...rest));
}

function route() {
  if (user === null || user.must_change_password) return;
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?", 2);
  for (const link of nav.children) {
    const target = link.getAttribute("href").slice(1);
    const here = target === "/" ? path === "/" : path.startsWith(target);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const [pattern, page, title] of PAGES) {
    const match = pattern.exec(path);
    if (match) return show(page, title, new URLSearchParams(query), decodeURIComponent(match[1] ?? ""));
  }
  show(() => el("p", { class: "empty" }, "There is no such page."), "Not found");
}

// The token is in a cookie that no script sees; this only says whether it is worth asking.
const HINT = "decnet-signed-in";

/** Finds out who is signed in, and shows what they may see. */
async function enter() {
  try {
    user = await get("/auth/me");
  } catch (error) {
    if (error.status !== 401) say(error);
    return;
  }
  localStorage.setItem(HINT, "yes");
  nav.hidden = user.must_change_password;
  document.getElementById("account").hidden = false;
  document.getElementById("who").replaceChildren(el("span", {}, user.username));
  if (user.must_change_password) show(changePassword, "New password", enter);
  else route();
}

function goOut() {
  localStorage.removeItem(HINT);
  user = null;
  nav.hidden = true;
  document.getElementById("account").hidden = true;
  show(signIn, "Sign in", enter);
}

session.over = (error) => (error.status === 401 ? goOut() : enter());

document.getElementById("sign-out").addEventListener("click", () => {
  // Whatever the service says: who leaves sees nothing any more.
  post("/auth/logout")
    .catch(() => {})
    .finally(goOut);
});
addEventListener("hashchange", () => {
  route();
  main.focus({ preventScroll: true });
});
addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = main.querySelector("input[type=search]");
  if (search) {
    event.preventDefault();
    search.focus();
  }
});

if (localStorage.getItem(HINT)) enter();
else goOut();
