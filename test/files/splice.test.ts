/** Whatever a file looks like, pinning changes its images and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findImages } from '../../src/files/image-locations/find.ts';
import { splice } from '../../src/files/splice.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import { nameLength } from '../../src/pinning/image-location.ts';
import { tagLookup } from '../../src/pinning/reference-lookup.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { digestOf } from '../support/pin-registry.ts';

const OPTIONS = { kinds: kindTable(), helmImages: [] };
const OLD = `sha256:${'a'.repeat(64)}`;
const PROBE = referenceTo('m.example.com/hub/app');

function referenceTo(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
}

const unpinned = fc.constantFrom('nginx', 'nginx:1.27', 'r.io:5000/a/b', 'r.io:5000/a/b:v1', 'quay.io/x/y__z:1-2.3_4');
const image = fc.oneof({ weight: 4, arbitrary: unpinned }, { weight: 1, arbitrary: fc.constant(`redis:7@${OLD}`) });

const comment = fc.constantFrom('', ' # nginx:1.27', ' # "image: nginx" é😀', '   ');
const scalar = fc
  .tuple(image, fc.constantFrom('plain', 'single', 'double', 'escaped', 'tagged', 'block'))
  .map(([text, style]) => {
    const forms: Readonly<Record<string, string>> = {
      plain: text,
      single: `'${text}'`,
      double: `"${text}"`,
      escaped: `"\\x${text.charCodeAt(0).toString(16)}${text.slice(1)}"`,
      tagged: `!!str ${text}`,
      block: `>-\n          ${text}`,
    };
    return { text: forms[style] ?? text, block: style === 'block' };
  });

const container = fc
  .record({
    scalar,
    note: comment,
    first: fc.boolean(),
    flow: fc.boolean(),
    value: fc.constantFrom('nginx:1.27', '"nginx"', 'yes', '0o7', '~'),
  })
  .map(({ scalar: { text, block }, note, first, flow, value }) => {
    const env = `env: [{name: A, value: ${value}}]`;
    if (flow && !block) return `      - {name: "c"${first ? `, ${env}` : ''},  image: ${text} }${note}\n`;
    const end = block ? '\n' : `${note}\n`;
    return first
      ? `      - image:  ${text}${end}        name: c\n        ${env}${note}\n`
      : `      - name: c${note}\n        ${env}\n        "image": ${text}${end}`;
  });

const pod = fc.tuple(fc.array(container, { maxLength: 4 }), comment).map(([containers, note]) => {
  const list = containers.length === 0 ? ' []\n' : `\n${containers.join('')}`;
  return `kind: Pod${note}\napiVersion: v1\nmetadata: {name: nginx}\nspec:\n    containers:${list}`;
});
const other = fc.constantFrom(
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {image: "nginx:1.27"}\n',
  '# nothing but nginx:1.27\n',
  'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c {name: a, image: &i nginx:1.27}\n  - {<<: *c, name: b}\n  - {name: c, image: *i}\n',
  '{"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": [{"image":"nginx"}]}}\n',
);

const file = fc
  .record({
    documents: fc.array(fc.oneof({ weight: 3, arbitrary: pod }, { weight: 1, arbitrary: other }), {
      minLength: 1,
      maxLength: 4,
    }),
    crlf: fc.boolean(),
    mark: fc.boolean(),
    cut: fc.boolean(),
  })
  .map(({ documents, crlf, mark, cut }) => {
    const text = documents.join('---\n');
    const ended = cut ? text.replace(/\n$/, '') : text;
    return `${mark ? '\uFEFF' : ''}${crlf ? ended.replaceAll('\n', '\r\n') : ended}`;
  });

function pinned(text: string): { readonly text: string; readonly changes: number; readonly omitted: number } {
  const { locations } = findImages('a.yaml', text, OPTIONS);
  const changes = locations.flatMap((location) => {
    const { content } = location;
    if (content.state !== 'image' || content.reference.digest !== undefined) return [];
    const lookup = tagLookup(content.reference);
    return lookup === undefined ? [] : [{ location, digest: digestOf(lookup.reference.fullName) }];
  });
  const { text: after, omitted } = splice({ file: 'a.yaml', text, locations }, changes, OPTIONS);
  return { text: after, changes: changes.length, omitted: omitted.size };
}

/** Takes the digests out again; none of ours is `OLD`. */
function undone(text: string): string {
  return text.replaceAll(/(?:(?<=nginx|\/b):latest)?@sha256:(?!a{64})[0-9a-f]{64}/g, '');
}

