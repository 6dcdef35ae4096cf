import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { escapeSegment } from '../../../src/pod/pointer.ts';
import { type ParsedDocument, type Position, parseDocuments } from '../../../src/files/yaml/yaml.ts';

type Good = Extract<ParsedDocument, { ok: true }>;

function read(text: string): Good {
  const [document] = parseDocuments(text);
  if (document?.ok !== true) throw new Error(document?.problem ?? 'no document');
  return document;
}

const short = ({ line, column }: Position): string => `${line}:${column}`;

const YAML = `# Source: web.yaml
kind: Pod
metadata: &meta
  labels: {app: "web", 'tier': 'x'}
spec:
  containers:
    - name: web
      image: >-

        registry.example.com/web:1
    -
      name: &name !!str proxy
      args: [a, "b",
        c]
  empty:
  items:
  -
  - 2
copy: *meta
merged:
  <<: *meta
  named: *name
  own: 1
twice: {a: 1, a: 2}
? "a/b~c"
: 1
`;

describe('positions in YAML', () => {
  const document = read(YAML);

  const CASES: readonly (readonly [pointer: string, value: string, key: string])[] = [
    ['', '2:1', '2:1'],
    ['/kind', '2:7', '2:1'],
    ['/metadata', '4:3', '3:1'],
    ['/metadata/labels', '4:11', '4:3'],
    ['/metadata/labels/app', '4:17', '4:12'],
    ['/metadata/labels/tier', '4:32', '4:24'],
    ['/spec/containers', '7:5', '6:3'],
    ['/spec/containers/0', '7:7', '7:7'],
    ['/spec/containers/0/image', '10:9', '8:7'],
    ['/spec/containers/1/name', '12:25', '12:7'],
    ['/spec/containers/1/args/2', '14:9', '14:9'],
    // Nothing written: where the key is, or what stands before.
    ['/spec/empty', '15:3', '15:3'],
    ['/spec/items/0', '17:3', '17:3'],
    ['/spec/items/1', '18:5', '18:5'],
    // Through aliases and merge keys: where the text is; the key is where it was used.
    ['/copy', '4:3', '19:1'],
    ['/copy/labels/app', '4:17', '4:12'],
    ['/merged/labels/app', '4:17', '4:12'],
    ['/merged/labels', '4:11', '4:3'],
    ['/merged/named', '12:25', '22:3'],
    ['/merged/own', '23:8', '23:3'],
    // The one that counts.
    ['/twice/a', '24:18', '24:15'],
    ['/a~1b~0c', '26:3', '25:3'],
    // Not there: the nearest parent.
    ['/spec/containers/7/image', '7:5', '6:3'],
    ['/spec/containers/0/imagePullPolicy', '7:7', '7:7'],
    ['/kind/x/y', '2:7', '2:1'],
    ['/spec/containers/-', '7:5', '6:3'],
    ['nonsense', '2:1', '2:1'],
  ];
  test.each(CASES)('%s', (pointer, value, key) => {
    expect([short(document.positionOf(pointer)), short(document.keyPositionOf(pointer))]).toEqual([value, key]);
  });

  test.each([
    ['/kind', 'Pod'],
    ['/metadata/labels/app', '"web"'],
    ['/spec/containers/0/image', 'registry.example.com/web:1'],
    ['/spec/containers/1/args/1', '"b"'],
  ])('the offset of %s leads to its text', (pointer, text) => {
    expect(YAML.slice(document.positionOf(pointer).offset).startsWith(text)).toBe(true);
  });

  test('a merge of several maps points at the one that each entry comes from', () => {
    const merged = read('x: &x {a: 1}\nw: &w {a: 2, b: 2}\nz: {b: 0, <<: [*x, *w]}\nq: {<<: [*w], b: 9}\n');
    expect(['/z/a', '/z/b', '/q/b'].map((pointer) => short(merged.positionOf(pointer)))).toEqual([
      '1:11',
      '2:17',
      '4:18',
    ]);
  });

  test('lines and columns count through byte order mark, Windows and old line ends, and earlier documents', () => {
    const text = '\uFEFFa: 1\r\n---\r\nb: 2\r# x\n---\nc:\n  - é😀\n  - {d: x}\n';
    const documents = parseDocuments(text) as readonly Good[];
    const first = documents[0]?.positionOf('/a');
    const last = documents.at(-1)?.positionOf('/c/1/d');
    expect([first, last]).toEqual([
      { line: 1, column: 4, offset: 4 },
      { line: 8, column: 9, offset: text.indexOf('x}') },
    ]);
  });
});

