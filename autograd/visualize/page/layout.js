/* Where boxes and wires go.

A layered drawing (Sugiyama, Tagawa and Toda 1981), one frame at a time and the innermost first: a frame that has been
laid out is a box in the frame around it. A wire that crosses a frame's border does so at a port, and all wires of one
source share one port, so that a value's way forks as late as it can. All is laid out from left to right; a drawing from
top to bottom is one whose x and y are exchanged at the end.

Nothing here knows what is drawn, and nothing recurses: graphs may be deep. */
"use strict";

const SPACE = { column: 30, line: 20, port: 12, row: 12, wire: 9, padding: 12, title: 24, widest: 90 };

/* Lay out boxes in nested frames.

boxes:  [{key, frame, width, height, order, axis, loose}]: `frame` is the key of the frame around it or "", `order` its
        place in execution order, `axis` the height at which wires meet it, `loose` whether it follows its users (leaves).
frames: [{key, frame, order}], outer ones first.
wires:  [{source, target, slot, slots, label}]: the wire is input `slot` of `slots` of its target, and needs `label` of
        room for a label at its end.
down:   whether to draw from top to bottom; the boxes' measures are then given with width and height exchanged.

Returns {boxes: Map key -> {x, y, width, height}, frames: likewise, wires: [[x, y, ...] each], width, height}. */
function layOut(boxes, frames, wires, down = false) {
  const levels = new Map([["", newLevel("", null, 0, down)]]);
  for (const frame of frames) levels.set(frame.key, newLevel(frame.key, frame.frame, frame.order, down));
  const home = new Map();
  for (const box of boxes) {
    home.set(box.key, box.frame);
    levels.get(box.frame).items.push({ ...box, rank: 0, row: 0, x: 0, y: 0, links: [], back: [] });
  }
  const routes = wires.map((wire) => route(wire, home, levels));
  for (const level of [...levels.values()].reverse()) {
    arrange(level);
    if (level.around !== null) levels.get(level.around).items.push(asItem(level));
    if (level.around !== null) adopt(levels.get(level.around), level);
  }
  const found = placed(levels, routes);
  return down ? exchanged(found) : found;
}

function newLevel(key, around, order, down) {
  return { key, around, order, down, items: [], links: new Map(), ports: new Map(), width: 0, height: 0, x: 0, y: 0 };
}

/* --- wires through frames ----------------------------------------------------------------------------------------- */

/* Return the links, one in each frame on its way, that a wire consists of; wires share links where they share a way. */
function route(wire, home, levels) {
  const outward = framesAround(home.get(wire.source), levels);
  const inward = framesAround(home.get(wire.target), levels);
  const common = outward.find((key) => inward.includes(key));
  const path = [];
  let end = wire.source;
  for (const key of outward.slice(0, outward.indexOf(common))) {
    path.push(linked(levels.get(key), { item: end, port: wire.source }, exit(wire.source)));
    end = key;
  }
  const down = inward.slice(0, inward.indexOf(common)).reverse();
  let from = { item: end, port: wire.source };
  let level = levels.get(common);
  for (const key of down) {
    path.push(linked(level, from, { item: key, port: entrance(wire.source).item }));
    level = levels.get(key);
    from = entrance(wire.source);
  }
  const { slot, slots, label } = wire;
  path.push(linked(level, from, { item: wire.target, port: `slot ${slot}`, slot, slots, label }));
  return path;
}

function framesAround(frame, levels) {
  const found = [];
  for (let key = frame; key !== null; key = levels.get(key).around) found.push(key);
  return found;
}

const exit = (source) => ({ item: `out ${source}`, port: "" });
const entrance = (source) => ({ item: `in ${source}`, port: "" });

function linked(level, from, to) {
  const key = JSON.stringify([from.item, from.port, to.item, to.port]);
  if (!level.links.has(key)) level.links.set(key, { level, from, to, points: [] });
  for (const [end, side] of [
    [from, "in "],
    [to, "out "],
  ]) {
    if (end.item.startsWith(side)) level.ports.set(end.item, side === "in " ? -1 : 1);
  }
  return level.links.get(key);
}

/* --- one frame ---------------------------------------------------------------------------------------------------- */

/* Place what is in a frame, and know its size and where wires cross its border. */
function arrange(level) {
  const items = new Map(level.items.map((item) => [item.key, item]));
  for (const [key, side] of level.ports) items.set(key, portItem(key, side));
  const links = [...level.links.values()];
  for (const link of links) join(items.get(link.from.item), items.get(link.to.item), link);
  setRanks([...items.values()]);
  const rows = layers([...items.values()], links);
  reduceCrossings(rows);
  setHeights(rows);
  setColumns(rows, level);
  for (const link of links) link.points = link.chain.flatMap((part) => strand(part));
  level.height += SPACE.padding;
}

