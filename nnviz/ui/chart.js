// One Plotly figure that stays on the page: a changed figure is put into the living plot by one Plotly.react.
//
// data: UTF-8 bytes of JSON
//       bundle  address of the plotly.js that draws it; loaded once a page
//       figure  { data, layout, frames }
//       config  of Plotly
//       alt     what it shows, for screen readers
//       select  false, or true where clicks and boxes are told to Python as the state "selection"
//       token   of the figure: what was selected in another one is not meant for this
const charts = new WeakMap();
const FULL_SCREEN = { width: 24, height: 24, path: "M3 3h7v2H5v5H3V3zm11 0h7v7h-2V5h-5V3zM3 14h2v5h5v2H3v-7zm16 0h2v7h-7v-2h5v-5z" };
const isArray = (value) => Array.isArray(value) || ArrayBuffer.isView(value);
const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);

// At each draw Plotly searches its whole schema for the arrays of each trace, a third of its time. The answer depends on the type of the
// trace and on the places where it holds arrays: it is asked for once for each of these.
function quickened(Plotly) {
  const schema = Plotly.PlotSchema;
  const search = schema.findArrayAttributes;
  const known = {};
  schema.findArrayAttributes = (trace) => (known[[trace.type, ...places(trace)].join()] ??= search(trace));
  return Plotly;
}

// After each draw Plotly styles every point, word and line of scatter traces once more as it has just drawn them: a fifth of its time. What
// only the second pass sets is set here; a change of style alone, which draws nothing, goes its usual way.
function unrepeated(plot) {
  const scatter = plot._fullData.find((trace) => trace.type === "scatter")?._module;
  if (!scatter || scatter.unrepeated) return;
  const { plot: draw, style } = scatter;
  scatter.unrepeated = true;
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

class Chart {
  constructor(parent) {
    this.plot = document.createElement("div");
    this.plot.dataset.testid = "stPlotlyChart";
    this.plot.setAttribute("role", "figure");
    parent.append(this.plot);
    this.size = new ResizeObserver(() => this.fit());
    this.size.observe(this.plot);
    this.sight = new IntersectionObserver((found) => this.look(found.at(-1).isIntersecting), { scrollMargin: "300px", rootMargin: "300px" });
    this.sight.observe(this.plot);
    this.plot.addEventListener("fullscreenchange", () => this.fit());
  }

  async update(bytes, report) {
    const text = new TextDecoder().decode(bytes);
    this.report = report;
    if (text === this.text) return;
    this.text = text;
    const spec = JSON.parse(text);
    this.plot.setAttribute("aria-label", spec.alt);
    if (!this.spec) this.plot.style.height = `${spec.figure.layout.height}px`; // its room, until plotly.js is there
    const Plotly = await load(spec.bundle);
    if (text !== this.text || !this.plot.isConnected) return;
    if (this.plot.unseen && this.spec) this.waiting = () => this.draw(Plotly, spec);
    else this.draw(Plotly, spec);
  }

  // A change of a figure that is scrolled out of sight is drawn when it comes near.
  look(near) {
    this.plot.unseen = !near;
    if (near && this.waiting) this.waiting();
  }

  draw(Plotly, spec) {
    const { data, layout, frames = [] } = spec.figure;
    this.waiting = null;
    const other = this.plot.Plotly && this.plot.Plotly !== Plotly;
    if (other) this.plot.Plotly.purge(this.plot);
    const first = other || !this.plot.Plotly;
    this.spec = spec;
    this.plot.Plotly = Plotly;
    this.shape = { height: layout.height, margin: layout.margin, ratio: aspect(layout) };
    Object.assign(layout, this.room());
    layout.selectionrevision ??= spec.token;  // else Plotly keeps what was selected before, and a click there takes it back
    if (first) this.start(Plotly, spec, data, layout, frames);
    else Plotly.react(this.plot, { data, layout, frames });
  }

  start(Plotly, spec, data, layout, frames) {
    const button = { name: "fullscreen", title: "Full screen", icon: FULL_SCREEN, click: () => this.plot.requestFullscreen() };
    Plotly.newPlot(this.plot, { data, layout, frames, config: { ...spec.config, modeBarButtonsToAdd: [button] } });
    unrepeated(this.plot);
    this.plot.on("plotly_selected", (event) => event && this.tell(event));
    this.plot.on("plotly_deselect", () => this.tell({}));
  }

  tell({ points = [], range }) {
    if (!this.spec.select) return;
    const told = points.map((point) => ({
      curve_number: point.curveNumber, point_index: point.pointIndex, x: point.x, y: point.y, customdata: plain(point.customdata),
    }));
    this.report({ token: this.spec.token, points: told, box: range ? [range] : [] });
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
    if (!this.spec || !this.plot.isConnected) return;
    const { width, height } = this.room();
    const now = this.plot._fullLayout;
    if (width && (width !== now.width || height !== now.height)) this.plot.Plotly.relayout(this.plot, { width, height });
  }

  end() {
    this.size.disconnect();
    this.sight.disconnect();
    if (this.plot.Plotly) this.plot.Plotly.purge(this.plot);
    this.plot.remove();
  }
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let chart = charts.get(parentElement);
  if (!chart) {
    chart = new Chart(parentElement);
    charts.set(parentElement, chart);
  }
  chart.update(data, (selection) => setStateValue("selection", selection));
  return () => {
    chart.end();
    charts.delete(parentElement);
  };
}
