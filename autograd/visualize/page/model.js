/* The graph that the page shows: what came with the page, linked up, and which frames are folded. */
"use strict";

// Boxes: frames are opened, outer ones first, as long as there are no more.
const SHOWN_AT_FIRST = 110;
const MOST_SHOWN = 1500;

class Model {
  constructor(data) {
    Object.assign(this, data);
    this.nodes.forEach((node, i) => Object.assign(node, { index: i, key: `n${i}`, users: [], received: [], sent: [] }));
    this.groups.forEach((group, i) =>
      Object.assign(group, { index: i, key: `g${i}`, inner: [], members: [], size: 0 }),
    );
    for (const node of this.nodes) this.link(node);
    let turn = 1;
    this.turns = this.nodes.map((node) => (node.op ? turn++ : turn)); // which operation it is, or which comes next
    for (const group of this.groups) if (group.parent !== null) this.groups[group.parent].inner.push(group);
    for (const group of [...this.groups].reverse()) this.measure(group);
    for (const group of this.groups) if (group.crowd) this.name(group);
    this.steps = [...this.forward(), ...this.backward()];
    this.open = this.opened(SHOWN_AT_FIRST);
  }

  link(node) {
    node.inputs.forEach((source, slot) => {
      if (Number.isInteger(source)) this.nodes[source].users.push({ node, slot });
    });
    if (node.group !== null) this.groups[node.group].members.push(node);
  }

  /* Know of a group how many operations it holds and where it begins; those inside it are measured already. */
  measure(group) {
    const own = group.members.filter((node) => node.op).length;
    group.size = group.inner.reduce((sum, inner) => sum + inner.size, own);
    group.order = group.members.reduce((order, node) => Math.min(order, node.index), Infinity);
    group.order = group.inner.reduce((order, inner) => Math.min(order, inner.order), group.order);
    group.end = group.members.reduce((end, node) => Math.max(end, node.index), 0);
    group.end = group.inner.reduce((end, inner) => Math.max(end, inner.end), group.end);
  }

  /* Call a frame for a crowd by the numbers, in execution order, of the operations in it. */
  name(group) {
    const [first, last] = [group.order, group.end].map((index) => this.turns[index]);
    group.label = `operations ${first} – ${last}`;
  }

  *forward() {
    for (const node of this.nodes) if (node.op) yield { way: "forward", node };
  }

  /* What each node receives came with the page; what it sends is what others receive from it. */
  *backward() {
    for (const { node: index, received } of this.pulls) {
      const node = this.nodes[index];
      for (const [sender, slot, value] of received) {
        const contribution = { sender: sender === null ? null : this.nodes[sender], receiver: node, slot, value };
        node.received.push(contribution);
        contribution.sender?.sent.push(contribution);
      }
    }
    for (const { node } of this.pulls) yield { way: "backward", node: this.nodes[node] };
  }

  /* Return the groups that are open when so many boxes may be shown: outer ones before inner ones. */
  opened(most) {
    const open = new Set();
    let level = this.groups.filter((group) => group.parent === null);
    let shown = this.nodes.filter((node) => node.group === null).length + level.length;
    while (level.length) {
      const more = level.reduce((sum, group) => sum + group.members.length + group.inner.length - 1, 0);
      if (shown + more > most) break;
      shown += more;
      for (const group of level) open.add(group);
      level = level.flatMap((group) => group.inner);
    }
    return open;
  }

  /* The groups around a node or group, outermost first. */
  around(thing) {
    const found = [];
    let index = thing.key[0] === "g" ? thing.parent : thing.group;
    while (index !== null) {
      found.push(this.groups[index]);
      index = this.groups[index].parent;
    }
    return found.reverse();
  }

  /* What stands for a node in the picture: the outermost folded group around it, or itself. */
  shownFor(node) {
    return this.around(node).find((group) => !this.open.has(group)) ?? node;
  }

  /* Open all that hides a node. */
  reveal(node) {
    for (const group of this.around(node)) this.open.add(group);
  }

  /* Fold a group and all in it, so that it opens to one more level only. */
  fold(group) {
    const stack = [group];
    while (stack.length) {
      const one = stack.pop();
      this.open.delete(one);
      stack.push(...one.inner);
    }
  }

  /* Return the boxes, frames and wires to be drawn. */
  visible() {
    const stands = new Map();
    const boxes = new Set();
    for (const node of this.nodes) {
      const shown = this.shownFor(node);
      stands.set(node, shown);
      boxes.add(shown);
    }
    const frames = this.groups.filter(
      (group) => this.open.has(group) && this.around(group).every((g) => this.open.has(g)),
    );
    return { boxes: [...boxes], frames, wires: this.wires(stands), stands };
  }

  /* Uses of a node by others, where both are shown; uses by what one folded group holds are one wire. */
  wires(stands) {
    const found = new Map();
    for (const target of this.nodes) {
      target.inputs.forEach((input, slot) => {
        if (!Number.isInteger(input)) return;
        const [source, to] = [stands.get(this.nodes[input]), stands.get(target)];
        if (source === to) return;
        const key = to === target ? `${source.key} ${to.key} ${slot}` : `${source.key} ${to.key}`;
        if (!found.has(key)) found.set(key, { source, target: to, slot: to === target ? slot : 0, uses: [] });
        found.get(key).uses.push({ source: this.nodes[input], target, slot });
      });
    }
    return [...found.values()];
  }

  /* A node in words. */
  title(node) {
    if (node.op) return node.part ? `output ${node.sign}` : node.op;
    return node.name ? node.name : node.kind;
  }

  path(node) {
    return this.around(node)
      .map((group) => group.label)
      .join(" › ");
  }

  /* The nodes that a search finds: all words stand in the name, operation, shape, dtype or modules. */
  find(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return this.nodes.filter((node) => {
      const text = [
        node.key,
        node.op,
        node.sign,
        node.name,
        node.kind,
        shapeText(node.shape),
        node.dtype,
        this.path(node),
      ];
      const searched = text.filter(Boolean).join(" ").toLowerCase();
      return words.every((word) => searched.includes(word));
    });
  }
}
