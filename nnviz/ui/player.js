// The one player: moves the frames of the figures it is given, in the browser, and tells Python on which step it rests.
//
// data: figures  keys of the figures (Streamlit puts the class st-key-KEY around each)
//       stops    the frame of each step on which one can rest; frames between two stops are only passed while playing
//       steps    the true step number of each stop
//       labels   what happens at each stop ("" where there is nothing to say)
//       interval milliseconds a frame at 1×
//       start    the stop to rest on at first
//       rests    the stop on which Python has it: where a player that is mounted anew begins
//       number   of what is played; with another one the player goes to its start
//       redraw   true where the figures can be clicked: Plotly loses clicks after a frame that was not redrawn

const PLAY = "M1 0 L12 7 L1 14 Z";
const PAUSE = "M1 0 H4.5 V14 H1 Z M7.5 0 H11 V14 H7.5 Z";
const SPEEDS = [0.5, 1, 2, 4];
const SETTLED = 250; // ms without a move after which a slider has come to rest
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
const players = new WeakMap();

class Player {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector("." + name);
    this.range = this.find("range");
    this.toggle = this.find("toggle");
    this.speed = 1;
    this.stop = null;
    this.frame = 0;
    this.playing = false;
    this.moved = false;
    this.drawn = new Map();
    this.toggle.onclick = () => (this.playing ? this.pause() : this.play());
    this.find("speed").onclick = () => this.changeSpeed();
    this.range.oninput = () => this.scrub(Number(this.range.value));
    this.watch = setInterval(() => this.keepInStep(), 80);
  }

  update(data, report) {
    const content = JSON.stringify({ ...data, rests: 0 });
    const same = this.content === content;
    this.content = content;
    const other = !this.data || this.data.number !== data.number;
    this.data = data;
    this.report = report;
    if (same) return;
    if (other) this.halt();
    const last = data.stops.length - 1;
    this.range.max = last;
    this.find("last").textContent = data.steps[last];
    this.find("speed").setAttribute("aria-label", "Speed");
    // What was watched to its end stays at its end when the run is computed anew; the rest keeps its place as far as it exists.
    const atEnd = this.stop !== null && this.stop === this.last;
    const before = this.frame;
    this.rest(other ? data.rests : atEnd ? last : Math.min(this.stop, last));
    this.moved = this.moved || this.frame !== before;
    this.last = last;
    this.drawn.clear();
    this.told = data.rests;
    if (!this.playing && this.stop !== data.rests) this.settle();
  }

  plots() {
    const found = [];
    for (const key of this.data.figures) {
      const plot = document.querySelector(`.st-key-${CSS.escape(key)} .js-plotly-plot`);
      if (!plot || !plot._transitionData || plot._transitionData._frames.length === 0) continue;
      if (plot.unseen) this.drawn.delete(key); // it is brought to where the player stands when it comes into sight
      else found.push([key, plot]);
    }
    return found;
  }

  draw(redraw, plots = this.plots()) {
    for (const [key, plot] of plots) {
      if (this.frame >= plot._transitionData._frames.length) continue;
      this.drawn.set(key, plot.data);
      const done = plot.Plotly.animate(plot, [String(this.frame)], {
        mode: "immediate", frame: { duration: 0, redraw: redraw }, transition: { duration: 0 },
      });
      // A frame that is overtaken by the next one is rejected by Plotly: that is no error.
      if (done && done.catch) done.catch(() => {});
      // Plotly.animate may put new arrays into the figure: what is remembered is what stands there now.
      this.drawn.set(key, plot.data);
    }
  }

  // A figure that Streamlit has drawn anew shows the frame on which the player starts: bring it to where the player stands.
  keepInStep() {
    if (!this.data || this.playing) return;
    const behind = this.plots().filter(([key, plot]) => this.drawn.get(key) !== plot.data);
    if (!behind.length) return;
    if (this.frame !== this.data.stops[this.data.start] || this.moved) this.draw(true, behind);
    else for (const [key, plot] of behind) this.drawn.set(key, plot.data);
    this.moved = false;
  }

  show() {
    const { steps, labels, stops } = this.data;
    const last = stops.length - 1;
    this.range.value = this.stop;
    this.range.style.setProperty("--done", (last ? (100 * this.stop) / last : 100) + "%");
    this.find("now").textContent = steps[this.stop];
    this.find("label").textContent = labels[this.stop] || "";
    const text = `${steps[this.stop]} of ${steps[last]}` + (labels[this.stop] ? `, ${labels[this.stop]}` : "");
    this.range.setAttribute("aria-valuetext", text);
  }

  rest(stop) {
    this.stop = stop;
    this.frame = this.data.stops[stop];
    this.show();
  }

  scrub(stop) {
    if (this.playing) this.halt();
    this.rest(stop);
    this.draw(this.data.redraw);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLED);
  }

  settle() {
    this.draw(true);
    if (this.told !== this.stop) {
      this.told = this.stop;
      this.report(this.stop);
    }
  }

  play() {
    if (this.stop >= this.data.stops.length - 1) this.rest(0);
    this.playing = true;
    this.draw(this.data.redraw);
    this.toggle.setAttribute("aria-label", "Pause");
    this.find("glyph").setAttribute("d", PAUSE);
    this.next = performance.now() + this.pace();
    const tick = (now) => {
      if (!this.playing) return;
      if (now >= this.next) {
        this.next = Math.max(this.next + this.pace(), now);
        if (!this.advance()) return this.pause();
      }
      this.request = requestAnimationFrame(tick);
    };
    this.request = requestAnimationFrame(tick);
  }

  // With reduced motion nothing glides: the figure goes from stop to stop, slowly enough to be read.
  pace() {
    const frames = this.data.stops[this.data.stops.length - 1] - this.data.stops[0] || 1;
    const ofStop = (this.data.interval * frames) / Math.max(1, this.data.stops.length - 1);
    return (REDUCED.matches ? Math.max(ofStop, 700) : this.data.interval) / this.speed;
  }

  advance() {
    const { stops } = this.data;
    const last = stops.length - 1;
    if (this.stop >= last) return false;
    this.frame = REDUCED.matches ? stops[this.stop + 1] : this.frame + 1;
    if (this.frame >= stops[this.stop + 1]) {
      this.stop += 1;
      this.show();
    }
    this.draw(this.data.redraw);
    return this.stop < last;
  }

  halt() {
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.toggle.setAttribute("aria-label", "Play");
    this.find("glyph").setAttribute("d", PLAY);
  }

  pause() {
    this.halt();
    this.frame = this.data.stops[this.stop];
    this.show();
    this.settle();
  }

  changeSpeed() {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
    const button = this.find("speed");
    button.textContent = (this.speed === 0.5 ? "½" : this.speed) + "×";
    button.setAttribute("aria-label", `Speed ${this.speed} times`);
  }

  end() {
    this.halt();
    clearInterval(this.watch);
    clearTimeout(this.settling);
  }
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let player = players.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  player.update(data, (stop) => setStateValue("stop", stop));
  return () => {
    player.end();
    players.delete(parentElement);
  };
}
