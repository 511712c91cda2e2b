// One Plotly figure that stays on the page, its title and the button of its downloads: a changed figure is put into the living plot by one
// Plotly.react. All in one component, for each one more costs a page more than this one's own work.
//
// data: two lines of JSON in UTF-8 and, behind them, the bytes of the arrays of the second one, which is read when the plot is drawn
//       title   over the plot: text with <b>, <i>, <sub>, <sup>, <br> and coloured <span>s; "" for none
//       alt     what it shows, for screen readers
//       menu    true where the downloads are open already: they are Python's, beside this component; told as the state "menu"
//       bundle  address of the plotly.js that draws it; loaded once a page
//       height  px, its room until it is drawn
//       select  false, or true where clicks and boxes are told to Python as the state "selection"
//       token   of the figure: it is drawn when that changes, and what was selected in another one is not meant for this
//       config  of Plotly
//
//       { data, layout, frames } with { packed: [type, first byte, ...shape] } in place of an array
const charts = new WeakMap();
const TITLE_TAGS = ["B", "BR", "I", "SPAN", "SUB", "SUP"];
const TITLE_STYLES = ["color", "fontFamily", "fontSize", "fontStyle", "fontWeight"];
const DOWNLOAD = `<svg viewBox="0 0 34 24" width="26" height="18" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
  <path d="M12 4v11m-5-5 5 5 5-5M5 16v3a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-3M25 10l4 4 4-4"/></svg>`;
const FULL_SCREEN = { width: 24, height: 24, path: "M3 3h7v2H5v5H3V3zm11 0h7v7h-2V5h-5V3zM3 14h2v5h5v2H3v-7zm16 0h2v7h-7v-2h5v-5z" };
const NEAR = { scrollMargin: "300px", rootMargin: "300px" };
const NEW_LINE = 10;
const KINDS = { f4: Float32Array, i4: Int32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array };
const isArray = (value) => Array.isArray(value) || ArrayBuffer.isView(value);
const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);

// A figure with its arrays in it: views of one buffer, so that a part of an array takes no room of its own.
function unpacked(value, buffer) {
  if (!value || typeof value !== "object") return value;
  if (value.packed) return array(value.packed, buffer);
  for (const key of Object.keys(value)) value[key] = unpacked(value[key], buffer);
  return value;
}

// The first line of bytes as JSON, and what stands behind it.
function line(bytes) {
  const end = bytes.indexOf(NEW_LINE);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), bytes.subarray(end + 1)];
}

function figureOf(bytes) {
  const [figure, arrays] = line(bytes);
  return unpacked(figure, arrays.slice().buffer);
}

function array([kind, place, ...shape], buffer) {
  const numbers = new KINDS[kind](buffer, place, shape.reduce((product, n) => product * n));
  return nested(numbers, shape);
}

function nested(numbers, [rows, ...inner]) {
  if (!inner.length) return numbers;
  const size = numbers.length / rows;
  return Array.from({ length: rows }, (_, row) => nested(numbers.subarray(row * size, (row + 1) * size), inner));
}

// At each draw Plotly searches its whole schema for the arrays of each trace, a third of its time. The answer depends on the type of the
// trace and on the places where it holds arrays: it is asked for once for each of these.
function quickened(Plotly) {
  const schema = Plotly.PlotSchema;
  const search = schema.findArrayAttributes;
  const known = {};
  schema.findArrayAttributes = (trace) => (known[[trace.type, ...places(trace)].join()] ??= search(trace));
  return Plotly;
}

// The module that draws scatter traces is at hand once Plotly has drawn one; what it does twice is taken out of it.
function lightened(plot) {
  const scatter = plot._fullData.find((trace) => trace.type === "scatter")?._module;
  if (!scatter || scatter.lightened) return;
  scatter.lightened = true;
  unrepeated(scatter);
  undoubled(scatter);
}

