/* The page: the parts put together, and what keys and buttons do. */
"use strict";

const THEMES = ["light dark", "light", "dark"];
const [PLAY, PAUSE] = ["M2 1v12l11-6z", "M2 1h4v12H2zM8 1h4v12H8z"];

class Page {
  constructor(data) {
    this.model = new Model(data);
    this.selected = null;
    this.live = at("live");
    this.tip = at("tip");
    this.stepper = new Stepper(this.model, () => this.stepped());
    this.panel = new Panel(at("panel"), this.model, this.stepper, (node) => this.choose(node));
    this.picture = new Picture(at("picture"), this.model, {
      choose: (x) => this.choose(x),
      hover: (...x) => this.hover(...x),
    });
    this.picture.draw();
    this.picture.fit(0.4);
    this.setControls();
    this.panel.show(null);
    this.showControls();
    this.rest();
    document.addEventListener("keydown", (event) => this.key(event));
    const asked = /^#(\d+)$/.exec(window.location.hash); // page.html#3 opens at the third step
    if (asked) this.stepper.go(Number(asked[1]) - 1);
  }

  setControls() {
    const { stepper, picture } = this;
    const press = {
      first: () => stepper.go(0),
      previous: () => stepper.previous(),
      play: () => this.togglePlay(),
      next: () => stepper.next(),
      last: () => stepper.go(Infinity),
      overview: () => this.overview(),
      in: () => picture.zoomBy(1.3),
      out: () => picture.zoomBy(1 / 1.3),
      fit: () => picture.fit(),
      turn: () => this.turn(),
      fold: () => this.foldAll(),
      open: () => this.openAll(),
      theme: () => this.changeTheme(),
    };
    for (const [id, act] of Object.entries(press)) at(id).addEventListener("click", act);
    const modules = this.model.groups.length > 0;
    at("fold").hidden = at("open").hidden = !modules;
    at("slider").max = String(this.model.steps.length);
    at("slider").addEventListener("input", () => stepper.go(Number(at("slider").value) - 1)); // -1 is the overview
    at("search").addEventListener("input", () => this.search());
    at("search").addEventListener("keydown", (event) => this.searchKey(event));
  }

  /* --- stepping --------------------------------------------------------------------------------------------------- */

  stepped() {
    const { step } = this.stepper;
    this.showState();
    if (step) this.picture.follow(step.node);
    this.hover(null);
    this.panel.show(this.selected);
    this.panel.element.scrollTop = 0;
    this.showControls();
    this.live.textContent = this.panel.spoken();
  }

  showState() {
    const { stepper } = this;
    this.picture.show(stepper.step ? (node) => stepper.state(node) : null, (use) => stepper.wayBack(use));
  }

  showControls() {
    const { stepper } = this;
    at("where").textContent = stepper.step ? stepper.title() : `${stepper.steps.length} steps`;
    at("slider").value = String(stepper.at === null ? 0 : stepper.at + 1);
    at("slider").setAttribute("aria-valuetext", stepper.title());
    at("slider").style.setProperty("--turn", `${(100 * stepper.forwardCount) / Math.max(1, stepper.steps.length)}%`);
    at("playing").setAttribute("d", stepper.playing ? PAUSE : PLAY);
    at("play").setAttribute("aria-label", stepper.playing ? "Pause" : "Play");
    at("previous").disabled = at("first").disabled = stepper.at === 0;
    at("next").disabled = at("last").disabled = stepper.at === stepper.steps.length - 1;
    at("overview").disabled = stepper.at === null;
  }

  togglePlay() {
    if (this.stepper.playing) this.stepper.pause();
    else this.stepper.play();
  }

  overview() {
    if (this.stepper.playing) this.stepper.pause();
    this.selected = null;
    this.picture.select(null);
    this.stepper.go(null);
    this.picture.fit(0.4);
  }

  /* --- choosing, folding, searching ------------------------------------------------------------------------------- */

  /* What a click on a box does: a folded group opens, an open one's title folds it, a node is told about. */
  choose(thing) {
    if (thing.key[0] === "g") return this.toggle(thing);
    if (this.picture.stands.get(thing) !== thing) this.change(() => this.model.reveal(thing));
    this.selected = thing;
    this.picture.select(thing);
    this.picture.follow(thing, 0.5);
    this.panel.show(thing);
    this.picture.focus(thing);
  }

  toggle(group) {
    const fold = this.model.open.has(group);
    this.hover(null);
    this.picture.redrawAround(group, () => (fold ? this.model.fold(group) : this.model.open.add(group)));
    this.showState();
    this.picture.focus(group);
    this.live.textContent = `${group.label} ${fold ? "folded" : "opened"}.`;
  }

  /* Change which groups are open, and draw anew. */
  change(how) {
    how();
    this.picture.draw();
    this.showState();
    this.rest();
  }

  /* The Tab key leads to the first box, before any had the focus. */
  rest() {
    if (!this.picture.scene.querySelector('[tabindex="0"]'))
      this.picture.rove(this.picture.drawn.get(this.picture.boxes[0]?.key));
  }

  turn() {
    this.change(() => (this.picture.down = !this.picture.down));
    this.picture.fit(0.4);
  }

  foldAll() {
    this.change(() => this.model.open.clear());
    this.picture.fit(0.4);
  }

