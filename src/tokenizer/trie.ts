const NONE = -1
const ROOT = 0

/**
 * Strings → numbers from 0 on, matched unit by unit (UTF-16): nodes are numbers, and the way from a node to its child
 * is an open-addressing hash table in one typed array. About 30 bytes a node.
 */
export class Trie {
  private slots = new Int32Array(64).fill(NONE)
  private parents = new Int32Array(32)
  private units = new Uint16Array(32)
  private values = new Int32Array(32).fill(NONE)
  private size = 1
  /** The longest string, in UTF-16 units. */
  longest = 0

  static readonly root = ROOT

  /** Adds a string; of two equal ones the later counts. */
  add(text: string, value: number): void {
    let node = ROOT
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const child = this.child(node, unit)
      node = child === NONE ? this.addNode(node, unit) : child
    }
    this.values[node] = value
    this.longest = Math.max(this.longest, text.length)
  }

  /** The node that `unit` leads to, or −1. */
  child(node: number, unit: number): number {
    const { slots, parents, units } = this
    const mask = slots.length - 1
    for (let at = hash(node, unit) & mask; ; at = (at + 1) & mask) {
      const child = slots[at]!
      if (child === NONE || (parents[child] === node && units[child] === unit)) return child
    }
  }

  /** The value of the string that ends at a node, or −1. */
  value(node: number): number {
    return this.values[node]!
  }

  private addNode(parent: number, unit: number): number {
    if (this.size === this.parents.length) this.grow()
    const node = this.size++
    this.parents[node] = parent
    this.units[node] = unit
    this.values[node] = NONE
    this.place(node)
    return node
  }

  private place(node: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let at = hash(this.parents[node]!, this.units[node]!) & mask
    while (slots[at] !== NONE) at = (at + 1) & mask
    slots[at] = node
  }

  private grow(): void {
    const length = 2 * this.size
    const copyTo = <A extends Int32Array | Uint16Array>(larger: A, from: A) => {
      larger.set(from)
      return larger
    }
    this.parents = copyTo(new Int32Array(length), this.parents)
    this.units = copyTo(new Uint16Array(length), this.units)
    this.values = copyTo(new Int32Array(length).fill(NONE), this.values)
    this.slots = new Int32Array(2 * length).fill(NONE)
    for (let node = 1; node < this.size; node++) this.place(node)
  }
}

function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
