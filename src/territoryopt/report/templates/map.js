// Draws accounts as points on maps that move together. Names are data: they reach the page by
// textContent or a canvas only, so nothing in them is ever markup.
"use strict";
(() => {
  const text = document.getElementById("data").textContent;
  const root = document.getElementById("map");
  if (!text || !root) return;
  const data = JSON.parse(text);
  const { x, y, groups, panels } = data;
  const count = x.length;
  const tip = document.getElementById("tip");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const THEMES = {
    light: { land: "#ffffff", abroad: "#e9edf0", border: "#c3cad1", ink: "#1a1f24", halo: "#ffffff" },
    dark: { land: "#20272d", abroad: "#191f24", border: "#46515b", ink: "#e9ecef", halo: "#14181c" },
  };
  const LABELS = 60, RINGS = 2000, NEAR = 4, REACH = 9;
  const state = {
    k: 1, dx: 0, dy: 0, hidden: new Set(), focus: -1, hover: -1, found: -1, panel: "all",
    hulls: true, moves: false, print: false,
  };
  const first = panels[0].group;
  const moved = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    moved[i] = first[i] >= 0 && panels.some((p) => p.group[i] >= 0 && p.group[i] !== first[i]) ? 1 : 0;
  }
  const views = panels.map(build);

  // The points of each group, so that a colour is set once for all of them, and where a name goes.
  function build(panel, at) {
    const figure = document.createElement("figure");
    figure.className = "panel";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Map, ${panel.title}: ${count} accounts`);
    const caption = document.createElement("figcaption");
    caption.textContent = panel.title;
    figure.append(caption, canvas);
    root.append(figure);
    const members = groups.map(() => []);
    const nobody = [];
    for (let i = 0; i < count; i++) (panel.group[i] < 0 ? nobody : members[panel.group[i]]).push(i);
    const middle = members.map((of) => of.length ? [median(of, x), median(of, y)] : null);
    const view = { panel, at, figure, canvas, members, nobody, middle, scale: 1, width: 0, height: 0 };
    zoomButtons(view);
    listen(view);
    return view;
  }

  function median(of, values) {
    const sorted = of.map((i) => values[i]).sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }

  const theme = () => (dark.matches && !state.print ? "dark" : "light");

  function draw(view) {
    if (view.figure.hidden) return;
    const ratio = Math.min(3, state.print ? 3 : window.devicePixelRatio || 1);
    const width = view.figure.clientWidth;
    if (!width) return;
    const height = Math.round(width * data.height / data.width);
    const { canvas } = view;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    Object.assign(view, { width, height, scale: width / data.width * state.k });
    const g = canvas.getContext("2d");
    const look = THEMES[theme()], colours = data[theme()];
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.lineJoin = "round";
    fill(g, view, data.abroad, look.abroad);
    fill(g, view, data.land, look.land);
    g.strokeStyle = look.border;
    g.lineWidth = 0.75;
    g.beginPath();
    for (const line of data.borders) trace(g, view, line);
    g.stroke();
    g.beginPath();
    for (const ring of data.land) trace(g, view, ring);
    g.stroke();
    const seen = (j) => !state.hidden.has(j);
    const strong = (j) => state.focus < 0 || state.focus === j;
    if (state.hulls && !state.moves) {
      view.panel.hulls.forEach((hull, j) => {
        if (hull.length < 6 || !seen(j) || !strong(j)) return;
        g.beginPath();
        trace(g, view, hull);
        g.closePath();
        g.globalAlpha = state.focus === j ? 0.16 : 0.07;
        g.fillStyle = colours[j];
        g.fill();
        g.globalAlpha = state.focus === j ? 0.9 : 0.45;
        g.strokeStyle = colours[j];
        g.lineWidth = 1;
        g.stroke();
      });
    }
    const size = radius(view);
    let drawn = 0;
    g.globalAlpha = 1;
    drawn += points(g, view, view.nobody, look.border, size);
    view.members.forEach((of, j) => {
      if (!seen(j)) return;
      g.globalAlpha = strong(j) ? 1 : 0.12;
      drawn += points(g, view, of, colours[j], size);
    });
    g.globalAlpha = 1;
    if (count <= RINGS || state.k >= NEAR) rings(g, view, look, size, seen, strong);
    homes(g, view, look, colours, seen, strong);
    labels(g, view, look, seen, strong);
    for (const i of [state.found, state.hover]) if (i >= 0) mark(g, view, i, look, size);
    canvas.dataset.points = String(drawn);
    canvas.dataset.view = view.panel.title;
  }

  const radius = (view) =>
    Math.max(0.9, Math.min(7, (count <= 1000 ? 3.2 : count <= 5000 ? 2.3 : count <= 30000 ? 1.6 : 1) *
      Math.min(1.15, Math.max(0.72, view.width / 560)) * Math.pow(state.k, 0.35)));
  const px = (view, i) => x[i] * view.scale + state.dx * view.width;
  const py = (view, i) => y[i] * view.scale + state.dy * view.width;

  function trace(g, view, flat) {
    const { scale, width } = view;
    for (let k = 0; k < flat.length; k += 2) {
      const a = flat[k] * scale + state.dx * width, b = flat[k + 1] * scale + state.dy * width;
      if (k) g.lineTo(a, b); else g.moveTo(a, b);
    }
  }

  function fill(g, view, lines, colour) {
    g.fillStyle = colour;
    g.beginPath();
    for (const ring of lines) trace(g, view, ring);
    g.fill("nonzero");
  }

  // Returns how many accounts were given a point, in sight or not.
  function points(g, view, of, colour, size) {
    let drawn = 0;
    g.fillStyle = colour;
    g.beginPath();
    const round = size > 1.3;
    for (const i of of) {
      if (state.moves && !moved[i]) continue;
      const a = px(view, i), b = py(view, i);
      if (round) { g.moveTo(a + size, b); g.arc(a, b, size, 0, 7); } else g.rect(a - size, b - size, 2 * size, 2 * size);
      drawn++;
    }
    g.fill();
    return drawn;
  }

  function rings(g, view, look, size, seen, strong) {
    if (panels.length < 2 || state.moves) return;
    g.strokeStyle = look.ink;
    g.lineWidth = Math.max(0.6, size * 0.24);
    g.globalAlpha = 0.75;
    g.beginPath();
    for (let i = 0; i < count; i++) {
      const j = view.panel.group[i];
      if (!moved[i] || !seen(j) || !strong(j)) continue;
      g.moveTo(px(view, i) + size + 0.4, py(view, i));
      g.arc(px(view, i), py(view, i), size + 0.4, 0, 7);
    }
    g.stroke();
    g.globalAlpha = 1;
  }

  function homes(g, view, look, colours, seen, strong) {
    data.homes.forEach((home, j) => {
      if (!home || !seen(j) || !strong(j)) return;
      const a = home[0] * view.scale + state.dx * view.width, b = home[1] * view.scale + state.dy * view.width;
      g.fillStyle = colours[j];
      g.strokeStyle = look.halo;
      const half = groups.length > LABELS && state.k < NEAR && state.focus < 0 ? 2.4 : 4;
      g.lineWidth = half > 3 ? 1.5 : 1;
      g.beginPath();
      g.rect(a - half, b - half, 2 * half, 2 * half);
      g.fill();
      g.stroke();
    });
  }

  // Names where they fit: the largest territories first, none over another.
  function labels(g, view, look, seen, strong) {
    if (groups.length > LABELS && state.focus < 0 && state.k < 2) return;
    const taken = [];
    g.font = `600 ${view.width < 420 ? 10.5 : 12}px system-ui, sans-serif`;
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.lineWidth = 3.5;
    g.strokeStyle = look.halo;
    g.fillStyle = look.ink;
    if (data.labels === false) return;
    const order = groups.map((_, j) => j).sort((a, b) => view.members[b].length - view.members[a].length);
    for (const j of order) {
      if (!view.middle[j] || !seen(j) || !strong(j)) continue;
      const word = groups[j].length > 20 ? `${groups[j].slice(0, 18)}…` : groups[j];
      const a = view.middle[j][0] * view.scale + state.dx * view.width;
      const b = view.middle[j][1] * view.scale + state.dy * view.width;
      const half = g.measureText(word).width / 2 + 3;
      if (a - half < 0 || a + half > view.width || b < 8 || b > view.height - 8) continue;
      if (taken.some((t) => Math.abs(t[0] - a) < t[2] + half && Math.abs(t[1] - b) < 15)) continue;
      taken.push([a, b, half]);
      g.strokeText(word, a, b);
      g.fillText(word, a, b);
    }
  }

  function mark(g, view, i, look, size) {
    g.beginPath();
    g.arc(px(view, i), py(view, i), size + 4, 0, 7);
    g.strokeStyle = look.halo;
    g.lineWidth = 4;
    g.stroke();
    g.strokeStyle = look.ink;
    g.lineWidth = 2;
    g.stroke();
  }

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; views.forEach(draw); });
  }

  // -- pointing, moving, zooming -----------------------------------------------------------------

  // Accounts by cells of the map, to find the nearest without a look at all of them.
  const CELL = 100, cells = new Map();
  for (let i = 0; i < count; i++) {
    const key = Math.floor(x[i] / CELL) * 65536 + Math.floor(y[i] / CELL);
    if (cells.has(key)) cells.get(key).push(i); else cells.set(key, [i]);
  }

  function nearest(view, a, b) {
    const mx = (a - state.dx * view.width) / view.scale, my = (b - state.dy * view.width) / view.scale;
    const reach = REACH / view.scale, cellReach = Math.ceil(reach / CELL);
    const cx = Math.floor(mx / CELL), cy = Math.floor(my / CELL);
    let best = -1, least = reach * reach;
    for (let u = cx - cellReach; u <= cx + cellReach; u++) {
      for (let v = cy - cellReach; v <= cy + cellReach; v++) {
        for (const i of cells.get(u * 65536 + v) || []) {
          if (state.hidden.has(view.panel.group[i]) || (state.moves && !moved[i])) continue;
          const d = (x[i] - mx) ** 2 + (y[i] - my) ** 2;
          if (d <= least) { least = d; best = i; }
        }
      }
    }
    return best;
  }

  function show(i, event) {
    tip.hidden = i < 0;
    if (i < 0) return;
    const line = (tag, words) => { const e = document.createElement(tag); e.textContent = words; return e; };
    const rows = [line("b", data.name[i])];
    if (data.id[i]) rows.push(line("span", data.id[i]));
    for (const panel of panels) {
      const who = panel.group[i] < 0 ? "nobody" : groups[panel.group[i]];
      rows.push(line("span", panels.length > 1 ? `${panel.title}: ${who}` : who));
    }
    if (data.cost.length) {
      const money = Math.round(data.cost[i]).toLocaleString("en-US");
      rows.push(line("span", `costs ${money} ${data.currency ? `${data.currency} a year` : ""} in the plan`));
    }
    tip.replaceChildren(...rows);
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 12 : event.clientY + 18}px`;
  }

  function zoom(view, factor, a, b) {
    const k = Math.max(1, Math.min(60, state.k * factor));
    const u = a / view.width, v = b / view.width, by = k / state.k;
    state.dx = u - (u - state.dx) * by;
    state.dy = v - (v - state.dy) * by;
    state.k = k;
    keep(view);
    redraw();
  }

  function keep(view) {
    const tall = view.height / view.width;
    state.dx = Math.max(1 - state.k - 0.4, Math.min(0.4, state.dx));
    state.dy = Math.max(tall * (1 - state.k) - 0.4, Math.min(0.4, state.dy));
    if (state.k === 1) state.dx = state.dy = 0;
  }

  function zoomButtons(view) {
    const box = document.createElement("div");
    box.className = "zoom";
    const add = (sign, label, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      box.append(button);
    };
    add("+", "Closer", () => zoom(view, 1.7, view.width / 2, view.height / 2));
    add("−", "Farther", () => zoom(view, 1 / 1.7, view.width / 2, view.height / 2));
    add("whole", "The whole map", () => { state.k = 1; state.dx = state.dy = 0; redraw(); });
    view.figure.append(box);
  }

  function listen(view) {
    const { canvas } = view;
    let drag = null;
    const place = (event) => { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
    canvas.addEventListener("pointerdown", (event) => {
      const [a, b] = place(event);
      drag = { a, b, dx: state.dx, dy: state.dy, far: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const [a, b] = place(event);
      if (drag) {
        if (Math.hypot(a - drag.a, b - drag.b) > 4) drag.far = true;
        if (drag.far && state.k > 1) {
          state.dx = drag.dx + (a - drag.a) / view.width;
          state.dy = drag.dy + (b - drag.b) / view.width;
          keep(view);
          redraw();
        }
        return;
      }
      const i = nearest(view, a, b);
      show(i, event);
      if (i !== state.hover) { state.hover = i; redraw(); }
    });
    canvas.addEventListener("pointerup", (event) => {
      const [a, b] = place(event);
      if (drag && !drag.far) {
        const i = nearest(view, a, b), j = i < 0 ? -1 : view.panel.group[i];
        state.focus = j === state.focus ? -1 : j;
        redraw();
      }
      drag = null;
    });
    canvas.addEventListener("pointerleave", () => { state.hover = -1; show(-1); redraw(); });
    canvas.addEventListener("pointercancel", () => { drag = null; });
    canvas.addEventListener("dblclick", (event) => zoom(view, 2, ...place(event)));
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(view, Math.exp(-event.deltaY * 0.0022), ...place(event));
    }, { passive: false });
  }

  // -- what is shown -----------------------------------------------------------------------------

  function choose(which) {
    state.panel = which;
    views.forEach((view) => { view.figure.hidden = which !== "all" && which !== view.at; });
    const seen = views.filter((view) => !view.figure.hidden).length;
    root.classList.toggle("two", seen === 2 || seen === 4);
    root.classList.toggle("many", seen === 3 || seen > 4);
    document.querySelectorAll("#panels button").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.panel === String(which))));
    redraw();
  }

  const choice = document.getElementById("panels");
  if (choice && panels.length > 1) {
    for (const [which, word] of [["all", panels.length > 2 ? "All" : "Both"], ...panels.map((p, at) => [at, p.title])]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word;
      button.dataset.panel = which;
      button.addEventListener("click", () => choose(which));
      choice.append(button);
    }
  }
  const on = (id, kind, act) => { const e = document.getElementById(id); if (e) e.addEventListener(kind, () => { act(e); redraw(); }); };
  on("hulls", "change", (e) => { state.hulls = e.checked; });
  on("moves", "change", (e) => { state.moves = e.checked; });
  on("find", "input", (e) => {
    const sought = e.value.trim().toLowerCase();
    state.found = sought ? data.name.findIndex((n, i) => n.toLowerCase().includes(sought) || data.id[i].toLowerCase() === sought) : -1;
  });
  const all = document.getElementById("all");
  const buttons = [...document.querySelectorAll("#legend button[data-group]")];
  function pressed() {
    for (const b of buttons) b.setAttribute("aria-pressed", String(!state.hidden.has(Number(b.dataset.group))));
    if (all) all.disabled = !state.hidden.size && state.focus < 0;
    redraw();
  }
  for (const button of buttons) {
    const j = Number(button.dataset.group);
    button.addEventListener("click", () => {
      if (!state.hidden.delete(j)) state.hidden.add(j);
      state.focus = -1;
      pressed();
    });
    const look = (to) => () => { if (!state.hidden.has(j)) { state.focus = to; redraw(); } };
    button.addEventListener("pointerenter", look(j));
    button.addEventListener("pointerleave", look(-1));
  }
  if (all) all.addEventListener("click", () => { state.hidden.clear(); state.focus = -1; pressed(); });

  dark.addEventListener("change", redraw);
  new ResizeObserver(redraw).observe(root);
  addEventListener("beforeprint", () => { state.print = true; views.forEach(draw); });
  addEventListener("afterprint", () => { state.print = false; views.forEach(draw); });
  choose("all");
  pressed();
  views.forEach(draw);
  document.documentElement.dataset.drawn = "yes";
})();
