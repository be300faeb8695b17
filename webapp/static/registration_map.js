// The map of the registration form: outlines of regions as one SVG, a cross to move, a point that is set.
// Plane: x = longitude * cos(middle latitude), y = -latitude, so that a country looks as on any map. The two
// number fields hold the truth; the map writes into them and follows them.
const SVG = "http://www.w3.org/2000/svg";
const place = document.getElementById("map");
const latitude = document.getElementById("latitude");
const longitude = document.getElementById("longitude");
const DIGITS = 5; // a metre
const MOST = 4000; // how far one can zoom in
const LABELS_FROM = 12; // from this zoom on places are named

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

function ringsOf(region, scale) {
  return region.rings.map((steps) => {
    let [x, y] = steps;
    const points = [[x / scale, y / scale]];
    for (let at = 2; at < steps.length; at += 2) {
      x += steps[at];
      y += steps[at + 1];
      points.push([x / scale, y / scale]);
    }
    return points;
  });
}

function inside(rings, lon, lat) {
  let odd = false;
  for (const ring of rings) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
      const [x1, y1] = ring[at];
      const [x2, y2] = ring[before];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) odd = !odd;
    }
  }
  return odd;
}

function number(field) {
  const text = field.value.trim().replace(",", ".");
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? null : value;
}

function written(value) {
  const text = String(Number(value.toFixed(DIGITS)));
  return document.documentElement.lang === "de" ? text.replace(".", ",") : text;
}