function portItem(key, side) {
  return {
    key,
    side,
    width: 0,
    height: 4,
    axis: 2,
    order: side * 1e9,
    rank: 0,
    row: 0,
    x: 0,
    y: 0,
    links: [],
    back: [],
  };
}

function join(source, target, link) {
  Object.assign(link, { source, target, against: false });
  source.links.push(link);
  target.back.push(link);
}

/* Choose each item's column: as early as its inputs let it, or as late as its users do, whichever makes shorter wires.
   Loose items stand right before the first that uses them. */
function setRanks(items) {
  const sorted = inputsFirst(items.filter((item) => !item.side));
  for (const item of sorted) {
    item.rank = linkedTo(item.back, "source").reduce((rank, one) => Math.max(rank, one.rank + 1), 0);
  }
  const last = sorted.reduce((rank, item) => Math.max(rank, item.rank), 0);
  for (const item of items) if (item.side) item.rank = item.side < 0 ? -1 : last + 1;
  const early = new Map(sorted.map((item) => [item, item.rank]));
  for (const item of [...sorted].reverse()) if (item.loose || !item.back.length) beforeUsers(item, item.rank);
  const length = wireLength(items);
  for (const item of [...sorted].reverse()) beforeUsers(item, last);
  if (wireLength(items) < length) return;
  for (const [item, rank] of early) item.rank = rank;
  for (const item of sorted.reverse()) if (item.loose || !item.back.length) beforeUsers(item, item.rank);
}

const linkedTo = (links, end) => links.filter((link) => !link.against && !link[end].side).map((link) => link[end]);

function beforeUsers(item, otherwise) {
  const users = linkedTo(item.links, "target");
  item.rank = users.length ? users.reduce((rank, one) => Math.min(rank, one.rank - 1), Infinity) : otherwise;
}

/* How many columns all wires cross together; those of one end are one wire. */
function wireLength(items) {
  const reach = (item) =>
    item.links.reduce((far, link) => (link.against ? far : Math.max(far, link.target.rank - item.rank)), 0);
  return items.reduce((sum, item) => sum + reach(item), 0);
}

/* Sort items so that each comes after its inputs; links that close a circle, through folded frames, are set aside. */
function inputsFirst(items) {
  const done = [];
  const state = new Map(); // 1: its inputs are being sorted, 2: sorted
  const stack = [...items].sort((a, b) => b.order - a.order);
  while (stack.length) {
    const item = stack.at(-1);
    if (state.has(item)) {
      stack.pop();
      if (state.get(item) === 1) done.push(item);
      state.set(item, 2);
      continue;
    }
    state.set(item, 1);
    for (const link of [...item.back].reverse()) {
      if (link.source.side) continue;
      if (state.get(link.source) === 1) link.against = true;
      else if (!state.has(link.source)) stack.push(link.source);
    }
  }
  return done;
}

/* Return the columns: items by rank, with bends where a link passes through a column. Links of one end share bends. */
function layers(items, links) {
  const first = items.reduce((rank, item) => Math.min(rank, item.rank), 0);
  const rows = [];
  const row = (rank) => (rows[rank - first] ??= []);
  for (const item of items) {
    item.links = [];
    item.back = [];
    row(item.rank).push(item);
  }
  const bends = new Map();
  for (const link of links) {
    link.chain = [];
    let { source: from } = link;
    let port = link.from;
    for (let rank = from.rank + 1; rank < link.target.rank && !link.against; rank++) {
      const key = JSON.stringify([link.from.item, link.from.port, rank]);
      let bend = bends.get(key);
      if (!bend) {
        bend = {
          key,
          bend: true,
          width: 0,
          height: 2,
          axis: 1,
          order: from.order,
          rank,
          row: 0,
          x: 0,
          y: 0,
          links: [],
          back: [],
        };
        bends.set(key, bend);
        row(rank).push(bend);
        part(from, bend, port, null);
      }
      link.chain.push(bend.back[0]);
      from = bend;
      port = null;
    }
    link.chain.push(part(from, link.target, port, link.to, link.against));
  }
  for (let i = 0; i < rows.length; i++) rows[i] ??= [];
  return rows;
}

/* Make the part of a link between two neighbouring columns. */
function part(from, to, out, into, against = false) {
  const made = {
    from,
    to,
    start: offsetOut(from, out),
    end: offsetIn(to, into),
    weight: 1,
    against,
    label: into?.label ?? 0,
  };
  if (from.loose) made.weight = 0.2;
  if (from.bend && to.bend) made.weight = 4;
  if (!against) {
    from.links.push(made);
    to.back.push(made);
  }
  return made;
}

