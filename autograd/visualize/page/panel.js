/* What is said beside the picture: the step, the chosen node, the overview. */
"use strict";

const LISTED = 3000; // nodes in the list of all nodes

class Panel {
  constructor(element, model, stepper, choose) {
    Object.assign(this, { element, model, stepper, choose });
  }

  show(selected) {
    const { step } = this.stepper;
    const cards = [];
    if (step) cards.push(step.way === "forward" ? this.forwardCard(step) : this.backwardCard(step));
    if (selected && selected !== step?.node) cards.push(this.nodeCard(selected));
    if (!step && !selected) cards.push(this.overviewCard(), legendCard(), keysCard());
    this.list ??= this.nodeList();
    this.element.replaceChildren(...cards, this.list);
  }

  /* --- cards ------------------------------------------------------------------------------------------------------ */

  forwardCard({ node }) {
    const takes = node.inputs.map((input, slot) => {
      const given = Number.isInteger(input) ? this.model.nodes[input] : null;
      if (!given) return item(make("span", { class: "label" }, input === null ? "nothing" : `number ${exact(input)}`));
      return item(this.link(given, `input ${slot + 1}`), oneLine(given.value, "value"));
    });
    return card(
      this.chip("forward"),
      this.heading(node),
      section("Takes", make("ul", {}, ...takes)),
      section("Gives", whole(node.value, "value")),
    );
  }

  backwardCard({ node }) {
    const parts = [this.chip("backward"), this.heading(node), section("Gradient coming in", this.incoming(node))];
    if (node.op) parts.push(section("Sends to its inputs", this.sends(node)));
    else parts.push(make("p", { class: "note" }, "A leaf: the gradient ends here, in its .grad."));
    return card(...parts);
  }

  /* The gradient of a node and, at a fork, what it is the sum of. */
  incoming(node) {
    const total = whole(node.gradient ?? node.received[0]?.value ?? null, "gradient");
    if (node.received.length < 2) {
      const [one] = node.received;
      const from = one?.sender ? this.link(one.sender) : "outside, where backward() began";
      return make("div", {}, total, make("p", { class: "note" }, "from ", from));
    }
    const rows = node.received.map(({ sender, slot, value }, i) => {
      const sign = make("span", { class: "sign" }, i ? "+" : "");
      return item(
        sign,
        sender ? this.link(sender, sender.inputs.length > 1 ? `input ${slot + 1}` : "") : "outside",
        oneLine(value, "gradient"),
      );
    });
    const sum = make(
      "li",
      { class: "sum" },
      make("span", { class: "sign" }, "="),
      make("span", { class: "label" }, "sum"),
      total,
    );
    const note = `A fork: ${rows.length} uses of this value, so the gradients add up.`;
    return make("div", {}, make("p", { class: "note" }, note), make("ul", { class: "terms" }, ...rows, sum));
  }

  sends(node) {
    const rows = [...node.sent].sort((a, b) => a.slot - b.slot).map((contribution) => this.sent(node, contribution));
    if (!rows.length) return make("p", { class: "unknown" }, "no input needs a gradient");
    return make("ul", { class: "sends" }, ...rows);
  }

  sent(node, { receiver, slot, value }) {
    const local = node.local?.[slot] ?? null;
    const rows = [
      make(
        "div",
        { class: "to" },
        make("span", { class: "sign" }, "→"),
        this.link(receiver, node.inputs.length > 1 ? `input ${slot + 1}` : ""),
      ),
    ];
    if (local !== null) {
      const how = node.elementwise ? "local derivative" : "Jacobian";
      rows.push(make("div", { class: "term" }, make("span", { class: "label" }, how), oneLine(local, "local")));
    }
    rows.push(make("div", { class: "term" }, make("span", { class: "label" }, "sends"), oneLine(value, "gradient")));
    if (receiver.received.length > 1) rows.push(this.sumSoFar(receiver));
    return make("li", {}, ...rows);
  }

  /* At a fork that has not got all its contributions: what it has. */
  sumSoFar(receiver) {
    const arrived = this.stepper.arrived(receiver);
    const all = receiver.received.length;
    const terms = arrived
      .map((c) => brief(c.value, 14))
      .filter(Boolean)
      .join(" + ")
      .replaceAll("+ −", "− ");
    const done = arrived.length === all;
    const sum = done ? ` = ${brief(receiver.gradient)}` : "";
    const text = `${arrived.length} of ${all} contributions${terms ? `: ${terms}${sum}` : ""}`;
    return make("p", { class: "note fork" }, text);
  }

