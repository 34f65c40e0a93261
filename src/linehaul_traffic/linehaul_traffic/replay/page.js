// SPDX-FileCopyrightText: 2026 The linehaul authors
// SPDX-License-Identifier: Apache-2.0
//
// Plays a run: vehicles, ways and waits over the floor. What the data means stands in page.py.
'use strict';

const byId = (id) => document.getElementById(id);
const run = JSON.parse(byId('run').textContent);
const stage = byId('stage'), floor = byId('floor'), over = byId('over'), pen = over.getContext('2d');
const strip = byId('strip'), slider = byId('time'), tip = byId('tip');
const steps = run.unit === 'step';

// ---- the data, unpacked

function sums(deltas, scale) {
  const values = new Float64Array(deltas.length);
  let sum = 0;
  deltas.forEach((delta, i) => { sum += delta; values[i] = sum / scale; });
  return values;
}

const vehicles = run.vehicles.map((row, index) => ({
  index, name: row.name, kind: row.kind,
  outline: run.outlines[row.outline[0]], loadedOutline: run.outlines[row.outline[1]],
  t: sums(row.t, 100), x: sums(row.x, 100), y: sums(row.y, 100), a: sums(row.a, 100),
  stateTimes: row.states.map((s) => s[0]), states: row.states,
  wayTimes: row.ways.map((w) => w[0]), ways: row.ways, lists: row.lists, waits: [],
}));
for (const wait of run.waits) vehicles[wait[0]].waits.push(wait);
for (const v of vehicles) v.waitTimes = v.waits.map((w) => w[1]);

/** Index of the last of the rising values that is not above t, -1 where all are. */
function last(values, t) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= t) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Where a vehicle is at time t, and how fast it goes. */
function poseOf(v, t) {
  const end = v.t.length - 1;
  if (end < 0) return null;
  const i = last(v.t, t);
  if (i < 0 || i >= end) {
    const k = Math.max(0, Math.min(i, end));
    return { x: v.x[k], y: v.y[k], a: v.a[k], speed: 0 };
  }
  const span = v.t[i + 1] - v.t[i], part = (t - v.t[i]) / span;
  const dx = v.x[i + 1] - v.x[i], dy = v.y[i + 1] - v.y[i];
  return {
    x: v.x[i] + part * dx, y: v.y[i] + part * dy,
    a: v.a[i] + part * (v.a[i + 1] - v.a[i]), speed: Math.hypot(dx, dy) / span,
  };
}

function stateOf(v, t) {
  const [, mood, goal, goalX, goalY, load, note] = v.states[Math.max(0, last(v.stateTimes, t))];
  return {
    mood, goal: run.texts[goal], goalX, goalY, load: run.texts[load], note: run.texts[note],
  };
}

function waitOf(v, t) {
  const wait = v.waits[last(v.waitTimes, t)];
  return wait && t < wait[2] ? wait : null;
}

/** What a vehicle is counted as: 0 driving, 1 waiting, 2 standing, 3 idle. */
function kindOf(v, t, pose) {
  if (pose.speed > 0.02) return 0;
  if (waitOf(v, t)) return 1;
  const mood = v.states[Math.max(0, last(v.stateTimes, t))][1];
  return run.moods[mood].idle ? 3 : 2;
}

// Words and colours of the kinds.
const COUNTS = [
  ['Driving', '#2563eb'], ['Waiting', run.waiting],
  [steps ? 'Standing, turning' : 'At a place, charging', '#d9a441'], [run.idle, '#aab4bf'],
];

// ---- the view: which part of the page is on the screen

const view = { x: 0, y: 0, w: 1, h: 1 };
let scale = 1, ratio = 1;

function wholeFloor() {
  const [x, y, w, h] = run.view, width = stage.clientWidth, bar = 46;
  const height = Math.max(stage.clientHeight - bar, 1);
  scale = Math.min(width / w, height / h);
  view.x = x + w / 2 - width / scale / 2;
  view.y = y + h / 2 - height / scale / 2 - bar / scale;
}

function zoom(factor, screenX, screenY) {
  const least = 0.5 * Math.min(stage.clientWidth / run.view[2], stage.clientHeight / run.view[3]);
  const next = Math.min(Math.max(scale * factor, least), 60);
  view.x += screenX / scale - screenX / next;
  view.y += screenY / scale - screenY / next;
  scale = next;
  dirty = true;
}