const offsetOut = (item, end) => item.exits?.get(end?.port) ?? item.axis;

function offsetIn(item, end) {
  if (item.entrances) return item.entrances.get(end?.port) ?? item.axis;
  if (!end?.slots || end.slots < 2) return item.axis;
  const spread = Math.min(item.spread ?? item.height, item.height);
  return item.axis + spread * ((end.slot + 1) / (end.slots + 1) - 0.5);
}

/* --- the order in each column ------------------------------------------------------------------------------------- */

/* Order each column by the mean place of its neighbours, back and forth, and keep the best order seen. */
function reduceCrossings(rows) {
  const size = rows.reduce((sum, row) => sum + row.length, 0);
  for (const row of rows) row.sort((a, b) => a.order - b.order);
  setRows(rows);
  let best = { crossings: Infinity, order: rows.map((row) => [...row]) };
  const sweeps = size > 20000 ? 2 : size > 3000 ? 6 : 16;
  for (let sweep = 0; sweep <= sweeps; sweep++) {
    const crossings = countCrossings(rows);
    if (crossings < best.crossings) best = { crossings, order: rows.map((row) => [...row]) };
    if (!crossings || sweep === sweeps) break;
    const forward = sweep % 2 === 1;
    const order = forward ? rows.map((_, i) => i) : rows.map((_, i) => rows.length - 1 - i);
    for (const i of order) sortByNeighbours(rows[i], forward ? "back" : "links");
  }
  best.order.forEach((row, i) => (rows[i] = row));
  setRows(rows);
}

function setRows(rows) {
  for (const row of rows) row.forEach((item, i) => (item.row = i));
}

function sortByNeighbours(row, side) {
  for (const item of row) {
    const parts = item[side];
    const place = (p) =>
      side === "back" ? p.from.row + p.start / (p.from.height + 1) : p.to.row + p.end / (p.to.height + 1);
    item.wish = parts.length ? parts.reduce((sum, p) => sum + place(p), 0) / parts.length : item.row;
  }
  row.sort((a, b) => a.wish - b.wish || a.order - b.order);
  row.forEach((item, i) => (item.row = i));
}

function countCrossings(rows) {
  let crossings = 0;
  for (let i = 0; i + 1 < rows.length; i++) crossings += crossingsAfter(rows[i], rows[i + 1].length);
  return crossings;
}

/* Count the inversions among the ends of the links that leave a column, with a tree of partial sums (Fenwick 1994). */
function crossingsAfter(row, width) {
  const tree = new Int32Array(width + 2);
  let seen = 0;
  let crossings = 0;
  for (const item of row) {
    const parts = [...item.links].sort((a, b) => a.start - b.start);
    for (const { to } of parts) {
      let below = 0;
      for (let k = to.row + 1; k > 0; k -= k & -k) below += tree[k];
      crossings += seen - below;
    }
    for (const { to } of parts) {
      for (let k = to.row + 1; k < tree.length; k += k & -k) tree[k] += 1;
      seen += 1;
    }
  }
  return crossings;
}

/* --- heights and columns ------------------------------------------------------------------------------------------ */

/* Move each item to where its links are straightest, as far as its neighbours in the column let it. */
function setHeights(rows) {
  for (const row of rows) {
    let y = 0;
    for (const item of row) {
      item.y = y;
      y += item.height + gapBelow(item);
    }
  }
  for (let sweep = 0; sweep < 14; sweep++) {
    const forward = sweep % 2 === 0;
    const sides = sweep >= 12 ? ["back", "links"] : forward ? ["back"] : ["links"];
    for (let i = 0; i < rows.length; i++) settle(rows[forward ? i : rows.length - 1 - i], sides);
  }
  const top = rows.flat().reduce((y, item) => Math.min(y, item.y), Infinity);
  for (const item of rows.flat()) item.y -= Number.isFinite(top) ? top : 0;
}

const gapBelow = (item) => (item.bend || item.side ? SPACE.wire : SPACE.row);

/* Solve min sum w (y - wish)^2 with the column's order and gaps kept, by pooling adjacent violators (Ayer 1955). */
function settle(row, sides) {
  const blocks = [];
  let shift = 0;
  for (const item of row) {
    const [wish, weight] = wished(item, sides);
    blocks.push({ sum: (wish - shift) * weight, weight, count: 1 });
    shift += item.height + gapBelow(item);
    while (blocks.length > 1 && mean(blocks.at(-2)) > mean(blocks.at(-1))) {
      const { sum, weight: more, count } = blocks.pop();
      const last = blocks.at(-1);
      last.sum += sum;
      last.weight += more;
      last.count += count;
    }
  }
  shift = 0;
  let i = 0;
  for (const block of blocks) {
    for (let k = 0; k < block.count; k++) {
      row[i].y = mean(block) + shift;
      shift += row[i].height + gapBelow(row[i++]);
    }
  }
}