// After each draw Plotly styles every point, word and line of scatter traces once more as it has just drawn them: a fifth of its time. What
// only the second pass sets is set here; a change of style alone, which draws nothing, goes its usual way.
function unrepeated(scatter) {
  const { plot: draw, style } = scatter;
  scatter.plot = (drawn, ...more) => {
    drawn.styled = true;
    queueMicrotask(() => (drawn.styled = false));
    return draw(drawn, ...more);
  };
  scatter.style = (drawn) => {
    if (!drawn.styled) return style(drawn);
    for (const trace of drawn.querySelectorAll("g.trace.scatter")) trace.style.opacity = trace.__data__[0].trace.opacity;
  };
}

// Plotly draws each annotation twice, the first time to make room for it on axes of free range: where there is none it waits for the second.
function undoubled(scatter) {
  const { calc, plot: draw } = scatter;
  scatter.calc = (drawn, ...more) => {
    if (drawn.redrawn && !drawn.held) hold(drawn);
    return calc(drawn, ...more);
  };
  scatter.plot = (drawn, ...more) => {
    release(drawn);
    return draw(drawn, ...more);
  };
}

function hold(drawn) {
  const { annotations, _subplots: { xaxis, yaxis } } = drawn._fullLayout;
  const free = [...xaxis, ...yaxis].some((name) => drawn._fullLayout[name[0] + "axis" + name.slice(1)].autorange);
  drawn.held = free ? [] : annotations.filter((annotation) => annotation.visible);
  for (const annotation of drawn.held) annotation.visible = false;
}

function release(drawn) {
  for (const annotation of drawn.held ?? []) annotation.visible = true;
  drawn.held = null;
}

// The surface under paths and points mostly stays while those change, and drawing it is most of such a figure's time: one that is the same,
// in the same place, is left standing.
function unmoved(plot) {
  for (const { type, _module: kind } of plot._fullData) {
    if (!["contour", "heatmap"].includes(type) || kind.unmoved) continue;
    const draw = kind.plot;
    kind.unmoved = true;
    kind.plot = (drawn, subplot, traces, layer) => {
      const node = layer.node();
      const asked = JSON.stringify([traces.map(asGiven), inPlace(subplot.xaxis), inPlace(subplot.yaxis)], withoutPlotlys);
      const standing = node.stands === asked ? node.children : [];
      for (const group of standing) group.__data__ = traces.find(([{ trace }]) => trace.uid === group.__data__?.[0].trace.uid);
      if (!standing.length) draw(drawn, subplot, traces, layer);
      node.stands = asked;
    };
  }
}

const asGiven = ([{ trace }]) => [trace.uid, trace._input];
const inPlace = ({ type, range, _length, _offset, _categories }) => [type, range, _length, _offset, _categories];
const withoutPlotlys = (key, value) => (key[0] === "_" ? undefined : ArrayBuffer.isView(value) ? letters(value) : value);
const letters = ({ buffer, byteOffset, byteLength }) => new TextDecoder("latin1").decode(new Uint8Array(buffer, byteOffset, byteLength));

function places(object, path = "") {
  return Object.keys(object).flatMap((key) => {
    const value = object[key];
    if (key[0] === "_" || !value || typeof value !== "object") return [];
    const here = path + key;
    if (!isArray(value)) return places(value, here + ".");
    const items = typeof value[0] === "object" ? value : [];
    return [here, ...items.flatMap((item, i) => (item && !isArray(item) ? places(item, `${here}[${i}].`) : []))];
  });
}

function load(address) {
  const known = (window.nnvizBundles ??= {});
  return (known[address] ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => done(quickened(window.Plotly));
    script.onerror = () => failed(new Error(`${address} could not be loaded`));
    document.head.append(script);
  }));
}

// Height over width of a picture with equal axes and known ranges; not a number where the figure is another.
function aspect({ xaxis = {}, yaxis = {}, xaxis2, yaxis2 }) {
  if (!yaxis.scaleanchor || xaxis2 || yaxis2 || !xaxis.range || !yaxis.range) return NaN;
  return Math.abs((yaxis.range[1] - yaxis.range[0]) / (xaxis.range[1] - xaxis.range[0])) * (yaxis.scaleratio || 1);
}

