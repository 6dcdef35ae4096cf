/** The policies of `pin --rewrite`, and the labels of namespaces that their scopes need. */
import type { Config } from '../../../config/config.ts';
import { UserError } from '../../../error/user-error.ts';
import { clusterObjectsIn } from '../../../files/cluster-objects.ts';
import { objectsIn } from '../../../files/manifest-objects.ts';
import { parseDocuments } from '../../../files/yaml/yaml.ts';
import { factLabel } from '../../../admission/facts/lookups.ts';
import type { Fact, Labels } from '../../../policy/fact.ts';
import { needsLabels, rewritesImages } from '../../../policy/plan.ts';
import type { Policy } from '../../../policy/policy.ts';
import { namespaceAt, type StepsInput } from '../../../pinning/rewrite/rewrite-steps.ts';
import { compose } from '../../../wiring.ts';
import type { OpenFiles } from '../open-files.ts';

export async function rewritingPolicies(config: Config): Promise<readonly Policy[]> {
  const { context, isBuiltIn, policySource } = await compose(config);
  if (rewritesImages(context.policies)) return context.policies;
  const where = isBuiltIn ? 'no policy is given, and the built-in policy has no' : `no policy in ${policySource} has`;
  throw new UserError(
    `--rewrite: ${where} "rewrite" entries; expected a policy with spec.rewrite, for example [{from: "docker.io/**", to: "registry.example.com/hub/**"}], from --policy or "policies" in the configuration`,
  );
}

interface LabelsInput extends Pick<StepsInput, 'policies' | 'kinds' | 'namespace'> {
  readonly signal: AbortSignal;
}

/** The labels of the Namespaces in the files, as in `check`. */
export async function namespaceLabels(
  { files, known }: OpenFiles,
  { policies, kinds, namespace: byDefault, signal }: LabelsInput,
): Promise<StepsInput['labelsOf']> {
  const facts = new Map<string, Fact<Labels>>();
  if (needsLabels(policies)) {
    const options = { kinds, namespace: byDefault };
    const manifests = files.flatMap(({ file, text, found }) =>
      found.format === 'manifest'
        ? parseDocuments(text).flatMap((document) => (document.ok ? objectsIn(document, file, options) : []))
        : [],
    );
    const { namespaces } = clusterObjectsIn(manifests);
    const locations = [...known.values()].flatMap(({ found }) => [...found.locations, ...found.hidden]);
    for (const namespace of new Set([...locations.flatMap((one) => namespaceAt(one, options) ?? []), byDefault]))
      facts.set(namespace, await namespaces.labelsOf(namespace, signal));
  }
  return (namespace) =>
    facts.get(namespace) ?? { state: 'unknown', reason: `${factLabel('Namespace', namespace)} are not known here` };
}
