/* What the picture is made of: outlines, arrows, labels and the ways of wires. */
"use strict";

function frameOf(model, thing) {
  return model.around(thing).at(-1)?.key ?? "";
}

function arrows() {
  const arrow = (id) => {
    const head = makeSvg("path", { d: "M0,0.6 L7,4 L0,7.4 Z" });
    const looks = {
      id,
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: "auto",
      markerUnits: "userSpaceOnUse",
    };
    return makeSvg("marker", looks, head);
  };
  return makeSvg("defs", {}, arrow("arrow"), arrow("arrow-back"));
}

/* The outline tells the kinds apart without colour, too. */
function outline(kind, x, y, { width, height, round }) {
  if (kind === "input") {
    const c = 7;
    const d = `M${x + c},${y}h${width - 2 * c}l${c},${c}v${height - 2 * c}l${-c},${c}h${2 * c - width}l${-c},${-c}v${2 * c - height}Z`;
    return [makeSvg("path", { class: "outline", d })];
  }
  if (kind === "constant") {
    const c = 8;
    const d = `M${x},${y}h${width - c}l${c},${c}v${height - c}h${-width}Z`;
    return [
      makeSvg("path", { class: "outline", d }),
      makeSvg("path", { class: "outline", d: `M${x + width - c},${y}v${c}h${c}` }),
    ];
  }
  const corner = round ? height / 2 : kind === "parameter" ? 2 : 8;
  const box = (shift) => makeSvg("rect", { class: "outline", x: x + shift, y: y + shift, width, height, rx: corner });
  return kind === "folded" ? [box(4), box(0)] : [box(0)];
}

/* A value above the wire that leaves its box, and the gradient below. */
function tagOnWire({ tag }, x, middle) {
  const at = { x: x + tag.width / 2, "text-anchor": "middle" };
  return [
    makeSvg("path", { class: "wire", d: `M${x},${middle}h${tag.width}` }),
    makeSvg("text", { class: "value", ...at, y: middle - 4.5 }, tag.value),
    makeSvg("text", { class: "gradient", ...at, y: middle + 13.5 }, tag.gradient),
  ];
}

/* The same beside the box, where wires leave it downwards. */
function tagBeside({ tag }, x, middle) {
  return [
    makeSvg("text", { class: "value", x: x + 7, y: middle - 3.5 }, tag.value),
    makeSvg("text", { class: "gradient", x: x + 7, y: middle + 12 }, tag.gradient),
  ];
}

/* A wire's way: straight along, and curved where it changes height. */
function curve(points, down) {
  let path = `M${round(points[0])},${round(points[1])}`;
  for (let i = 2; i < points.length; i += 2) {
    const [x0, y0, x1, y1] = points.slice(i - 2, i + 2);
    if (x0 === x1 && y0 === y1) continue; // or else an arrow's direction would be that of a point
    const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
    const straight = Math.abs(down ? x1 - x0 : y1 - y0) < 0.5;
    const bend = down ? [x0, my, x1, my] : [mx, y0, mx, y1];
    path += `${straight ? "L" : `C${bend.map(round).join(" ")} `}${round(x1)},${round(y1)}`;
  }
  return path;
}

const round = (x) => Math.round(x * 10) / 10;

function setState(element, state) {
  if (state) element.dataset.state = state;
  else delete element.dataset.state;
}

/* A wire is as far as what it links: gradients have come back over it, or a value has gone over it, or neither. */
function wireState(wire, state, waysBack) {
  const backs = wire.uses.map((use) => waysBack(use));
  if (backs.includes("backnow")) return "backnow";
  if (backs.every((back) => back === "back")) return "back";
  const targets = wire.uses.map((use) => state(use.target));
  if (targets.includes("now")) return "now";
  if (targets.includes("backnow")) return "ran";
  return targets.every((is) => is === "todo") ? "todo" : "ran";
}
