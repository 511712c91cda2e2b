// PNG and SVG of a figure as it stands now, made by the browser itself.
// data: { figure: key, name: file name without ending }
export default function (component) {
  const { data, parentElement } = component;
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const plot = document.querySelector(`.st-key-${CSS.escape(data.figure)} .js-plotly-plot`);
      if (!plot) return;
      const page = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
      const picture = { data: plot.data, layout: { ...plot.layout, paper_bgcolor: page }, config: {} };
      const size = { width: plot.clientWidth, height: plot.clientHeight, scale: button.dataset.format === "png" ? 2 : 1 };
      window.Plotly.downloadImage(picture, { format: button.dataset.format, filename: data.name, ...size });
    };
  }
}
