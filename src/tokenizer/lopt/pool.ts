import type { MarkKind } from './chunk.js'
import type { Executor } from './executor.js'
import type { TokenizerSource } from './source.js'

export class Pool {
  static isAvailable(): boolean {
    return false
  }
  static processors(): number {
    return 2
  }
  constructor(_s: TokenizerSource, _m: MarkKind) {}
  start(_t: number): boolean {
    return false
  }
  session(_t: number): Executor {
    throw new Error('later')
  }
  close(): void {}
}
