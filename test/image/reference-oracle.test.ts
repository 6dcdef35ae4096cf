// Our parser against the Go original, on thousands of made strings. FC_SEED repeats a run, FC_RUNS lengthens it.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { explainReference } from '../../src/image/explain.ts';
import { type Oracle, oracleMissing, startOracle } from '../oracle/reference/oracle.ts';
import { describeWith } from '../support/real-part.ts';
import { imageString, wellFormed } from './image-strings.ts';
import { accepted, refused } from './reference-table.ts';

const seed = process.env['FC_SEED'];
const settings = {
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  numRuns: Number(process.env['FC_RUNS'] ?? 10_000),
};

describeWith(oracleMissing, 'parseReference and the Go original agree', () => {
  let oracle: Oracle;

  beforeAll(async () => {
    oracle = await startOracle();
  }, 120_000);

  afterAll(() => oracle.close());

  /** Why an image is invalid is said in our own words; all else must be the same. */
  async function bothOn(images: readonly string[]): Promise<{ ours: unknown; theirs: unknown }> {
    const answers = await oracle.ask(images);
    return {
      ours: images.map((image) => ({ ...explainReference(image), error: undefined })),
      theirs: answers.map((answer, index) => ({ ...answer, error: undefined, input: images[index] })),
    };
  }

  test('on every row of the tables', async () => {
    const { ours, theirs } = await bothOn([...accepted.map(({ text }) => text), ...refused.map(([text]) => text)]);
    expect(ours).toEqual(theirs);
  });

  test('on generated strings, valid or not', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(imageString, async (image) => {
        const { ours, theirs } = await bothOn([image]);
        expect(ours).toEqual(theirs);
      }),
      settings,
    );
  });

  test('on every prefix of a string', async () => {
    const images = fc.sample(wellFormed, { ...settings, numRuns: 100 });
    const cuts = images.flatMap((image) => Array.from({ length: image.length }, (_, end) => image.slice(0, end)));
    const { ours, theirs } = await bothOn(cuts);
    expect(ours).toEqual(theirs);
  });

  test('on every character at every kind of position', async () => {
    const characters = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code));
    const places = [
      (character: string) => character,
      (character: string) => `${character}a`,
      (character: string) => `a${character}`,
      (character: string) => `a${character}b`,
      (character: string) => `a.b${character}c/d`,
      (character: string) => `a.b/c${character}d`,
      (character: string) => `${character}a.b/c`,
      (character: string) => `a.b${character}/c`,
      (character: string) => `[${character}]:5000/c`,
      (character: string) => `a:5${character}0/c`,
      (character: string) => `a:${character}`,
      (character: string) => `a:b${character}`,
      (character: string) => `a@sha256:${'0'.repeat(63)}${character}`,
      (character: string) => `${'0'.repeat(63)}${character}`,
      (character: string) => `${'0'.repeat(64)}${character}`,
    ];
    const { ours, theirs } = await bothOn(places.flatMap((place) => characters.map(place)));
    expect(ours).toEqual(theirs);
  });
});