function made(tag, parent, className = null) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  parent.append(element);
  return element;
}

// A title may hold words of a person, such as the names in a table of theirs: only the tags and styles of a title are taken over.
function written(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
    else if (!TITLE_TAGS.includes(node.tagName)) written(node, to);
    else {
      const copy = made(node.tagName, to);
      for (const name of TITLE_STYLES) if (node.style[name]) copy.style[name] = node.style[name];
      written(node, copy);
    }
  }
}

// The button of the downloads, which Python puts beside the component while it is pressed.
class Menu {
  constructor(parent, open) {
    this.parent = parent;
    this.button = made("button", parent, "nnviz-downloads");
    this.button.type = "button";
    this.button.title = "Download this figure";
    this.button.setAttribute("aria-label", this.button.title);
    this.button.innerHTML = DOWNLOAD;
    this.button.onclick = () => this.turn(!this.open);
    this.show(open);
  }

  panel() {
    return this.parent.closest('[class*="st-key-figure-"]')?.querySelector('[class*="st-key-menu-"]');
  }

  turn(open) {
    this.show(open);
    this.report(open);
  }

  // Seen at once: the page may take a while until the panel is really gone.
  show(open) {
    this.open = open;
    this.button.setAttribute("aria-expanded", open);
    this.panel()?.toggleAttribute("hidden", !open);
    this.listening?.abort();
    if (!open) return;
    this.listening = new AbortController();
    const how = { capture: true, signal: this.listening.signal };
    document.addEventListener("pointerdown", (event) => this.outside(event.composedPath()) && this.turn(false), how);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.leave(), how);
  }

  outside(path) {
    return !path.includes(this.button) && !path.includes(this.panel());
  }

  leave() {
    const within = this.panel()?.contains(document.activeElement);
    this.turn(false);
    if (within) this.button.focus();
  }

  end() {
    this.listening?.abort();
  }
}

class Chart {
  constructor(parent, open) {
    this.root = made("div", parent, "nnviz-figure");
    this.title = made("div", this.root, "nnviz-figure-title");
    this.plot = made("div", made("div", this.root, "nnviz-plot"));
    this.plot.dataset.testid = "stPlotlyChart";
    this.plot.setAttribute("role", "figure");
    this.menu = new Menu(this.root, open);
    this.size = new ResizeObserver(() => this.fit());
    this.size.observe(this.plot);
    this.inSight = this.near = true; // until the observers have looked
    this.sight = new IntersectionObserver((found) => this.look({ inSight: found.at(-1).isIntersecting }));
    this.reach = new IntersectionObserver((found) => this.look({ near: found.at(-1).isIntersecting }), NEAR);
    this.sight.observe(this.plot);
    this.reach.observe(this.plot);
    this.plot.addEventListener("fullscreenchange", () => this.fit());
    this.ended = new AbortController();
    document.addEventListener("scroll", () => this.near && this.waiting?.(), { capture: true, passive: true, signal: this.ended.signal });
  }

  async update(about, rest, tell) {
    const { title, alt, bundle, height, token } = about;
    this.report = (selection) => tell("selection", selection);
    this.menu.report = (open) => tell("menu", open);
    if (this.plot.getAttribute("aria-label") !== alt) this.plot.setAttribute("aria-label", alt);
    this.head(title);
    if (token === this.token) return;
    this.token = token;
    if (!this.about) this.plot.style.height = `${height}px`;
    const Plotly = await load(bundle);
    if (token !== this.token || !this.plot.isConnected) return;
    this.waiting = () => this.draw(Plotly, about, figureOf(rest));
    if (this.inSight || !this.about) return this.waiting();
    this.mark();
  }

