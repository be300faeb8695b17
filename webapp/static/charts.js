// Draws the charts of a page (templates/parts/chart.html) with uPlot, from the JSON beside each of them.
// The page holds the same values in words and as a table; without this script nothing is lost.
import { aroundBars, barsBeside, spacing } from "./chart_bars.js";
import { legendFor, readByKeys } from "./chart_legend.js";
import { wordsOf } from "./chart_words.js";
import uPlot from "./vendor/uplot.js";

const HEIGHT = 260;
const AIR = 0.06; // of the height, above the highest value
const WHOLE = Array.from({ length: 13 }, (_none, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

const redraws = [...document.querySelectorAll("[data-chart]")].map(show);

// Colours come from the style sheet, which follows the theme and the print.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
matchMedia("(forced-colors: active)").addEventListener("change", drawAll);
addEventListener("beforeprint", drawAll);
addEventListener("afterprint", drawAll);

function drawAll() {
  for (const redraw of redraws) redraw();
}

// Keeps a chart drawn in `place`, as wide as it is; returns what draws it anew.
function show(place) {
  const given = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const words = wordsOf(given);
  place.hidden = false;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", given.name);
  const legend = legendFor(place, given, words);
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    plot = draw(place, given, words, legend);
  };
  redraw();
  readByKeys(place, legend, () => plot);
  new ResizeObserver(() => {
    if (place.clientWidth > 0 && plot.width !== place.clientWidth) {
      plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  }).observe(place);
  return redraw;
}

function draw(place, given, words, legend) {
  const colour = (name) => getComputedStyle(place).getPropertyValue(name).trim();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const { labels } = given;
  const xs = labels.length > 0 ? labels.map((_label, number) => number) : momentsOf(given);
  const bars = given.series.filter((one) => one.kind === "bars");
  const line = { stroke: colour("--grid"), width: 1 };
  const axis = { stroke: colour("--quiet"), grid: line, ticks: line, font };
  const name = (index) => (labels.length > 0 ? labels[index] : words.moment(xs[index], spacing(xs)));

  const series = given.series.map((one) => {
    const tone = colour(`--tone-${one.tone}`);
    const drawn = { stroke: tone, width: 2, spanGaps: false, points: lonely(one.values, tone) };
    if (one.kind === "step") return { ...drawn, paths: uPlot.paths.stepped({ align: 1 }) };
    if (one.kind !== "bars") return drawn;
    return { ...drawn, width: 0, fill: tone, points: { show: false }, paths: barsBeside(bars.indexOf(one), bars.length) };
  });
  const across =
    labels.length > 0
      ? { ...axis, space: widestOf(labels, font) + 16, incrs: [1, 2, 4, 8, 12, 16, 24, 48, 96], values: (_plot, at) => at.map((n) => labels[n] ?? "") }
      : { ...axis, space: 64, values: (_plot, at, _axis, _space, step) => at.map((seconds) => words.tick(seconds, step)) };
  const up = {
    ...axis,
    ...(given.decimals === 0 ? { incrs: WHOLE } : {}), // half a household is none
    label: given.unit,
    labelFont: font,
    labelSize: 20,
    size: (plot, said) => widest(plot, said, font),
    values: (_plot, at) => at.map(words.axis),
  };
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [12, 28, 0, 0], // room for half of the last label
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), given.zone),
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    legend: { show: false },
    scales: {
      x: { time: labels.length === 0, ...(bars.length > 0 || labels.length > 0 ? { range: aroundBars(xs) } : {}) },
      y: { range: withZero },
    },
    axes: [across, up],
    series: [{}, ...series],
    hooks: { setCursor: [(plot) => legend.tell(plot.cursor.idx, name)] },
  };
  return new uPlot(options, [xs, ...given.series.map((one) => one.values)], place);
}

// Moments that follow each other evenly come as start, step and count.
function momentsOf({ xs, even }) {
  return even ? Array.from({ length: even[2] }, (_none, number) => even[0] + number * even[1]) : xs;
}

// A value between two gaps has no line and would not be seen without a point.
function lonely(values, tone) {
  const found = values.flatMap((value, n) => (value != null && values[n - 1] == null && values[n + 1] == null ? [n] : []));
  return { show: found.length > 0, filter: () => found, size: 5, fill: tone };
}

// Zero is always there: a small change of a large value must not look like a large one.
function withZero(_plot, low, high) {
  if (low == null) return [0, 1];
  const bottom = Math.min(0, low);
  const top = Math.max(0, high);
  const air = (top - bottom || 1) * AIR;
  return [bottom < 0 ? bottom - air : 0, top > 0 || bottom === 0 ? top + air : 0];
}

// Room for the longest number beside the axis.
function widest(_plot, said, font) {
  return said ? Math.ceil(widestOf(said, font)) + 18 : 50;
}

function widestOf(texts, font) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  return Math.max(...texts.map((text) => pen.measureText(text ?? "").width));
}