  nodeCard(node) {
    const facts = [
      ["kind", node.kind],
      ["node", node.key],
      ["shape", shapeText(node.shape)],
      ["dtype", node.dtype ?? ""],
    ];
    if (node.mark) facts.push(["compared with the other", node.mark]);
    if (node.bytes) facts.push(["size", bytesText(node.bytes)]);
    if (node.saved) facts.push(["saved for backward", bytesText(node.saved)]);
    if (node.seconds) facts.push(["forward", `${number(node.seconds * 1e3)} ms`]);
    if (node.backwardSeconds) facts.push(["backward", `${number(node.backwardSeconds * 1e3)} ms`]);
    const parts = [make("p", { class: "chip" }, "Selected"), this.heading(node), factList(facts)];
    parts.push(section("Value", whole(node.value, "value")));
    if (node.needed)
      parts.push(
        section(
          "Gradient",
          node.received.length > 1 && !this.stepper.step ? this.incoming(node) : whole(node.gradient, "gradient"),
        ),
      );
    const inputs = node.inputs.filter(Number.isInteger).map((input) => item(this.link(this.model.nodes[input])));
    if (inputs.length) parts.push(section("Computed from", make("ul", {}, ...inputs)));
    const users = node.users
      .slice(0, 50)
      .map((use) => item(this.link(use.node, use.node.inputs.length > 1 ? `input ${use.slot + 1}` : "")));
    if (users.length)
      parts.push(section(users.length > 1 ? `Used by ${node.users.length}` : "Used by", make("ul", {}, ...users)));
    return card(...parts);
  }

  overviewCard() {
    const { nodes, groups, steps } = this.model;
    const operations = nodes.filter((node) => node.op && !node.part);
    const parameters = nodes.filter((node) => node.kind === "parameter");
    const elements = (node) => (node.shape ?? []).reduce((product, n) => product * n, 1);
    const facts = [
      ["operations", String(operations.length)],
      ["parameters", `${parameters.length} (${parameters.reduce((sum, node) => sum + elements(node), 0)} numbers)`],
    ];
    const modules = groups.filter((group) => !group.crowd).length;
    if (modules) facts.push(["module calls", String(modules)]);
    const saved = nodes.reduce((sum, node) => sum + (node.saved ?? 0), 0);
    if (saved) facts.push(["kept for backward", bytesText(saved)]);
    const counts = new Map();
    for (const { op } of operations) counts.set(op, (counts.get(op) ?? 0) + 1);
    const rows = [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12)
      .map(([op, n]) => item(make("span", { class: "label" }, op), make("span", { class: "count" }, `× ${n}`)));
    const hint =
      steps.length > operations.length
        ? `${steps.length} steps, forward and backward`
        : `${steps.length} steps forward; backward() has not run, or its gradients were not kept`;
    const parts = [
      make("p", { class: "chip" }, "Overview"),
      make("h2", {}, this.model.heading),
      factList(facts),
      make("p", { class: "note" }, `${hint}. Press → to begin.`),
    ];
    if (rows.length) parts.push(section("Operations", make("ul", { class: "counts" }, ...rows)));
    return card(...parts);
  }

  /* All nodes as text, for those who cannot see the picture or want to read it from the first to the last. */
  nodeList() {
    const list = make("ol", {});
    const details = make(
      "details",
      { class: "card list" },
      make("summary", {}, `All ${this.model.nodes.length} nodes as a list`),
      list,
    );
    details.addEventListener("toggle", () => {
      if (list.children.length) return;
      list.append(
        ...this.model.nodes
          .slice(0, LISTED)
          .map((node) => item(this.link(node), oneLine(node.value, "value"), oneLine(node.gradient, "gradient"))),
      );
    });
    return details;
  }

  /* --- pieces ----------------------------------------------------------------------------------------------------- */

  chip(way) {
    return make("p", { class: `chip ${way}` }, this.stepper.title());
  }

  heading(node) {
    const title = make(
      "h2",
      {},
      make("bdi", {}, cut(this.model.title(node), 400)),
      make("span", { class: "id" }, ` ${node.key}`),
    );
    const path = this.model.path(node);
    const parts = [title];
    if (path) parts.push(make("p", { class: "path" }, cut(path, 600)));
    if (node.op && node.name) parts.push(make("p", { class: "path" }, "named ", make("bdi", {}, cut(node.name, 400))));
    if (node.source) parts.push(sourceLine(node.source));
    return make("div", { class: "heading" }, ...parts);
  }