const values = (text: string): readonly unknown[] =>
  parseDocuments(text).map((document) => (document.ok ? document.value : document.problem));

const entry = fc
  .record({
    order: fc.shuffledSubarray(['name', 'newTag', 'newName'], { minLength: 3 }),
    digest: fc.constantFrom('', 'digest: ""', "digest: ''", 'digest:', 'digest: null', `digest: ${OLD}`),
    quote: fc.constantFrom('', '"', "'"),
    layout: fc.constantFrom('block', 'flow', 'json', 'lines'),
    note: comment,
  })
  .map(({ order, digest, quote, layout, note }) => {
    const parts: Readonly<Record<string, string>> = { name: 'app', newTag: 'v1.2', newName: 'r.io/app' };
    if (layout === 'block') {
      const lines = order.map((key) => `${key}: ${quote}${parts[key] ?? ''}${quote}${note}`);
      return `  -   ${[...lines, ...(digest === '' ? [] : [`${digest}${note}`])].join('\n      ')}\n`;
    }
    const separator = layout === 'lines' ? ',\n        ' : ', ';
    const [mark, empty] = layout === 'flow' ? [quote, digest] : ['"', digest.includes('""') ? '"digest": ""' : ''];
    const pairs = order.map((key) => {
      return layout === 'flow' ? `${key}: ${mark}${parts[key] ?? ''}${mark}` : `"${key}": "${parts[key] ?? ''}"`;
    });
    return `  - {${layout === 'lines' ? '\n        ' : ''}${[...pairs, ...(empty === '' ? [] : [empty])].join(separator)}}${note}\n`;
  });

const kustomization = fc
  .record({
    entries: fc.array(entry, { minLength: 1, maxLength: 4 }),
    crlf: fc.boolean(),
    cut: fc.boolean(),
    more: fc.boolean(),
  })
  .map(({ entries, crlf, cut, more }) => {
    const text = `# images:\nimages: # here\n${entries.join('')}${more ? 'resources: [a.yaml]\n' : ''}`;
    const ended = cut ? text.replace(/\n$/, '') : text;
    return crlf ? ended.replaceAll('\n', '\r\n') : ended;
  });

