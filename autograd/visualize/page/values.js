/* Numbers, arrays and their summaries, as text and as small pictures.

A value is null where it is unknown; a number, true, false, or a text such as "nan" or "1+2j"; or a summary of an array:
{shape, n, few, min, mean, max, zeros, odd, bars}, where `few` are the elements, nested, if they are few, `odd` counts
what is nan or infinite, and `bars` are the counts of a histogram from min to max. */
"use strict";

const SVG = "http://www.w3.org/2000/svg";

/* Make an element. Whatever is shown goes in as text or as an attribute's value, never as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/* A number in about three digits. */
function number(x) {
  if (typeof x !== "number") return String(x).replace("-", "−");
  const size = Math.abs(x);
  let digits;
  if (size === 0 || (0.1 <= size && size < 1000)) digits = Math.abs(x).toFixed(2);
  else if (size >= 1000 && size < 1e6) digits = Math.abs(x).toFixed(0);
  else if (size >= 1e-4 && size < 0.1) digits = String(Number(size.toPrecision(3)));
  else digits = size.toExponential(2).replace("e+", "e").replace("e-", "e−");
  return (x < 0 ? "−" : "") + digits;
}

/* All the digits that were given, for where there is space. */
const exact = (x) => String(x).replace("-", "−");

const isSummary = (value) => value !== null && typeof value === "object";

/* A value in one short line, for a label on a wire; "" where it is unknown. */
function brief(value, longest = 22) {
  if (value === null || value === undefined) return "";
  if (!isSummary(value)) return number(value);
  if (value.n === 0) return "empty";
  const whole = value.few === undefined ? "" : nested(value.few);
  if (whole && whole.length <= longest) return whole;
  return value.mean === undefined ? "" : `${short(value.min)} … ${short(value.max)}`;
}

/* A number in about two digits, for ranges. */
function short(x) {
  if (typeof x !== "number" || x === 0) return number(x);
  const size = Math.abs(x);
  if (size >= 1e-3 && size < 1) return number(Number(x.toPrecision(2)));
  return size >= 1 && size < 1000 ? number(x) : x.toExponential(1).replaceAll("-", "−").replace("e+", "e");
}

/* Nested lists of numbers as text. They are as deep as an array has axes, so this may recurse. */
function nested(few) {
  return Array.isArray(few) ? `[${few.map(nested).join(", ")}]` : number(few);
}

/* A value in words, for those who listen. */
function spoken(value) {
  if (value === null || value === undefined) return "unknown";
  if (!isSummary(value)) return exact(value);
  if (value.n === 0) return "empty";
  if (value.n <= 4 && value.few !== undefined) return nested(value.few);
  if (value.mean === undefined) return `${value.n} elements`;
  return `${value.n} elements from ${number(value.min)} to ${number(value.max)}, mean ${number(value.mean)}`;
}

/* A value with everything that is known of it. */
function whole(value, kind) {
  if (value === null || value === undefined) return make("p", { class: "unknown" }, "not kept");
  if (!isSummary(value)) return make("p", { class: `number ${kind}` }, exact(value));
  const parts = [];
  if (value.few !== undefined) parts.push(table(value, kind));
  if (value.mean !== undefined && !(value.n <= 4 && value.few)) parts.push(statistics(value));
  if (value.bars !== undefined && value.n > 4) parts.push(histogram(value, kind));
  if (!parts.length) parts.push(make("p", { class: "unknown" }, value.n === 0 ? "empty" : "not kept"));
  return make("div", { class: "value" }, ...parts);
}

/* The elements of a small array, in rows. */
function table(value, kind) {
  const rows = value.shape.length === 2 ? value.few : [value.few];
  const flat = value.shape.length > 2 || rows.some((row) => row.length > 8);
  if (flat) return make("p", { class: `number ${kind}` }, nested(value.few));
  const body = rows.map((row) => make("tr", {}, ...row.map((x) => make("td", { title: exact(x) }, number(x)))));
  return make("table", { class: `numbers ${kind}` }, make("tbody", {}, ...body));
}

function statistics(value) {
  const same = value.min === value.max;
  const rows = same ? [["all", number(value.min)]] : ["min", "mean", "max"].map((key) => [key, number(value[key])]);
  const share = (count) => `${Number(((100 * count) / value.n).toPrecision(2))} %`;
  if (value.zeros && !same) rows.push(["zeros", share(value.zeros)]);
  if (value.odd) rows.push(["not finite", String(value.odd)]);
  const cells = rows.map(([key, text]) => {
    return make("div", key === "not finite" ? { class: "bad" } : {}, make("dt", {}, key), make("dd", {}, text));
  });
  return make("dl", { class: "statistics" }, ...cells);
}

/* A histogram. Its bars stand for equally wide ranges from min to max. */
function histogram(value, kind) {
  const [width, height] = [240, 44];
  const most = Math.max(...value.bars, 1);
  const step = width / value.bars.length;
  const label = `histogram from ${number(value.min)} to ${number(value.max)}`;
  const picture = makeSvg("svg", {
    class: `histogram ${kind}`,
    viewBox: `0 0 ${width} ${height + 14}`,
    role: "img",
    "aria-label": label,
  });
  value.bars.forEach((count, i) => {
    const tall = count ? Math.max(1, (count / most) * height) : 0;
    picture.append(makeSvg("rect", { x: i * step + 0.5, y: height - tall, width: step - 1, height: tall }));
  });
  picture.append(makeSvg("line", { x1: 0, x2: width, y1: height, y2: height }));
  if (value.min < 0 && value.max > 0) {
    const zero = (-value.min / (value.max - value.min)) * width;
    picture.append(makeSvg("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: height }));
  }
  picture.append(makeSvg("text", { x: 0, y: height + 11 }, number(value.min)));
  picture.append(makeSvg("text", { x: width, y: height + 11, "text-anchor": "end" }, number(value.max)));
  return picture;
}

const shapeText = (shape) =>
  shape === null || shape === undefined ? "" : `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

function bytesText(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit ? number(bytes) : bytes} ${units[unit]}`;
}

/* A text cut to a length that boxes have space for. */
const cut = (text, longest = 28) => (text.length <= longest ? text : `${[...text].slice(0, longest - 1).join("")}…`);
