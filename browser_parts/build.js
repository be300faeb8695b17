// Builds the libraries of package.json into webapp/static/vendor: minified, each with its whole licence on top.
import { build } from "esbuild";
import { readFileSync } from "node:fs";

const into = "../webapp/static/vendor";
const about = JSON.parse(readFileSync("node_modules/uplot/package.json", "utf8"));
const licence = readFileSync("node_modules/uplot/LICENSE", "utf8").trim();
const banner = `/*! ${about.name} ${about.version}\n\n${licence}\n*/`;

await build({
  entryPoints: { uplot: "node_modules/uplot/dist/uPlot.esm.js" },
  outdir: into,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2020",
  legalComments: "none", // the banner says it
  banner: { js: banner },
});
await build({
  entryPoints: { uplot: "node_modules/uplot/dist/uPlot.min.css" },
  outdir: into,
  minify: true,
  legalComments: "none",
  banner: { css: banner },
});