  openAll() {
    this.change(() => (this.model.open = this.model.opened(MOST_SHOWN)));
    this.picture.fit(0.4);
    const folded = this.picture.boxes.some((thing) => thing.key[0] === "g");
    this.live.textContent = folded ? "Opened as far as there is space." : "All opened.";
  }

  search() {
    this.found = this.model.find(at("search").value);
    this.foundAt = -1;
    this.picture.mark(this.found);
    at("hits").textContent = at("search").value.trim() ? `${this.found.length} found` : "";
  }

  searchKey(event) {
    if (event.key === "Escape") {
      at("search").value = "";
      this.search();
      at("search").blur();
    } else if (event.key === "Enter" && this.found?.length) {
      const step = event.shiftKey ? -1 : 1;
      this.foundAt = (this.foundAt + step + this.found.length) % this.found.length;
      const node = this.found[this.foundAt];
      this.choose(node);
      this.picture.mark(this.found);
      at("hits").textContent = `${this.foundAt + 1} of ${this.found.length}`;
      this.live.textContent = this.picture.spokenName(node);
      at("search").focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /* --- hovering --------------------------------------------------------------------------------------------------- */

  hover(thing, element = null, focused = false) {
    this.tip.hidden = !thing || thing.key[0] === "g";
    if (focused && element) this.picture.rove(element);
    if (this.tip.hidden) return;
    const parts = [
      make("h2", {}, make("bdi", {}, cut(this.model.title(thing), 80)), make("span", { class: "id" }, ` ${thing.key}`)),
    ];
    parts.push(make("p", { class: "path" }, [shapeText(thing.shape), thing.dtype].filter(Boolean).join(" ")));
    if (this.model.path(thing)) parts.push(make("p", { class: "path" }, cut(this.model.path(thing), 160)));
    const step = this.stepper.step ? this.stepper.state(thing) : "back";
    if (step !== "todo") parts.push(section("Value", whole(thing.value, "value")));
    if (thing.gradient !== null && step.startsWith("back"))
      parts.push(section("Gradient", whole(thing.gradient, "gradient")));
    if (thing.source) parts.push(sourceLine(thing.source));
    this.tip.replaceChildren(...parts);
    this.placeTip(element.getBoundingClientRect());
  }

  /* The tooltip stands below its box, or above where there is more space. */
  placeTip(box) {
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const below = box.bottom + 10 + height < window.innerHeight || box.top < height + 10;
    const x = Math.max(8, Math.min(window.innerWidth - width - 8, box.left + box.width / 2 - width / 2));
    const y = below ? Math.min(box.bottom + 10, window.innerHeight - height - 8) : box.top - height - 10;
    this.tip.style.transform = `translate(${x}px, ${Math.max(8, y)}px)`;
  }

  /* --- keys ------------------------------------------------------------------------------------------------------- */

  key(event) {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input[type=search]")) return;
    const pressed = target.matches("button, [role=button], summary");
    if (pressed && (event.key === " " || event.key === "Enter")) {
      if (target.matches("g")) this.enter(event, target);
      return;
    }
    if (target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
    const act = this.keys(event)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  keys(event) {
    const { stepper, picture } = this;
    const move = (way) => () => this.moveFocus(way);
    return {
      ArrowRight: event.shiftKey ? move("user") : () => stepper.next(),
      ArrowLeft: event.shiftKey ? move("input") : () => stepper.previous(),
      ArrowDown: move("after"),
      ArrowUp: move("before"),
      Home: () => stepper.go(0),
      End: () => stepper.go(Infinity),
      " ": () => this.togglePlay(),
      Escape: () => this.overview(),
      "/": () => at("search").focus(),
      f: () => picture.fit(),
      d: () => this.turn(),
      "+": () => picture.zoomBy(1.3),
      "=": () => picture.zoomBy(1.3),
      "-": () => picture.zoomBy(1 / 1.3),
    };
  }

  enter(event, target) {
    event.preventDefault();
    target.dispatchEvent(new MouseEvent("click"));
  }

  /* Move the focus from box to box: in execution order, or along a wire. */
  moveFocus(way) {
    const { boxes, wires, drawn } = this.picture;
    const focused = boxes.find((thing) => drawn.get(thing.key) === document.activeElement);
    const next = { after: 1, before: -1 }[way];
    let to = boxes.find((thing) => drawn.get(thing.key).getAttribute("tabindex") === "0") ?? boxes[0];
    if (focused && next) to = boxes[boxes.indexOf(focused) + next];
    if (focused && way === "input") to = wires.find((wire) => wire.target === focused)?.source;
    if (focused && way === "user") to = wires.find((wire) => wire.source === focused)?.target;
    if (!to) return;
    this.picture.follow(to, 0.3);
    this.picture.focus(to);
  }

  changeTheme() {
    const root = document.documentElement;
    const now = THEMES.indexOf(root.style.colorScheme || THEMES[0]);
    root.style.colorScheme = THEMES[(now + 1) % THEMES.length];
    at("theme").title = `Colours: ${["as the system", "light", "dark"][(now + 1) % THEMES.length]}`;
  }
}

const at = (id) => document.getElementById(id);

new Page(JSON.parse(at("data").textContent));
