/* The graph as a picture: boxes, frames and wires in SVG, and the camera that looks at them. */
"use strict";

const LABEL = "12px ui-sans-serif, system-ui, sans-serif";
const NAME = "600 13px ui-sans-serif, system-ui, sans-serif";
const LONGEST = 28; // characters of a name in a box
const MARGIN = 24;
const READABLE = 0.75; // the least zoom at which all can be read
const MANY = 260; // boxes; above, values stand in the tooltips only

class Picture {
  constructor(svg, model, events) {
    Object.assign(this, { svg, model, events, camera: { x: 0, y: 0, zoom: 1 }, selected: null, fitted: null });
    this.measure = document.createElement("canvas").getContext("2d");
    this.scene = makeSvg("g");
    this.svg.append(arrows(), this.scene);
    this.watchPointer();
    new ResizeObserver(() => this.fitted !== null && this.fit(this.fitted)).observe(svg);
  }

  width(text, font = LABEL) {
    this.measure.font = font;
    return this.measure.measureText(text).width;
  }

  /* --- drawing ---------------------------------------------------------------------------------------------------- */

  /* Draw all anew, after frames were opened or folded. */
  draw() {
    const { boxes, frames, wires, stands } = this.model.visible();
    this.full = boxes.length <= MANY;
    this.looks = new Map(boxes.map((thing) => [thing.key, this.look(thing)]));
    this.place = this.arrange(boxes, frames, wires);
    Object.assign(this, { boxes, frames, wires, stands, drawn: new Map() });
    const layer = (name) => makeSvg("g", { class: name });
    const layers = { frames: layer("frames"), wires: layer("wires"), labels: layer("labels"), boxes: layer("boxes") };
    layers.frames.append(...frames.map((group) => this.frame(group)));
    wires.forEach((wire, i) => this.wire(wire, this.place.wires[i], layers));
    layers.labels.append(...frames.map((group) => this.frameTitle(group)));
    layers.boxes.append(...boxes.map((thing) => this.box(thing)));
    this.scene.replaceChildren(...Object.values(layers));
    this.select(this.selected);
  }

  /* Lay all out, in the direction that was chosen, or if none was in the one in which it can be shown larger. */
  arrange(boxes, frames, wires) {
    const asFrame = (group) => ({ key: group.key, frame: frameOf(this.model, group), order: group.order });
    const lay = (down) => {
      this.down = down;
      return layOut(
        boxes.map((x) => this.asBox(x)),
        frames.map(asFrame),
        wires.map((x) => this.asWire(x)),
        down,
      );
    };
    if (this.down !== undefined) return lay(this.down);
    const [below, across] = [lay(true), lay(false)];
    if (this.largest(across) >= Math.min(READABLE, this.largest(below))) return across;
    this.down = true;
    return below;
  }

  asBox(thing) {
    const { width, height, tag } = this.looks.get(thing.key);
    const high = Math.max(height, tag.height);
    const size = this.down
      ? { width: height, height: width + tag.width, axis: width / 2, spread: Math.min(width * 0.9, 44) }
      : { width: width + tag.width, height: high, axis: high / 2, spread: height };
    const loose = Boolean(thing.kind) && !thing.op;
    return { key: thing.key, frame: frameOf(this.model, thing), order: thing.order ?? thing.index, loose, ...size };
  }

  asWire(wire) {
    const slots = wire.target.inputs?.filter(Number.isInteger).length ?? 1;
    const slot = wire.target.inputs?.slice(0, wire.slot).filter(Number.isInteger).length ?? 0;
    const text = this.contribution(wire);
    const label = !text ? 0 : this.down ? 14 : this.width(text) + 10;
    return { source: wire.source.key, target: wire.target.key, slot, slots, label };
  }

  /* What a wire brings back to a value that several others use too, or "". */
  contribution(wire) {
    if (!this.full || wire.uses.length > 1 || wire.source.key[0] !== "n" || wire.source.users.length < 2) return "";
    const [{ source, target, slot }] = wire.uses;
    const found = source.received.find((c) => c.sender === target && c.slot === slot);
    const known = found && (!isSummary(found.value) || found.value.few !== undefined);
    const text = known ? brief(found.value, 18) : "";
    return text.includes("…") ? "" : text;
  }

