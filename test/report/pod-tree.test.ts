/** How the tree of a workload fits into a terminal. */
import { expect, test } from 'vitest';
import { run } from '../../src/cli/program.ts';

const D = 'a'.repeat(64);
const POD = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    template: {
      spec: {
        imagePullSecrets: [{ name: 'regcred' }, { name: 'other' }],
        containers: [
          { name: 'web', image: `nginx:1.27@sha256:${D}` },
          { name: 'proxy', image: 'envoy:1' },
        ],
      },
    },
  },
});

async function treeIn(columns: number | undefined, colors = false): Promise<string> {
  let out = '';
  const terminal = {
    out: (text: string) => void (out += text),
    note: () => undefined,
    isTerminal: columns !== undefined,
    colors,
    columns,
    async *input() {
      yield POD;
    },
  };
  expect(await run(['explain', 'pod', '-'], terminal)).toBe(0);
  return out;
}

test('wraps texts and shortens digests in a terminal', async () => {
  expect(await treeIn(80)).toBe(`Deployment shop/web
└─ Pod  one IP address for all containers
   ├─ secrets  regcred (unknown: Secret "shop/regcred" is not in the input
   │           files), other (unknown: Secret "shop/other" is not in the input
   │           files)
   ├─ start 1  web    nginx:1.27@sha256:aaaaaaaaaaaa…  credentials unknown
   └─ start 1  proxy  docker.io/library/envoy:1        credentials unknown
`);
});

test.each([[undefined], [140]])('keeps whole digests in %s columns', async (columns) => {
  expect(await treeIn(columns)).toContain(`  web    nginx:1.27@sha256:${D}  credentials unknown\n`);
});

test('measures lines without their colors', async () => {
  expect((await treeIn(140, true)).replaceAll(/\u001B\[\d+m/g, '')).toBe(await treeIn(140));
});
