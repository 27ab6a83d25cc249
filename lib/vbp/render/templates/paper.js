/* Before the page draws itself for paper: everything unfolded, charts static, series told apart without colour. */
(function () {
  "use strict";
  var WIDTH = 672, HEIGHT = 880;
  var shapes = ["", "/", ".", "x", "-", "\\", "|", "+"], dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  var symbols = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down"];
  document.body.classList.add("paper");
  document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  // a page that draws charts only when they come into view would print without them
  window.IntersectionObserver = function (seen) {
    var self = this;
    this.observe = function (target) { seen([{ isIntersecting: true, intersectionRatio: 1, target: target }], self); };
    this.unobserve = this.disconnect = function () {}; this.takeRecords = function () { return []; };
  };
  function grey(data) {
    var bars = 0, lines = 0, marks = 0;
    return data.map(function (given) {
      var trace = Object.assign({}, given), marker = trace.marker || {}, mode = trace.mode || "";
      if (trace.type === "bar") {
        if (!Array.isArray(marker.color) && !marker.pattern && bars % shapes.length) {
          trace.marker = Object.assign({}, marker, { pattern: { shape: shapes[bars % shapes.length], fillmode: "overlay", fgcolor: "#ffffff", solidity: 0.35 } });
        }
        bars += 1;
      }
      if (mode.indexOf("lines") >= 0 && !(trace.line && (trace.line.dash || trace.line.width === 0))) {
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
