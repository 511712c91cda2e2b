// A table of numbers that a person edits, a field for each: typed, pasted, and gone through with the arrow keys.
//
// data: label    what the table holds, for screen readers
//       version  of the numbers: with another one all fields are written anew
//       numbers  rows of numbers
// A change is told as the state "typed": { version, texts: what stands in the fields, row by row }
const tables = new WeakMap();
const DIGITS = 4;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// As Python reads a number: with a point, and a hyphen for minus.
const plain = (text) => text.trim().replace(",", ".").replace("−", "-");

class Cells {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "nnviz-cells";
    this.root.setAttribute("role", "group");
    parent.append(this.root);
  }

  update({ label, version, numbers }, tell) {
    this.tell = (texts) => tell("typed", { version, texts });
    this.root.setAttribute("aria-label", label);
    if (version === this.version) return;
    this.version = version;
    const focused = this.fields?.flat().indexOf(document.activeElement);
    this.root.style.setProperty("--columns", numbers[0].length);
    this.fields = numbers.map((row, i) => row.map((value, j) => this.field(String(value), i, j)));
    this.root.replaceChildren(...this.fields.flat());
    if (focused >= 0) this.fields.flat()[focused]?.focus();
  }

  // All digits of a number stand in its field while it is edited, four of them else.
  field(text, row, column) {
    const field = document.createElement("input");
    field.inputMode = "decimal";
    field.autocomplete = "off";
    field.setAttribute("aria-label", `row ${row + 1}, column ${column + 1}`);
    this.write(field, text);
    field.onfocus = () => {
      field.value = field.text;
      field.select();
    };
    field.onblur = () => this.take(field);
    field.onkeydown = (event) => this.step(event, field, row, column);
    field.onpaste = (event) => this.paste(event, row, column);
    return field;
  }

  write(field, text) {
    const right = Number.isFinite(Number(plain(text) || NaN));
    field.text = right ? plain(text) : text.trim();
    field.value = right ? String(Number(Number(field.text).toPrecision(DIGITS))) : field.text;
    field.title = field.text;
    field.setAttribute("aria-invalid", !right);
  }

  take(field) {
    const changed = field.value.trim() !== field.text;
    this.write(field, field.value);
    if (changed) this.changed();
  }

  changed() {
    this.tell(this.fields.flat().map((field) => field.text));
  }

  step(event, field, row, column) {
    const [down, right] = STEPS[event.key] ?? [0, 0];
    const { selectionStart: start, selectionEnd: end } = field;
    const all = start === 0 && end === field.value.length;
    const atEdge = all || (start === end && start === (right > 0 ? field.value.length : 0));
    const next = (down || (right && atEdge)) && this.fields[row + down]?.[column + right];
    if (next) {
      event.preventDefault();
      next.focus();
    } else if (event.key === "Enter") field.blur();
  }

  // Rows of a spreadsheet fill the cells from this one on.
  paste(event, row, column) {
    const rows = event.clipboardData.getData("text").trimEnd().split(/\r?\n/).map((line) => line.split("\t"));
    if (rows.length === 1 && rows[0].length === 1) return;
    event.preventDefault();
    rows.forEach((texts, i) => texts.forEach((text, j) => {
      const field = this.fields[row + i]?.[column + j];
      if (field) this.write(field, text);
    }));
    event.target.value = event.target.text;
    this.changed();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  if (!tables.has(parentElement)) tables.set(parentElement, new Cells(parentElement));
  const table = tables.get(parentElement);
  table.update(data, setStateValue);
  return () => {
    table.root.remove();
    tables.delete(parentElement);
  };
}
