// A body that is a stream of Node may have ended, or broken off, before it is read.
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { BodySink } from '../../src/http1/body-source.ts';
import { StreamBody } from '../../src/message/body.ts';

class KeptSink implements BodySink {
  readonly told: string[] = [];
  data(chunk: Buffer): void {
    this.told.push(`data ${chunk}`);
  }
  end(): void {
    this.told.push('end');
  }
  failed(error: Error): void {
    this.told.push(`failed: ${error.message}`);
  }
}

const MAKERS = {
  'of a client': (stream: PassThrough) => new StreamBody(stream, () => stream.errored === null),
};

describe.each(Object.entries(MAKERS))('a body %s', (_, make) => {
  async function toldBy(stream: PassThrough): Promise<string[]> {
    const sink = new KeptSink();
    make(stream).open(sink);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    return sink.told;
  }

  it('tells its end once, also if it had ended before it was read', async () => {
    const ended = new PassThrough();
    ended.end().resume();
    await finished(ended);
    expect(await toldBy(ended)).toEqual(['end']);
    const open = new PassThrough();
    open.end('x');
    expect((await toldBy(open)).slice(0, 2)).toEqual(['data x', 'end']);
  });

  it('tells that it broke off, also if that was before it was read', async () => {
    const broken = new PassThrough();
    broken.on('error', () => {});
    broken.destroy(new Error('gone'));
    await finished(broken).catch(() => {});
    const told = await toldBy(broken);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^failed: /);
  });
});
