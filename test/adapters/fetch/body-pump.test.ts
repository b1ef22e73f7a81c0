import { describe, expect, it } from 'vitest';
import { BodyPump } from '../../../src/adapters/fetch/body-pump.ts';

/** A body that comes as the test says, and what is heard of its end. */
function aBody() {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let pulls = 0;
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        source = controller;
      },
      pull: () => {
        pulls++;
      },
      cancel: (reason) => {
        cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  const heard: string[] = [];
  const pump = new BodyPump(body, {
    complete: () => heard.push('complete'),
    broken: () => heard.push('broken'),
    unwanted: () => heard.push('unwanted'),
  });
  return {
    pump,
    heard,
    stream: pump.stream(),
    source: source as ReadableStreamDefaultController<Uint8Array>,
    pulls: () => pulls,
    cancelled: () => cancelled,
  };
}

const bytes = (size: number) => new Uint8Array(size).fill(1);
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a body that is pumped', () => {
  it('comes whole, empty chunks left out, and is complete before its reader knows', async () => {
    const { stream, source, heard } = aBody();
    for (const size of [3, 0, 4]) source.enqueue(bytes(size));
    source.close();
    const reader = stream.getReader();
    expect((await reader.read()).value?.byteLength).toBe(3);
    expect((await reader.read()).value?.byteLength).toBe(4);
    const end = reader.read().then(({ done }) => [done, [...heard]]);
    expect(await end).toEqual([true, ['complete']]);
  });

  it('is complete though nobody reads it, if it is small', async () => {
    const { source, heard } = aBody();
    source.enqueue(bytes(60_000));
    source.close();
    await settle();
    expect(heard).toEqual(['complete']);
  });

  it('is not read further than 64 KiB ahead', async () => {
    const { stream, source, pulls } = aBody();
    for (let i = 0; i < 20; i++) {
      source.enqueue(bytes(16_384));
      await settle();
    }
    expect(source.desiredSize).toBe(-16);
    const before = pulls();
    const reader = stream.getReader();
    await reader.read();
    await settle();
    expect(source.desiredSize).toBe(-15);
    expect(pulls()).toBe(before);
  });

  it('gives what came before it broke, and then the error', async () => {
    const { stream, source, heard } = aBody();
    const reader = stream.getReader();
    source.enqueue(bytes(5));
    await settle();
    source.error(new Error('cut'));
    await settle();
    expect(heard[0]).toBe('broken');
    expect((await reader.read()).value?.byteLength).toBe(5);
    await expect(reader.read()).rejects.toThrow('cut');
  });

  it('breaks off at once where it is told to, for those who wait and for those who do not', async () => {
    const waiting = aBody();
    const pending = waiting.stream.getReader().read();
    const refused = expect(pending).rejects.toThrow('left');
    waiting.pump.fail(new Error('left'));
    await refused;
    const idle = aBody();
    idle.source.enqueue(bytes(5));
    await settle();
    idle.pump.fail(new Error('left'));
    await expect(idle.stream.getReader().read()).rejects.toThrow('left');
  });

  it('is cancelled through to its source, also while somebody waits', async () => {
    const { stream, source, heard, cancelled } = aBody();
    const reader = stream.getReader();
    const pending = reader.read();
    await reader.cancel('enough');
    expect((await pending).done).toBe(true);
    expect([heard[0], cancelled()]).toEqual(['unwanted', 'enough']);
    expect(() => source.enqueue(bytes(1))).toThrow();
    await settle();
  });

  it('fills buffers of its readers, and ends them', async () => {
    const { stream, source } = aBody();
    const reader = stream.getReader({ mode: 'byob' });
    const first = reader.read(new Uint8Array(4));
    source.enqueue(bytes(6));
    expect((await first).value?.byteLength).toBe(4);
    expect((await reader.read(new Uint8Array(4))).value?.byteLength).toBe(2);
    const last = reader.read(new Uint8Array(4));
    await settle();
    source.close();
    expect((await last).done).toBe(true);
  });

  it('serves several reads that wait', async () => {
    const { stream, source } = aBody();
    const reader = stream.getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    await settle();
    source.enqueue(bytes(1));
    source.enqueue(bytes(2));
    source.close();
    expect((await Promise.all(reads)).map(({ value }) => value?.byteLength)).toEqual([1, 2, undefined]);
  });
});