  /* How a box looks, and how large that makes it. */
  look(thing) {
    if (thing.key[0] === "g") return this.foldedLook(thing);
    const round = thing.op && thing.shape?.length === 0 && !thing.name;
    const title = thing.op ? thing.sign : cut(this.shortName(thing), LONGEST);
    const lines = [];
    if (thing.op && thing.name && thing.kind !== "output") lines.push(cut(thing.name, LONGEST));
    if (thing.shape?.length) lines.push(shapeText(thing.shape));
    const widest = Math.max(this.width(title, NAME), ...lines.map((line) => this.width(line)));
    const small = round && widest <= 22;
    const width = small ? 36 : widest + (round ? 28 : 22);
    const height = small ? 36 : 18 + 16 * (lines.length || 0) + (lines.length ? 6 : 12);
    return { title, lines, round, width, height, tag: this.tag(thing) };
  }

  foldedLook(group) {
    const title = cut(group.label, LONGEST);
    const lines = [`${group.size} operation${group.size === 1 ? "" : "s"}`];
    const width = Math.max(this.width(`▸ ${title}`, NAME), this.width(lines[0])) + 26;
    return { title: `▸ ${title}`, lines, width, height: 44, tag: { width: 0, height: 0 } };
  }

  /* A parameter's name without what the frames around it say already. */
  shortName(node) {
    const name = node.name?.trim() ? node.name : node.kind;
    const group =
      node.group === null
        ? null
        : this.model
            .around(node)
            .filter((g) => !g.crowd)
            .at(-1);
    return group?.name && name.startsWith(`${group.name}.`) ? name.slice(group.name.length + 1) : name;
  }

  /* The label on a node's wire: the value above it, the gradient below. */
  tag(node) {
    const shown = this.full ?? true;
    const value = shown ? brief(node.value) : "";
    const gradient = shown ? brief(node.gradient) : "";
    const widest = Math.max(this.width(value), this.width(gradient));
    return { value, gradient, width: widest ? widest + 14 : 0, height: widest ? 34 : 0 };
  }

  frame(group) {
    return makeSvg("rect", { class: "frame", rx: 10, ...this.place.frames.get(group.key) });
  }

  /* What a frame is called; it folds the frame. */
  frameTitle(group) {
    const { x, y, width } = this.place.frames.get(group.key);
    const title = `▾ ${cut(group.label, Math.max(6, Math.floor(width / 8)))}`;
    const handle = makeSvg("rect", {
      class: "handle",
      x: x + 3,
      y: y + 2,
      width: this.width(title, NAME) + 12,
      height: 19,
      rx: 7,
    });
    const text = makeSvg("text", { x: x + 9, y: y + 15.5 }, title);
    const drawn = makeSvg(
      "g",
      { class: "title", role: "button", tabindex: "-1", "aria-expanded": "true" },
      handle,
      text,
    );
    drawn.setAttribute("aria-label", `${group.label}, ${group.size} operations, open. Enter folds it.`);
    this.attach(drawn, group);
    return drawn;
  }

  box(thing) {
    const { x, y, height: full } = this.place.boxes.get(thing.key);
    const look = this.looks.get(thing.key);
    const middle = y + full / 2;
    const kind = thing.kind ?? "folded";
    const drawn = makeSvg("g", { class: `box ${kind} ${thing.mark ?? ""}`, role: "button", tabindex: "-1" });
    if (kind === "folded") drawn.setAttribute("aria-expanded", "false");
    drawn.setAttribute("aria-label", this.spokenName(thing));
    drawn.append(...outline(kind, x, middle - look.height / 2, look));
    const top = middle - (16 * look.lines.length) / 2;
    drawn.append(makeSvg("text", { class: "name", x: x + look.width / 2, y: top + 4.5 }, look.title));
    look.lines.forEach((line, i) => {
      drawn.append(makeSvg("text", { class: "more", x: x + look.width / 2, y: top + 20 + 16 * i }, line));
    });
    if (look.tag.width) drawn.append(...(this.down ? tagBeside : tagOnWire)(look, x + look.width, middle));
    this.attach(drawn, thing);
    return drawn;
  }

  spokenName(thing) {
    if (thing.key[0] === "g") return `${thing.label}, ${thing.size} operations, folded. Enter opens it.`;
    const parts = [this.model.title(thing), thing.kind === this.model.title(thing) ? null : thing.kind];
    if (thing.mark) parts.push(thing.mark);
    if (thing.shape?.length) parts.push(`shape ${shapeText(thing.shape)}`);
    if (thing.value !== null) parts.push(`value ${spoken(thing.value)}`);
    if (thing.gradient !== null) parts.push(`gradient ${spoken(thing.gradient)}`);
    return parts.filter(Boolean).join(", ");
  }

  wire(wire, points, layers) {
    this.meetCurve(wire, points);
    const path = makeSvg("path", { class: "wire", d: curve(points, this.down), "marker-end": "url(#arrow)" });
    wire.path = path;
    layers.wires.append(path);
    const text = this.contribution(wire);
    wire.label = null;
    if (!text) return;
    wire.label = makeSvg("text", { class: "contribution", ...this.labelPlace(wire, points) }, text);
    layers.labels.append(wire.label);
  }

