// Bars of several series side by side, each in its own part of the place that an x has.
import uPlot from "./vendor/uplot.js";

const FILLED = 0.8; // of the distance between two places
const SCALE_VALUE = 1; // uPlot: facets are given in values of the x axis

// How row `number` of `rows` is drawn.
export function barsBeside(number, rows) {
  const share = FILLED / rows;
  return uPlot.paths.bars({
    disp: {
      x0: {
        unit: SCALE_VALUE,
        values: (plot) => plot.data[0].map((x) => x + spacing(plot.data[0]) * (number * share - FILLED / 2)),
      },
      size: { unit: SCALE_VALUE, values: (plot) => [share * spacing(plot.data[0])] },
    },
  });
}

// The least distance between two places; 1 where there is one place alone.
export function spacing(xs) {
  let least = Infinity;
  for (let n = 1; n < xs.length; n++) least = Math.min(least, xs[n] - xs[n - 1]);
  return Number.isFinite(least) ? least : 1;
}

// The x axis with room for the first and the last bar.
export function aroundBars(xs) {
  const half = spacing(xs) / 2;
  return (_plot, low, high) => [low - half, high + half];
}