const project = run.projection;
const screenX = (x) => (project[2] + project[0] * x - view.x) * scale;
const screenY = (y) => (project[3] + project[1] * y - view.y) * scale;

function resize() {
  ratio = window.devicePixelRatio || 1;
  for (const canvas of [over, strip]) {
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
  }
  if (untouched) wholeFloor();
  activity = null;
  dirty = true;
}

// ---- drawing

let time = run.begin, playing = true, speed = 1, dirty = true, untouched = true, shown = '';
let hovered = null, chosen = null, activity = null;
const now = [];

function draw() {
  const width = stage.clientWidth, height = stage.clientHeight;
  const box = `${view.x} ${view.y} ${width / scale} ${height / scale}`;
  if (box !== shown) { floor.setAttribute('viewBox', box); shown = box; }
  vehicles.forEach((v, i) => {
    const pose = poseOf(v, time);
    now[i] = pose && { v, pose, state: stateOf(v, time), wait: waitOf(v, time),
      x: screenX(pose.x), y: screenY(pose.y) };
  });
  if (chosen !== null && byId('follow').checked && now[chosen]) {
    view.x += (now[chosen].x - width / 2) / scale;
    view.y += (now[chosen].y - height / 2) / scale;
    for (const one of now) if (one) { one.x = screenX(one.pose.x); one.y = screenY(one.pose.y); }
    floor.setAttribute('viewBox', `${view.x} ${view.y} ${width / scale} ${height / scale}`);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineJoin = 'round';
  drawClosures();
  const allWays = byId('ways').checked;
  for (const one of now) if (one && (allWays || isMarked(one))) drawWay(one);
  if (byId('waits').checked) for (const one of now) if (one && one.wait) drawWait(one);
  for (const one of now) if (one) drawVehicle(one);
  if (byId('ids').checked) for (const one of now) if (one) drawName(one);
  drawStrip();
}

const isMarked = (one) => one.v.index === chosen || one.v.index === hovered;
const emphasis = (one) => (chosen === null || isMarked(one) ? 1 : 0.25);

function drawClosures() {
  pen.strokeStyle = run.waiting;
  pen.lineWidth = Math.max(5, 3 * scale);
  for (const [begin, end, ax, ay, bx, by] of run.closures) {
    if (begin <= time && time < end) line([[ax, ay], [bx + 0.01, by]]);
  }
}

function line(points) {
  pen.beginPath();
  points.forEach(([x, y], i) => {
    if (i) pen.lineTo(screenX(x), screenY(y)); else pen.moveTo(screenX(x), screenY(y));
  });
  pen.stroke();
}

/** Index of the node that a vehicle comes to next, of those it passes before the next report. */
function nextNode(list, drop, until, pose) {
  let best = Infinity, next = Math.min(drop + 1, list.length - 1);
  for (let k = drop; k < Math.min(until + 1, list.length - 1); k += 1) {
    const [ax, ay] = run.nodes[list[k]], [bx, by] = run.nodes[list[k + 1]];
    const dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
    const along = square ? ((pose.x - ax) * dx + (pose.y - ay) * dy) / square : 1;
    const part = Math.min(1, Math.max(0, along));
    const gap = Math.hypot(ax + part * dx - pose.x, ay + part * dy - pose.y);
    if (gap < best - 0.05) { best = gap; next = k + 1; }
  }
  return next;
}

function wayPoints(one) {
  const { v, pose } = one;
  if (run.ahead) return aheadPoints(one);
  const k = last(v.wayTimes, time);
  if (k < 0 || v.ways[k][1] < 0) return null;
  const [, number, drop, released] = v.ways[k], list = v.lists[number];
  const after = v.ways[k + 1];
  const until = after && after[1] === number ? after[2] : drop;
  const next = nextNode(list, drop, until, pose), split = drop + released;
  const at = (node) => run.nodes[node];
  return {
    released: [[pose.x, pose.y], ...list.slice(next, Math.max(split, next)).map(at)],
    planned: list.slice(Math.max(split - 1, next - 1, 0)).map(at),
  };
}

/** The track itself up to where the present goal is reached. */
function aheadPoints({ v, pose, state }) {
  if (run.moods[state.mood].idle) return null;
  const k = last(v.stateTimes, time);
  const end = k + 1 < v.stateTimes.length ? v.stateTimes[k + 1] : run.end;
  const points = [[pose.x, pose.y]];
  for (let i = last(v.t, time) + 1; i < v.t.length && v.t[i] <= end; i += 1) {
    points.push([v.x[i], v.y[i]]);
  }
  const arrival = poseOf(v, end);
  points.push([arrival.x, arrival.y]);
  return { released: [], planned: points };
}

function drawWay(one) {
  const marked = isMarked(one);
  if (run.ahead && !marked && vehicles.length > 60) return;
  const points = wayPoints(one);
  pen.strokeStyle = run.moods[one.state.mood].color;
  pen.globalAlpha = (run.ahead && !marked ? 0.45 : 0.85) * emphasis(one);
  if (points && points.planned.length > 1) {
    pen.lineWidth = marked ? 2.5 : 1.4;
    if (!run.ahead) pen.setLineDash([6, 4]);
    line(points.planned);
    pen.setLineDash([]);
  }
  if (points && points.released.length > 1) {
    pen.lineWidth = Math.min(Math.max(3.5, 0.35 * project[0] * scale), 9) + (marked ? 1.5 : 0);
    line(points.released);
  }
  if (marked && one.state.goalX !== null) {
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(screenX(one.state.goalX), screenY(one.state.goalY), 9, 0, 7);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawWait(one) {
  const other = one.wait[3] === null ? null : now[one.wait[3]];
  if (!other) return;
  pen.strokeStyle = run.waiting;
  pen.globalAlpha = emphasis(one);
  pen.lineWidth = isMarked(one) ? 2.5 : 1.4;
  pen.setLineDash([2, 4]);
  pen.beginPath();
  pen.moveTo(one.x, one.y);
  pen.lineTo(other.x, other.y);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = run.waiting;
  pen.beginPath();
  pen.arc(other.x + (one.x - other.x) * 0.02, other.y + (one.y - other.y) * 0.02, 3, 0, 7);
  pen.fill();
  pen.globalAlpha = 1;
}

function outlineOf(one) {
  return run.moods[one.state.mood].loaded ? one.v.loadedOutline : one.v.outline;
}

function drawVehicle(one) {
  const { pose, state, wait } = one, mood = run.moods[state.mood], outline = outlineOf(one);
  const cos = Math.cos(pose.a), sin = Math.sin(pose.a);
  let low = Infinity, high = -Infinity;
  for (const [x] of outline) { low = Math.min(low, x); high = Math.max(high, x); }
  const length = (high - low) * project[0] * scale, grown = Math.max(1, run.least / length);
  const corner = ([x, y]) => [
    one.x + grown * scale * project[0] * (cos * x - sin * y),
    one.y + grown * scale * project[1] * (sin * x + cos * y),
  ];
  pen.globalAlpha = emphasis(one) < 1 ? 0.55 : 1;
  pen.beginPath();
  outline.forEach((point, i) => {
    const [x, y] = corner(point);
    if (i) pen.lineTo(x, y); else pen.moveTo(x, y);
  });
  pen.closePath();
  const held = steps && kindOf(one.v, time, pose) === 2;
  pen.fillStyle = held ? COUNTS[2][1] : mood.color;
  pen.fill();
  const size = length * grown;
  if (size > 4) {
    pen.lineWidth = wait ? 2 : 1;
    pen.strokeStyle = wait ? run.waiting : '#fff';
    pen.stroke();
  }
  if (size > 9 && !steps) {
    const wide = 0.3 * (high - low);
    const tipPoint = corner([high - 0.08 * (high - low), 0]);
    pen.fillStyle = '#fff';
    pen.beginPath();
    pen.moveTo(...tipPoint);
    pen.lineTo(...corner([high - wide, 0.18 * (high - low)]));
    pen.lineTo(...corner([high - wide, -0.18 * (high - low)]));
    pen.fill();
  }
  if (isMarked(one)) {
    pen.strokeStyle = '#111827';
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(one.x, one.y, Math.max(10, 0.75 * size), 0, 7);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawName(one) {
  pen.font = '11px system-ui, sans-serif';
  pen.lineWidth = 3;
  pen.strokeStyle = '#ffffffd0';
  pen.fillStyle = '#1f2933';
  pen.strokeText(one.v.name, one.x + 8, one.y - 7);
  pen.fillText(one.v.name, one.x + 8, one.y - 7);
}

// ---- the strip: what the vehicles did over the whole time

function measure() {
  const bins = Math.max(20, Math.floor(strip.clientWidth / 3));
  activity = [];
  for (let k = 0; k < bins; k += 1) {
    const t = run.begin + ((k + 0.5) / bins) * (run.end - run.begin), counts = [0, 0, 0, 0];
    for (const v of vehicles) {
      const pose = poseOf(v, t);
      if (pose) counts[kindOf(v, t, pose)] += 1;
    }
    activity.push(counts);
  }
}

function drawStrip() {
  if (!activity) measure();
  const ink = strip.getContext('2d'), width = strip.clientWidth, height = strip.clientHeight;
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  ink.clearRect(0, 0, width, height);
  const step = width / activity.length;
  activity.forEach((counts, k) => {
    let bottom = height;
    [1, 2, 0, 3].forEach((kind) => {
      const tall = (counts[kind] / vehicles.length) * height;
      ink.fillStyle = kind === 3 ? '#eef1f4' : COUNTS[kind][1];
      ink.fillRect(k * step, bottom - tall, step + 0.5, tall);
      bottom -= tall;
    });
  });
  const span = Math.max(run.end - run.begin, 1e-9), x = ((time - run.begin) / span) * width;
  ink.fillStyle = '#111827';
  ink.fillRect(Math.min(Math.max(x - 1, 0), width - 2), 0, 2, height);
}

// ---- words

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const pad = (value) => String(Math.floor(value)).padStart(2, '0');

const hours = (t) => `${pad(t / 3600)}:${pad((t % 3600) / 60)}:${pad(t % 60)}`;

/** The time since the beginning, and the time of the day where the plant has one. */
function clockText(t) {
  if (steps) return `step ${t.toFixed(1)} of ${run.end}`;
  const since = `${hours(t - run.begin)} of ${hours(run.end - run.begin)}`;
  return run.day ? `${since}  (${hours(t % 86400)} UTC)` : since;
}

const lasting = (t) => (steps ? `${Math.round(t)} steps` : t < 100 ? `${Math.round(t)} s`
  : `${Math.round(t / 60)} min`);

function waitText(wait) {
  const whom = wait[3] === null ? '' : ` for ${vehicles[wait[3]].name}`;
  const where = wait[4] ? ` at ${wait[4]}` : '';
  return `${whom}${where}`.trim() + (wait[5] ? ` (${wait[5]})` : '');
}

function factsOf({ v, pose, state, wait }) {
  const rows = [['State', run.moods[state.mood].name]];
  if (state.goal) rows.push(['Goal', state.goal]);
  if (!steps) rows.push(['Load', state.load || 'none']);
  if (wait) rows.push(['Waits', `${waitText(wait)}, ${lasting(time - wait[1])}`]);
  for (const told of state.note ? state.note.split('\n') : []) {
    const [name, ...value] = told.split(': ');
    if (name !== 'Note' || !wait) rows.push([name, value.join(': ')]);
  }
  rows.push(['Speed', `${pose.speed.toFixed(steps ? 1 : 2)} ${steps ? 'cells a step' : 'm/s'}`]);
  const digits = steps ? 1 : 2;
  rows.push(['Position', `${pose.x.toFixed(digits)}, ${pose.y.toFixed(digits)}${steps ? '' : ' m'}`]);
  return rows;
}

const table = (rows) => rows.map(([name, value]) =>
  `<tr><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`).join('');

function words() {
  byId('clock').textContent = clockText(time);
  slider.value = time;
  byId('play').textContent = playing ? '❚❚' : '▶';
  const counts = [0, 0, 0, 0];
  const waiting = [];
  for (const one of now) {
    if (!one) continue;
    counts[kindOf(one.v, time, one.pose)] += 1;
    if (one.wait) waiting.push(one);
  }
  const moods = run.moods.map((mood, k) => [mood, now.filter((o) => o && o.state.mood === k).length])
    .filter(([mood, count]) => mood.loaded && count);
  const rows = COUNTS.map(([name, color], k) => [name, color, counts[k]])
    .filter(([name], k) => k !== 1 || run.waits.length);
  for (const [mood, count] of moods) rows.push([mood.name, mood.color, count]);
  const done = last(run.delivered.map((d) => d[0]), time);
  if (run.delivered.length) {
    rows.push([run.done, 'transparent', done < 0 ? 0 : run.delivered[done][1]]);
  }
  byId('counts').innerHTML = rows.map(([name, color, count]) =>
    `<tr><td><i style="background:${color}"></i>${escaped(name)}</td><td>${count}</td></tr>`).join('');
  waiting.sort((a, b) => a.wait[1] - b.wait[1]);
  const most = 14, rest = waiting.length - most;
  byId('waiting').hidden = !run.waits.length;
  byId('queue').innerHTML = waiting.length ? waiting.slice(0, most).map((one) =>
    `<tr data-v="${one.v.index}"><td>${escaped(one.v.name)}<small>${escaped(waitText(one.wait))}`
    + `</small></td><td>${lasting(time - one.wait[1])}</td></tr>`).join('')
    + (rest > 0 ? `<tr class="none"><td>and ${rest} more</td><td></td></tr>` : '')
    : '<tr class="none"><td>Nobody waits</td></tr>';
  byId('chosen').hidden = chosen === null;
  if (chosen !== null && now[chosen]) {
    byId('chosen-name').textContent = `${now[chosen].v.name} (${now[chosen].v.kind})`;
    byId('facts').innerHTML = table(factsOf(now[chosen]));
  }
  showTip();
}

function showTip() {
  const one = hovered === null ? null : now[hovered];
  tip.hidden = !one;
  if (!one) return;
  tip.innerHTML = `<b>${escaped(one.v.name)}</b>` + factsOf(one).slice(0, 4)
    .map(([name, value]) => `<span>${escaped(name)}</span> ${escaped(value)}`).join('<br>');
  const left = one.x + 16 + tip.offsetWidth > stage.clientWidth ? one.x - 16 - tip.offsetWidth : one.x + 16;
  const top = Math.min(Math.max(4, one.y - 10), stage.clientHeight - tip.offsetHeight - 4);
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

// ---- hands

function nearest(event) {
  const box = stage.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  let best = 14, found = null;
  for (const one of now) {
    const gap = one ? Math.hypot(one.x - x, one.y - y) : Infinity;
    if (gap < best) { best = gap; found = one.v.index; }
  }
  return found;
}

let drag = null;
stage.addEventListener('pointerdown', (event) => {
  if (event.target.closest('#tools')) return;
  drag = { x: event.clientX, y: event.clientY, moved: false };
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener('pointermove', (event) => {
  if (drag) {
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (drag.moved || Math.hypot(dx, dy) > 3) {
      view.x -= dx / scale;
      view.y -= dy / scale;
      drag = { x: event.clientX, y: event.clientY, moved: true };
      untouched = false;
      stage.classList.add('drag');
    }
  } else hovered = nearest(event);
  dirty = true;
});
stage.addEventListener('pointerup', (event) => {
  if (drag && !drag.moved) choose(nearest(event));
  drag = null;
  stage.classList.remove('drag');
});
stage.addEventListener('pointerleave', () => { hovered = null; dirty = true; });
stage.addEventListener('wheel', (event) => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  untouched = false;
  zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

function choose(index) { chosen = index; dirty = true; }
function middleZoom(factor) {
  untouched = false;
  zoom(factor, stage.clientWidth / 2, stage.clientHeight / 2);
}
function backToWhole() { untouched = true; byId('follow').checked = false; wholeFloor(); dirty = true; }
function setPlaying(value) {
  if (value && time >= run.end) time = run.begin;
  playing = value;
  dirty = true;
}
function jump(t) { time = Math.min(Math.max(t, run.begin), run.end); dirty = true; }

byId('closer').onclick = () => middleZoom(1.5);
byId('farther').onclick = () => middleZoom(1 / 1.5);
byId('whole').onclick = backToWhole;
byId('drop').onclick = () => choose(null);
byId('play').onclick = () => setPlaying(!playing);
for (const id of ['ways', 'waits', 'ids', 'follow']) byId(id).onchange = () => { dirty = true; };
slider.oninput = () => jump(Number(slider.value));
strip.addEventListener('pointerdown', (event) => { strip.setPointerCapture(event.pointerId); scrub(event); });
strip.addEventListener('pointermove', (event) => { if (event.buttons) scrub(event); });
function scrub(event) {
  const box = strip.getBoundingClientRect();
  jump(run.begin + ((event.clientX - box.left) / box.width) * (run.end - run.begin));
}
byId('queue').onclick = (event) => {
  const row = event.target.closest('tr[data-v]');
  if (row) choose(Number(row.dataset.v));
};
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'SELECT') return;
  const far = (steps ? 1 : 5) * (event.shiftKey ? 10 : 1);
  const keys = {
    ' ': () => setPlaying(!playing), ArrowRight: () => jump(time + far),
    ArrowLeft: () => jump(time - far), Home: () => jump(run.begin), End: () => jump(run.end),
    '+': () => middleZoom(1.5), '-': () => middleZoom(1 / 1.5), 0: backToWhole,
    Escape: () => choose(null),
  };
  if (!keys[event.key]) return;
  keys[event.key]();
  event.preventDefault();
});

// ---- beginning

function legend() {
  const parts = run.moods.filter((mood) => mood.used).map((mood) =>
    `<span><i style="background:${mood.color}"></i>${escaped(mood.name)}</span>`);
  if (steps) parts.push(`<span><i style="background:${COUNTS[2][1]}"></i>Standing, turning</span>`);
  if (!run.ahead) {
    parts.push('<span><i class="line" style="border-top:4px solid #f05a1a"></i>Released way</span>');
    parts.push('<span><i class="line" style="border-top:2px dashed #f05a1a"></i>Planned way</span>');
  } else parts.push('<span><i class="line" style="border-top:2px solid #f05a1a"></i>Way to the goal</span>');
  if (run.waits.length) {
    parts.push(`<span><i class="line" style="border-top:2px dotted ${run.waiting}"></i>Waits for</span>`);
  }
  byId('legend').innerHTML = parts.join('');
}

function speeds() {
  const usual = (run.end - run.begin) / 60;
  const all = steps ? [0.5, 1, 2, 5, 10, 20, 50] : [0.5, 1, 2, 5, 10, 20, 60, 120];
  const wanted = steps ? Math.max(usual, 2) : usual;
  speed = all.find((value) => value >= wanted) || all[all.length - 1];
  byId('speed').innerHTML = all.map((value) =>
    `<option value="${value}"${value === speed ? ' selected' : ''}>`
    + `${value}${steps ? ' steps/s' : '×'}</option>`).join('');
  byId('speed').onchange = (event) => { speed = Number(event.target.value); event.target.blur(); };
}

/** A link with #t=120&v=agv_003 opens 120 s after the beginning, on that vehicle, and stands. */
function fromLink() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const t = Number.parseFloat(wanted.get('t'));
  if (Number.isFinite(t)) { jump(run.begin + t); playing = false; }
  const v = vehicles.find((one) => one.name === wanted.get('v'));
  if (v) choose(v.index);
}

let before = null, spoken = 0;
function tick(at) {
  if (playing && before !== null) {
    jump(time + (Math.min(at - before, 250) / 1000) * speed);
    if (time >= run.end) playing = false;
  }
  before = at;
  if (dirty) {
    const quick = playing && at - spoken < 120;
    dirty = false;
    draw();
    if (!quick) { words(); spoken = at; } else showTip();
    if (quick) dirty = true;
  }
  requestAnimationFrame(tick);
}

slider.min = run.begin;
slider.max = run.end;
byId('waits').parentElement.hidden = !run.waits.length;
legend();
speeds();
fromLink();
window.addEventListener('hashchange', fromLink);
// A canvas that changes its size is empty: draw at once, not with the next picture.
new ResizeObserver(() => { resize(); draw(); words(); }).observe(stage);
resize();
draw();
words();
requestAnimationFrame(tick);
