// Draws what ops/charts.py describes: sections of figures, pictures (SVG, each with a table that says the same) and tables.
// No style is written into the page: the policy forbids it, so all looks are classes of charts.css and attributes of SVG.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const LANGUAGE = document.documentElement.lang || "es";
  const words = JSON.parse(document.getElementById("chart-words").textContent);
  const number = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumSignificantDigits: 3 });
  const tiny = new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: 2 });
  const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit" });
  const shortDay = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short", timeZone: "UTC" });
  const longDay = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeZone: "UTC" });
  const DAY = /^\d{4}-\d\d-\d\d$/;

  const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function shown(value, unit = "") {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return value;
    const figure = value && Math.abs(value) < 0.01 ? tiny.format(value) : number.format(value);
    return unit ? `${figure}\u00a0${unit}` : figure;
  }

  function label(x, time, long = false) {
    if (time) return clock.format(new Date(1000 * x));
    if (DAY.test(x)) return (long ? longDay : shortDay).format(new Date(`${x}T00:00Z`));
    return String(x);
  }

  // The end of a scale: 1, 2, 2.5 or 5 times a power of ten.
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value || 1));
    return power * [1, 2, 2.5, 5, 10].find((step) => step * power >= (value || 1) * 0.999);
  }

  // --- Over time: lines, or columns that stand on one another ------------------------------------------------------

  function overTime(chart, width) {
    const height = 190, left = 48, right = 10, top = 12, bottom = 26;
    const count = chart.x.length, room = width - left - right;
    const stacked = chart.kind === "bars";
    const sums = chart.x.map((_, i) => {
      const values = chart.series.map(({ values }) => values[i] ?? 0);
      return stacked ? values.reduce((a, b) => a + b, 0) : Math.max(...values);
    });
    const most = chart.top ?? roundUp(Math.max(...sums, chart.target?.value ?? 0));
    const x = stacked ? (i) => left + (room * (i + 0.5)) / count : (i) => left + (room * i) / Math.max(1, count - 1);
    const y = (value) => top + (height - top - bottom) * (1 - Math.min(value, most) / most);
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": said(chart) });

    for (const part of [0, 0.5, 1]) {
      const value = part * most;
      svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      const text = value && value < 0.01 ? tiny.format(value) : short.format(value);
      svg.append(draw("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
    }
    const every = Math.ceil(count / Math.max(2, Math.floor(room / 70)));
    for (let i = count - 1; i >= 0; i -= every) {
      const isLast = i === count - 1;
      if (x(i) < left + 14) break;
      const edge = isLast ? "end" : "middle", at = isLast ? width - right : x(i);
      svg.append(draw("text", { class: "tick", x: at, y: height - 8, "text-anchor": edge }, label(chart.x[i], chart.time)));
    }
    chart.series.forEach(({ values }, nth) => svg.append(stacked ? columns(nth) : line(values, nth)));
    if (chart.target) {
      const at = y(chart.target.value);
      svg.append(draw("line", { class: "target", x1: left, x2: width - right, y1: at, y2: at }));
      svg.append(draw("text", { class: "tick", x: left + 4, y: at - 4 }, chart.target.name));
    }
    for (let i = 0; i < count; i += 1) {
      const step = room / count;
      const title = draw("title", {}, `${label(chart.x[i], chart.time, true)}: ${chart.series
        .map(({ name, values }) => `${name} ${shown(values[i], chart.unit)}`).join(", ")}`);
      svg.append(draw("rect", { class: "hover", x: x(i) - step / 2, width: step, y: top, height: height - top - bottom }, title));
    }
    return svg;

    function columns(nth) {
      const group = draw("g", { class: `series-${nth}` });
      const wide = Math.max(1, (room / count) * 0.8);
      for (let i = 0; i < count; i += 1) {
        const value = chart.series[nth].values[i] ?? 0;
        if (!value) continue;
        const under = chart.series.slice(0, nth).reduce((sum, { values }) => sum + (values[i] ?? 0), 0);
        group.append(draw("rect", { x: x(i) - wide / 2, width: wide, y: y(under + value), height: y(under) - y(under + value) }));
      }
      return group;
    }

    function line(values, nth) {
      const group = draw("g", { class: `series-${nth} line` });
      let path = "";
      values.forEach((value, i) => {
        if (value === null) return;
        const joined = i > 0 && values[i - 1] !== null;
        path += `${joined ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
        if (!joined && (values[i + 1] ?? null) === null) group.append(draw("circle", { cx: x(i), cy: y(value), r: 2.5 }));
      });
      group.append(draw("path", { d: path }));
      return group;
    }
  }

  // --- One dot for each pair: per cents across, -1 to 1 upwards -----------------------------------------------------

  function dots(chart, width) {
    const height = 260, left = 40, right = 12, top = 12, bottom = 38;
    const x = (value) => left + ((width - left - right) * value) / 100;
    const y = (value) => top + ((height - top - bottom) * (1 - value)) / 2;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": said(chart) });
    for (const value of [-1, -0.5, 0, 0.5, 1]) {
      svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      svg.append(draw("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, number.format(value)));
    }
    for (const value of [0, 25, 50, 75, 100]) {
      svg.append(draw("text", { class: "tick", x: x(value), y: height - 22, "text-anchor": value === 100 ? "end" : "middle" }, number.format(value)));
    }
    svg.append(draw("text", { class: "tick", x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, chart.axis));
    if (chart.target) {
      const at = y(chart.target.value);
      svg.append(draw("line", { class: "target", x1: left, x2: width - right, y1: at, y2: at }));
      svg.append(draw("text", { class: "tick", x: left + 4, y: at - 4 }, chart.target.name));
    }
    chart.series.forEach(({ name, values }, nth) => {
      const group = draw("g", { class: `series-${nth}` });
      values.forEach((value, i) => {
        if (value === null) return;
        const title = draw("title", {}, `${chart.axis}: ${shown(chart.x[i])}, ${name}: ${shown(value)}`);
        group.append(draw("circle", { class: "dot", cx: x(chart.x[i]), cy: y(value), r: nth ? 5 : 3.5 }, title));
      });
      svg.append(group);
    });
    return svg;
  }

  // --- One horizontal bar for each name ----------------------------------------------------------------------------

  function rows(chart, width) {
    const rowHeight = 38, right = 74;
    const height = chart.x.length * rowHeight + 4;
    const sums = chart.x.map((_, i) => chart.series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
    const most = chart.top ?? Math.max(...sums);
    const room = width - right;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": said(chart) });
    chart.x.forEach((name, i) => {
      const above = i * rowHeight;
      const letters = Math.floor(width / 7.2);
      const whole = String(name);
      const text = draw("text", { class: "name", x: 0, y: above + 14 });
      text.append(whole.length > letters ? `${whole.slice(0, letters - 1)}…` : whole, draw("title", {}, whole));
      svg.append(text, draw("rect", { class: "track", x: 0, width: room, y: above + 19, height: 12, rx: 2 }));
      let from = 0;
      chart.series.forEach(({ name: what, values }, nth) => {
        const long = most ? (room * Math.min(values[i] ?? 0, most)) / most : 0;
        const title = draw("title", {}, `${whole}: ${what} ${shown(values[i], chart.unit)}`);
        svg.append(draw("g", { class: `series-${nth}` }, draw("rect", { x: from, width: Math.min(long, room - from), y: above + 19, height: 12, rx: 2 }, title)));
        from += long;
      });
      if (chart.target) {
        const at = (room * chart.target.value) / most;
        svg.append(draw("line", { class: "target", x1: at, x2: at, y1: above + 16, y2: above + 34 }));
      }
      svg.append(draw("text", { class: "tick", x: room + 6, y: above + 29 }, shown(sums[i], chart.unit)));
    });
    return svg;
  }

  function said(chart) {
    return `${chart.title}. ${words.same}`;
  }

  // --- Around the pictures -----------------------------------------------------------------------------------------

  function tableOf(head, body, unit = "") {
    const cells = (row) => row.map((cell, j) => (j ? make("td", typeof cell === "string" ? { class: "words" } : {}, shown(cell, unit)) : make("th", { scope: "row" }, shown(cell))));
    return make("table", {},
      make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...body.map((row) => make("tr", {}, ...cells(row)))));
  }

  const KINDS = { rows, dots };

  function pictured(chart, figure) {
    const width = Math.max(240, Math.floor(figure.clientWidth || 480));
    if (chart.empty) return [make("p", { class: "empty" }, chart.empty)];
    const many = chart.series.length > 1;
    const legend = many ? [make("ul", { class: "legend" }, ...chart.series.map(({ name }, nth) =>
      make("li", { class: `series-${nth}` }, name)))] : [];
    return [...legend, (KINDS[chart.kind] ?? overTime)(chart, width)];
  }

  const built = new Map();  // by id: what is filled anew each time, so that an opened table stays open

  function keep(id, parent, build) {
    if (!built.has(id)) {
      built.set(id, build());
      parent.append(built.get(id).element);
    }
    return built.get(id);
  }

  function showChart(chart, parent) {
    const parts = keep(`chart-${chart.id}`, parent, () => {
      const picture = make("div", { class: "picture" }), body = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": chart.title });
      const details = make("details", {}, make("summary", {}, words.table), body);
      const note = make("p", { class: "note" });
      const element = make("figure", { class: `chart ${chart.kind}`, id: `chart-${chart.id}` },
        make("figcaption", {}, chart.title), picture, note, details);
      return { element, picture, body, details, note };
    });
    parts.chart = chart;
    parts.picture.replaceChildren(...pictured(chart, parts.picture));
    parts.note.textContent = chart.empty ? "" : chart.note;
    parts.details.hidden = Boolean(chart.empty);
    const unit = chart.unit ? ` (${chart.unit})` : "";
    const names = chart.series.map(({ name }) => `${name}${unit}`);
    const body = chart.x.map((x, i) => [chart.kind === "dots" ? x : label(x, chart.time, true), ...chart.series.map(({ values }) => values[i])]);
    parts.body.replaceChildren(tableOf([chart.axis, ...names], body));
  }

  function showTable(table, parent) {
    const parts = keep(`table-${table.id}`, parent, () => {
      const body = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title });
      return { element: make("div", { class: "figures" }, make("h3", {}, table.title), body), body };
    });
    parts.body.replaceChildren(table.rows.length ? tableOf(table.head, table.rows) : make("p", { class: "empty" }, table.empty));
  }

  function showSection(section, parent) {
    const parts = keep(`section-${section.id}`, parent, () => {
      const note = make("p", { class: "note" }), tiles = make("dl", { class: "tiles" });
      const charts = make("div", { class: "charts" }), tables = make("div", {});
      const element = make("section", { class: "module", id: `section-${section.id}`, "aria-labelledby": `title-${section.id}` },
        make("h2", { id: `title-${section.id}` }, section.title), note, tiles, charts, tables);
      return { element, note, tiles, charts, tables };
    });
    parts.note.textContent = section.note;
    parts.tiles.hidden = !section.tiles.length;
    parts.tiles.replaceChildren(...section.tiles.map(({ label: name, value, unit, tone }) =>
      make("div", { class: `tile ${tone}` }, make("dt", {}, name), make("dd", {}, shown(value, unit)))));
    section.charts.forEach((chart) => showChart(chart, parts.charts));
    section.tables.forEach((table) => showTable(table, parts.tables));
  }

  function show(sections, parent) {
    sections.forEach((section) => showSection(section, parent));
    parent.setAttribute("aria-busy", "false");
  }

  let widthThen = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === widthThen) return;
    widthThen = window.innerWidth;
    for (const { chart, picture } of built.values()) if (chart) picture.replaceChildren(...pictured(chart, picture));
  });

  // --- A page that has its figures in it, and one that fetches them again and again ---------------------------------

  const here = document.getElementById("charts");
  const given = document.getElementById("chart-sections");
  if (given) show(JSON.parse(given.textContent), here);
  if (here.dataset.source) {
    const status = document.getElementById("chart-status");
    const choices = [...document.querySelectorAll("[name=span]")];
    let timer = 0;
    const look = async () => {
      clearTimeout(timer);
      const span = choices.find(({ checked }) => checked)?.value ?? "hour";
      try {
        const answer = await fetch(`${here.dataset.source}?span=${span}`, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const { at, sections } = await answer.json();
        show(sections, here);
        status.classList.remove("stale");
        status.textContent = `${words.at} ${new Date(1000 * at).toLocaleTimeString(LANGUAGE)}`;
      } catch {
        status.classList.add("stale");
        status.textContent = words.lost;
      }
      if (!document.hidden) timer = setTimeout(look, 1000 * Number(here.dataset.every));
    };
    choices.forEach((choice) => choice.addEventListener("change", look));
    document.addEventListener("visibilitychange", () => !document.hidden && look());
    look();
  }
})();