  /* Let a wire reach a box with round ends, of which the layout knows the rectangle around it only. */
  meetCurve(wire, points) {
    const look = this.looks.get(wire.target.key);
    if (!look.round) return;
    const { x, y, height } = this.place.boxes.get(wire.target.key);
    const radius = look.height / 2;
    const end = points.length - 2;
    const middle = y + height / 2;
    const centre = Math.min(Math.max(points[end], x + radius), x + look.width - radius);
    const off = this.down ? points[end] - centre : points[end + 1] - middle;
    const deep = Math.sqrt(Math.max(0, radius * radius - off * off));
    if (this.down) points[end + 1] = middle - deep;
    else points[end] = x + radius - deep;
  }

  /* At the end of its wire: above it, or where wires go down beside it, outwards. */
  labelPlace(wire, points) {
    const [x, y] = points.slice(-2);
    if (!this.down) return { x: x - 9, y: y - 4, "text-anchor": "end" };
    const alone = wire.target.inputs?.length === 1;
    const left = alone ? points.findLast((v, i) => i % 2 === 0 && v !== x) > x : wire.slot === 0;
    return { x: left ? x - 6 : x + 6, y: y - 8, "text-anchor": left ? "end" : "start" };
  }

  attach(element, thing) {
    this.drawn.set(thing.key, element);
    element.addEventListener("click", () => this.moved || this.events.choose(thing));
    element.addEventListener("dblclick", (event) => event.stopPropagation());
    element.addEventListener("focus", () => this.events.hover(thing, element, true));
    element.addEventListener("blur", () => this.events.hover(null));
    element.addEventListener("pointerenter", () => this.events.hover(thing, element, false));
    element.addEventListener("pointerleave", () => this.events.hover(null));
  }

  /* --- what is going on ------------------------------------------------------------------------------------------- */

  /* Show how far a computation has come. `state` says of a node: "todo", "ran" or "now" in the forward
     pass, then "back", "backnow" where its gradient is known and used; "idle" where none flows. null shows all. */
  show(state, waysBack) {
    this.svg.classList.toggle("stepping", state !== null);
    const found = new Map();
    const rank = { now: 5, backnow: 5, todo: 4, ran: 3, back: 2, idle: 1 }; // of the nodes in a fold, the first counts
    for (const [node, shown] of this.stands) {
      const is = state === null ? "" : state(node);
      if (!found.has(shown) || rank[is] > rank[found.get(shown)]) found.set(shown, is);
    }
    for (const thing of this.boxes) setState(this.drawn.get(thing.key), found.get(thing));
    for (const wire of this.wires) {
      const is = state === null ? "" : wireState(wire, state, waysBack);
      setState(wire.path, is);
      if (wire.label) setState(wire.label, is);
      wire.path.setAttribute("marker-end", is === "back" || is === "backnow" ? "url(#arrow-back)" : "url(#arrow)");
    }
  }

  select(thing) {
    for (const element of this.scene.querySelectorAll(".selected")) element.classList.remove("selected");
    for (const element of this.scene.querySelectorAll(".linked")) element.classList.remove("linked");
    this.selected = thing;
    if (!thing) return;
    const shown = thing.key[0] === "n" ? this.stands.get(thing) : thing;
    this.drawn.get(shown.key)?.classList.add("selected");
    for (const wire of this.wires) {
      if (wire.source === shown || wire.target === shown) wire.path.classList.add("linked");
    }
  }

  mark(nodes) {
    for (const element of this.scene.querySelectorAll(".found")) element.classList.remove("found");
    for (const node of nodes) this.drawn.get(this.stands.get(node).key)?.classList.add("found");
  }

  focus(thing) {
    const element = this.drawn.get((thing.key[0] === "n" ? this.stands.get(thing) : thing).key);
    this.rove(element);
    element?.focus({ preventScroll: true });
  }

  /* One element of the picture is in the order of the Tab key, the one that had the focus last. */
  rove(element) {
    this.scene.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    element?.setAttribute("tabindex", "0");
  }

  /* --- the camera ------------------------------------------------------------------------------------------------- */

  size() {
    const { width, height } = this.svg.getBoundingClientRect();
    return { width: width || 800, height: height || 600 };
  }

