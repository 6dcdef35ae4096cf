import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPackedChart } from '../../src/files/packed-chart.ts';
import { packed } from '../support/packed.ts';
import { enterNewDirectory } from '../support/planted.ts';

let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
});
afterEach(() => leave());

const CHART = { 'web/Chart.yaml': 'name: web\n' };
const LARGE = 'x'.repeat(1024 * 1024 + 1);
const NO_CHART = 'not a Helm chart: the archive contains no Chart.yaml';
const NO_ARCHIVE = 'not a Helm chart: the file is not a gzip archive';

function nested(depth: number): Buffer {
  return packed(depth === 0 ? CHART : { ...CHART, 'web/charts/web.tgz': nested(depth - 1) });
}

interface Row {
  readonly what: string;
  readonly bytes: Buffer;
  /** The texts, or the problem. */
  readonly is: Readonly<Record<string, string>> | string;
}

const ROWS: readonly Row[] = [
  { what: 'a chart', bytes: packed(CHART), is: { 'Chart.yaml': 'name: web\n' } },
  {
    what: 'a chart with values and parts, without templates and other files',
    bytes: packed({
      ...CHART,
      'web/templates/pod.yaml': 'kind: Pod\n',
      'web/files/Chart.yaml': 'name: other\n',
      'web/values.yaml': 'a: 1\n',
      'web/charts/db/Chart.yaml': 'name: db\n',
      'web/charts/db/charts/cache/values.yaml': 'b: 2\n',
    }),
    is: {
      'Chart.yaml': 'name: web\n',
      'values.yaml': 'a: 1\n',
      'charts/db/Chart.yaml': 'name: db\n',
      'charts/db/charts/cache/values.yaml': 'b: 2\n',
    },
  },
  {
    what: 'a chart with packed parts, which are directories for Helm',
    bytes: packed({
      ...CHART,
      'web/charts/db-1.0.0.tgz': packed({
        'db/Chart.yaml': 'name: db\n',
        'db/charts/cache.tar.gz': packed({ 'cache/values.yaml': 'c: 3\n', 'values.yaml': 'd: 4\n' }),
      }),
      'web/files/other.tgz': packed({ 'other/Chart.yaml': 'name: other\n' }),
      'web/charts/no.tgz': 'not an archive',
      'web/values.yaml': 'a: 1\n',
    }),
    is: {
      'Chart.yaml': 'name: web\n',
      'values.yaml': 'a: 1\n',
      'charts/db/Chart.yaml': 'name: db\n',
      'charts/db/charts/cache/values.yaml': 'c: 3\n',
    },
  },
  {
    what: 'a packed part that unpacks to more than 100 MiB is left out',
    bytes: packed({
      ...CHART,
      'web/charts/db.tgz': gzipSync(Buffer.alloc(120 * 1024 * 1024)),
      'web/values.yaml': 'a: 1\n',
    }),
    is: { 'Chart.yaml': 'name: web\n', 'values.yaml': 'a: 1\n' },
  },
  {
    what: 'packed parts are nested up to eight times',
    bytes: nested(10),
    is: Object.fromEntries(
      Array.from({ length: 9 }, (_, depth) => [`${'charts/web/'.repeat(depth)}Chart.yaml`, 'name: web\n']),
    ),
  },
  {
    what: 'a text of more than 1 MiB is left out',
    bytes: packed({ ...CHART, 'web/values.yaml': LARGE, 'web/charts/db/Chart.yaml': 'name: db\n' }),
    is: { 'Chart.yaml': 'name: web\n', 'charts/db/Chart.yaml': 'name: db\n' },
  },
  {
    what: 'a truncated chart is a chart up to there',
    bytes: packed({ ...CHART, 'web/values.yaml': LARGE }).subarray(0, -20),
    is: { 'Chart.yaml': 'name: web\n' },
  },
  { what: 'a path without a directory', bytes: packed({ 'Chart.yaml': 'name: web\n' }), is: NO_CHART },
  { what: 'a package of another program', bytes: packed({ 'package/package.json': '{}' }), is: NO_CHART },
  {
    what: 'an archive that unpacks to more than 100 MiB',
    bytes: gzipSync(Buffer.alloc(120 * 1024 * 1024)),
    is: NO_CHART,
  },
  { what: 'not a tar archive', bytes: gzipSync('x'.repeat(2000)), is: NO_CHART },
  { what: 'not a gzip archive', bytes: Buffer.from('apiVersion: v2\n'), is: NO_ARCHIVE },
  { what: 'an empty file', bytes: Buffer.alloc(0), is: NO_ARCHIVE },
];

test.each(ROWS)('$what', async ({ bytes, is }) => {
  writeFileSync('web.tgz', bytes);
  const read = await readPackedChart('web.tgz');
  expect(typeof read === 'string' ? read : Object.fromEntries(read)).toEqual(is);
});

test('a file that does not exist is a problem', async () => {
  expect(await readPackedChart('none.tgz')).toBe('no such file or directory');
});
