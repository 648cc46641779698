// Attackers' text, shown as it is: never as markup, and what can't be seen made visible.

// Control characters, what turns or joins text, what takes no room, and what stands alone where a pair belongs.
const UNSEEN = /[\p{Cc}\p{Cs}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const NAMES = new Map([
  [0x00, "NUL"],
  [0x07, "BEL"],
  [0x08, "BS"],
  [0x09, "TAB"],
  [0x0a, "LF"],
  [0x0d, "CR"],
  [0x1b, "ESC"],
  [0x7f, "DEL"],
  [0x200b, "ZWSP"],
  [0x200c, "ZWNJ"],
  [0x200d, "ZWJ"],
  [0x200e, "LRM"],
  [0x200f, "RLM"],
  [0x202a, "LRE"],
  [0x202b, "RLE"],
  [0x202c, "PDF"],
  [0x202d, "LRO"],
  [0x202e, "RLO"],
  [0x2066, "LRI"],
  [0x2067, "RLI"],
  [0x2068, "FSI"],
  [0x2069, "PDI"],
  [0xfeff, "BOM"],
]);

/** The name of a character that can't be seen: `ESC`, or `U+0001`. */
function nameOf(character) {
  const code = character.codePointAt(0);
  return NAMES.get(code) ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Nodes of a text, with a mark for each character that can't be seen. */
export function visible(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > from) nodes.push(document.createTextNode(text.slice(from, match.index)));
    const mark = document.createElement("span");
    mark.className = "unseen";
    mark.textContent = nameOf(match[0]);
    nodes.push(mark);
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

/** The same as plain text, for attributes. */
export function plain(text) {
  return text.replace(UNSEEN, (character) => `‹${nameOf(character)}›`);
}

/**
 * An element. Strings among the children are text, whatever is in them; functions among the attributes are listeners;
 * false and null leave something out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.flat(Infinity).flatMap(nodesOf));
  return element;
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : plain(String(value)));
  }
}

function nodesOf(child) {
  if (child === null || child === undefined || child === false) return [];
  return child instanceof Node ? [child] : visible(String(child));
}

const NUMBERS = new Intl.NumberFormat("en");
export const number = (value) => NUMBERS.format(value);

/** `2026-01-02T03:04:05.678Z` as `01-02 03:04:05`; the whole of it is the title. */
export function time(iso) {
  return el("time", { datetime: iso, title: iso }, iso.slice(5, 19).replace("T", " "));
}

/** One word of the search language that is exactly this value. */
export function word(name, value) {
  return `${name}:"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
