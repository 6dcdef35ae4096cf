/** Pointers to the parts of containers. */
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import { type JsonObject, valueAt } from '../../src/pod/pointer.ts';
import { workloadOf } from '../../src/pod/workload.ts';

const FLEET = { group: 'example.com', version: 'v1', kind: 'Fleet' };
const FLEETS = kindTable([{ ...FLEET, podSpecs: ['/pods/*/spec'] }]);

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const list = (pod: string, kind: string, containers: number): object[] =>
  many(containers, (at) => ({
    name: `${kind}-${at}`,
    image: `registry.example.com/${pod}/${kind}:${at}`,
    imagePullPolicy: 'Always',
    ports: many(at % 50, (port) => ({ containerPort: 8000 + port })),
  }));

const fleet = (pods: readonly string[], containers: number): JsonObject => ({
  pods: Object.fromEntries(
    pods.map((pod) => [
      pod,
      {
        spec: {
          initContainers: list(pod, 'init', containers),
          containers: list(pod, 'main', containers),
          ephemeralContainers: list(pod, 'debug', containers),
        },
      },
    ]),
  ),
});

describe('the pointers of a container, its image, its pull policy and its ports', () => {
  test.each([
    ['two pods', fleet(['a', 'b'], 3)],
    ['many containers and ports', fleet(['a'], 70)],
    ['pods at long and odd keys', fleet(['x'.repeat(400), '~/', '0', ''], 2)],
  ])('%s', (_, object) => {
    const read = workloadOf(object, FLEET, FLEETS);
    if (!read?.ok) throw new Error('it was not read');
    for (const { pointer, imagePointer, pullPolicyPointer, pullPolicy, image, ports, fields } of read.workload
      .containers) {
      expect(valueAt(object, pointer)).toBe(fields);
      expect(valueAt(object, imagePointer)).toBe(image.text);
      expect(valueAt(object, pullPolicyPointer)).toBe(pullPolicy);
      for (const port of ports)
        expect(valueAt(object, port.pointer)).toMatchObject({ containerPort: port.containerPort });
      expect(ports).toHaveLength((fields['ports'] as readonly unknown[]).length);
    }
  });
});
