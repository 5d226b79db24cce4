/** What a part of an analysis tells while it works; rejects if it was interrupted. */
export type OnPart = (done: number, total: number) => Promise<void>