  aim(camera, smooth = false) {
    this.camera = camera;
    this.fitted = null;
    this.scene.classList.toggle("smooth", smooth);
    this.scene.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`;
  }

  /* The zoom at which a drawing just fits. */
  largest(place) {
    const { width, height } = this.size();
    return Math.min((width - 2 * MARGIN) / place.width, (height - 2 * MARGIN) / place.height, 1.5);
  }

  /* Show the whole picture, or its beginning where the whole would be too small to read. */
  fit(least = 0.02) {
    const { width, height } = this.size();
    const zoom = Math.max(this.largest(this.place), least);
    const { x, y } = this.middle();
    const [dx, dy] = [width - this.place.width * zoom, height - this.place.height * zoom];
    const across = dx >= 0 ? dx / 2 : this.down ? width / 2 - x * zoom : MARGIN;
    const down = dy >= 0 ? dy / 2 : this.down ? MARGIN : height / 2 - y * zoom;
    this.aim({ x: across, y: down, zoom });
    this.fitted = least;
  }

  /* The middle of the boxes where the graph begins. */
  middle() {
    const places = [...this.place.boxes.values()];
    const along = (place) => (this.down ? place.y : place.x);
    const least = places.reduce((min, place) => Math.min(min, along(place)), Infinity);
    const first = places.filter((place) => along(place) < least + 40);
    const mean = (of) => first.reduce((sum, place) => sum + of(place), 0) / first.length;
    return { x: mean((place) => place.x + place.width / 2), y: mean((place) => place.y + place.height / 2) };
  }

  zoomBy(factor, at = null) {
    const { width, height } = this.size();
    const [px, py] = at ?? [width / 2, height / 2];
    const { x, y, zoom } = this.camera;
    const next = Math.min(6, Math.max(0.02, zoom * factor));
    this.aim({ x: px - ((px - x) * next) / zoom, y: py - ((py - y) * next) / zoom, zoom: next });
  }

  panBy(dx, dy) {
    this.aim({ ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy });
  }

  /* Where a box stands on the screen. */
  onScreen(thing) {
    const shown = thing.key[0] === "n" ? this.stands.get(thing) : thing;
    const place = this.place.boxes.get(shown.key) ?? this.place.frames.get(shown.key);
    const { x, y, zoom } = this.camera;
    return {
      x: x + place.x * zoom,
      y: y + place.y * zoom,
      width: place.width * zoom,
      height: place.height * zoom,
      place,
    };
  }

  /* Move a box into sight, near enough to be read, if it is not yet. */
  follow(thing, least = READABLE) {
    const { width, height } = this.size();
    const { x, y, width: w, height: h, place } = this.onScreen(thing);
    const zoom = Math.max(this.camera.zoom, least);
    const margin = Math.min(70, width / 6);
    const all = this.place.width * zoom + this.camera.x <= width && this.place.height * zoom + this.camera.y <= height;
    if (all && this.camera.x >= 0 && this.camera.y >= 0 && zoom === this.camera.zoom) return;
    const inside = x > margin && y > margin / 2 && x + w < width - margin && y + h < height - margin / 2;
    if (inside && zoom === this.camera.zoom) return;
    const middle = [place.x + place.width / 2, place.y + Math.min(place.height, 200) / 2];
    this.aim({ x: width / 2 - middle[0] * zoom, y: height / 2 - middle[1] * zoom, zoom }, true);
  }

  /* Draw anew and keep a box where it was on the screen. */
  redrawAround(thing, change) {
    const before = this.onScreen(thing);
    change();
    this.draw();
    const after = this.onScreen(thing);
    this.panBy(before.x - after.x, before.y - after.y);
  }

  /* --- pointer ---------------------------------------------------------------------------------------------------- */

  watchPointer() {
    const pointers = new Map();
    const spread = () => {
      const [a, b] = [...pointers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!pointers.size) this.moved = false;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, way: 0 });
    });
    window.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const before = pointers.size === 2 ? spread() : 0;
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      pointers.set(event.pointerId, {
        x: event.clientX,
        y: event.clientY,
        way: last.way + Math.abs(dx) + Math.abs(dy),
      });
      if (pointers.get(event.pointerId).way > 4) this.moved = true;
      this.panBy(dx / pointers.size, dy / pointers.size);
      if (pointers.size === 2 && before) this.zoomBy(spread() / before, this.locally(event));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      window.addEventListener(end, (event) => pointers.delete(event.pointerId));
    }
    this.svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.svg.addEventListener("dblclick", (event) => this.zoomBy(1.5, this.locally(event)));
  }

  /* The wheel zooms; in a frame of another page, such as a notebook, only with Ctrl, so that the page scrolls. */
  wheel(event) {
    if (window !== window.parent && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomBy(
      Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0015) * (event.ctrlKey ? 4 : 1)),
      this.locally(event),
    );
  }

  locally(event) {
    const { left, top } = this.svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }
}
