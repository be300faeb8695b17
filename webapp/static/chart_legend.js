// The legend of a chart, which also says the values at the cursor; arrow keys move the cursor.
export function legendFor(place, given, words) {
  const list = document.createElement("ul");
  list.className = "legend";
  const where = document.createElement("li");
  const values = given.series.map((one) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = `swatch tone-${one.tone}`;
    const value = document.createElement("span");
    value.className = "quiet";
    item.append(swatch, `${one.label} `, value);
    list.append(item);
    return value;
  });
  where.className = "quiet";
  list.append(where);
  place.after(list);

  // `index`: of the place under the cursor; null: none.
  function tell(index, name) {
    where.textContent = index == null ? "" : name(index);
    values.forEach((value, n) => {
      value.textContent = index == null ? "" : words.value(given.series[n].values[index]);
    });
  }
  return { tell, list };
}

// Let a focused chart be read by keys. `plot()`: the chart as it is drawn now.
export function readByKeys(place, legend, plot) {
  place.tabIndex = 0;
  place.addEventListener("focus", () => legend.list.setAttribute("aria-live", "polite"));
  place.addEventListener("blur", () => legend.list.removeAttribute("aria-live"));
  place.addEventListener("keydown", (event) => {
    const chart = plot();
    const last = chart.data[0].length - 1;
    const now = chart.cursor.idx;
    const next = { ArrowRight: (now ?? -1) + 1, ArrowLeft: (now ?? last + 1) - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const left = chart.valToPos(chart.data[0][Math.max(0, Math.min(last, next))], "x");
    chart.setCursor({ left, top: chart.over.clientHeight / 2 });
  });
}