  /* A node's name, which leads to it. */
  link(node, what = "") {
    const title = cut(this.model.title(node), 40);
    const button = make(
      "button",
      { type: "button", class: `link ${node.kind}` },
      make("bdi", {}, title),
      node.op ? make("span", { class: "id" }, ` ${node.key}`) : "",
    );
    button.addEventListener("click", () => this.choose(node));
    if (!what) return button;
    return make("span", { class: "linked-as" }, button, make("span", { class: "what" }, ` ${what}`));
  }

  /* The step in a sentence, for those who listen. */
  spoken() {
    const { step } = this.stepper;
    if (!step) return "Overview of the whole graph.";
    const { node } = step;
    const name = (one) => cut(this.model.title(one), 60) + (one.op ? ` ${one.key}` : "");
    const begin = `${this.stepper.title()}: ${name(node)}.`;
    if (step.way === "forward") {
      const inputs = node.inputs.map((input) =>
        Number.isInteger(input)
          ? `${name(this.model.nodes[input])}, ${spoken(this.model.nodes[input].value)}`
          : exact(input),
      );
      return `${begin} Takes ${inputs.join("; ")}. Gives ${spoken(node.value)}.`;
    }
    const terms =
      node.received.length > 1 ? `, the sum of ${node.received.map((c) => spoken(c.value)).join(" and ")}` : "";
    const sent = node.sent.map((c) => `${spoken(c.value)} to ${name(c.receiver)}`).join("; ");
    return `${begin} Gradient coming in: ${spoken(node.gradient ?? node.received[0]?.value ?? null)}${terms}.${sent ? ` Sends ${sent}.` : ""}`;
  }
}

const card = (...parts) => make("section", { class: "card" }, ...parts);

const section = (title, content) => make("div", { class: "part" }, make("h3", {}, title), content);

const item = (...parts) => make("li", {}, ...parts);

function oneLine(value, kind) {
  const text = brief(value, 48);
  if (!text) return make("span", { class: "unknown" }, "not kept");
  return make("span", { class: `number ${kind}`, title: isSummary(value) ? spoken(value) : exact(value) }, text);
}

function factList(facts) {
  const rows = facts
    .filter(([, text]) => text !== "")
    .map(([key, text]) => make("div", {}, make("dt", {}, key), make("dd", {}, text)));
  return make("dl", { class: "facts" }, ...rows);
}

function sourceLine({ file, line, function: name, text }) {
  const place = `${file.split(/[\\/]/).at(-1)}:${line}${name === "<module>" ? "" : ` in ${name}`}`;
  return make(
    "figure",
    { class: "source", title: `${cut(file, 300)}:${line}` },
    make("code", {}, cut(text, 300)),
    make("figcaption", {}, cut(place, 120)),
  );
}

function legendCard() {
  const kinds = ["parameter", "input", "constant", "operation", "output"];
  const rows = kinds.map((kind) => {
    const look = { title: "", lines: [], round: kind === "operation", width: 26, height: 16 };
    const picture = makeSvg(
      "svg",
      { width: 30, height: 20, "aria-hidden": "true" },
      makeSvg("g", { class: `box ${kind}` }, ...outline(kind, 2, 2, look)),
    );
    return item(picture, make("span", {}, kind));
  });
  const numbers = make(
    "p",
    { class: "note" },
    "On each wire: ",
    make("span", { class: "number value" }, "value"),
    " above, ",
    make("span", { class: "number gradient" }, "gradient"),
    " below. Where a value has several uses, each wire's end shows what it contributes.",
  );
  return card(section("Legend", make("ul", { class: "legend" }, ...rows)), numbers);
}

function keysCard() {
  const keys = [
    ["← →", "step"],
    ["Home End", "first, last step"],
    ["Space", "play, pause"],
    ["Esc", "back to the overview"],
    ["/", "search"],
    ["F", "fit the picture"],
    ["D", "turn it"],
    ["+ −", "zoom"],
    ["↑ ↓", "move among the boxes"],
    ["Shift ← →", "to a box's input, user"],
    ["Enter", "choose, fold, open"],
  ];
  const rows = keys.map(([key, what]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)));
  return card(section("Keys", make("dl", { class: "keys" }, ...rows)));
}
