import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ReviewRequest } from '../../src/server/fast/review-request.ts';
import { BODY_LIMIT_BYTES, receiveBody } from '../../src/server/receive-body.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The remaining chunks of a body while the request and its connection stay open. */
async function leftOf(
  pieces: readonly number[],
  ends: boolean,
): Promise<{ readonly kept: number; readonly outcome: string }> {
  const request = new ReviewRequest(new Socket());
  request.headers = { 'content-type': 'application/json' };
  let outcome = 'nothing';
  receiveBody(
    request,
    () => () => undefined,
    (received) =>
      (outcome =
        'body' in received ? `${received.body.length} bytes` : 'head' in received ? 'too large' : `${received.code}`),
  );
  const references = pieces.map((size) => {
    const piece = Buffer.alloc(size);
    request.push(piece);
    return new WeakRef(piece);
  });
  if (ends) request.push(null);
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  expect(request.headers['content-type']).toBe('application/json');
  return { kept: references.filter((reference) => reference.deref() !== undefined).length, outcome };
}

test.each([
  ['of one piece', [100_000], '100000 bytes'],
  ['of pieces', [60_000, 40_000], '100000 bytes'],
  ['that is empty', [], '0 bytes'],
])('a body %s is not kept by a request that was answered', async (_what, pieces, outcome) => {
  expect(await leftOf(pieces, true)).toEqual({ kept: 0, outcome });
});

test('a body that is too large is not kept, though more of it comes', async () => {
  expect(await leftOf([BODY_LIMIT_BYTES, 1, 100_000], false)).toEqual({ kept: 0, outcome: 'too large' });
});

test('of a body that is not there yet no piece is kept as it came, since a client can send them one byte long', async () => {
  expect(await leftOf([1000, 1000], false)).toEqual({ kept: 0, outcome: 'nothing' });
});
