/* Stepping through a computation: which step it is, and what every node and wire is like at that step. */
"use strict";

const PACE = 1100; // milliseconds a step, when it plays by itself

class Stepper {
  constructor(model, changed) {
    Object.assign(this, { model, changed, at: null, timer: null });
    this.steps = model.steps;
    this.turn = { forward: new Map(), backward: new Map() };
    this.steps.forEach((step, i) => this.turn[step.way].set(step.node, i));
    this.forwardCount = this.turn.forward.size;
  }

  get step() {
    return this.at === null ? null : this.steps[this.at];
  }

  /* Go to a step; null, and what lies before the first, is the overview, where everything is shown. */
  go(at) {
    this.at = at === null || at < 0 || !this.steps.length ? null : Math.min(at, this.steps.length - 1);
    this.changed();
  }

  next() {
    this.go(this.at === null ? 0 : this.at + 1);
  }

  previous() {
    this.go(this.at === null ? this.steps.length - 1 : this.at - 1);
  }

  get playing() {
    return this.timer !== null;
  }

  play() {
    if (this.at === this.steps.length - 1) this.at = null;
    this.timer = setInterval(() => {
      this.next();
      if (this.at === this.steps.length - 1) this.pause();
    }, PACE);
    this.next();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.changed();
  }

  /* What a node is like at this step; see `Picture.show`. */
  state(node) {
    const { forward, backward } = this.turn;
    if (this.step.way === "forward") {
      const turn = forward.get(node) ?? -1; // leaves are there from the start
      return turn < this.at ? "ran" : turn === this.at ? "now" : "todo";
    }
    if (!backward.has(node)) return "idle";
    const turn = backward.get(node);
    return turn < this.at ? "back" : turn === this.at ? "backnow" : "ran";
  }

  /* Whether a gradient has come back from the target of a use to its source. */
  wayBack({ source, target }) {
    const turn = this.turn.backward.get(target);
    if (this.step.way === "forward" || turn === undefined || turn > this.at || !source.needed) return "";
    return turn === this.at ? "backnow" : "back";
  }

  /* The contributions to a node's gradient that have arrived by this step, in the order of their arrival. */
  arrived(node) {
    return node.received.filter(({ sender }) => sender === null || this.turn.backward.get(sender) <= this.at);
  }

  /* This step's number within its pass: "Forward 3 of 12". */
  title() {
    if (this.at === null) return "Overview";
    const { forwardCount: count, steps, at } = this;
    return at < count ? `Forward ${at + 1} of ${count}` : `Backward ${at - count + 1} of ${steps.length - count}`;
  }
}
