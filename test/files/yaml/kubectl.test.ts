/** The same text, read by kubectl and by us: `kubectl annotate --local` prints what it would send, and needs no server. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { describeWith } from '../../support/real-part.ts';
import { KEYS, MERGES, SCALARS } from './kubectl-values.ts';

const HEADER = 'apiVersion: example.com/v1\nkind: Example\nmetadata: {name: x}\n';

type Answer = { readonly values: readonly unknown[] } | { readonly refused: string };

/** The documents that kubectl prints, without what it adds itself. */
function kubectlReads(text: string): Answer {
  const { status, stdout, stderr } = spawnSync('kubectl', ['annotate', '--local', '-f', '-', 'added=1', '-o', 'json'], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) return { refused: stderr };
  const printed = stdout.split(/(?<=^\}\n)/m).filter((part) => part.trim() !== '');
  return { values: printed.map((part) => withoutAnnotation(JSON.parse(part))) };
}

function withoutAnnotation(value: unknown): unknown {
  const { metadata, ...rest } = value as { metadata: { annotations?: unknown } };
  const { annotations: _added, ...own } = metadata;
  return { ...rest, metadata: own };
}

function weRead(text: string): Answer {
  const documents = parseDocuments(text);
  const refused = documents.find((document) => !document.ok);
  if (refused !== undefined) return { refused: refused.problem };
  return { values: documents.map((document) => (document.ok ? document.value : undefined)) };
}

function both(spec: string): readonly [Answer, Answer] {
  const text = `${HEADER}${spec}`;
  return [kubectlReads(text), weRead(text)];
}

const refuses = (answer: Answer): boolean => 'refused' in answer;

