// The combinations of layout and digits that products are compiled for; a function each.
import { EIGHT_BITS } from '../base/wasm_memory.as'
import { LAYOUT_Q4_0, LAYOUT_Q4_1, LAYOUT_Q4_K, LAYOUT_Q6_K, LAYOUT_Q8_0 } from './wasm_formats.as'
import { HALVES, MINIMUMS } from './wasm_layout.as'
import { Product } from './wasm_simd.as'
import { PANEL } from './wasm_unpack.as'

// All functions here take: block (or panel), groups, digits, y, offset of the codes, scratch for sums.

/** The offset of codes of eight bits. */
const EIGHT_BIT_OFFSET: i32 = 128

/** Codes of eight bits on a CPU whose relaxed dot product takes seven. */
function mustSplit(offset: i32): bool {
  return ASC_FEATURE_RELAXED_SIMD && offset == EIGHT_BIT_OFFSET && load<i32>(EIGHT_BITS) == 0
}

/** Whether `packed` knows the layout. Words hold one digit as well as two. */
export function direct(layout: i32, passes: i32): bool {
  if (passes == 3 || (passes == 1 && ASC_FEATURE_RELAXED_SIMD)) return false
  return (
    layout == LAYOUT_Q4_0 ||
    layout == LAYOUT_Q4_1 ||
    layout == LAYOUT_Q8_0 ||
    layout == LAYOUT_Q4_K ||
    layout == LAYOUT_Q6_K
  )
}

/** Two digits times a block as it is packed: for single tokens. */
export function packed(layout: i32, b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
  if (layout == LAYOUT_Q4_0) Packed.q4_0(b, g, d, y, o, s)
  else if (layout == LAYOUT_Q4_1) Packed.q4_1(b, g, d, y, o, s)
  else if (layout == LAYOUT_Q4_K) Packed.q4_k(b, g, d, y, o, s)
  else if (layout == LAYOUT_Q6_K) Packed.q6_k(b, g, d, y, o, s)
  else if (mustSplit(o)) Packed.split(b, g, d, y, o, s)
  else Packed.q8_0(b, g, d, y, o, s)
}

class Packed {
  static q4_0(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q4_0, 2, false, b, g, d, y, o, s)
  }
  static q4_1(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q4_1, 2, false, b, g, d, y, o, s)
  }
  static q4_k(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q4_K, 2, false, b, g, d, y, o, s)
  }
  static q6_k(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q6_K, 2, false, b, g, d, y, o, s)
  }
  static q8_0(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q8_0, 2, false, b, g, d, y, o, s)
  }
  static split(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(LAYOUT_Q8_0, 2, true, b, g, d, y, o, s)
  }
}

/** One, two or three digits times a panel (unpackGroups). */
export function panel(
  layout: i32,
  passes: i32,
  b: usize,
  g: i32,
  d: usize,
  y: usize,
  o: i32,
  s: usize,
): void {
  const minimums = layout & MINIMUMS
  const halves = layout & HALVES
  if (passes == 2) {
    if (mustSplit(o)) Two.split(b, g, d, y, o, s)
    else if (minimums) halves ? Two.both(b, g, d, y, o, s) : Two.minimums(b, g, d, y, o, s)
    else halves ? Two.halves(b, g, d, y, o, s) : Two.plain(b, g, d, y, o, s)
  } else if (passes == 1) {
    if (mustSplit(o)) One.split(b, g, d, y, o, s)
    else if (minimums) halves ? One.both(b, g, d, y, o, s) : One.minimums(b, g, d, y, o, s)
    else halves ? One.halves(b, g, d, y, o, s) : One.plain(b, g, d, y, o, s)
  } else {
    if (mustSplit(o)) Three.split(b, g, d, y, o, s)
    else if (minimums) halves ? Three.both(b, g, d, y, o, s) : Three.minimums(b, g, d, y, o, s)
    else halves ? Three.halves(b, g, d, y, o, s) : Three.plain(b, g, d, y, o, s)
  }
}

class One {
  static plain(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 1, false, b, g, d, y, o, s)
  }
  static minimums(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS, 1, false, b, g, d, y, o, s)
  }
  static halves(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | HALVES, 1, false, b, g, d, y, o, s)
  }
  static both(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS | HALVES, 1, false, b, g, d, y, o, s)
  }
  static split(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 1, true, b, g, d, y, o, s)
  }
}

class Two {
  static plain(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 2, false, b, g, d, y, o, s)
  }
  static minimums(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS, 2, false, b, g, d, y, o, s)
  }
  static halves(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | HALVES, 2, false, b, g, d, y, o, s)
  }
  static both(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS | HALVES, 2, false, b, g, d, y, o, s)
  }
  static split(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 2, true, b, g, d, y, o, s)
  }
}

class Three {
  static plain(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 3, false, b, g, d, y, o, s)
  }
  static minimums(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS, 3, false, b, g, d, y, o, s)
  }
  static halves(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | HALVES, 3, false, b, g, d, y, o, s)
  }
  static both(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL | MINIMUMS | HALVES, 3, false, b, g, d, y, o, s)
  }
  static split(b: usize, g: i32, d: usize, y: usize, o: i32, s: usize): void {
    Product.block(PANEL, 3, true, b, g, d, y, o, s)
  }
}