  head(title) {
    if (title === this.titled) return;
    this.titled = title;
    this.title.replaceChildren();
    written(new DOMParser().parseFromString(title, "text/html").body, this.title);
  }

  // A change of a figure out of sight is drawn when it comes into sight or, to be there before that, when the page is scrolled near it.
  look(found) {
    Object.assign(this, found);
    if (this.waiting && (found.inSight || found.near)) this.waiting();
    this.mark();
  }

  // For the player: what the plot shows now is seen by nobody, or not what it is to show.
  mark() {
    this.plot.unseen = !this.near || Boolean(this.waiting);
  }

  draw(Plotly, about, { data, layout, frames = [] }) {
    this.waiting = null;
    this.mark();
    const other = this.plot.Plotly && this.plot.Plotly !== Plotly;
    if (other) this.plot.Plotly.purge(this.plot);
    const first = other || !this.plot.Plotly;
    this.about = about;
    this.plot.Plotly = Plotly;
    this.shape = { height: layout.height, margin: layout.margin, ratio: aspect(layout) };
    Object.assign(layout, this.room());
    layout.selectionrevision ??= about.token;  // else Plotly keeps what was selected before, and a click there takes it back
    if (first) this.start(Plotly, about.config, { data, layout, frames });
    else this.redraw(Plotly, { data, layout, frames });
    unmoved(this.plot);
  }

  redraw(Plotly, figure) {
    this.plot.redrawn = true;
    this.drawing = Plotly.react(this.plot, figure).finally(() => {
      this.plot.redrawn = false;
      release(this.plot);
    });
  }

  start(Plotly, config, figure) {
    const button = { name: "fullscreen", title: "Full screen", icon: FULL_SCREEN, click: () => this.plot.requestFullscreen() };
    this.drawing = Plotly.newPlot(this.plot, { ...figure, config: { ...config, modeBarButtonsToAdd: [button] } });
    lightened(this.plot);
    this.plot.on("plotly_selected", (event) => event && this.tell(event));
    this.plot.on("plotly_deselect", () => this.tell({}));
  }

  tell({ points = [], range }) {
    if (!this.about.select) return;
    const told = points.map((point) => ({
      curve_number: point.curveNumber, point_index: point.pointIndex, x: point.x, y: point.y, customdata: plain(point.customdata),
    }));
    this.report({ token: this.about.token, points: told, box: range ? [range] : [] });
  }

  // A figure follows the width of its column and fills the screen while it is shown alone. One with equal axes is no taller than its column
  // lets it be: on a phone it would stand in blank space.
  room() {
    const { clientWidth: width, clientHeight } = this.plot;
    const { height, margin, ratio } = this.shape;
    if (document.fullscreenElement === this.plot) return { width, height: clientHeight };
    const needed = (width - margin.l - margin.r) * ratio + margin.t + margin.b;
    const tall = width && needed > 0 ? Math.min(height, Math.ceil(needed)) : height;
    this.plot.style.height = `${tall}px`;
    return width ? { width, height: tall } : { height: tall };
  }

  fit() {
    if (!this.about || !this.plot.isConnected) return;
    const { width, height } = this.room();
    const now = this.plot._fullLayout;
    if (width && (width !== now.width || height !== now.height)) this.plot.Plotly.relayout(this.plot, { width, height });
  }

  end() {
    this.size.disconnect();
    this.sight.disconnect();
    this.reach.disconnect();
    this.ended.abort();
    this.menu.end();
    this.root.remove();
    // What Plotly goes on drawing in steps would miss what is taken from under it.
    this.drawing?.finally(() => this.plot.Plotly.purge(this.plot));
  }
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const [about, rest] = line(data);
  let chart = charts.get(parentElement);
  if (!chart) {
    chart = new Chart(parentElement, about.menu);
    charts.set(parentElement, chart);
  }
  chart.update(about, rest, setStateValue);
  return () => {
    chart.end();
    charts.delete(parentElement);
  };
}
