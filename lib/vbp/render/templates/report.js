/* Draws every figure of a page from the JSON that stands beside it, what is in view first; tables sort and download as CSV. */
(function () {
  "use strict";
  var lang = document.body.dataset.lang;
  var words = lang === "zh"
    ? { csv: "下载 CSV", failed: "图表未能绘制", filter: "筛选…", picture: "下载图片" }
    : { csv: "Download CSV", failed: "The chart could not be drawn", filter: "Filter…", picture: "Download picture" };
  // A finger scrolls the page and hovers over nothing: no drag that zooms, no bar of buttons that would lie on the title.
  var touch = window.matchMedia("(hover: none), (pointer: coarse)").matches;
  if (window.Plotly && lang === "zh") {
    Plotly.register({ moduleType: "locale", name: "zh-CN", dictionary: {
      "Download plot as a PNG": "下载图片", "Download plot": "下载图片", "Zoom": "缩放", "Pan": "平移", "Zoom in": "放大", "Zoom out": "缩小",
      "Autoscale": "自动缩放", "Reset axes": "还原", "Box Select": "框选", "Lasso Select": "套选" },
      format: { days: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"], shortDays: ["日", "一", "二", "三", "四", "五", "六"],
        months: ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"],
        shortMonths: ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"], date: "%Y-%m-%d" } });
  }
  var FONT = "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif";
  var pen = document.createElement("canvas").getContext("2d");
  function wide(text, size, weight) { pen.font = (weight || 400) + " " + size + "px " + FONT; return pen.measureText(text).width; }
  // What stays on one line: a word, a number with its unit, a Chinese character with the marks that may not begin or end a line.
  var PIECES = /[\u201c\u2018\uff08\u300a]*(?:[\u2212+-]?\d[\d,.:\u2013-]*(?:%|\u4e07\u5143|\u4ebf\u5143|\u5143)?(?:\u2013\d[\d,.]*%?)?|[^\s\u2e80-\uffef\u2018-\u201d]+|[^\s])[\uff0c\u3002\uff1b\uff1a\u3001\uff09\u201d\u2019\u300b%]*\s?/g;
  function filled(pieces, width, size, weight) {
    var lines = [], line = "";
    pieces.forEach(function (piece) {
      if (line && wide((line + piece).trimEnd(), size, weight) > width) { lines.push(line.trimEnd()); line = ""; }
      line += piece;
    });
    return lines.concat(line.trimEnd());
  }
  function wrap(text, width, size, weight) {
    var pieces = text.match(PIECES) || [text], lines = filled(pieces, width, size, weight);
    if (lines.length > 1 && wide(lines[lines.length - 1], size, weight) < width / 4) {
      // no line of one word: the lines share the length
      var even = filled(pieces, Math.max(width * 0.6, wide(text, size, weight) / lines.length * 1.15), size, weight);
      if (even.length === lines.length) { lines = even; }
    }
    return lines.join("<br>");
  }
  // Figures in view are drawn at once, the others one by one while nothing else is to do; what folds is drawn when unfolded.
  var waiting = Array.from(document.querySelectorAll("figure.chart"));
  // A label as it was before a line width was chosen for it: Chinese lines join without a space.
  function joined(label) { return label.replace(/([\x21-\x7e])<br>(?=[\x21-\x7e])/g, "$1 ").replace(/<br>/g, ""); }
  function lines(text, room, size) { text = joined(text); return /[&<]/.test(text) ? text : wrap(text, room, size); }
  function fits(label, room, size, most) {
    var own = label.split("<br>");
    return own.length <= most && own.every(function (line) { return wide(line, size) <= room; });
  }
  // The names on an axis of names, where it has any: its own ticks, or the categories of what is drawn.
  function names(spec, axis, letter) {
    if (axis.ticktext) { return axis.ticktext; }
    var found = [];
    spec.data.forEach(function (trace) {
      (Array.isArray(trace[letter]) ? trace[letter] : []).forEach(function (name) {
        if (typeof name === "string" && axis.type !== "date" && !/^\d{4}-\d\d/.test(name) && found.indexOf(name) < 0) { found.push(name); }
      });
    });
    return found;
  }
  function relabel(axis, old, shown) {
    if (!axis.ticktext) { axis.tickvals = old; }
    axis.ticktext = shown;
  }
  // Names under columns: in the width of a column, in a smaller type, or else upright.
  function under(spec, width) {
    var axis = spec.layout.xaxis || {}, old = axis.tickangle === 0 ? names(spec, axis, "x") : [];
    if (!old.length) { return; }
    var side = spec.data.some(function (trace) { return trace.type === "heatmap"; }) ? 200 : 100, room = (width - side) / old.length - 4;
    var size = [12, 11, 10].find(function (size) { return old.every(function (label) { return fits(lines(label, room, size), room, size, 3); }); });
    var upright = room > 24 ? 130 : 220;  // two lines beside one another, or where they would meet a long one
    var most = size ? 3 : Math.max(1, Math.floor((room + 4) / 13));
    relabel(axis, old, old.map(function (label) {
      var own = lines(label, size ? room : upright, size || 10).split("<br>");
      return own.length > most ? own.slice(0, most).join("<br>") + "…" : own.join("<br>");
    }));
    if (!size && upright > 130) { spec.layout.height = (spec.layout.height || 380) + 70; }
    axis.tickfont = { size: size || 10 };
    spec.data.forEach(function (trace) { if (trace.type === "waterfall" && room < 95) { trace.textfont = { size: 10 }; } });
    if (size) { return; }
    axis.tickangle = 90;
    if (spec.layout.legend) {  // names now stand upright where the legend was
      spec.layout.legend = { y: 1, yanchor: "bottom" };
      spec.layout.margin = Object.assign({}, spec.layout.margin, { t: ((spec.layout.margin || {}).t || 68) + 24 });
    }
  }
  // A telephone's width: labels of several lines in a smaller type, no numbers in cells, room for a legend of a line a series.
  function narrow(spec, width) {
    var layout = spec.layout, axis = layout.yaxis || {}, old = names(spec, axis, "y");
    if (old.length > 1) {
      // two lines a label, or labels stand in one another: the longer they are, the more of the width they take
      var fitted = [110, 150, 180].map(function (room) { return old.map(function (text) { return lines(text, room, 10); }); });
      var chosen = fitted.find(function (texts) { return texts.every(function (text) { return text.split("<br>").length < 3; }); }) || fitted[2];
      relabel(axis, old, chosen);
      var most = Math.max.apply(null, chosen.map(function (text) { return text.split("<br>").length; }));
      // a row has room for its lines; the legend stands a fixed way below the axis, however high the rows make the figure
      var below = layout.legend ? 100 + 20 * spec.data.length : 56, inner = (layout.height || 380) - 68 - below;
      var high = Math.max(inner, old.length * (13 * most + 5));
      layout.height = (layout.height || 380) + high - inner;
      if (layout.legend && layout.legend.y < 0) { layout.legend = Object.assign({}, layout.legend, { y: -64 / high / 1.4 }); }
    }
    Object.keys(layout).forEach(function (name) { if (layout.xaxis2 && /^xaxis/.test(name)) { layout[name].dtick = "M24"; } });
    if (layout.legend && layout.legend.y < 0 && !layout.xaxis2) { layout.legend.y *= 1.4; }
    if (axis.ticktext || layout.yaxis) { axis.tickfont = Object.assign({}, axis.tickfont, { size: 10 }); }
    spec.data.forEach(function (trace) {
      if (trace.type === "heatmap") { delete trace.texttemplate; }
      if (trace.type === "sankey") { trace.textfont = { size: 10 }; }
      if (trace.type === "waterfall") { trace.textposition = "none"; }  // no room: the table above has the numbers, and so has hovering
      if (trace.textposition === "middle right") { layout.margin = Object.assign({}, layout.margin, { r: 76 }); }
    });
    (layout.annotations || []).forEach(function (note) {
      if (note.xref === "paper" && note.yref === "paper" && layout.xaxis2) { note.text = lines(note.text, width / 2 - 30, 10); note.font = Object.assign({}, note.font, { size: 10 }); }
    });
    var named = spec.data.filter(function (trace) { return trace.showlegend !== false; }).length;
    if (named > 1 && !layout.legend && layout.xaxis) {
      var legend = 20 * named, margin = layout.margin || {};
      layout.height = (layout.height || 380) + legend - 20;
      layout.margin = Object.assign({}, margin, { b: 64 + legend });
      layout.legend = { y: -56 / (layout.height - (margin.t || 68) - 64 - legend) };
    }
  }
  function set(spec, plot) {
    var title = spec.layout.title;
    under(spec, plot.clientWidth);
    if (plot.clientWidth < 600) { narrow(spec, plot.clientWidth); }
    if (touch) { spec.layout.dragmode = false; }
    title.text = wrap(title.text, plot.clientWidth - 28, 16, 600);
    if (title.subtitle && title.subtitle.text) {
      title.subtitle.text = wrap(title.subtitle.text, plot.clientWidth - 20, 12);
      var below = 16 * (title.subtitle.text.split("<br>").length - 1);
      if (below > 0) {
        spec.layout.margin = Object.assign({}, spec.layout.margin, { t: ((spec.layout.margin || {}).t || 68) + below });
        spec.layout.height = (spec.layout.height || 380) + below;
      }
    }
    var more = title.text.split("<br>").length - 1;
    if (more > 0) {
      // a title of several lines grows downwards into the room that is made for it
      var margin = spec.layout.margin || (spec.layout.margin = {});
      margin.t = (margin.t || 68) + 22 * more;
      spec.layout.height = (spec.layout.height || 380) + 22 * more;
    }
    title.y = 1 - (more > 0 ? 21 : 11) / (spec.layout.height || 380);  // plotly hangs a title of several lines by its second one
    return spec;
  }
  // plotly.js starts with these kinds; the rest of it is there when a figure asks (vbp.render.bundle)
  function ready(trace) { return ["scatter", "bar", "heatmap", "waterfall", "sankey"].indexOf(trace.type || "scatter") >= 0; }
  function draw(box) {
    var plot = box.querySelector(".plot");
    waiting.splice(waiting.indexOf(box), 1);
    try {
      var spec = set(JSON.parse(box.querySelector("script").textContent), plot);
      plot.style.height = (spec.layout.height || 380) + "px";
      if (Plotly.registerRest && !spec.data.every(ready)) { Plotly.registerRest(); delete Plotly.registerRest; }
      var image = { format: "png", scale: 2, filename: document.title.slice(0, 60) + " " + box.id };
      Plotly.newPlot(plot, spec.data, spec.layout, { responsive: true, displaylogo: false, locale: lang === "zh" ? "zh-CN" : "en",
        displayModeBar: touch ? false : "hover", modeBarButtonsToRemove: ["select2d", "lasso2d"], toImageButtonOptions: image });
      picture(box, plot, image);
    } catch (error) {
      plot.textContent = words.failed + ": " + error.message;
      console.error(error);
    }
  }
  // A button of its own below every figure: the keyboard and a finger reach it, which the bar over the figure does not offer.
  function picture(box, plot, image) {
    var save = document.createElement("button");
    save.type = "button"; save.className = "picture"; save.textContent = words.picture;
    save.addEventListener("click", function () { Plotly.downloadImage(plot, image); });
    box.querySelector("figcaption").appendChild(save);
  }
  function shown(box) { return box.closest("details:not([open])") === null; }
  function away(box) {
    var at = box.getBoundingClientRect();
    return Math.max(0, at.top - window.innerHeight, -at.bottom);
  }
  // nearest first; measured once for several figures: after each figure drawn, a look at places lays the page out anew
  function nearest() {
    return waiting.filter(shown).map(function (box) { return { box: box, away: away(box) }; })
      .sort(function (a, b) { return a.away - b.away; }).map(function (found) { return found.box; });
  }
  function drawAll() { waiting.filter(shown).forEach(draw); finish(); }
  function finish() {
    document.body.dataset.drawn = String(document.querySelectorAll(".chart .main-svg").length > 0);
    performance.mark("drawn");
  }
  function next() {
    var boxes = nearest(), until = performance.now() + 100;  // several between two frames: a frame costs as much as a figure
    while (boxes.length > 0 && performance.now() < until) { draw(boxes.shift()); }
    if (boxes.length === 0) { finish(); return; }
    setTimeout(next, 0);
  }
  function begin() {
    if (document.body.classList.contains("paper")) { drawAll(); return; }
    waiting.filter(function (box) { return shown(box) && away(box) === 0; }).forEach(draw);
    performance.mark("in view");
    setTimeout(next, 0);
  }
  window.addEventListener("beforeprint", drawAll);
  document.addEventListener("toggle", function () { waiting.filter(shown).forEach(draw); }, true);

  function text(cell) { return cell.textContent.trim(); }
  function guard(value) { return /^[=+\-@\t\r]/.test(value) && isNaN(Number(value)) ? "'" + value : value; }
  function quote(value) { value = guard(value); return /[",\n]/.test(value) ? '"' + value.replace(/"/g, '""') + '"' : value; }
  function csv(table) {
    var rows = Array.from(table.querySelectorAll("tr")).filter(function (row) { return row.style.display !== "none"; });
    // the byte order mark first of all, or Excel takes the file for another encoding
    var mark = table.dataset.mark ? quote(table.dataset.mark) + "\r\n" : "";
    return "\ufeff" + mark + rows.map(function (row) {
      return Array.from(row.cells).map(function (cell) { return quote(cell.dataset.value || text(cell)); }).join(",");
    }).join("\r\n") + "\r\n";
  }
  function sort(table, column, button) {
    var down = button.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    button.setAttribute("aria-sort", down ? "descending" : "ascending");
    var body = table.tBodies[0];
    Array.from(body.rows).map(function (row) {
      var cell = row.cells[column], raw = cell.dataset.value;
      return { row: row, key: raw !== undefined && raw !== "" && !isNaN(raw) ? Number(raw) : text(cell) };
    }).sort(function (a, b) {
      var both = typeof a.key === "number" && typeof b.key === "number";
      var order = both ? a.key - b.key : typeof a.key === typeof b.key ? String(a.key).localeCompare(String(b.key), lang) : typeof a.key === "number" ? -1 : 1;
      return down ? -order : order;
    }).forEach(function (item) { body.appendChild(item.row); });
  }
  document.querySelectorAll("table.data").forEach(function (table, number) {
    var bar = document.createElement("div");
    bar.className = "tools";
    var filter = document.createElement("input");
    filter.type = "search"; filter.placeholder = words.filter; filter.setAttribute("aria-label", words.filter);
    filter.addEventListener("input", function () {
      var wanted = filter.value.toLowerCase();
      Array.from(table.tBodies[0].rows).forEach(function (row) { row.style.display = text(row).toLowerCase().indexOf(wanted) < 0 ? "none" : ""; });
    });
    var save = document.createElement("button");
    save.type = "button"; save.textContent = words.csv;
    save.addEventListener("click", function () {
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
      link.download = (table.dataset.name || "table-" + (number + 1)) + ".csv";
      link.click();
    });
    bar.appendChild(filter); bar.appendChild(save);
    var frame = table.closest(".scroll") || table;
    frame.parentNode.insertBefore(bar, frame);
    table.querySelectorAll("thead th").forEach(function (cell, column) {
      cell.tabIndex = 0;
      cell.addEventListener("click", function () { sort(table, column, cell); });
      cell.addEventListener("keydown", function (event) { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(table, column, cell); } });
    });
  });
  begin();
})();
