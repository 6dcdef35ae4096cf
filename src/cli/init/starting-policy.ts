/** Chooses the strictest rules that deny nothing today. The engine decides what they deny. */
import { commented, type Tree } from '../../install/yaml.ts';
import { count } from '../../report/paint.ts';
import type { FindingRow } from '../../report/rows.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import type { Candidate } from '../derive/candidates.ts';
import { binding, policyOf, policyTree } from '../derive/policy-tree.ts';

/** Findings of a policy in the manifests, and the number of images in them. */
export interface Evaluated {
  readonly findings: readonly FindingRow[];
  readonly images: number;
}

export type Evaluate = (policies: readonly Policy[]) => Promise<Evaluated>;

/** Returns the tree of the policy, with a comment on each rule that justifies it. */
export async function startingPolicy(
  candidates: readonly Candidate[],
  vocabulary: Vocabulary,
  evaluate: Evaluate,
): Promise<Tree> {
  const all = candidates.flatMap(({ rule, parameters }, index) =>
    parameters.map((one, step) => tree(`c${index}-${step}`, [binding(rule, one)])),
  );
  const policies = await Promise.all(all.map(async (one) => policyOf(one, vocabulary)));
  const { findings, images } = await evaluate(policies);
  const denied = Map.groupBy(
    findings.filter(({ action }) => action === 'deny'),
    ({ policy }) => policy,
  );
  const rules = candidates.flatMap(({ rule, parameters, otherwise }, index): readonly Tree[] => {
    const description = vocabulary.rules.find(({ name }) => name === rule)?.description ?? rule;
    const steps = parameters.map((_one, step) => denied.get(`c${index}-${step}`)?.length ?? 0);
    const step = steps.indexOf(0);
    if (step >= 0)
      return [commented(`${description}: no violation in ${count(images, 'image')}`, binding(rule, parameters[step]))];
    if (otherwise === 'nothing') return [];
    const comment = `${description}: ${count(steps.at(-1) ?? 0, 'violation')} in ${count(images, 'image')}, so it only warns`;
    return [commented(comment, binding(rule, parameters.at(-1), 'warn'))];
  });
  return tree('images', rules);
}

function tree(name: string, rules: readonly Tree[]): Tree {
  return policyTree({
    name,
    description: 'Written by tidewaiter init; denies nothing that was in use on that day',
    rules,
  });
}
