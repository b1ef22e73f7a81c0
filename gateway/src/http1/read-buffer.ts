// The memory that bytes are read into: one piece for all connections, as what was read is handled, or copied,
// before anything else is read.

/** How much is read at a time at most, by what the taker of the bytes is worth. */
export const READ = {
  /** For one that takes its time: what it has not taken is kept for it. */
  LITTLE: 0,
  /** A body of 64 KiB with its head. */
  SOME: 1,
  /** For one that has taken all at once so far. */
  MUCH: 2,
} as const;

export type ReadAmount = (typeof READ)[keyof typeof READ];

const BYTES = [16_384, 73_728, 147_456] as const;

let buffers: readonly Buffer[] | undefined;

/** The memory for the next read. Whoever reads next, anywhere, writes over it. */
export function readBuffer(amount: ReadAmount): Buffer {
  if (buffers === undefined) {
    const all = Buffer.allocUnsafeSlow(BYTES[READ.MUCH]);
    buffers = BYTES.map((bytes) => all.subarray(0, bytes));
  }
  return buffers[amount] as Buffer;
}
