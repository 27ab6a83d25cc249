/* Before the page draws itself for paper: everything unfolded, charts static, series told apart without colour. */
(function () {
  "use strict";
  var WIDTH = 672, HEIGHT = 880, ROWS = 30;
  var zh = document.body.dataset.lang === "zh";
  var shapes = ["", "/", ".", "x", "-", "\\", "|", "+"], dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  var symbols = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down"];
  document.body.classList.add("paper");
  // what folds is unfolded; a folded table of hundreds of rows is named with its length and stays on the screen's page
  document.querySelectorAll("details.screen-only").forEach(function (part) {
    var note = document.createElement("p"), title = part.querySelector("summary").textContent;
    note.className = "soft small left-out";
    note.textContent = title + (zh ? "：纸面从略，见网页版与结算工作簿。" : ": on the web page and in the settlement workbook.");
    part.replaceWith(note);
  });
  document.querySelectorAll("details").forEach(function (part) {
    part.open = true;
    part.querySelectorAll("table.data").forEach(function (table) {
      var rows = table.tBodies.length ? table.tBodies[0].rows.length : 0;
      if (rows <= ROWS) { return; }
      var note = document.createElement("p");
      note.className = "soft small left-out";
      note.textContent = zh ? "本表共" + rows + "行，纸面从略，全表见网页版（可下载 CSV）。" : "This table has " + rows + " rows; it stands whole on the web page (CSV download).";
      table.replaceWith(note);
    });
  });
  function grey(data) {
    var bars = 0, lines = 0, marks = 0, areas = 0;
    return data.map(function (given) {
      var trace = Object.assign({}, given), marker = trace.marker || {}, mode = trace.mode || "";
      if (trace.type === "bar") {
        // a bar that names itself needs no pattern, which would lie under its words
        if (!trace.text && !Array.isArray(marker.color) && !marker.pattern && bars % shapes.length) {
          trace.marker = Object.assign({}, marker, { pattern: { shape: shapes[bars % shapes.length], fillmode: "overlay", fgcolor: "#ffffff", solidity: 0.35 } });
        }
        bars += 1;
      }
      if (trace.stackgroup) {
        if (areas % shapes.length) {
          trace.fillpattern = { shape: shapes[areas % shapes.length], fillmode: "replace", bgcolor: trace.fillcolor, fgcolor: "#ffffff", solidity: 0.25, size: 7 };
        }
        areas += 1;
      } else if (mode.indexOf("lines") >= 0 && !(trace.line && (trace.line.dash || trace.line.width === 0))) {
        trace.line = Object.assign({}, trace.line, { dash: dashes[lines % dashes.length] }); lines += 1;
      }
      if (mode.indexOf("markers") >= 0 && !marker.symbol) {
        trace.marker = Object.assign({}, marker, { symbol: symbols[marks % symbols.length] }); marks += 1;
      }
      return trace;
    });
  }
  var draw = Plotly.newPlot;
  Plotly.newPlot = function (plot, data, layout, config) {
    var tall = Number(layout.height || 380);
    if (tall > HEIGHT) { plot.style.zoom = HEIGHT / tall; }
    return draw.call(Plotly, plot, grey(data), Object.assign({}, layout, { width: Math.round(WIDTH * Math.max(1, tall / HEIGHT)) }),
      Object.assign({}, config, { staticPlot: true, responsive: false }));
  };
  function fit() {
    document.querySelectorAll("table").forEach(function (table) {
      var room = WIDTH, wide = table.scrollWidth;
      if (wide > room) { table.style.zoom = Math.max(0.5, room / wide); }
    });
  }
  window.addEventListener("load", fit);
})();
