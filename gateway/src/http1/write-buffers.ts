// Memory for bytes on their way to a socket. It is used again as soon as the operating system has taken them,
// which mostly is at once: so the same few pieces stay in the processor's cache.

/** Larger ones are not kept. A read with a head before it and a chunk's framing around it. */
const LARGEST_BYTES = 163_840;
/** For what is read for a taker that takes its time: it may hold the memory for long. */
const SMALL_BYTES = 20_480;
/** Free pieces of one size. */
const MOST_FREE = 8;

const small: Buffer[] = [];
const large: Buffer[] = [];

/** Memory of at least so many bytes. */
export function takeWriteBuffer(bytes: number): Buffer {
  if (bytes <= SMALL_BYTES) return small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
  return (
    (bytes <= LARGEST_BYTES ? large.pop() : undefined) ??
    Buffer.allocUnsafeSlow(Math.max(bytes, LARGEST_BYTES))
  );
}

/** Gives it back, when nothing will be read from it any more. */
export function giveWriteBuffer(buffer: Buffer): void {
  const free = buffer.length === SMALL_BYTES ? small : large;
  if (buffer.length <= LARGEST_BYTES && free.length < MOST_FREE) free.push(buffer);
}