const mean = (block) => block.sum / block.weight;

function wished(item, sides) {
  let sum = 0;
  let weight = 0;
  for (const side of sides) {
    for (const p of item[side]) {
      sum += p.weight * (side === "back" ? p.from.y + p.start - p.end : p.to.y + p.end - p.start);
      weight += p.weight;
    }
  }
  return weight ? [sum / weight, weight] : [item.y, 0.05];
}

/* Set the columns beside each other, wider apart where wires climb far. */
function setColumns(rows, level) {
  const { start, end, side } = insets(rows, level);
  let x = start;
  rows.forEach((row, i) => {
    const links = row.flatMap((item) => item.links);
    const least = leastGap(row, rows[i + 1], level);
    const width = row.reduce((most, item) => Math.max(most, item.width), 0);
    const climb = links.reduce((most, p) => Math.max(most, Math.abs(p.from.y + p.start - p.to.y - p.end)), 0);
    const label = links.reduce((most, p) => Math.max(most, p.label && p.label + 12), 0);
    for (const item of row) {
      item.left = x;
      item.right = x + width;
      item.x = x + (width - item.width) * (item.loose ? 1 : 0.5);
      item.y += side;
      level.height = Math.max(level.height, item.y + item.height);
    }
    x += width;
    if (i + 1 < rows.length) x += Math.max(label, Math.min(SPACE.widest, least + climb / 6));
  });
  level.width = x + end;
}

/* The least gap between two columns; the one after the ports where wires enter from above also holds the title. */
function leastGap([first], [next] = [], { down }) {
  if (down && first?.side === -1) return SPACE.title + 4;
  return next?.side === 1 ? SPACE.port : down ? SPACE.line : SPACE.column;
}

/* How far from a frame's border its content stands. Where wires enter or leave, the columns of the ports keep it off. */
function insets(rows, { around, down }) {
  const inside = around !== null;
  const before = inside && down ? SPACE.title : SPACE.padding;
  return {
    start: inside && rows[0]?.[0]?.side ? 0 : before,
    end: inside && rows.at(-1)?.[0]?.side ? 0 : SPACE.padding,
    side: inside && !down ? SPACE.title : SPACE.padding,
  };
}

/* Return the points of a part: straight to the column's edge, over to the next column, and straight to the box. */
function strand({ from, to, start, end }) {
  const [y1, y2] = [from.y + start, to.y + end];
  return [from.bend ? from.right : from.x + from.width, y1, from.right, y1, to.left, y2, to.bend ? to.right : to.x, y2];
}

/* --- frames in frames --------------------------------------------------------------------------------------------- */

function asItem(level) {
  return {
    key: level.key,
    level,
    width: level.width,
    height: level.height,
    axis: level.height / 2,
    order: level.order,
    exits: new Map(),
    entrances: new Map(),
    rank: 0,
    row: 0,
    x: 0,
    y: 0,
    links: [],
    back: [],
  };
}

/* Tell the frame around where wires cross the border of a frame that has been laid out. */
function adopt(around, level) {
  const item = around.items.at(-1);
  for (const link of level.links.values()) {
    if (link.source.side) item.entrances.set(link.source.key, link.source.y + link.source.axis);
    if (link.target.side) item.exits.set(link.target.key.slice(4), link.target.y + link.target.axis);
  }
}

/* Turn places in frames into places on the page. */
function placed(levels, routes) {
  const found = { boxes: new Map(), frames: new Map(), wires: [], width: 0, height: 0 };
  for (const level of levels.values()) {
    for (const { key, level: inner, x, y, width, height } of level.items) {
      const place = { x: level.x + x, y: level.y + y, width, height };
      if (inner) Object.assign(inner, { x: place.x, y: place.y });
      (inner ? found.frames : found.boxes).set(key, place);
    }
  }
  for (const path of routes) {
    const points = path.flatMap(({ level, points: local }) => local.map((v, i) => v + (i % 2 ? level.y : level.x)));
    found.wires.push(points);
  }
  const root = levels.get("");
  return Object.assign(found, { width: root.width, height: root.height });
}

/* Exchange x and y everywhere. */
function exchanged({ boxes, frames, wires, width, height }) {
  const turned = (places) =>
    new Map([...places].map(([key, p]) => [key, { x: p.y, y: p.x, width: p.height, height: p.width }]));
  const swapped = wires.map((points) => points.map((_, i) => points[i ^ 1]));
  return { boxes: turned(boxes), frames: turned(frames), wires: swapped, width: height, height: width };
}