describeWith(kubectlMissing, 'kubectl reads the same', () => {
  test('values of the table', () => {
    const [theirs, ours] = both(
      `spec:\n${SCALARS.map(([text], index) => `- k${index}: ${text.replaceAll('\n', '\n  ')}\n`).join('')}`,
    );
    expect(ours).toEqual(theirs);
  });

  test('keys of the table', () => {
    const [theirs, ours] = both(`spec:\n${KEYS.map(([text]) => `- ? ${text}\n  : 1\n`).join('')}`);
    expect(ours).toEqual(theirs);
  });

  test('merges, aliases and repeated keys of the table', () => {
    const documents = MERGES.map(([, text]) => `${HEADER}${text}`);
    expect(weRead(documents.join('---\n'))).toEqual(kubectlReads(documents.join('---\n')));
  });

  test.each([
    ['separators and ends', `# c\n---\n${HEADER}--- # c\n\n${HEADER}...\n---\n---\nnull\n---\n${HEADER}`],
    ['byte order marks', `\uFEFF${HEADER}---\n\uFEFF${HEADER}`],
    ['Windows line ends', `${HEADER}spec: |\n  a\n  b\n---\n${HEADER}`.replaceAll('\n', '\r\n')],
    [
      'JSON, one behind the other',
      '{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"a":1,"a":"\\ud83d\\ude00"}\n{"apiVersion":"v1","kind":"X","metadata":{}}',
    ],
    [
      'flow collections and quotes that end further left',
      `${HEADER}spec: {\na: [\n  b\n],\nc: "d\ne",\n\tf: 'g\n\nh'}\n`,
    ],
    ['text in several lines', `${HEADER}spec:\n  a: b\n    c\n\n    d # e\n  g: >2-\n     h\n\n    i\n`],
  ])('%s', (_name, text) => {
    const theirs = kubectlReads(text);
    expect(refuses(theirs)).toBe(false);
    expect(weRead(text)).toEqual(theirs);
  });

  test.each([['an invisible line separator', 'spec:\n  a: x # c\u2028  b: y\n', 'the invisible character U+2028']])(
    '%s: it reads something else than an editor shows, so we refuse',
    (_name, spec, problem) => {
      const [theirs, ours] = both(spec);
      expect(theirs).toMatchObject({ values: [{ spec: { a: 'x', b: true } }] });
      expect(ours).toMatchObject({ refused: expect.stringContaining(problem) });
    },
  );

  test.each([
    ['a tab as indentation', 'spec:\n\ta: 1\n'],
    ['a null key', 'spec: {~: 1}\n'],
    ['a list as a key', 'spec:\n  ? [a]\n  : 1\n'],
    ['infinity', 'spec: .inf\n'],
    ['a tag that does not fit', 'spec: !!int x\n'],
    ['an alias without an anchor', 'spec: *a\n'],
    ['an anchor that contains itself', 'spec: &a [*a]\n'],
    ['a merge of something else', 'spec: {<<: 1}\n'],
    ['half of a character', 'spec: "\\ud83d"\n'],
    ['a control character', 'spec: \u0007\n'],
    ['something behind a separator', '--- {a: 1}\n'],
    ['dashes that are no separator', '---a: 1\n'],
    ['a directive', '---\n%YAML 1.2\n---\na: 1\n'],
    [
      'a billion laughs',
      `a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n${[0, 1, 2, 3, 4, 5, 6].map((i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]\n`).join('')}`,
    ],
    ['a colon too many', 'spec: a: b\n'],
    ['a bracket that is never closed', 'spec: [a\n'],
    ['a quote that is never closed', 'spec: "a\n'],
  ])('both refuse %s', (_name, spec) => {
    expect(both(spec).map(refuses)).toEqual([true, true]);
  });

  const DIGITS_AND_MORE = [...Array(10).keys()].map(String).concat("00__..eE+-xXoObBafnul~yYNt:'".split(''));
  const oddScalar = fc.oneof(
    fc.string({ unit: fc.constantFrom(...DIGITS_AND_MORE), minLength: 1, maxLength: 8 }),
    fc.constantFrom(...SCALARS.map(([text]) => text).filter((text) => !text.includes('\n'))),
  );

  test('any scalar', () => {
    fc.assert(
      fc.property(fc.array(oddScalar, { minLength: 200, maxLength: 400 }), (texts) => {
        const readable = texts.filter((text) => !refuses(weRead(`k: ${text}\n`)));
        const [theirs, ours] = both(`spec:\n${readable.map((text) => `- k: ${text}\n`).join('')}`);
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  /** Block and flow style, anchors, aliases, merge keys and repeated keys; `indent` is where a child may start. */
  const { tree } = fc.letrec<{ tree: (indent: string) => string; flow: string }>((tie) => {
    const scalar = fc.constantFrom(
      'a',
      'yes',
      '0777',
      '"q"',
      "'s'",
      '!!str 1',
      '!x y',
      '1e3',
      '~',
      '|\n      t\n       u\n',
      '&p b',
      '*a',
      'x y',
    );
    const inFlow = fc.constantFrom('a', 'no', '08', '"q"', '!!str 1', '*a', '');
    const key = fc.constantFrom('a', 'b', '"c"', 'yes', '1', '<<', 'd e');
    const flow: fc.Arbitrary<string> = tie('flow');
    const child: fc.Arbitrary<(indent: string) => string> = tie('tree');
    return {
      flow: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        inFlow,
        fc
          .array(fc.tuple(key, flow), { maxLength: 3 })
          .map((pairs) => `{${pairs.map(([name, value]) => `${name}: ${value}`).join(', ')}}`),
        fc.array(flow, { maxLength: 3 }).map((items) => `[${items.filter((item) => item !== '').join(',\n')}]`),
      ),
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        scalar.map((text) => () => ` ${text.trimEnd()}\n`),
        flow.map((text) => () => ` ${text}\n`),
        fc.tuple(fc.boolean(), fc.array(fc.tuple(key, child), { minLength: 1, maxLength: 3 })).map(
          ([anchored, pairs]) =>
            (indent: string) =>
              `${anchored ? ' &a' : ''}\n${pairs.map(([name, value]) => `${indent}${name}:${value(`${indent}  `)}`).join('')}`,
        ),
        fc
          .array(child, { minLength: 1, maxLength: 3 })
          .map((items) => (indent: string) => `\n${items.map((item) => `${indent}-${item(`${indent}  `)}`).join('')}`),
      ),
    };
  });

  test('any tree', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 60, maxLength: 100 }), (trees) => {
        const documents = trees.map((write) => `${HEADER}x: &a {a: 1, b: 2}\nspec:${write('  ')}`);
        const readable = documents.filter((document) => !refuses(weRead(document)));
        expect(readable.length).toBeGreaterThan(10);
        expect(weRead(readable.join('---\n'))).toEqual(kubectlReads(readable.join('---\n')));
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
