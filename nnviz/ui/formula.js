// A formula, set by KaTeX straight into its place. Streamlit's own way leads over Markdown, a parser of HTML and an element of React for
// each letter, several times the work.
//
// data: { katex: address of KaTeX, which is loaded once a page; latex: the formula }
const shown = new WeakMap();

async function set(place, { katex, latex }) {
  if (!window.katex) await import(new URL(katex, document.baseURI).href);
  if (shown.get(place) === latex) window.katex.render(latex, place, { displayMode: true, throwOnError: false });
}

export default function ({ data, parentElement }) {
  if (shown.get(parentElement) === data.latex) return;
  shown.set(parentElement, data.latex);
  set(parentElement, data);
}