async function draw() {
  const words = JSON.parse(place.dataset.words);
  const answer = await fetch(place.dataset.outlines, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { scale, regions } = await answer.json();
  const shapes = regions.map((region) => ({ name: region.name, rings: ringsOf(region, scale) }));
  const corners = shapes.flatMap((shape) => shape.rings.flat());
  if (corners.length === 0) return;
  const bounds = corners.reduce(
    ([w, s, e, n], [x, y]) => [Math.min(w, x), Math.min(s, y), Math.max(e, x), Math.max(n, y)],
    [180, 90, -180, -90],
  );
  const squeeze = Math.cos((((bounds[1] + bounds[3]) / 2) * Math.PI) / 180);
  const toPlane = (lon, lat) => [lon * squeeze, -lat];
  const toEarth = (x, y) => [x / squeeze, -y];
  const [left, top] = toPlane(bounds[0], bounds[3]);
  const [right, bottom] = toPlane(bounds[2], bounds[1]);
  const whole = { size: Math.max(right - left, bottom - top) * 1.06, x: (left + right) / 2, y: (top + bottom) / 2 };
  const view = { x: whole.x, y: whole.y, zoom: 1 };
  let cross = { x: view.x, y: view.y };
  let names = [];

  place.hidden = false;
  const svg = element("svg", { class: "map-picture", tabindex: "0", role: "application", "aria-label": words.label, "aria-describedby": "map-how map-said" });
  const land = element("g", { class: "map-land" }, svg);
  for (const shape of shapes) {
    const path = shape.rings
      .map((ring) => `M${ring.map(([lon, lat]) => toPlane(lon, lat).map((v) => v.toFixed(4)).join(" ")).join("L")}Z`)
      .join("");
    const drawn = element("path", { d: path, "fill-rule": "evenodd", "vector-effect": "non-scaling-stroke" }, land);
    element("title", {}, drawn).textContent = shape.name;
  }
  const labels = element("g", { class: "map-places", "aria-hidden": "true" }, svg);
  const point = element("circle", { class: "map-point" }, svg);
  const aim = element("path", { class: "map-cross", "vector-effect": "non-scaling-stroke" }, svg);
  const how = document.createElement("p");
  how.className = "hint";
  how.id = "map-how";
  how.textContent = words.how;
  const said = document.createElement("p");
  said.id = "map-said";
  said.setAttribute("role", "status");
  const buttons = document.createElement("p");
  buttons.className = "row";
  place.append(how, svg, buttons, said);

  const size = () => whole.size / view.zoom;
  function show() {
    const half = size() / 2;
    svg.setAttribute("viewBox", `${view.x - half} ${view.y - half} ${size()} ${size()}`);
    const arm = size() / 30;
    aim.setAttribute("d", `M${cross.x - arm} ${cross.y}h${2 * arm}M${cross.x} ${cross.y - arm}v${2 * arm}`);
    const lat = number(latitude);
    const lon = number(longitude);
    const set = lat !== null && lon !== null && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
    point.setAttribute("r", set ? size() / 70 : 0);
    if (set) {
      const [x, y] = toPlane(lon, lat);
      point.setAttribute("cx", x);
      point.setAttribute("cy", y);
    }
    const region = set ? shapes.find((shape) => inside(shape.rings, lon, lat)) : null;
    said.textContent = set
      ? `${words.at}: ${written(lat)}, ${written(lon)} (${region ? region.name : words.outside})`
      : words.none;
    labels.replaceChildren();
    for (const each of view.zoom >= LABELS_FROM ? names : []) {
      const [x, y] = toPlane(each.longitude, each.latitude);
      element("circle", { cx: x, cy: y, r: size() / 250 }, labels);
      element("text", { x: x + size() / 120, y: y + size() / 150, "font-size": size() / 42 }, labels).textContent =
        `${each.postal_code} ${each.place}`;
    }
  }

  let asked = 0;
  function look() {
    if (!place.dataset.places || view.zoom < LABELS_FROM) return;
    window.clearTimeout(asked);
    asked = window.setTimeout(async () => {
      const half = size() / 2;
      const [west, north] = toEarth(view.x - half, view.y - half);
      const [east, south] = toEarth(view.x + half, view.y + half);
      const query = new URLSearchParams({ west, south, east, north });
      const found = await fetch(`${place.dataset.places}?${query}`, { credentials: "same-origin" });
      if (found.ok) {
        names = await found.json();
        show();
      }
    }, 200);
  }
  function zoom(factor, to = cross) {
    view.zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
    if (view.zoom === 1) Object.assign(view, { x: whole.x, y: whole.y });
    else Object.assign(view, { x: to.x, y: to.y });
    show();
    look();
  }
  function move(dx, dy) {
    const step = size() / 20;
    cross = { x: cross.x + dx * step, y: cross.y + dy * step };
    const half = size() / 2;
    if (Math.abs(cross.x - view.x) > half * 0.9) view.x = cross.x;
    if (Math.abs(cross.y - view.y) > half * 0.9) view.y = cross.y;
    show();
    look();
  }
  function take(where) {
    cross = where;
    const [lon, lat] = toEarth(where.x, where.y);
    latitude.value = written(lat);
    longitude.value = written(lon);
    show();
  }

  for (const [text, action] of [
    [words.in, () => zoom(2)],
    [words.out, () => zoom(0.5)],
    [words.all, () => zoom(0)],
    [words.set, () => take(cross)],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = text;
    button.addEventListener("click", action);
    buttons.append(button);
  }
  svg.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    take({ x: at.x, y: at.y });
  });
  svg.addEventListener("dblclick", () => zoom(2));
  const keys = {
    ArrowLeft: () => move(-1, 0),
    ArrowRight: () => move(1, 0),
    ArrowUp: () => move(0, -1),
    ArrowDown: () => move(0, 1),
    "+": () => zoom(2),
    "-": () => zoom(0.5),
    Enter: () => take(cross),
    " ": () => take(cross),
  };
  svg.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  for (const field of [latitude, longitude]) field.addEventListener("input", show);
  // While no position is set, the cross goes to where the postal code is.
  const code = document.getElementById("postal_code");
  async function go() {
    if (!place.dataset.places || number(latitude) !== null || !/^[0-9]{5}$/.test(code.value.trim())) return;
    const query = new URLSearchParams({ code: code.value.trim() });
    const found = await fetch(`${place.dataset.places}?${query}`, { credentials: "same-origin" });
    const [first] = found.ok ? await found.json() : [];
    if (!first) return;
    const [x, y] = toPlane(first.longitude, first.latitude);
    cross = { x, y };
    view.zoom = 1;
    zoom(LABELS_FROM * 2);
  }
  code?.addEventListener("change", go);

  const lat = number(latitude);
  const lon = number(longitude);
  if (lat !== null && lon !== null) {
    const [x, y] = toPlane(lon, lat);
    cross = { x, y };
    zoom(16);
  } else {
    show();
    go();
  }
}

if (place && latitude && longitude) draw();
