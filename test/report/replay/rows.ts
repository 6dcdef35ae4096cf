/** Rows of a replay, for tests of reports. */
import type { ReplayRow } from '../../../src/recording/replay-row.ts';

let rows = 0;

/** A review that occurred once and does not differ, of a Deployment of its own. */
export function row(rest: Partial<ReplayRow> = {}): ReplayRow {
  rows += 1;
  return {
    file: 'a.ndjson',
    line: rows,
    document: 1,
    id: `a-${rows}`,
    uid: `u-${rows}`,
    endpoint: 'validate',
    operation: 'CREATE',
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'shop',
    name: `web-${rows}`,
    owner: { kind: 'Deployment', name: `web-${rows}` },
    team: null,
    user: 'system:serviceaccount:ci:deployer',
    count: 1,
    first: '2026-11-23T10:00:00.000Z',
    last: '2026-11-23T10:00:00.000Z',
    allowed: true,
    comparedWith: 'against',
    change: 'same',
    ...rest,
  };
}
