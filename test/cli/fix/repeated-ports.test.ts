/** `check --fix` with container-ports: an entry that repeats another one is removed with its line or comma. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { policyOf, writeFixes } from '../../support/fix-command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('fix-repeated-ports');

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';
const LAST = `${HEAD}    - image: reg.io/a:1\n      name: a\n      ports:\n      - containerPort: 80\n`;
const HTTP = '        - name: http # the page\n          containerPort: 80\n';
const PLAIN = '        - name: http\n          containerPort: 80\n';
const OTHER = '        - {name: http-x, containerPort: 81}\n';
const ON_HOST = '{containerPort: 80, hostPort: 80}';

const block = (...ports: readonly string[]): string =>
  `${HEAD}    - name: a\n      ports:\n${ports.join('')}      image: reg.io/a:1 # last\n`;
const flow = (ports: string): string => `${HEAD}    - {name: a, image: reg.io/a:1, ports: ${ports}}\n`;
const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
const json = (...ports: readonly unknown[]): string => {
  const containers = [{ name: 'a', image: 'reg.io/a:1', ports }];
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } }, null, 1);
};
const shared = (ports: string): string =>
  `${HEAD}    - {name: a, image: reg.io/a:1, ports: &p ${ports}}\n  initContainers:\n    - {name: b, image: reg.io/b:1, ports: *p}\n`;

type Row = readonly [what: string, text: string, expected: string];

const REMOVED: readonly Row[] = [
  ['in block style', block(HTTP, PLAIN, OTHER), block(HTTP, OTHER)],
  ['at the end of the list, before blank lines', block(HTTP, OTHER, `${PLAIN}\n\n`), block(HTTP, OTHER, '\n\n')],
  ['twice', block(HTTP, PLAIN, OTHER, PLAIN), block(HTTP, OTHER)],
  ['with a default of the API', block(HTTP, '        - {containerPort: 80, protocol: TCP, name: http}\n'), block(HTTP)],
  ['with a host port', flow(`[${ON_HOST}, ${ON_HOST}]`), flow(`[${ON_HOST}]`)],
  [
    'with a dash on a line of its own',
    block(HTTP, '        -\n          name: http\n\n          containerPort: 80\n', OTHER),
    block(HTTP, OTHER),
  ],
  ['at the end of a file', `${LAST}      - containerPort: 80\n`, LAST],
  ['at the end of a file without a line break', `${LAST}      - containerPort: 80`, LAST.trimEnd()],
  ['with CRLF', crlf(block(HTTP, PLAIN, OTHER)), crlf(block(HTTP, OTHER))],
  ['at the end of a file with CRLF', crlf(`${LAST}      - containerPort: 80`), crlf(LAST).trimEnd()],
  [
    'in flow style',
    flow('[{containerPort: 80}, {containerPort: 80}, {containerPort: 81}]'),
    flow('[{containerPort: 80}, {containerPort: 81}]'),
  ],
  [
    'in flow style on several lines',
    flow('[\n {name: "x", containerPort: 80},\n {name: "x", containerPort: 80}\n]'),
    flow('[\n {name: "x", containerPort: 80}\n]'),
  ],
  ['in JSON', json({ containerPort: 80 }, { containerPort: 80 }), json({ containerPort: 80 })],
  [
    'with a protocol in lowercase',
    flow('[{containerPort: 80, protocol: tcp}, {containerPort: 80, protocol: tcp}]'),
    flow('[{containerPort: 80, protocol: TCP}]'),
  ],
  [
    'beside a name that is changed',
    flow('[{name: x, containerPort: 80}, {name: x, containerPort: 80}, {name: x, containerPort: 81}]'),
    flow('[{name: x, containerPort: 80}, {name: x-81, containerPort: 81}]'),
  ],
  ['in a list of two containers', shared(`[${ON_HOST}, ${ON_HOST}]`), shared(`[${ON_HOST}]`)],
];

const REFUSED: Readonly<Record<string, string>> = {
  'with a comment': block(PLAIN, HTTP),
  'with a comment in its lines': block(PLAIN, `${PLAIN}          # again\n`),
  'with a comment in front': block(PLAIN, `        # again\n${PLAIN}`),
  'with a comment behind': flow(`[\n ${ON_HOST},\n ${ON_HOST}, # again\n]`),
  'after a comment': flow(`[\n ${ON_HOST}, # first\n ${ON_HOST}\n]`),
  'with an anchor': flow(`[${ON_HOST}, {containerPort: 80, hostPort: &x 80}, {containerPort: 81, hostPort: *x}]`),
  'that is an alias': flow(`[&p ${ON_HOST}, *p]`),
  'without braces': flow('[containerPort: 80, containerPort: 80]'),
};

/** Two entries of one port that differ are a decision. */
const DECISIONS: Readonly<Record<string, string>> = {
  'another host port': flow('[{containerPort: 80, hostPort: 1}, {containerPort: 80, hostPort: 2}]'),
  'another address': flow('[{containerPort: 80, hostPort: 1}, {containerPort: 80, hostPort: 1, hostIP: 10.0.0.1}]'),
  'a name': flow('[{containerPort: 80}, {containerPort: 80, name: http}]'),
  'an unknown field': flow(`[${ON_HOST}, {containerPort: 80, hostPort: 80, x: "y"}]`),
  'another protocol': flow('[{containerPort: 80}, {containerPort: 80, protocol: UDP}]'),
};

interface Fixed {
  readonly text: string;
  readonly left: number;
  readonly notices: readonly string[];
}

async function fixed(text: string): Promise<Fixed> {
  writeFileSync('policy.yaml', policyOf('{rule: container-ports, parameters: {namesUnique: true}}'));
  writeFileSync('a.yaml', text);
  const { report } = await writeFixes(['a.yaml']);
  const after = readFileSync('a.yaml', 'utf8');
  await writeFixes(['a.yaml']);
  expect(readFileSync('a.yaml', 'utf8')).toBe(after);
  const notices = report.notices.map(({ message }) => message).filter((one) => one.includes('not fixed'));
  return { text: after, left: report.findings.length, notices };
}

describe('check --fix with a port entry that repeats another one', () => {
  test.each(REMOVED)('%s', async (_what, text, expected) => {
    expect(await fixed(text)).toEqual({ text: expected, left: 0, notices: [] });
  });

  test.each(Object.entries(REFUSED))('%s: stays', async (_what, text) => {
    const result = await fixed(text);
    expect(result.text).toBe(text);
    expect(result.notices.join('\n')).toMatch(
      /^(?:container-ports is|2 findings are) not fixed: the repeated entry has a comment or an anchor \(&name\), or is not on lines of its own; remove it by hand$/,
    );
  });

  test.each(Object.entries(DECISIONS))('with %s: stays', async (_what, text) => {
    expect(await fixed(text)).toMatchObject({ text, notices: [] });
  });
});