describe('pinning any kustomization', () => {
  test('fills in or adds the digest, and leaves all else', () => {
    fc.assert(
      fc.property(kustomization, (text) => {
        const name = 'kustomization.yaml';
        const before = findImages(name, text, OPTIONS).locations;
        const digest = digestOf('app');
        const changes = before.flatMap((location) => (location.image.includes('@') ? [] : [{ location, digest }]));
        const { text: after, omitted } = splice({ file: name, text, locations: before }, changes, OPTIONS);
        expect(omitted.size).toBe(0);
        expect(findImages(name, after, OPTIONS).locations.map((location) => location.image)).toEqual(
          before.map((location) => (location.image.includes('@') ? location.image : `${location.image}@${digest}`)),
        );
        // All but digests: their lines and pairs, with the space before them.
        const bare = (one: string): string =>
          one
            .replaceAll(/,?\s*"?digest"?:(?: *(?:null|"[^"]*"|'[^']*'|sha256:[0-9a-f]{64}))?/g, '')
            .replaceAll(/[ \t]+(?=\r?\n|$)/g, '');
        expect(bare(after)).toBe(bare(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('pinning any file', () => {
  test('leaves every byte outside of the images, and every other value', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { text: after, omitted } = pinned(text);
        expect(omitted).toBe(0);
        // A scalar with an escape is written without one.
        expect(undone(after)).toBe(
          text.replaceAll(/"\\x([0-9a-f]{2})(?=[^"\n]*"(?! *:))/g, (whole, hex: string, at: number) =>
            text.slice(at).includes(OLD) && text.slice(at).startsWith(`${whole}edis:7@`)
              ? whole
              : `"${String.fromCharCode(Number.parseInt(hex, 16))}`,
          ),
        );
        expect(JSON.parse(undone(JSON.stringify(values(after))))).toEqual(values(text));
      }),
      { numRuns: 500 },
    );
  });

  test('pins every image that has no digest, and finds nothing to do the second time', () => {
    fc.assert(
      fc.property(file, (text) => {
        const once = pinned(text);
        const { locations } = findImages('a.yaml', once.text, OPTIONS);
        expect(
          locations.filter(({ content }) => content.state !== 'image' || content.reference.digest === undefined),
        ).toEqual([]);
        expect(pinned(once.text)).toEqual({ text: once.text, changes: 0, omitted: 0 });
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, and never changes a text in which it finds nothing to pin', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(
              'image: ',
              '- ',
              'kind: Pod\n',
              'apiVersion: v1\n',
              'spec:\n',
              '  containers:\n',
              '&a ',
              '*a',
              '<<: *a\n',
              '{',
              '}',
              '"',
              "'",
              ' nginx',
              'FROM x\n',
              'images:\n',
              'newTag: 1\n',
              'services:\n',
              '\n',
            ),
            fc.string({ maxLength: 5 }),
          ),
        ),
        fc.constantFrom('a.yaml', 'kustomization.yaml', 'compose.yaml', 'Dockerfile'),
        (parts, name) => {
          const text = parts.join('');
          const { locations } = findImages(name, text, OPTIONS);
          const changes = locations.map((location) => ({ location, digest: digestOf(location.image) }));
          const names = locations.map((location) => ({ location, name: PROBE }));
          for (const all of [changes, names]) {
            const result = splice({ file: name, text, locations }, all, OPTIONS);
            expect(result.text === text).toBe(result.edits.length === 0);
          }
        },
      ),
      { numRuns: 1000, examples: [[['services:\n', ' nginx', 'apiVersion: v1\n'], 'compose.yaml']] },
    );
  });
});

/** Other names for those of the generated images, which can be undone. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  nginx: 'm.example.com/nginx',
  redis: 'm.example.com/redis',
  'r.io:5000/a/b': 'm.example.com/a/b',
  'quay.io/x/y__z': 'm.example.com/x/y__z',
};

function named(text: string): { readonly text: string; readonly changes: number; readonly omitted: number } {
  const { locations } = findImages('a.yaml', text, OPTIONS);
  const changes = locations.flatMap((location) => {
    const { content } = location;
    const name = content.state === 'image' ? content.reference.text.slice(0, nameLength(content.reference)) : '';
    const another = OTHER_NAMES[name];
    return another === undefined ? [] : [{ location, name: referenceTo(another) }];
  });
  const { text: after, omitted } = splice({ file: 'a.yaml', text, locations }, changes, OPTIONS);
  return { text: after, changes: changes.length, omitted: omitted.size };
}

function unnamed(text: string): string {
  return Object.entries(OTHER_NAMES).reduce((before, [name, another]) => before.replaceAll(another, name), text);
}

describe('naming any file', () => {
  test('leaves every byte outside of the names, and every other value', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { text: after, omitted } = named(text);
        expect(omitted).toBe(0);
        // A scalar with an escape is written without one.
        expect(unnamed(after)).toBe(
          text.replaceAll(/"\\x([0-9a-f]{2})(?=[^"\n]*"(?! *:))/g, (_whole, hex: string) => {
            return `"${String.fromCharCode(Number.parseInt(hex, 16))}`;
          }),
        );
        expect(JSON.parse(unnamed(JSON.stringify(values(after))))).toEqual(values(text));
      }),
      { numRuns: 500 },
    );
  });

  test('changes the name of every image, and finds nothing to do the second time', () => {
    fc.assert(
      fc.property(file, (text) => {
        const once = named(text);
        const { locations } = findImages('a.yaml', once.text, OPTIONS);
        expect(locations.filter(({ image: found }) => !found.startsWith('m.example.com/'))).toEqual([]);
        expect(named(once.text)).toEqual({ text: once.text, changes: 0, omitted: 0 });
      }),
      { numRuns: 300 },
    );
  });

  test('fills in or adds newName in any kustomization, and leaves all else', () => {
    fc.assert(
      fc.property(kustomization, (text) => {
        const name = 'kustomization.yaml';
        const before = findImages(name, text, OPTIONS).locations;
        const changes = before.map((location) => ({ location, name: PROBE }));
        const { text: after, omitted } = splice({ file: name, text, locations: before }, changes, OPTIONS);
        expect(omitted.size).toBe(0);
        expect(after.replaceAll('m.example.com/hub/app', 'r.io/app')).toBe(text);
        expect(findImages(name, after, OPTIONS).locations.map((location) => location.image)).toEqual(
          before.map((location) => location.image.replace('r.io/app', 'm.example.com/hub/app')),
        );
      }),
      { numRuns: 300 },
    );
  });
});