describe('positions in JSON', () => {
  const TEXT = '{"a": [1, {"b\\u0041": "x\\"y"}],\n "c" : {"d":true , "e":{}} }\n{"f":\n"g"}';
  const [first, second] = parseDocuments(TEXT) as readonly [Good, Good];

  const CASES: readonly (readonly [pointer: string, value: string, key: string])[] = [
    ['', '1:1', '1:1'],
    ['/a', '1:7', '1:2'],
    ['/a/0', '1:8', '1:8'],
    ['/a/1/bA', '1:23', '1:12'],
    ['/c/d', '2:13', '2:9'],
    ['/c/e', '2:24', '2:20'],
    ['/c/e/none', '2:24', '2:20'],
    ['/a/2', '1:7', '1:2'],
  ];
  test.each(CASES)('%s', (pointer, value, key) => {
    expect([short(first.positionOf(pointer)), short(first.keyPositionOf(pointer))]).toEqual([value, key]);
  });

  test('of a later value count from the start of the file', () => {
    expect([second.line, second.positionOf('/f'), TEXT.slice(second.positionOf('/f').offset)]).toEqual([
      3,
      { line: 4, column: 1, offset: TEXT.indexOf('"g"') },
      '"g"}',
    ]);
  });
});

type Tree = string | readonly Tree[] | { readonly [key: string]: Tree };

const word = fc.stringMatching(/^[a-z][a-z0-9./:-]{0,8}[a-z0-9]$/);
const plainTree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word.map((text): Tree => `x${text}`),
    fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
    fc.dictionary(word, tie('tree'), { minKeys: 1, maxKeys: 4 }),
  ),
})).tree;

/** Common YAML: block style without quotes. */
function written(tree: Tree, indent: string): string {
  if (typeof tree === 'string') return ` ${tree}\n`;
  if (Array.isArray(tree)) return `\n${tree.map((item: Tree) => `${indent}-${written(item, `${indent}  `)}`).join('')}`;
  return `\n${Object.entries(tree)
    .map(([key, value]) => `${indent}"${key}":${written(value, `${indent}  `)}`)
    .join('')}`;
}

function* leaves(tree: Tree, pointer = ''): Generator<readonly [string, string]> {
  if (typeof tree === 'string') yield [pointer, tree];
  else for (const [key, child] of Object.entries(tree)) yield* leaves(child, `${pointer}/${escapeSegment(key)}`);
}

describe('positions, whatever the document', () => {
  test('a value stands where positionOf says', () => {
    fc.assert(
      fc.property(fc.array(plainTree, { minLength: 1, maxLength: 3 }), fc.boolean(), (trees, json) => {
        const text = trees
          .map((tree) => (json ? JSON.stringify({ tree }) : `tree:${written(tree, '  ')}`))
          .join('\n---\n');
        const documents = parseDocuments(text) as readonly Good[];
        expect(documents.map(({ value }) => value)).toEqual(trees.map((tree) => ({ tree })));
        for (const [index, tree] of trees.entries()) {
          for (const [pointer, value] of leaves(tree, '/tree')) {
            const offset = documents[index]?.positionOf(pointer).offset ?? -1;
            expect(text.slice(offset).startsWith(json ? `"${value}"` : `${value}\n`)).toBe(true);
          }
        }
      }),
    );
  });

  test('no pointer is too strange', () => {
    const document = read(YAML);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '~', '0', '1', 'spec', 'containers', '-', '\uD83D', ' ') }),
        (pointer) => {
          expect(document.positionOf(pointer).line).toBeGreaterThan(0);
          expect(document.keyPositionOf(pointer).column).toBeGreaterThan(0);
        },
      ),
    );
  });
});
