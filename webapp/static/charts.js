// Draws the charts of a page (templates/parts/chart.html) with uPlot, from the JSON beside each of them.
// The page holds the same values in words and as a table; without this script nothing is lost.
import uPlot from "./vendor/uplot.js";

const HEIGHT = 260;
const redraws = new Set();

for (const place of document.querySelectorAll("[data-chart]")) {
  const given = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  place.hidden = false;
  redraws.add(show(place, given));
}
// Colours come from the style sheet, which follows the theme and the print.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
matchMedia("(forced-colors: active)").addEventListener("change", drawAll);
addEventListener("beforeprint", drawAll);
addEventListener("afterprint", drawAll);

function drawAll() {
  for (const redraw of redraws) redraw();
}

// Keeps a chart drawn in `place`, as wide as it is; returns what draws it anew.
function show(place, given) {
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    plot = draw(place, given);
  };
  redraw();
  new ResizeObserver(() => {
    if (plot.width !== place.clientWidth && place.clientWidth > 0) {
      plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  }).observe(place);
  return redraw;
}

function draw(place, given) {
  const colour = (name) => getComputedStyle(place).getPropertyValue(name).trim();
  const words = wordsOf(given);
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid") }, font };
  const classes = given.labels.length > 0;
  const bars = given.series.filter((one) => one.kind === "bars").length;
  let barsSoFar = 0;
  const series = given.series.map((one) => {
    const tone = colour(`--tone-${one.tone}`);
    const drawn = { label: one.label, stroke: tone, width: 2, spanGaps: false, value: (_plot, value) => words.value(value) };
    if (one.kind === "step") drawn.paths = uPlot.paths.stepped({ align: 1 });
    if (one.kind === "bars") Object.assign(drawn, { fill: tone, width: 0, points: { show: false }, paths: barsBeside(barsSoFar++, bars) });
    if (given.series.length === 1 && one.kind !== "bars") drawn.fill = colour("--tone-fill");
    return drawn;
  });
  const xs = classes ? given.labels.map((_label, number) => number) : given.xs;
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), given.zone),
    padding: [12, 16, 0, 0],
    cursor: { drag: { x: !classes, y: false }, points: { size: 7 } },
    legend: { live: true },
    scales: { x: { time: !classes, range: classes || bars ? aroundBars(xs) : undefined }, y: { range: withZero } },
    axes: [
      { ...axis, space: 70, values: classes ? (_plot, at) => at.map((n) => given.labels[n] ?? "") : (_plot, at, _i, _space, step) => at.map((seconds) => words.tick(seconds, step)), ...(classes ? { incrs: [1, 2, 5, 10, 20, 50] } : {}) },
      { ...axis, label: given.unit, labelFont: font, labelSize: 22, size: (plot, labels) => widest(plot, labels, font), values: (_plot, at) => at.map(words.axis) },
    ],
    series: [{ value: (_plot, at) => (at == null ? "–" : classes ? given.labels[at] : words.moment(at)) }, ...series],
  };
  return new uPlot(options, [xs, ...given.series.map((one) => one.values)], place);
}

// Zero is always there: a small change of a large value must not look like a large one.
function withZero(_plot, low, high) {
  if (low == null) return [0, 1];
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  const air = (top - bottom || 1) * 0.06;
  return [bottom < 0 ? bottom - air : 0, top > 0 || bottom === 0 ? top + air : 0];
}

// Room for the first and the last bar.
function aroundBars(xs) {
  const half = xs.length > 1 ? (xs[1] - xs[0]) / 2 : 0.5;
  return (_plot, low, high) => [low - half, high + half];
}

// Several rows of bars stand side by side, each in its own part of the place that an x has.
function barsBeside(number, all) {
  const share = 0.8 / all;
  return uPlot.paths.bars({ size: [share, 60], align: 0, disp: { x0: { unit: 2, values: (plot) => offsets(plot, number, share) }, size: { unit: 2, values: (plot) => plot.data[0].map(() => share * spacing(plot)) } } });
}

function spacing(plot) {
  const xs = plot.data[0];
  let least = Infinity;
  for (let n = 1; n < xs.length; n++) least = Math.min(least, xs[n] - xs[n - 1]);
  return Number.isFinite(least) ? least : 1;
}

function offsets(plot, number, share) {
  const step = spacing(plot);
  return plot.data[0].map((x) => x + step * (-0.4 + number * share));
}

function widest(plot, labels, font) {
  if (!labels) return 50;
  plot.ctx.save();
  plot.ctx.font = font;
  const width = Math.max(...labels.map((label) => plot.ctx.measureText(label ?? "").width));
  plot.ctx.restore();
  return Math.ceil(width) + 18;
}

// Numbers and moments as the page's language and time zone write them.
function wordsOf({ language, zone, unit, decimals }) {
  const locale = language === "de" ? "de-DE" : "en-GB";
  const exact = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const rough = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const moments = (parts) => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...parts });
  const whole = moments({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
  const clock = moments({ hour: "2-digit", minute: "2-digit" });
  const hour = moments({ hour: "2-digit" });
  const day = moments({ day: "numeric", month: "short" });
  const month = moments({ month: "short" });
  const year = moments({ year: "numeric" });
  return {
    value: (value) => (value == null ? "–" : `${exact.format(value)} ${unit}`.trim()),
    axis: (value) => rough.format(value),
    moment: (seconds) => whole.format(seconds * 1000),
    tick: (seconds, step) => {
      const at = seconds * 1000;
      if (step >= 365 * 86400) return year.format(at);
      if (step >= 28 * 86400) return month.format(at);
      if (step >= 86400) return day.format(at);
      return Number(hour.formatToParts(at).find((part) => part.type === "hour").value) === 0 && clock.format(at).endsWith("00") ? day.format(at) : clock.format(at);
    },
  };
}
