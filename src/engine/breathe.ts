/** Lets the event loop of the thread turn once, so that an abort can arrive; throws if it has. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
}
