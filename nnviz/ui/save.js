// PNG and SVG of a figure as it stands now, made by the browser itself.
// data: { figure: key, name: file name without ending, title: of the layout, top: its margin }
export default function (component) {
  const { data, parentElement } = component;
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const plot = document.querySelector(`.st-key-${CSS.escape(data.figure)} .js-plotly-plot`);
      if (!plot) return;
      const page = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
      const added = plot.layout.title && plot.layout.title.text ? 0 : data.top;
      const margin = { ...plot.layout.margin, t: plot.layout.margin.t + added };
      const layout = { ...plot.layout, paper_bgcolor: page, margin, ...(added ? { title: data.title } : {}) };
      const picture = { data: plot.data, layout, config: {} };
      const size = { width: plot.clientWidth, height: plot.clientHeight + added, scale: button.dataset.format === "png" ? 2 : 1 };
      plot.Plotly.downloadImage(picture, { format: button.dataset.format, filename: data.name, ...size });
    };
  }
}
