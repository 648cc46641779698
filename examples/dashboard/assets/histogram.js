// Events over time, drawn as bars; a part is chosen by dragging, or by the keys.

import { el, number, svg } from "./text.js";

const WIDTH = 1000;
const HEIGHT = 120;
/** Minutes that an interval may have. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 10080, 43200, 525600];
const MOST_BARS = 120;

/** The interval that divides so many milliseconds into bars that one can see. */
export function intervalFor(span) {
  return STEPS.find((minutes) => span / (minutes * 60000) <= MOST_BARS) ?? STEPS.at(-1);
}

const instant = (text) => Date.parse(`${text.replace(" ", "T")}Z`);
const shown = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/**
 * A histogram: `draw(buckets, from, to, minutes)` shows what the service answered; `chosen(from, to)` is called with
 * milliseconds when somebody has chosen a part.
 */
export function histogram(chosen) {
  let bars = [];
  let minutes = 15;
  let anchor = null; // where a selection began, in bars
  let at = null; // where it ends, or the bar that the keys are at
  const shapes = svg("g", { class: "bars" });
  const mark = svg("rect", { class: "selection", y: 0, height: HEIGHT, visibility: "hidden" });
  const chart = svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "histogram",
      "aria-label":
        "Events over time. Arrow keys move, with Shift they choose a part, Enter shows it, Escape forgets it.",
    },
    mark,
    shapes,
  );
  const readout = el("output", { class: "readout" });
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  const peak = el("span", { class: "peak", "aria-hidden": "true" });

  const span = () => [Math.min(anchor ?? at, at), Math.max(anchor ?? at, at)];
  const ends = () => {
    const [first, last] = span();
    return [bars[first].time, bars[last].time + minutes * 60000];
  };

  function paint() {
    if (at === null || bars.length === 0) {
      mark.setAttribute("visibility", "hidden");
      const all = bars.reduce((sum, bar) => sum + bar.count, 0);
      readout.textContent = bars.length ? `${number(all)} events shown. Drag to narrow the time.` : "";
      return;
    }
    const [first, last] = span();
    const step = WIDTH / bars.length;
    mark.setAttribute("x", first * step);
    mark.setAttribute("width", (last - first + 1) * step);
    mark.setAttribute("visibility", "visible");
    const sum = bars.slice(first, last + 1).reduce((total, bar) => total + bar.count, 0);
    const [from, to] = ends();
    readout.textContent = `${shown(from)} to ${shown(to)} UTC: ${number(sum)} events`;
  }

  function forget() {
    anchor = null;
    at = null;
    paint();
  }

  function choose() {
    const [from, to] = ends();
    forget();
    chosen(from, to);
  }

  const barAt = (event) => {
    const box = chart.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return Math.max(0, Math.min(bars.length - 1, place));
  };
  chart.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || bars.length === 0) return;
    chart.setPointerCapture(event.pointerId);
    anchor = at = barAt(event);
    paint();
  });
  chart.addEventListener("pointermove", (event) => {
    if (bars.length === 0) return;
    at = barAt(event);
    paint();
  });
  chart.addEventListener("pointerup", (event) => {
    if (anchor === null) return;
    at = barAt(event);
    if (anchor === at) forget();
    else choose();
  });
  chart.addEventListener("pointercancel", forget);
  chart.addEventListener("pointerleave", () => anchor === null && forget());
  chart.addEventListener("keydown", (event) => {
    if (bars.length === 0) return;
    const move = {
      ArrowLeft: -1,
      ArrowRight: 1,
      PageUp: -10,
      PageDown: 10,
      Home: -bars.length,
      End: bars.length,
    }[event.key];
    if (move !== undefined) {
      if (event.shiftKey) anchor ??= at ?? bars.length - 1;
      else anchor = null;
      at = Math.max(0, Math.min(bars.length - 1, (at ?? bars.length - 1) + move));
      paint();
    } else if (event.key === "Enter" && at !== null) {
      choose();
    } else if (event.key === "Escape") {
      forget();
    } else {
      return;
    }
    event.preventDefault();
  });

  /** Shows the buckets from one instant to another, also the empty ones, which the service leaves out. */
  function draw(buckets, from, to, interval) {
    minutes = interval;
    const size = minutes * 60000;
    const counts = new Map(buckets.map(({ time, count }) => [instant(time), count]));
    bars = [];
    for (let time = Math.floor(from / size) * size; time < to && bars.length <= 4 * MOST_BARS; time += size) {
      bars.push({ time, count: counts.get(time) ?? 0 });
    }
    const most = Math.max(1, ...bars.map((bar) => bar.count));
    const step = WIDTH / bars.length;
    const gap = Math.min(2, step / 5);
    shapes.replaceChildren(
      ...bars.flatMap(({ count }, place) => {
        if (count === 0) return [];
        const height = Math.max(2, (count / most) * (HEIGHT - 4));
        return [svg("rect", { x: place * step + gap / 2, y: HEIGHT - height, width: step - gap, height })];
      }),
    );
    const ticks =
      bars.length > 1 ? [0, 0.25, 0.5, 0.75].map((part) => bars[Math.floor(part * bars.length)].time) : [];
    const days = to - from > 2 * 86400000;
    axis.replaceChildren(
      ...ticks.map((tick) => el("span", {}, days ? shown(tick).slice(5, 10) : shown(tick).slice(11))),
    );
    peak.textContent = `${number(most)} / ${name(minutes)}`;
    if (at !== null && at >= bars.length) at = anchor = null;
    paint();
  }

  const figure = el(
    "figure",
    { class: "histogram" },
    el("div", { class: "plot" }, peak, chart),
    axis,
    readout,
  );
  return { figure, draw };
}

/** An interval's name: `15 min`. */
function name(minutes) {
  if (minutes % 1440 === 0) return `${minutes / 1440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
