/** The fixtures of the built-in rules: each is a manifest, the cluster around it, and what registries return. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from '../../src/admission/context.ts';
import { suiteRegistry } from '../../src/admission/facts/suite-registry.ts';
import { clusterObjectsIn } from '../../src/files/cluster-objects.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { loadSuites } from '../../src/files/suites.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { compose } from '../../src/wiring.ts';
import { createReview } from './review.ts';

const RULES = path.join(import.meta.dirname, '../fixtures/rules');
const kinds = kindTable();

export const FIXTURE_RULES: readonly string[] = readdirSync(RULES);

/** `pass/name.yaml`, `fail/name.yaml` */
export function fixturesOf(rule: string): readonly string[] {
  return ['pass', 'fail'].flatMap((outcome) =>
    readdirSync(path.join(RULES, rule, outcome))
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => path.join(outcome, file)),
  );
}

export interface Fixture {
  readonly review: JsonObject;
  readonly context: Context;
}

export async function loadFixture(rule: string, file: string): Promise<Fixture> {
  const manifest = path.join(RULES, rule, file);
  const { suites } = await loadSuites([path.join(RULES, rule, 'suite.yaml')], {});
  const { manifests } = await loadManifests([manifest], { kinds, namespace: 'default', stdin: process.stdin });
  const responses = suites[0]?.cases.find(({ resources }) => resources.includes(manifest))?.registry;
  const { errors: _errors, ...cluster } = clusterObjectsIn(manifests);
  const world = { ...cluster, ...(responses === undefined ? {} : suiteRegistry(responses)) };
  const now = suites[0]?.now;
  const policies = [path.join(RULES, rule, 'policy.yaml')];
  const { context } = await compose({ kinds, policies }, { world, ...(now === undefined ? {} : { now: () => now }) });
  const [document] = parseDocuments(readFileSync(manifest, 'utf8'));
  if (document?.ok !== true) throw new Error(`${manifest} does not parse`);
  return { review: createReview(document.value), context };
}
